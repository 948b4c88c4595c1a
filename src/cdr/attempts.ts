/**
 * What became of every planned attempt, as the A leg's variables tell it. Nothing is asked for: an attempt
 * whose gateway was down or full made no channel and posts no CDR of its own, so that only the A leg knows.
 *
 * The evidence, in order of trust (switch_ivr_originate.c, switch_ivr_bridge.c):
 * - originated_legs: the uuid of every channel that an attempt made; attempts have uuids of ours;
 * - originate_causes: with what each of them ended while it was being dialled (`NONE`: it did not fail then);
 * - strowger_result_N: set by the dialplan when it went on after attempt N, as `CAUSE/status/disposition` of that
 *   attempt alone (the dialplan unsets all three before each). Nothing in it: limit_execute was full and ran nothing;
 * - strowger_answered_leg: set before the engine bridges the leg to anybody else; it outweighs the next two;
 * - bridge_uuid, last_bridge_to: who was bridged last; with early media also one who never answered;
 * - sip_invite_failure_status: the carrier's refusal is written to the A leg, its 200 clears it (sofia.c);
 * - strowger_hunt_end: an engine that ran the hunt itself ended it after this attempt, and why;
 * - not last_bridge_proto_specific_hangup_cause: a caller who hangs up first leaves that of an earlier attempt.
 */
import { attemptResultVariable, type CarriedAttempt, type CarriedCall } from '../call/carried.ts'
import { HUNT_END_VARIABLE } from '../call/carried-hunt.ts'
import { ANSWERED_LEG_VARIABLE } from '../call/control.ts'
import { ENDS_OF_HUNT, type EndOfHunt } from '../call/failover.ts'
import { hangupCauseOf, isHangupCause, type HangupCause } from '../telephony/hangup-cause.ts'
import type { CdrAttempt } from './cdr.ts'
import type { Post } from './post.ts'

export type CallEnd = {
  readonly answered: boolean
  readonly cause: HangupCause
  /** The caller gave up before anybody answered. */
  readonly cancelled: boolean
}

type Verdict = Pick<CdrAttempt, 'outcome' | 'cause' | 'sipStatus' | 'why'>

export const attemptsOf = (call: CarriedCall, post: Post, end: CallEnd): CdrAttempt[] => {
  const evidence = readEvidence(call, post, end)
  /** The attempt after which nothing more was tried, and why. */
  let stopped: string | undefined
  let before: CarriedAttempt | undefined
  return call.attempts.map((attempt) => {
    const verdict = judge(attempt, before, stopped, evidence)
    stopped ??= stopsAfter(attempt, verdict, evidence)
    before = attempt
    return {
      n: attempt.n,
      legUuid: attempt.legUuid,
      gatewayId: attempt.gatewayId,
      gatewayName: attempt.gatewayName,
      carrierId: attempt.carrierId,
      carrierName: attempt.carrierName,
      number: attempt.number,
      rate: attempt.rate,
      // No INVITE reached the carrier without a channel.
      ...(attempt.fee !== undefined &&
        (verdict.outcome === 'ANSWERED' || verdict.outcome === 'FAILED') && { fee: attempt.fee }),
      ...verdict,
    }
  })
}

type Evidence = {
  readonly end: CallEnd
  /** Cause of each channel that was made, by uuid; undefined where it did not fail while being dialled. */
  readonly channels: ReadonlyMap<string, HangupCause | undefined>
  readonly answeredLeg: string | undefined
  /** Of attempts after which the dialplan went on. */
  readonly results: ReadonlyMap<
    number,
    { readonly cause: HangupCause | undefined; readonly status: number | undefined }
  >
  /** The highest attempt that certainly had its turn. */
  readonly lastTried: number
  readonly lastCause: HangupCause | undefined
  readonly lastStatus: number | undefined
  /** After which attempt an engine ended the hunt, and why; undefined: a dialplan ran it. */
  readonly huntEnd: { readonly n: number; readonly why: EndOfHunt } | undefined
  /** Why the last attempt made no channel, where it made none. */
  readonly unmade: HangupCause | undefined
}

const readEvidence = (call: CarriedCall, post: Post, end: CallEnd): Evidence => {
  const channels = new Map<string, HangupCause | undefined>()
  for (const [uuid = ''] of listOf(post.variable('originated_legs'))) channels.set(uuid, undefined)
  for (const [uuid = '', cause] of listOf(post.variable('originate_causes')))
    channels.set(uuid, causeOf(cause))
  const results = new Map<number, { cause: HangupCause | undefined; status: number | undefined }>()
  let lastTried = 0
  for (const { n, legUuid } of call.attempts) {
    const result = post.variable(attemptResultVariable(n))
    if (result !== undefined) {
      const [cause, status, disposition] = result.split('/')
      results.set(n, { cause: causeOf(cause) ?? causeOf(disposition), status: statusOf(status) })
    }
    if (result !== undefined || channels.has(legUuid)) lastTried = Math.max(lastTried, n)
  }
  const bridged = post.variable('bridge_uuid') ?? post.variable('last_bridge_to')
  const lastStatus = statusOf(post.variable('sip_invite_failure_status'))
  return {
    end,
    channels,
    answeredLeg:
      post.variable(ANSWERED_LEG_VARIABLE) ??
      (end.answered && lastStatus === undefined ? bridged : undefined),
    results,
    lastTried,
    lastCause: causeOf(post.variable('last_bridge_hangup_cause')),
    lastStatus,
    huntEnd: huntEndOf(post.variable(HUNT_END_VARIABLE)),
    unmade:
      causeOf(post.variable('originate_disposition')) ?? causeOf(post.variable('originate_failed_cause')),
  }
}

