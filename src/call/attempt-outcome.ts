/**
 * Whose doing it was that an attempt ended: what a carrier's quality and its breaker are fed with. This file owns
 * that verdict alone; whether the hunt goes on after it is the failover policy's business. Every cause that is not
 * listed is the carrier's fault; another exception is one name in a list below.
 */
import type { HangupCause } from '../telephony/hangup-cause.ts'

/**
 * `answered`; `callee`: busy, declined, absent, not existing: the carrier did its work; `carrier`: it did not;
 * `cancelled`: our side ended it first, which says nothing of anybody.
 */
export const ATTEMPT_OUTCOMES = ['answered', 'callee', 'carrier', 'cancelled'] as const
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number]

export type AttemptFlags = {
  readonly answered: boolean
  /** There was ringing or early media. */
  readonly rang: boolean
  /** The caller hung up while this attempt was under way. */
  readonly cancelledByCaller: boolean
}

/** `sipStatus`: the attempt's own final status, not one that an earlier attempt left on the A leg. */
export const outcomeOf = (
  cause: HangupCause,
  sipStatus: number | undefined,
  { answered, rang, cancelledByCaller }: AttemptFlags,
): AttemptOutcome => {
  if (answered) return 'answered'
  if (cancelledByCaller || ENDED_BY_US.has(cause)) return 'cancelled'
  if (BY_THE_CALLEE.has(cause)) return 'callee'
  // A timer of ours or of the carrier's: who let it ring did its work, who said nothing did not.
  if (TIMED_OUT.has(cause)) return rang ? 'callee' : 'carrier'
  if (FOLDED.has(cause)) return byStatus(sipStatus, cause, rang)
  return 'carrier'
}

/**
 * How far a failure reaches. `destination`: the carrier has no way to this number and may have one to others;
 * `unclear`: a plain 404, which stands for a number that nobody has and for a carrier without a way to it (RFC 3261,
 * 21.4.5; sofia makes UNALLOCATED_NUMBER of both); `gateway`: whatever is sent there may fail.
 */
export type FailureReach = 'gateway' | 'destination' | 'unclear'

export const failureReachOf = (cause: HangupCause): FailureReach =>
  NO_WAY_THERE.has(cause) ? 'destination' : cause === 'UNALLOCATED_NUMBER' ? 'unclear' : 'gateway'

type Causes = ReadonlySet<HangupCause>
const causes = (...list: readonly HangupCause[]): Causes => new Set(list)

/** CANCEL of ours, a faster fork, a transfer, an order over the API, the switch's own end. */
const ENDED_BY_US = causes(
  'NONE',
  'SUCCESS',
  'ORIGINATOR_CANCEL',
  'LOSE_RACE',
  'PICKED_OFF',
  'MANAGER_REQUEST',
  'SYSTEM_SHUTDOWN',
  'CRASH',
  'BLIND_TRANSFER',
  'ATTENDED_TRANSFER',
  'BOWOUT',
)

const BY_THE_CALLEE = causes(
  'USER_BUSY',
  'BUSY_EVERYWHERE',
  'DECLINE',
  'REJECT_ALL',
  'UNWANTED',
  // sofia makes it of 480 (mod_sofia.c, sip_to_hangup_cause).
  'NO_USER_RESPONSE',
  'NO_ANSWER',
  'NO_PICKUP',
  'SUBSCRIBER_ABSENT',
  'USER_NOT_REGISTERED',
  'NUMBER_CHANGED',
  'REDIRECTION_TO_NEW_DESTINATION',
  'DOES_NOT_EXIST_ANYWHERE',
  'NOT_ACCEPTABLE',
  // An incomplete number is the caller's.
  'INVALID_NUMBER_FORMAT',
  // Not blamed on one call; see `unclear`.
  'UNALLOCATED_NUMBER',
)

/** PROGRESS_TIMEOUT is not here: it is our time-out for silence, which no ringing came to end. */
const TIMED_OUT = causes('ALLOTTED_TIMEOUT', 'RECOVERY_ON_TIMER_EXPIRE', 'MEDIA_TIMEOUT')

/** FreeSWITCH makes one cause of what has several meanings; CALL_REJECTED is 401, 402, 403, 407 and 603. */
const FOLDED = causes('CALL_REJECTED', 'NORMAL_UNSPECIFIED', 'NORMAL_CLEARING')

/** Statuses that speak of the callee or of the number (RFC 3261, 21.4 and 21.6; RFC 8197, 8688). */
const CALLEE_STATUSES: ReadonlySet<number> = new Set([
  404, 410, 480, 484, 485, 486, 600, 603, 604, 606, 607, 608,
])

const byStatus = (sipStatus: number | undefined, cause: HangupCause, rang: boolean): AttemptOutcome => {
  if (sipStatus !== undefined && sipStatus >= 300) {
    if (sipStatus === 487) return 'cancelled'
    return CALLEE_STATUSES.has(sipStatus) ? 'callee' : 'carrier'
  }
  // The careful way where nothing more is known: nobody is blamed for a refusal that may be the callee's.
  if (rang || cause === 'CALL_REJECTED') return 'callee'
  // A channel that was ended in order before anything came back was ended on our side.
  return cause === 'NORMAL_CLEARING' ? 'cancelled' : 'carrier'
}

/** Q.850 causes 2 and 3; they come with a Reason header only. */
const NO_WAY_THERE = causes('NO_ROUTE_TRANSIT_NET', 'NO_ROUTE_DESTINATION')
