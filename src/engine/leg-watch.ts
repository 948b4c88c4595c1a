/** Who keeps account of the legs beside the board: their records have to come, also from a switch that dies. */
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { EslEvent } from '../esl/event.ts'
import type { Headers } from './read-event.ts'

/** What `uuid_dump` says of a leg. */
export type DumpedLeg = Headers & Pick<EslEvent, 'headers'>

export type LegComparison = {
  readonly seen: (leg: DumpedLeg) => void
  /** The switch was asked, in this run of it (Core-UUID): these legs it has. */
  readonly compared: (core: string, alive: ReadonlySet<CallUuid>) => void
}

export type LegWatch = {
  readonly onEvent: (event: EslEvent) => void
  readonly onDown: (reason: Error) => void
  /** The switch is about to be asked what it has. */
  readonly comparing: () => LegComparison
}
