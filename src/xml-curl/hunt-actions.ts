/**
 * A hunt as dialplan actions. One `bridge` action per attempt: never `|` between gateways, which would ring the
 * second carrier after a busy callee; causes by name, because a number in `continue_on_fail` means "any"
 * (measured; switch_ivr_bridge.c, switch_channel_handle_cause).
 *
 * Where call/failover says that causes cannot tell the policy, the same variables are followed by the engine's
 * socket, and by what remains of the hunt, told as causes can tell it: the call that loses its engine goes on there.
 */
import { attemptResultVariable, ATTEMPT_VARIABLE, dialsFrom, encodeCarried } from '../call/carried.ts'
import {
  dialVariable,
  CAREFUL_VARIABLE,
  encodeHunt,
  ENDED_VARIABLE,
  HUNT_END_VARIABLE,
  HUNT_VARIABLE,
  resultVariableNamedBy,
  TRYING_VARIABLE,
  turnVariable,
  type HuntedAttempt,
} from '../call/carried-hunt.ts'
import { causesToGoOn, needsConversation } from '../call/failover.ts'
import type { Plan, PlannedAttempt, Target } from '../call/plan.ts'
import { DialString } from '../telephony/dial-string.ts'
import { FAILOVER_CAUSES, type HangupCause } from '../telephony/hangup-cause.ts'
import { settingActions } from '../telephony/multiset.ts'
import type { Action } from './action.ts'
import { answerSettings, answerVariables, type Answering } from './answer-actions.ts'
import { callerIdVariables, locationVariables } from './caller-id-actions.ts'
import { LEFT_BY_PREPAID, prepaidSettings } from './prepaid-actions.ts'
import { recordingHoldsCallee } from './recording-actions.ts'
import { TALK_LIMIT_HOOK, talkLimit } from './wish-actions.ts'

/** Where the static configuration has the gateway of last resort for emergency calls. */
export const EMERGENCY_GATEWAY = 'emergency'

type ToCarriers = Extract<Target, { kind: 'carriers' }>

/** Why the plan's hunt is a conversation; undefined where it is a dialplan, as every emergency call is. */
export const whyConversation = ({ target }: Plan): string | undefined =>
  target.kind === 'carriers' && !target.emergency ? needsConversation(target.attempts) : undefined

export const huntActions = (
  plan: Plan,
  target: ToCarriers,
  socket: Action,
  prompt?: string,
): readonly Action[] => {
  const answering: Answering = {
    socket: socket[1] ?? '',
    prompt,
    isHeldForRecording: recordingHoldsCallee(plan.recording),
  }
  if (target.emergency) return emergency(plan, target, answering)
  return whyConversation(plan) === undefined
    ? byCauses(plan, target, answering)
    : byEngine(plan, target, socket, answering)
}

/** An emergency call goes on whatever a carrier says, busy and declined included, and whoever rang. */
const emergency = (plan: Plan, { attempts }: ToCarriers, answering: Answering): readonly Action[] => [
  ['set', 'continue_on_fail=true'],
  ...attempts.flatMap((attempt) => [
    forget,
    ...settingsOf(attempt, attempts, answering).map(set),
    dialOf(attempt),
    note(attempt.carried.n),
  ]),
  forget,
  lastResort(plan),
  ...finally503,
]

const byCauses = (plan: Plan, { attempts }: ToCarriers, answering: Answering): readonly Action[] => [
  stopOnceItRings(plan),
  ...attempts.flatMap((attempt, index) => [
    forget,
    goOnAfter(carefulCauses(attempt, index === attempts.length - 1)),
    ...settingsOf(attempt, attempts, answering).map(set),
    dialOf(attempt),
    note(attempt.carried.n),
  ]),
  // Every carrier failed for reasons of its own: congestion, not whatever the last of them said.
  ...finally503,
]

