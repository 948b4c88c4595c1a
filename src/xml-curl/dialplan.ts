/** A plan as dialplan XML. The attempts toward carriers are hunt-actions.ts; here is all else. */
import { attemptResultVariable, ATTEMPT_VARIABLE, CALL_VARIABLE, encodeCarried } from '../call/carried.ts'
import type { CallerId, Plan, Target } from '../call/plan.ts'
import { DialString } from '../telephony/dial-string.ts'
import { HANGUP_CAUSES, type HangupCause } from '../telephony/hangup-cause.ts'
import type { Action } from './action.ts'
import { document, xml, type Xml } from './document.ts'
import { huntActions, LEFT_BY_A_HUNT } from './hunt-actions.ts'

/** The contexts that are ours; a request for any other is "not found". */
export const CONTEXTS = ['phones', 'trunks'] as const
export type Context = (typeof CONTEXTS)[number]

export const isOurContext = (context: string): context is Context => CONTEXTS.some((ours) => ours === context)

export type DialplanSettings = {
  /** `host:port` at which the switch's `socket` application finds us, several joined by `|`. */
  readonly socketAddress: string
}

/** `NUMBER XML CONTEXT`: where the static extension `reenter` sends a caller whose engine died; freeswitch-conf/dialplan reads it. */
const RETURN_VARIABLE = 'strowger_return_to'

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
  if (target.kind === 'refuse') return [carried, ...refuse(target.cause)]
  return [carried, forgetPlan(plan), ...safety(plan), ...targetActions(context, plan, target, settings)]
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
      return toDevices(target)
    case 'conversation':
      return converse(context, plan, settings)
  }
}

/** A caller who was transferred has had a plan before: nothing of it counts for this one, or in its record. */
const forgetPlan = ({ call }: Plan): Action => [
  'multiunset',
  [...LEFT_BY_A_HUNT, ...call.attempts.map(({ n }) => attemptResultVariable(n))].join(' '),
]

/** Ends a call that has been forgotten. Counted from the answer. */
const safety = (plan: Plan): readonly Action[] => [
  ['set', `execute_on_answer=sched_hangup +${plan.maxDurationSeconds} ALLOTTED_TIMEOUT`],
]

const toCarriers = (
  plan: Plan,
  target: Extract<Target, { kind: 'carriers' }>,
  settings: DialplanSettings,
): readonly Action[] => [
  // Without it the action after an answered bridge rings the next carrier.
  ['set', 'hangup_after_bridge=true'],
  ...callerId(target.callerId),
  ...huntActions(plan, target, connectSocket(settings)),
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
