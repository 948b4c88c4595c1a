import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'

/** One dialplan application. `argument` has its variables expanded. */
export type Application = {
  /** It is not run before there is media: an unanswered channel gets a 183 (SAF_SUPPORT_NOMEDIA is missing). */
  readonly needsMedia?: boolean
  readonly run: (call: Execution) => Promise<void> | void
}

export type Execution = {
  readonly exchange: Exchange
  readonly channel: Channel
  readonly argument: string
}

export type Applications = Readonly<Record<string, Application>>
