/** What the routes of replays need, as shapes; `app` gives them. */
import type { ReplayReport } from '../engine/replay-report.ts'

export type { ReplayReport }

export type ReplayDoors = {
  /** Begins it and gives its id. Throws APP_REPLAY_RUNNING: one at a time. */
  readonly start: (request: ReplayRequest) => number
  /** As soon as it is over, or after so long as it is then; undefined: there is none, or it was long ago. */
  readonly find: (id: number, waitMs: number) => Promise<ReplayRun | undefined>
}

export type ReplayRequest = {
  /** Milliseconds since the epoch: calls that began at or after it ... */
  readonly since: number
  /** ... and before this. */
  readonly until: number
  /** The draft; a published deck is replayed as if it were the only one of its owner. */
  readonly deckId: number
  readonly organizationId: number | undefined
}

export type ReplayRun = {
  readonly id: number
  readonly request: ReplayRequest
  readonly state:
    | { readonly kind: 'running'; readonly calls: number }
    | { readonly kind: 'done'; readonly report: ReplayReport; readonly tookMs: number }
    | { readonly kind: 'failed'; readonly fault: unknown }
}
