/** Calls that are paid for in advance: the variables PREPAID_*. */
import type { Reader } from './reader.ts'

export type PrepaidConfig = {
  /** Seconds of talk that are reserved ahead, where there is money. */
  readonly aheadSeconds: number
  /** For which a call goes on without an engine when its reserved time is over. */
  readonly graceSeconds: number
}

export const readPrepaid = ({ whole }: Reader): PrepaidConfig => ({
  aheadSeconds: whole('PREPAID_RESERVE', 10, 3_600),
  graceSeconds: whole('PREPAID_GRACE', 1, 3_600),
})
