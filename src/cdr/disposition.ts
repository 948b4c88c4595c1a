/**
 * The verdict of a CDR. The only place where causes and statuses become one; a new cause that is more than
 * FAILED gets a row in VERDICTS.
 */
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { Disposition } from './cdr.ts'

const VERDICTS: Readonly<Partial<Record<HangupCause, Disposition>>> = {
  USER_BUSY: 'BUSY',
  BUSY_EVERYWHERE: 'BUSY',
  // The callee pressed the button that other phones answer with 486.
  DECLINE: 'BUSY',
  NO_ANSWER: 'NO_ANSWER',
  NO_USER_RESPONSE: 'NO_ANSWER',
  NO_PICKUP: 'NO_ANSWER',
  // The ring timeout of ours; PROGRESS_TIMEOUT is a silent carrier and FAILED.
  ALLOTTED_TIMEOUT: 'NO_ANSWER',
  SUBSCRIBER_ABSENT: 'NO_ANSWER',
  USER_NOT_REGISTERED: 'NO_ANSWER',
  ORIGINATOR_CANCEL: 'CANCELLED',
  // Another phone of a fork was faster, or a colleague took the call.
  LOSE_RACE: 'CANCELLED',
  PICKED_OFF: 'CANCELLED',
}

export type Ending = {
  readonly answered: boolean
  /** There was ringing or early media. */
  readonly rang: boolean
  readonly cause: HangupCause
  readonly sipStatus: number | undefined
  /** The party of this leg sent CANCEL. */
  readonly cancelled: boolean
}

export const dispositionOf = ({ answered, rang, cause, sipStatus, cancelled }: Ending): Disposition => {
  if (answered) return 'ANSWERED'
  if (cancelled) return 'CANCELLED'
  const verdict = VERDICTS[cause]
  if (verdict !== undefined) return verdict
  // CALL_REJECTED is 603 and 403 alike (FreeSWITCH folds them): only the callee's own refusal is a busy.
  if (cause === 'CALL_REJECTED' && sipStatus === 603) return 'BUSY'
  // A phone that rang until a timer of somebody ended it.
  if (rang && (cause === 'RECOVERY_ON_TIMER_EXPIRE' || cause === 'NORMAL_CLEARING')) return 'NO_ANSWER'
  return 'FAILED'
}