const byEngine = (
  plan: Plan,
  target: ToCarriers,
  socket: Action,
  answering: Answering,
): readonly Action[] => {
  const { attempts } = target
  const carefulOf = (attempt: PlannedAttempt, index: number): readonly HangupCause[] =>
    carefulCauses(attempt, index === attempts.length - 1)
  const hunted = attempts.map((attempt, index): HuntedAttempt => ({
    n: attempt.carried.n,
    gatewayId: attempt.carried.gatewayId,
    policy: attempt.policy,
    application: dialOf(attempt)[0],
    settings: [
      ...settingsOf(attempt, attempts, answering),
      `${CAREFUL_VARIABLE}=${listOf(carefulOf(attempt, index))}`,
    ],
  }))
  const { postDialDelayBudgetSeconds } = target
  return [
    stopOnceItRings(plan),
    ...settingActions([
      `${HUNT_VARIABLE}=${encodeHunt({ attempts: hunted, postDialDelayBudgetSeconds })}`,
      ...attempts.flatMap((attempt) => [
        `${dialVariable(attempt.carried.n)}=${dialOf(attempt)[1] ?? ''}`,
        `${turnVariable(attempt.carried.n)}=${attempt.carried.n}`,
      ]),
      `${TRYING_VARIABLE}=none`,
    ]),
    socket,
    // From here on there is no engine. First what it had under way, judged by its cause alone: the error endpoint
    // fails with the cause that it is given, and with NORMAL_CLEARING where none was (mod_dptools.c).
    // It counts as gone on from only where that did not end the call.
    noteIn(ENDED_VARIABLE),
    ['set', `continue_on_fail=\${${CAREFUL_VARIABLE}},NORMAL_CLEARING`],
    ['bridge', 'error/${last_bridge_hangup_cause}'],
    ['set', `${resultVariableNamedBy(TRYING_VARIABLE)}=\${${ENDED_VARIABLE}}`],
    // Then whatever it had not come to: the dial variable of what it tried is unset, and then nothing is run.
    ...attempts.flatMap((attempt, index): readonly Action[] => [
      forget,
      goOnAfter(carefulOf(attempt, index)),
      ...settingsOf(attempt, attempts, answering).map(set),
      [dialOf(attempt)[0], `\${${dialVariable(attempt.carried.n)}}`],
      noteIn(resultVariableNamedBy(turnVariable(attempt.carried.n))),
    ]),
    ...finally503,
  ]
}

/** After the last attempt there is nothing to go on to: its carrier's own word reaches the caller. */
const carefulCauses = ({ policy }: PlannedAttempt, isLast: boolean): readonly HangupCause[] =>
  isLast ? FAILOVER_CAUSES : causesToGoOn(policy)

const goOnAfter = (causes: readonly HangupCause[]): Action => ['set', `continue_on_fail=${listOf(causes)}`]

/** Without a list FreeSWITCH goes on after NO_ANSWER (switch_channel.c, switch_channel_handle_cause). */
const listOf = (causes: readonly HangupCause[]): string => (causes.length === 0 ? 'false' : causes.join(','))

/**
 * A callee who rang ends the hunt whatever comes then. The B leg's own 180 says so, also one that follows a 183:
 * the caller's execute_on_ring would not run again after early media, nor for the second carrier (switch_channel.c,
 * switch_channel_perform_mark_ring_ready_value; measured on 1.10.12 and 1.11.3-dev). `export`, not `bridge_export`,
 * which reaches the B leg only when it is bridged. The call's id is the uuid of the caller's channel.
 */
const stopOnceItRings = ({ call }: Plan): Action => [
  'export',
  `${RING_HOOK}=uuid_setvar ${dialsFrom(call)} continue_on_fail false`,
]

const RING_HOOK = 'nolocal:api_on_ring'

/** What a hunt leaves on the caller's channel that would change, or be taken for, a later one. */
export const LEFT_BY_A_HUNT: readonly string[] = [
  HUNT_VARIABLE,
  HUNT_END_VARIABLE,
  RING_HOOK,
  TALK_LIMIT_HOOK,
  ...LEFT_BY_PREPAID,
  'ignore_early_media',
  'continue_on_fail',
  'sip_ignore_remote_cause',
  'bridge_answer_timeout',
]