/** `2/stopped` */
const huntEndOf = (text: string | undefined): Evidence['huntEnd'] => {
  const [n = '', word] = (text ?? '').split('/')
  const why = ENDS_OF_HUNT.find((end) => end === word)
  return why === undefined || !/^\d{1,3}$/.test(n) ? undefined : { n: Number(n), why }
}

const judge = (
  attempt: CarriedAttempt,
  before: CarriedAttempt | undefined,
  stopped: string | undefined,
  evidence: Evidence,
): Verdict => {
  const result = evidence.results.get(attempt.n)
  if (evidence.channels.has(attempt.legUuid)) {
    if (attempt.legUuid === evidence.answeredLeg && result === undefined) {
      return { outcome: 'ANSWERED', cause: undefined, sipStatus: undefined, why: 'answered' }
    }
    return failed(attempt, evidence)
  }
  const hadTurn = attempt.n <= evidence.lastTried
  // The dialplan went on after the one before: unless the caller had gone, it came to this one.
  const cameToIt =
    (before === undefined || evidence.results.has(before.n)) &&
    (evidence.huntEnd?.n ?? attempt.n) >= attempt.n
  if (hadTurn || (cameToIt && stopped === undefined && !evidence.end.cancelled))
    return noChannel(attempt, evidence)
  const why =
    stopped ??
    (evidence.end.cancelled ? 'the caller hung up' : `the call ended first (${evidence.end.cause})`)
  return { outcome: 'NOT_TRIED', cause: undefined, sipStatus: undefined, why: `not tried: ${why}` }
}

const failed = (attempt: CarriedAttempt, evidence: Evidence): Verdict => {
  const result = evidence.results.get(attempt.n)
  const isLast = attempt.n === evidence.lastTried
  const cause =
    evidence.channels.get(attempt.legUuid) ??
    result?.cause ??
    (isLast ? evidence.lastCause : undefined) ??
    (isLast && evidence.end.cancelled ? 'ORIGINATOR_CANCEL' : undefined) ??
    hangupCauseOf(undefined)
  const sipStatus = CANCELLED_BY_US.includes(cause)
    ? CANCEL_STATUS
    : (result?.status ?? (isLast ? evidence.lastStatus : undefined))
  const status = sipStatus === undefined ? '' : `, SIP ${sipStatus}`
  return { outcome: 'FAILED', cause, sipStatus, why: `failed: ${cause}${status}` }
}

/**
 * sip_invite_failure_status on the A leg is written by the carrier's refusal only; after a CANCEL of ours it
 * still has that of an earlier attempt. What a cancelled INVITE ends with is 487 (RFC 3261, 9.2).
 */
const CANCELLED_BY_US: readonly HangupCause[] = [
  'PROGRESS_TIMEOUT',
  'ALLOTTED_TIMEOUT',
  'ORIGINATOR_CANCEL',
  'LOSE_RACE',
]
const CANCEL_STATUS = 487

const NO_CHANNEL_CAUSES: Readonly<Partial<Record<HangupCause, string>>> = {
  GATEWAY_DOWN: 'the gateway is down',
  INVALID_GATEWAY: 'the switch does not know the gateway',
  INVALID_PROFILE: 'the switch does not run the SIP profile',
  DESTINATION_OUT_OF_ORDER: 'the switch could not make the channel',
}

const noChannel = (attempt: CarriedAttempt, evidence: Evidence): Verdict => {
  const result = evidence.results.get(attempt.n)
  const cause = result === undefined ? evidence.unmade : result.cause
  const known = cause === undefined ? undefined : NO_CHANNEL_CAUSES[cause]
  // The dialplan went on and nothing had failed: limit_execute had run nothing.
  const why =
    known ??
    (result !== undefined && cause === undefined ? 'the gateway is full' : (cause ?? 'none was made'))
  return { outcome: 'NO_CHANNEL', cause, sipStatus: undefined, why: `no channel: ${why}` }
}

const stopsAfter = (
  attempt: CarriedAttempt,
  { outcome, cause }: Verdict,
  evidence: Evidence,
): string | undefined => {
  if (outcome === 'ANSWERED') return `attempt ${attempt.n} was answered`
  const { huntEnd } = evidence
  if (huntEnd?.n === attempt.n && huntEnd.why === 'budget') return 'the time for reaching anybody was spent'
  const stopped = huntEnd?.n === attempt.n && huntEnd.why === 'stopped'
  if (!stopped && (outcome !== 'FAILED' || evidence.results.has(attempt.n) || attempt.n < evidence.lastTried))
    return undefined
  if (evidence.end.cancelled || cause === 'ORIGINATOR_CANCEL') return 'the caller hung up'
  if (cause === 'USER_BUSY') return `attempt ${attempt.n} was busy: the callee's answer stands`
  return `attempt ${attempt.n} ended with ${cause ?? 'no cause'}, which no other carrier would change`
}

/** `ARRAY::a;x|:b;y`, or `a;x` where there is one, as fields. */
const listOf = (value: string | undefined): string[][] =>
  value === undefined
    ? []
    : value
        .replace(/^ARRAY::/, '')
        .split('|:')
        .map((item) => item.split(';'))

/** NONE and SUCCESS are no ends: the channel lived when FreeSWITCH wrote them. */
const causeOf = (value: string | undefined): HangupCause | undefined =>
  value !== undefined && isHangupCause(value) && value !== 'NONE' && value !== 'SUCCESS' ? value : undefined

export const statusOf = (value: string | undefined): number | undefined =>
  value !== undefined && /^[1-6]\d\d$/.test(value) ? Number(value) : undefined
