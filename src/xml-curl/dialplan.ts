/** A plan as dialplan XML. The attempts toward carriers are hunt-actions.ts; here is all else. */
import {
  attemptResultVariable,
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  dialsFrom,
  encodeCarried,
} from '../call/carried.ts'
import { ASK_PIN_VARIABLE, encodeAskPin, PIN_GIVEN_VARIABLE } from '../call/fraud.ts'
import type { CallerId, Plan, Target } from '../call/plan.ts'
import { INSUFFICIENT_BALANCE } from '../call/prepaid.ts'
import { encodeVerstat, VERSTAT_PARAMETER, VERSTAT_VARIABLE, type Verstat } from '../call/verstat.ts'
import { DialString, type LegVariables } from '../telephony/dial-string.ts'
import { ringbackOf } from '../telephony/tones.ts'
import { HANGUP_CAUSES, type HangupCause } from '../telephony/hangup-cause.ts'
import type { Action } from './action.ts'
import { confirmActions, LEFT_BY_ANSWERING, progressActions } from './answer-actions.ts'
import { IDENTITY_ONCE } from './caller-id-actions.ts'
import { document, xml, type Xml } from './document.ts'
import { huntActions, LEFT_BY_A_HUNT } from './hunt-actions.ts'
import { noCreditActions, prepaidActions } from './prepaid-actions.ts'
import { recordingActions, recordingHoldsCallee } from './recording-actions.ts'
import { talkLimit, wishActions } from './wish-actions.ts'

/** The contexts that are ours; a request for any other is "not found". */
export const CONTEXTS = ['phones', 'trunks'] as const
export type Context = (typeof CONTEXTS)[number]

export const isOurContext = (context: string): context is Context => CONTEXTS.some((ours) => ours === context)

export type DialplanSettings = {
  /** `host:port` at which the switch's `socket` application finds us, several joined by `|`. */
  readonly socketAddress: string
  /** What asks a callee to press 1; undefined: tones. */
  readonly confirmPrompt?: string | undefined
}

/** `NUMBER XML CONTEXT`: where the static extension `reenter` sends a caller whose engine died; freeswitch-conf/dialplan reads it. */
const RETURN_VARIABLE = 'strowger_return_to'
const SENSITIVE_DTMF = 'sensitive_dtmf'

export const renderPlan = (context: Context, plan: Plan, settings: DialplanSettings): string =>
  renderActions(context, actionsOf(context, plan, settings))

/** A call that has no plan is ended with its cause: a document, so that no static extension picks it up. */
export const renderRefusal = (context: Context, cause: HangupCause): string =>
  renderActions(context, refuse(cause))

const renderActions = (context: Context, actions: readonly Action[]): string =>
  document(
    'dialplan',
    xml`<context name="${context}">
<extension name="strowger">
<condition>
${actions.map(renderAction)}</condition>
</extension>
</context>`,
  )

const renderAction = ([application, argument]: Action): Xml =>
  argument === undefined
    ? xml`<action application="${application}"/>\n`
    : xml`<action application="${application}" data="${argument}"/>\n`

export const actionsOf = (context: Context, plan: Plan, settings: DialplanSettings): readonly Action[] => {
  const { target } = plan
  const carried: Action = ['set', `${CALL_VARIABLE}=${encodeCarried(plan.call)}`]
  if (target.kind === 'refuse')
    return [carried, ...(target.refusal === INSUFFICIENT_BALANCE ? noCreditActions : refuse(target.cause))]
  return [
    carried,
    forgetPlan(plan),
    ...safety(plan),
    ...wishActions(plan),
    ...progressActions(plan),
    ...recordingActions(plan.recording, plan.progress?.ringbackCountry),
    ...targetActions(context, plan, target, settings),
  ]
}

const targetActions = (
  context: Context,
  plan: Plan,
  target: Exclude<Target, { kind: 'refuse' }>,
  settings: DialplanSettings,
): readonly Action[] => {
  switch (target.kind) {
    case 'carriers':
      return toCarriers(plan, target, settings)
    case 'devices':
      return toDevices(plan, target, settings)
    case 'conversation':
      return converse(context, plan, settings)
  }
}

/** A caller who was transferred has had a plan before: nothing of it counts for this one, or in its record. */
const forgetPlan = ({ call }: Plan): Action => [
  'multiunset',
  [
    ...LEFT_BY_A_HUNT,
    ...LEFT_BY_ANSWERING,
    ASK_PIN_VARIABLE,
    PIN_GIVEN_VARIABLE,
    SENSITIVE_DTMF,
    ...call.attempts.map(({ n }) => attemptResultVariable(n)),
  ].join(' '),
]

/** Ends a call that has been forgotten. What we say ourselves counts from now: nobody else answers. */
const safety = ({ target, call, maxDurationSeconds }: Plan): readonly Action[] =>
  target.kind === 'conversation'
    ? [['sched_hangup', `+${maxDurationSeconds} ALLOTTED_TIMEOUT`]]
    : [['export', talkLimit(dialsFrom(call), maxDurationSeconds)]]