/** Channel variables that an attempt needs on the caller's leg, `name=value`. */
const settingsOf = (
  attempt: PlannedAttempt,
  all: readonly PlannedAttempt[],
  answering: Answering,
): readonly string[] => [
  ...answerSettings(attempt, all, answering),
  ...prepaidSettings(attempt),
  // 183 with SDP ends leg_timeout; this one goes on counting.
  `bridge_answer_timeout=${attempt.ringTimeoutSeconds}`,
  ...(differ(all, ({ maxDurationSeconds }) => maxDurationSeconds)
    ? [talkLimit(attempt.carried.callId, attempt.maxDurationSeconds)]
    : []),
  // Where the carrier's Reason is believed, its status would tell the caller what we do not believe.
  ...(differ(all, ({ policy }) => policy.believes) || attempt.policy.believes === 'reason'
    ? [`sip_ignore_remote_cause=${String(attempt.policy.believes === 'reason')}`]
    : []),
]

const differ = (
  attempts: readonly PlannedAttempt[],
  valueOf: (attempt: PlannedAttempt) => number | string,
): boolean => new Set(attempts.map(valueOf)).size > 1

const set = (setting: string): Action => ['set', setting]

/**
 * What an attempt leaves on the caller's channel must be its own: a gateway that is down makes no channel and
 * changes none of these. A carrier's Reason (sip_reason, from 1.11.1 on) would even reach a caller whom the
 * next carrier answered, and its SIP status would override our own last word (mod_sofia.c, sofia_on_hangup).
 */
export const LEFT_BY_AN_ATTEMPT: readonly string[] = [
  'last_bridge_hangup_cause',
  'last_bridge_proto_specific_hangup_cause',
  'sip_invite_failure_status',
  'sip_invite_failure_phrase',
  'sip_reason',
  'originate_disposition',
]

const forget: Action = ['multiunset', LEFT_BY_AN_ATTEMPT.join(' ')]

const note = (n: number): Action => noteIn(attemptResultVariable(n))

const noteIn = (variable: string): Action => ['set', resultSetting(variable)]

/** `name=value` with which the switch notes how an attempt failed, before anything forgets it. */
export const resultSetting = (variable: string): string =>
  `${variable}=\${last_bridge_hangup_cause}/\${sip_invite_failure_status}/\${originate_disposition}`

const finally503: readonly Action[] = [forget, ['respond', '503 All routes failed']]

/** The attempt with the leg variables by which it is timed, recognised and rated, whoever bridges it. */
export const dialStringOf = (attempt: PlannedAttempt): DialString => {
  const { carried, gateway, codecs, policy } = attempt
  return DialString.gateway(gateway, carried.number, {
    origination_uuid: carried.legUuid,
    [ATTEMPT_VARIABLE]: encodeCarried(carried),
    // Where the status is believed, a Reason header may not turn a 503 into USER_BUSY.
    ignore_q850_reason: String(policy.believes === 'status'),
    // A carrier's 302 would transfer the caller to wherever it says, through our own dialplan (sofia.c).
    outbound_redirect_fatal: 'true',
    ...callerIdVariables(attempt.callerId),
    ...answerVariables(attempt),
    leg_progress_timeout: attempt.progressTimeoutSeconds,
    leg_timeout: attempt.ringTimeoutSeconds,
    // ^^: makes the colon the delimiter: a comma would end the variable.
    ...(codecs.length === 0 ? {} : { absolute_codec_string: `^^:${codecs.join(':')}` }),
  })
}

const dialOf = (attempt: PlannedAttempt): Action => {
  const { gateway, maxChannels, maxCallsPerSecond } = attempt
  const bridge = dialStringOf(attempt).toString()
  // The backstop of our own counts: full means the next action, not an error. A gateway that is full spends none of
  // its rate (mod_hash.c, limit_incr_hash).
  const limits = [
    ...(maxChannels === undefined ? [] : [`hash gateway ${gateway} ${maxChannels}`]),
    ...(maxCallsPerSecond === undefined ? [] : [`hash cps ${gateway} ${maxCallsPerSecond}/1`]),
  ]
  return limits.length === 0
    ? ['bridge', bridge]
    : ['limit_execute', `${limits.join(' limit_execute ')} bridge ${bridge}`]
}

/** The number as it was classified: there may be no attempt to read it from. */
const lastResort = ({ numberClass, target }: Plan): Action => [
  'bridge',
  DialString.gateway(
    EMERGENCY_GATEWAY,
    numberClass.number,
    target.kind === 'carriers' ? locationVariables(target.locationUri) : {},
  ).toString(),
]
