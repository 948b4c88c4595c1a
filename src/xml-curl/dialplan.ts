/**
 * A plan as dialplan XML. One `bridge` action per attempt: never `|` between gateways, which would ring the
 * second carrier after a busy callee; causes by name, because a number in `continue_on_fail` means "any"
 * (measured; switch_ivr_bridge.c, switch_channel_handle_cause).
 */
import { attemptResultVariable, ATTEMPT_VARIABLE, CALL_VARIABLE, encodeCarried } from '../call/carried.ts'
import type { CallerId, Plan, PlannedAttempt, Target } from '../call/plan.ts'
import { DialString } from '../telephony/dial-string.ts'
import { FAILOVER_CAUSES, HANGUP_CAUSES, type HangupCause } from '../telephony/hangup-cause.ts'
import { document, xml, type Xml } from './document.ts'

/** The contexts that are ours; a request for any other is "not found". */
export const CONTEXTS = ['phones', 'trunks'] as const
export type Context = (typeof CONTEXTS)[number]

export const isOurContext = (context: string): context is Context => CONTEXTS.some((ours) => ours === context)

/** Where the static configuration has the gateway of last resort for emergency calls. */
export const EMERGENCY_GATEWAY = 'emergency'

export type DialplanSettings = {
  /** `host:port` at which the switch's `socket` application finds us, several joined by `|`. */
  readonly socketAddress: string
}

/** `NUMBER XML CONTEXT`: where the static extension `reenter` sends a caller whose engine died; freeswitch-conf/dialplan reads it. */
const RETURN_VARIABLE = 'strowger_return_to'

export type Action = readonly [application: string, argument?: string]

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
  switch (target.kind) {
    case 'carriers':
      return [carried, ...safety(plan), ...toCarriers(plan, target)]
    case 'devices':
      return [carried, ...safety(plan), ...toDevices(target)]
    case 'conversation':
      return [carried, ...safety(plan), ...converse(context, plan, settings)]
    case 'refuse':
      return [carried, ...refuse(target.cause)]
  }
}

/** Ends a call that has been forgotten. Counted from the answer. */
const safety = (plan: Plan): readonly Action[] => [
  ['set', `execute_on_answer=sched_hangup +${plan.maxDurationSeconds} ALLOTTED_TIMEOUT`],
]

const toCarriers = (plan: Plan, target: Extract<Target, { kind: 'carriers' }>): readonly Action[] => [
  // Without it the action after an answered bridge rings the next carrier.
  ['set', 'hangup_after_bridge=true'],
  // An emergency call goes on whatever a carrier says, busy and declined included.
  ['set', `continue_on_fail=${target.emergency ? 'true' : FAILOVER_CAUSES.join(',')}`],
  ...callerId(target.callerId),
  ...target.attempts.flatMap((attempt) => attemptActions(attempt)),
  ...(target.emergency ? [forget, lastResort(plan)] : []),
  // Every carrier failed for reasons of its own: congestion, not whatever the last of them said.
  ...finally503,
]

/**
 * What an attempt leaves on the caller's channel must be its own: a gateway that is down makes no channel and
 * changes none of these. A carrier's Reason (sip_reason, from 1.11.1 on) would even reach a caller whom the
 * next carrier answered, and its SIP status would override our own last word (mod_sofia.c, sofia_on_hangup).
 */
const forget: Action = [
  'multiunset',
  'last_bridge_hangup_cause last_bridge_proto_specific_hangup_cause sip_invite_failure_status sip_invite_failure_phrase sip_reason originate_disposition',
]

const finally503: readonly Action[] = [forget, ['respond', '503 All routes failed']]

const attemptActions = (attempt: PlannedAttempt): readonly Action[] => {
  const { carried, gateway, codecs, maxChannels } = attempt
  const target = DialString.gateway(gateway, carried.number, {
    origination_uuid: carried.legUuid,
    [ATTEMPT_VARIABLE]: encodeCarried(carried),
    // The cause follows the SIP status: a Reason header made a 503 USER_BUSY, which would end the hunt.
    ignore_q850_reason: 'true',
    leg_progress_timeout: attempt.progressTimeoutSeconds,
    leg_timeout: attempt.ringTimeoutSeconds,
    // ^^: makes the colon the delimiter: a comma would end the variable.
    ...(codecs.length === 0 ? {} : { absolute_codec_string: `^^:${codecs.join(':')}` }),
  })
  const bridge: Action =
    maxChannels === undefined
      ? ['bridge', target.toString()]
      : // The backstop of our own count: full means the next action, not an error.
        ['limit_execute', `hash gateway ${gateway} ${maxChannels} bridge ${target.toString()}`]
  return [
    forget,
    // 183 with SDP ends leg_timeout; this one goes on counting.
    ['set', `bridge_answer_timeout=${attempt.ringTimeoutSeconds}`],
    bridge,
    [
      'set',
      `${attemptResultVariable(carried.n)}=\${last_bridge_hangup_cause}/\${sip_invite_failure_status}/\${originate_disposition}`,
    ],
  ]
}

/** The number as it was classified: there may be no attempt to read it from. */
const lastResort = ({ numberClass }: Plan): Action => [
  'bridge',
  DialString.gateway(EMERGENCY_GATEWAY, numberClass.number).toString(),
]

const toDevices = (target: Extract<Target, { kind: 'devices' }>): readonly Action[] => [
  ['set', 'hangup_after_bridge=true'],
  ...callerId(target.callerId),
  ['set', 'ringback=%(400,200,400,450);%(400,2000,400,450)'],
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
        },
      })),
    ).toString(),
  ],
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
const converse = (context: Context, { numberClass }: Plan, settings: DialplanSettings): readonly Action[] => [
  ['set', 'hangup_after_bridge=false'],
  // A feature code: `*`, `#` and digits, nothing that FreeSWITCH would expand or split.
  ['set', `${RETURN_VARIABLE}=${numberClass.number} XML ${context}`],
  ['socket', `${settings.socketAddress} async full`],
  ['set', 'max_forwards=70'],
  ['transfer', 'reenter XML reenter'],
]

const refuse = (cause: HangupCause): readonly Action[] => [
  ['set', 'sip_ignore_remote_cause=true'],
  ['respond', String(HANGUP_CAUSES[cause].sip)],
  ['hangup', cause],
]