const toCarriers = (
  plan: Plan,
  target: Extract<Target, { kind: 'carriers' }>,
  settings: DialplanSettings,
): readonly Action[] => [
  // Without it the action after an answered bridge rings the next carrier.
  ['set', 'hangup_after_bridge=true'],
  // A header that a phone wrote (Identity, P-Charge-Info ...) is no word of ours to a carrier (mod_sofia.c copies sip_h_*).
  ['set', 'sip_copy_custom_headers=false'],
  ...callerId(target.callerId),
  ...prepaidActions(plan),
  ...huntActions(plan, target, connectSocket(settings), settings.confirmPrompt),
]

/** What phones read: the parameter of 3GPP TS 24.229 in P-Asserted-Identity, and the signer's word where it counts. */
const verstatVariables = (verstat: Verstat | undefined): LegVariables =>
  verstat === undefined
    ? {}
    : {
        sip_invite_pid_params: `verstat=${VERSTAT_PARAMETER[verstat.verdict]}`,
        ...(verstat.verdict === 'passed' && verstat.attestation !== undefined
          ? { 'sip_h_P-Attestation-Indicator': verstat.attestation }
          : {}),
      }

const toDevices = (
  plan: Plan,
  target: Extract<Target, { kind: 'devices' }>,
  settings: DialplanSettings,
): readonly Action[] => [
  ['set', 'hangup_after_bridge=true'],
  ...(plan.verstat === undefined
    ? []
    : ([['set', `${VERSTAT_VARIABLE}=${encodeVerstat(plan.verstat)}`]] as const)),
  ...callerId(target.callerId),
  ...(plan.progress === undefined ? ([['set', `ringback=${ringbackOf(undefined)}`]] as const) : []),
  ...confirmActions(plan, target.ringTimeoutSeconds, {
    socket: connectSocket(settings)[1] ?? '',
    prompt: settings.confirmPrompt,
    isHeldForRecording: recordingHoldsCallee(plan.recording),
  }),
  // As without a list, and after a redirect, which would otherwise end the call with its own status.
  ['set', 'continue_on_fail=NO_ANSWER,REQUESTED_CHAN_UNAVAIL'],
  [
    'bridge',
    DialString.phones(
      'phones',
      target.domain,
      target.devices.map((device) => ({
        username: device.username,
        variables: {
          origination_uuid: device.legUuid,
          [ATTEMPT_VARIABLE]: encodeCarried(device),
          leg_timeout: target.ringTimeoutSeconds,
          // A phone's 302 would send the caller to wherever it says, at our cost (sofia.c).
          outbound_redirect_fatal: 'true',
          ...IDENTITY_ONCE,
          ...verstatVariables(plan.verstat),
        },
      })),
    ).toString(),
  ],
  // Its status would reach the caller, whose phone may do as it says (mod_sofia.c, sofia_on_hangup).
  ['set', 'sip_ignore_remote_cause=${regex(${last_bridge_proto_specific_hangup_cause}|^sip:3)}'],
  ['hangup', 'NO_ANSWER'],
]

const callerId = ({ number, name }: CallerId): readonly Action[] =>
  number === undefined
    ? // Left unset, the phone's own extension would stand in From.
      [
        ['set', 'effective_caller_id_number=anonymous'],
        ['set', `effective_caller_id_name=${name === undefined || name === '' ? 'Anonymous' : name}`],
        ['set', 'sip_cid_type=none'],
      ]
    : [
        ['set', `effective_caller_id_number=${number}`],
        ['set', `effective_caller_id_name=${name === undefined || name === '' ? number : name}`],
        ['set', 'sip_cid_type=pid'],
      ]

/**
 * The engine's socket, then the way back to an engine. `socket_resume` stays unset: what runs goes on when the
 * engine dies, and the action after `socket` is where the call returns. The static extension `reenter` plays
 * tones and sends the call back to its number; max_forwards is what each pass spends.
 */
const converse = (
  context: Context,
  { numberClass, askPin }: Plan,
  settings: DialplanSettings,
): readonly Action[] => [
  ...(askPin === undefined
    ? []
    : ([
        ['set', `${ASK_PIN_VARIABLE}=${encodeAskPin(askPin)}`],
        // What is keyed is told to nobody and written nowhere (switch_channel.c).
        ['set', `${SENSITIVE_DTMF}=true`],
      ] as const)),
  ['set', 'hangup_after_bridge=false'],
  // A feature code: `*`, `#` and digits, nothing that FreeSWITCH would expand or split.
  ['set', `${RETURN_VARIABLE}=${askPin?.dialled ?? numberClass.number} XML ${context}`],
  connectSocket(settings),
  ['set', 'max_forwards=70'],
  ['transfer', 'reenter XML reenter'],
]

const connectSocket = ({ socketAddress }: DialplanSettings): Action => [
  'socket',
  `${socketAddress} async full`,
]

const refuse = (cause: HangupCause): readonly Action[] => [
  ['set', 'sip_ignore_remote_cause=true'],
  ['respond', String(HANGUP_CAUSES[cause].sip)],
  ['hangup', cause],
]
