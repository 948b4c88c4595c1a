import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Acl } from './acl.ts'
import type { CdrPost } from './cdr-post.ts'
import type { Channel } from './channel.ts'
import type { UserCache } from './directory-user.ts'
import type { Gateways } from './gateways.ts'
import type { Limits } from './limits.ts'
import type { Scenario } from './party.ts'
import type { Registrations } from './registrations.ts'
import type { StaticFiles } from './static-files.ts'
import type { Tasks } from './tasks.ts'
import type { XmlFetch } from './xml-fetch.ts'

/** One event as it is fired: its headers begin with Event-Name. */
export type FiredEvent = {
  readonly name: string
  readonly subclass: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** What the parts of the switch share. `simulator.ts` puts it together. */
export type Exchange = {
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
  readonly scenario: Scenario
  readonly coreUuid: string
  readonly hostname: string
  readonly startedAt: number
  readonly globals: Map<string, string>
  /** In the order of their creation. */
  readonly channels: Map<string, Channel>
  readonly xml: XmlFetch
  readonly gateways: Gateways
  readonly registrations: Registrations
  readonly users: UserCache
  readonly limits: Limits
  readonly tasks: Tasks
  readonly acl: Acl
  readonly cdrs: CdrPost
  readonly listen: (listener: (event: FiredEvent) => void) => () => void
  readonly fire: (name: string, headers: Readonly<Record<string, string>>, body?: string) => void
  readonly fireCustom: (subclass: string, headers: Readonly<Record<string, string>>) => void
  readonly newUuid: () => string
  readonly nextSequence: () => number
  readonly nextChannelNumber: () => number
  /** Channels since the start. */
  readonly channelCount: () => number
  /** An API command's answer, or undefined for one that the switch does not know. */
  readonly api: (command: string, argument: string, channel?: Channel) => Promise<string | undefined>
  /** Starts the channel's own thread. */
  readonly run: (channel: Channel) => void
  /** Runs the applications of variables that begin with this name, such as execute_on_answer. */
  readonly executeOn: (channel: Channel, variable: string) => void
  readonly crashed: () => boolean
  readonly staticFiles: StaticFiles
}
