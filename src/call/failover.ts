/**
 * Whether a hunt goes on after a failed attempt, and what the caller is told when it ends. Both renderings ask
 * here: the dialplan for the causes that it may name, the conversation after each attempt. A gateway's own rules
 * (telephony/failover-policy) come first, a status before a cause, then FAILOVER_CAUSES; a callee who rang or
 * answered ends the hunt whatever is said. What a failure is worth to the caller is one table, DEFINITENESS below.
 */
import type { FailoverPolicy, FailoverRule, SipStatus } from '../telephony/failover-policy.ts'
import { FAILOVER_CAUSES, HANGUP_CAUSES, isHangupCause, type HangupCause } from '../telephony/hangup-cause.ts'
import { causeOfSipStatus, sipStatusesOf } from '../telephony/sip-status.ts'

/** How one attempt failed. */
export type Failure = {
  /** As the switch ended it, by what the policy believes; undefined: a Reason with a number that no cause has. */
  readonly cause: HangupCause | undefined
  /** The carrier's own; undefined where it refused nothing: a timeout of ours, a gateway that is down or full. */
  readonly sipStatus: SipStatus | undefined
  /** The callee's phone rang (180, 182). Early media alone (183) is no ringing. */
  readonly rang: boolean
  /** The switch's own count was full: nobody was asked, and no rule is about that. */
  readonly full?: true
}

export const FULL: Failure = {
  cause: 'NORMAL_CIRCUIT_CONGESTION',
  sipStatus: undefined,
  rang: false,
  full: true,
}

export type Verdict = 'next' | 'stop'

export const verdictOf = (policy: FailoverPolicy, { cause, sipStatus, rang, full }: Failure): Verdict => {
  if (rang) return 'stop'
  if (full === true) return 'next'
  return ruled(policy, sipStatus) ?? ruled(policy, cause) ?? byDefault(cause)
}

const ruled = ({ next, stop }: FailoverPolicy, fact: FailoverRule | undefined): Verdict | undefined => {
  if (fact === undefined) return undefined
  return stop.includes(fact) ? 'stop' : next.includes(fact) ? 'next' : undefined
}

const byDefault = (cause: HangupCause | undefined): Verdict =>
  cause !== undefined && FAILOVER_CAUSES.includes(cause) ? 'next' : 'stop'

/**
 * The causes after which the policy goes on whatever the status was. This is all that `continue_on_fail` can say:
 * a cause that stands for several statuses which are judged apart is not among them, the careful way.
 */
export const causesToGoOn = (policy: FailoverPolicy): readonly HangupCause[] =>
  isPlain(policy)
    ? FAILOVER_CAUSES
    : CAUSES.filter((cause) => verdictsOf(policy, cause).every((verdict) => verdict === 'next'))

/** No rules of its own. What it believes is said apart, on its B leg. */
const isPlain = ({ next, stop }: FailoverPolicy): boolean => next.length === 0 && stop.length === 0

const CAUSES: readonly HangupCause[] = Object.keys(HANGUP_CAUSES).filter(isHangupCause)

/** The verdict after this cause without a status, and with each status that a refusal of this cause may have. */
const verdictsOf = (policy: FailoverPolicy, cause: HangupCause): readonly Verdict[] => {
  const statuses = [...policy.next, ...policy.stop].filter((rule) => typeof rule === 'number')
  const possible = [
    ...sipStatusesOf(cause),
    // Beside a Reason that is believed any status may stand.
    ...statuses.filter((status) => policy.believes === 'reason' || causeOfSipStatus(status) === cause),
  ]
  return [undefined, ...possible].map((sipStatus) => verdictOf(policy, { cause, sipStatus, rang: false }))
}

type Hunted = { readonly gateway: string; readonly policy: FailoverPolicy }

/**
 * Why the hunt over these attempts cannot be a dialplan and has to be a conversation; undefined where it can. The
 * last attempt never is a reason: nothing comes after it, so its carrier's word is the hunt's.
 */
export const needsConversation = (attempts: readonly Hunted[]): string | undefined => {
  for (const [index, { gateway, policy }] of attempts.slice(0, -1).entries()) {
    if (isPlain(policy)) continue
    for (const cause of CAUSES) {
      const verdicts = verdictsOf(policy, cause)
      const goesOn = verdicts.includes('next')
      if (goesOn && verdicts.includes('stop'))
        return `${gateway}: ${cause} stands for more than one of its rules`
      const worth = definitenessOf({ cause, sipStatus: undefined, rang: false })
      if (goesOn && worth > CONGESTION)
        return `${gateway}: after ${cause} it goes on, and the caller may have to be told of it at the end`
      if (!goesOn && index > 0 && worth < CONGESTION)
        return `${gateway}: it stops after ${cause}, which says less than what came before may have said`
    }
  }
  return undefined
}

/** What an attempt is at least given to say anything: a carrier on another continent needs as much. */
export const LEAST_PATIENCE_SECONDS = 2

/**
 * The attempts with their patience cut so that all of it together is within the budget, in seconds: each keeps
 * LEAST_PATIENCE_SECONDS where it can, and what is left is given from the first on. Attempts for which not even that
 * is left are dropped, the first never.
 */
