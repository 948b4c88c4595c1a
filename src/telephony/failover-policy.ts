/**
 * What may be said of one gateway's refusals: which of them are the gateway's own trouble, so that the next one
 * may be tried, and which are an answer about the callee. This file owns the words; call/failover.ts owns the
 * verdict and its default rules. To let an operator say more, add a field here and its default below.
 */
import type { HangupCause } from './hangup-cause.ts'

/** A final SIP status of a refusal, 300 to 699. */
export type SipStatus = number

/** A cause by name, or a SIP status by number. A status beats a cause: 403 is one thing, CALL_REJECTED two. */
export type FailoverRule = HangupCause | SipStatus

export type FailoverPolicy = {
  /** What is believed where a refusal carries both: its SIP status, or its Reason header's Q.850 cause. */
  readonly believes: 'status' | 'reason'
  /** After these the next gateway is tried, whatever the default rules say. */
  readonly next: readonly FailoverRule[]
  /** After these the hunt stops, whatever the default rules say. Of one rule in both lists this one counts. */
  readonly stop: readonly FailoverRule[]
}

/** Nothing but the default rules (FAILOVER_CAUSES), judged by the status. */
export const DEFAULT_FAILOVER_POLICY: FailoverPolicy = { believes: 'status', next: [], stop: [] }