export const withinBudget = <Attempt extends { readonly progressTimeoutSeconds: number }>(
  attempts: readonly Attempt[],
  budgetSeconds: number | undefined,
): readonly Attempt[] => {
  if (budgetSeconds === undefined || wantedBy(attempts) <= budgetSeconds) return attempts
  const least = attempts.map(({ progressTimeoutSeconds }) =>
    Math.min(progressTimeoutSeconds, LEAST_PATIENCE_SECONDS),
  )
  const fits = (count: number): boolean => count === 1 || sum(least.slice(0, count)) <= budgetSeconds
  const kept = attempts.filter((_, index) => fits(index + 1))
  let spare = Math.max(0, budgetSeconds - sum(least.slice(0, kept.length)))
  return kept.map((attempt, index) => {
    const own = least[index] ?? LEAST_PATIENCE_SECONDS
    const more = Math.min(spare, attempt.progressTimeoutSeconds - own)
    spare -= more
    return { ...attempt, progressTimeoutSeconds: Math.min(own + more, Math.max(1, budgetSeconds)) }
  })
}

/** Without a list in between: asked for every call, and nearly always all that is asked. */
const wantedBy = (attempts: readonly { readonly progressTimeoutSeconds: number }[]): number => {
  let wanted = 0
  for (const { progressTimeoutSeconds } of attempts) wanted += progressTimeoutSeconds
  return wanted
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

export type HuntSoFar = {
  readonly policies: readonly FailoverPolicy[]
  /** Of the attempts so far, in order; the next is `policies[failures.length]`. */
  readonly failures: readonly Failure[]
  readonly spentSeconds: number
  readonly budgetSeconds: number | undefined
}

export type Move =
  | { readonly kind: 'try'; readonly index: number }
  | { readonly kind: 'end'; readonly why: EndOfHunt; readonly word: LastWord }

/** `stopped`: by the last failure; `budget`: no time is left; `exhausted`: no attempt is left. */
export const ENDS_OF_HUNT = ['stopped', 'budget', 'exhausted'] as const
export type EndOfHunt = (typeof ENDS_OF_HUNT)[number]

/** What a conversation does next. */
export const nextMove = ({ policies, failures, spentSeconds, budgetSeconds }: HuntSoFar): Move => {
  const last = failures.at(-1)
  const policy = policies[failures.length - 1]
  const end = (why: EndOfHunt): Move => ({ kind: 'end', why, word: lastWordOf(failures, why) })
  if (last !== undefined && policy !== undefined && verdictOf(policy, last) === 'stop') return end('stopped')
  if (failures.length >= policies.length) return end('exhausted')
  if (budgetSeconds !== undefined && failures.length > 0 && spentSeconds >= budgetSeconds)
    return end('budget')
  return { kind: 'try', index: failures.length }
}

/** What the caller's leg ends with. */
export type LastWord = { readonly sipStatus: SipStatus; readonly cause: HangupCause }

/** The most definite of all failures; of several the last. Carriers that had only their own troubles are 503. */
export const lastWordOf = (failures: readonly Failure[], why: EndOfHunt): LastWord => {
  const best = failures.reduce<Failure | undefined>(
    (found, failure) =>
      found === undefined || definitenessOf(failure) >= definitenessOf(found) ? failure : found,
    undefined,
  )
  const cause = best?.cause
  if (best === undefined || cause === undefined || (why !== 'stopped' && definitenessOf(best) <= CONGESTION))
    return ALL_FAILED
  return { sipStatus: shownStatus(cause, best.sipStatus), cause }
}

const ALL_FAILED: LastWord = { sipStatus: 503, cause: 'NORMAL_TEMPORARY_FAILURE' }

/**
 * The carrier's own status where it says what the cause says: beside a Reason that is believed it does not. A
 * challenge or a redirection is between us and the carrier.
 */
const shownStatus = (cause: HangupCause, sipStatus: SipStatus | undefined): SipStatus => {
  if (sipStatus === undefined || sipStatus < 400 || causeOfSipStatus(sipStatus) !== cause)
    return HANGUP_CAUSES[cause].sip
  return OUR_ACCOUNT.includes(sipStatus) ? 403 : sipStatus
}

/** Refusals of us, not of the call: FreeSWITCH folds them into CALL_REJECTED with the callee's 603. */
const OUR_ACCOUNT: readonly SipStatus[] = [401, 402, 403, 407]

const CONGESTION = 2

/** How much a failure says about the callee, most first; each cause in one row, all others are REFUSED. */
const REFUSED = 3
const DEFINITENESS: readonly (readonly [worth: number, causes: readonly HangupCause[]])[] = [
  // The callee's own word, or his phone's.
  [
    5,
    [
      'USER_BUSY',
      'BUSY_EVERYWHERE',
      'CALL_REJECTED',
      'DECLINE',
      'REJECT_ALL',
      'UNWANTED',
      'NO_ANSWER',
      'NO_USER_RESPONSE',
      'NO_PICKUP',
      'ALLOTTED_TIMEOUT',
      'SUBSCRIBER_ABSENT',
      'USER_NOT_REGISTERED',
    ],
  ],
  // The number.
  [
    4,
    [
      'UNALLOCATED_NUMBER',
      'DOES_NOT_EXIST_ANYWHERE',
      'NUMBER_CHANGED',
      'INVALID_NUMBER_FORMAT',
      'NO_ROUTE_DESTINATION',
      'NO_ROUTE_TRANSIT_NET',
    ],
  ],
  // Nobody said anything.
  [1, ['RECOVERY_ON_TIMER_EXPIRE', 'PROGRESS_TIMEOUT']],
  // The carriers' own troubles, after which the next may do better.
  [CONGESTION, FAILOVER_CAUSES],
]

const definitenessOf = ({ cause, sipStatus, rang }: Failure): number => {
  if (rang) return 6
  if (cause === undefined || (sipStatus !== undefined && OUR_ACCOUNT.includes(sipStatus))) return REFUSED
  return DEFINITENESS.find(([, causes]) => causes.includes(cause))?.[0] ?? REFUSED
}
