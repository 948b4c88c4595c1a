/**
 * An attended transfer. While our user consults, the other party waits with music, and our user hears ring-back until
 * the one he consults answers. Then it is completed (the two others talk, our user is let go) or cancelled (the one
 * who was consulted is let go). Where the consulted party hangs up or never answers, the switch itself brings our user
 * back (freeswitch-conf/dialplan/control.xml), with this engine or without; where our user hangs up, nobody is left
 * waiting.
 */
import { asError } from '../base/errors.ts'
import {
  connectedPair,
  CONSULTED_VARIABLE,
  CONSULTING_FOR_VARIABLE,
  refused,
  type ControlLeg,
  type SwitchCommand,
} from '../call/control.ts'
import type { Plan } from '../call/plan.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import {
  keepAnswer,
  setVariables,
  type Controlled,
  type ControlOutcome,
  type ToParty,
} from './call-control.ts'
import { errorIn } from './commands.ts'
import { BACK, CONTROL_CONTEXT, RINGING, WAITING } from './control-places.ts'
import { payerOf, planFor } from './control-party.ts'
import { reachParty } from './reach-party.ts'

export const consult = async (controlled: Controlled, request: ToParty): Promise<ControlOutcome> => {
  const { seen, commands, logger } = controlled
  if (seen.legs.some(({ consultingFor }) => consultingFor !== undefined))
    return refused('CONSULTATION_RUNNING', 'somebody of this call consults already')
  const pair = connectedPair(seen, request.leg)
  if ('kind' in pair) return pair
  const { user, other } = pair
  const payer = payerOf(controlled, user.userId)
  if ('kind' in payer) return payer
  const planned = await planFor(controlled, payer, request, 'plan')
  if ('kind' in planned) return planned
  const { plan, dialled } = planned
  const at = (extension: string): string => `${extension}/XML/${CONTROL_CONTEXT}`
  const failed = await controlled.tell(
    ...(user.held ? ([['uuid_hold', `off ${user.legUuid}`]] as const) : []),
    ...keepAnswer(controlled),
    setVariables(user.legUuid, {
      [CONSULTING_FOR_VARIABLE]: other.legUuid,
      [CONSULTED_VARIABLE]: '',
      [DIALLED_VARIABLE]: legsOf(plan).join(','),
      // Its bridge ends before its own transfer begins: it may not hang up in between.
      hangup_after_bridge: 'false',
      park_after_bridge: 'true',
      // Where our user hangs up, the one who waits is let go (switch_core_state_machine.c, api_hangup_hook).
      api_hangup_hook: `uuid_kill ${other.legUuid} NORMAL_CLEARING`,
    }),
    ['uuid_dual_transfer', `${user.legUuid} ${at(RINGING)} ${at(WAITING)}`],
  )
  if (failed !== undefined) return failed
  controlled.note('transferred', user.legUuid, {
    mode: 'attended',
    state: 'consulting',
    to: dialled,
    byUserId: payer.user.id,
  })
  reachConsulted(controlled, plan, user, dialled).catch((fault: unknown) => {
    logger.warn({ err: asError(fault) }, 'a consultation failed')
    void commands
      .api('uuid_transfer', `${user.legUuid} ${BACK} XML ${CONTROL_CONTEXT}`)
      .catch(() => undefined)
  })
  return { kind: 'done', detail: { legUuid: user.legUuid, status: 'ringing' } }
}

/** On the leg that consults: every leg that may be rung for it. What rings may not have been told to us yet. */
const DIALLED_VARIABLE = 'strowger_consulting_legs'

const legsOf = ({ target }: Plan): readonly CallUuid[] =>
  target.kind === 'devices'
    ? target.devices.map(({ legUuid }) => legUuid)
    : target.kind === 'carriers'
      ? target.attempts.map(({ carried }) => carried.legUuid)
      : []

const reachConsulted = async (
  { commands, logger, note }: Controlled,
  plan: Plan,
  user: ControlLeg,
  dialled: string,
): Promise<void> => {
  const consulting = async (): Promise<boolean> => {
    const text = await commands.api('uuid_getvar', `${user.legUuid} ${CONSULTING_FOR_VARIABLE}`)
    return /^[0-9a-f-]{36}\s*$/.test(text)
  }
  let isOver = false
  const reached = await reachParty(plan, {
    commands,
    logger,
    then: '&park()',
    isOver: () => isOver,
    onDial: () => {
      // Between two attempts he may have been called back.
      void consulting().then(
        (still) => {
          isOver = !still
        },
        () => undefined,
      )
    },
  })
  if (reached.kind === 'failed') {
    if (!(await consulting())) return
    await commands.api('uuid_transfer', `${user.legUuid} ${BACK} XML ${CONTROL_CONTEXT}`)
    note('transferred', user.legUuid, {
      mode: 'attended',
      state: 'failed',
      to: dialled,
      cause: reached.cause,
    })
    return
  }
  const { legUuid } = reached
  const isStill = await consulting()
  const commandsToJoin: readonly SwitchCommand[] = [
    setVariables(user.legUuid, {
      [CONSULTED_VARIABLE]: legUuid,
      park_after_bridge: '',
      transfer_after_bridge: `${BACK}:XML:${CONTROL_CONTEXT}`,
    }),
    ['uuid_bridge', `${user.legUuid} ${legUuid}`],
  ]
  for (const command of commandsToJoin) {
    if (isStill && errorIn(await commands.api(...command)) === undefined) continue
    await commands.api('uuid_kill', `${legUuid} NORMAL_CLEARING`)
    return
  }
  note('transferred', user.legUuid, { mode: 'attended', state: 'talking', to: dialled })
}

/** What the consultation put on our user's leg, gone. */
const forgetConsultation = (legUuid: CallUuid): SwitchCommand =>
  setVariables(legUuid, {
    [CONSULTING_FOR_VARIABLE]: '',
    [CONSULTED_VARIABLE]: '',
    api_hangup_hook: '',
    transfer_after_bridge: '',
    park_after_bridge: '',
    hangup_after_bridge: 'true',
  })

export const endConsultation = async (
  controlled: Controlled,
  how: 'complete' | 'cancel',
): Promise<ControlOutcome> => {
  const { seen, commands } = controlled
  const user = seen.legs.find(({ consultingFor }) => consultingFor !== undefined)
  const waiting = seen.legs.find(({ legUuid }) => legUuid === user?.consultingFor)
  if (user === undefined || waiting === undefined)
    return refused('NO_CONSULTATION', 'nobody of this call consults anybody')
  const consulted = seen.legs.find(({ legUuid }) => legUuid === user.consulted)
  if (how === 'complete') {
    if (consulted === undefined || user.partner !== consulted.legUuid)
      return refused('CONSULTATION_NOT_ANSWERED', 'the party who is consulted has not answered yet')
    const failed = await controlled.tell(
      forgetConsultation(user.legUuid),
      ...[waiting, consulted].map(({ legUuid }) => setVariables(legUuid, { hangup_after_bridge: 'true' })),
      ['uuid_bridge', `${waiting.legUuid} ${consulted.legUuid}`],
    )
    if (failed !== undefined) return failed
    await commands.api('uuid_kill', `${user.legUuid} ATTENDED_TRANSFER`)
    controlled.note('transferred', waiting.legUuid, {
      mode: 'attended',
      state: 'completed',
      to: consulted.party,
    })
    return { kind: 'done', detail: { legUuid: waiting.legUuid } }
  }
  const failed = await controlled.tell(forgetConsultation(user.legUuid), [
    'uuid_bridge',
    `${user.legUuid} ${waiting.legUuid}`,
  ])
  if (failed !== undefined) return failed
  // Whoever was consulted, and whoever still rings for it.
  const dialled = await commands.api('uuid_getvar', `${user.legUuid} ${DIALLED_VARIABLE}`)
  for (const legUuid of new Set([...seen.legs.map((leg) => leg.legUuid), ...dialled.trim().split(',')]))
    if (isCallUuid(legUuid) && legUuid !== user.legUuid && legUuid !== waiting.legUuid)
      await commands.api('uuid_kill', `${legUuid} NORMAL_CLEARING`)
  controlled.note('transferred', user.legUuid, { mode: 'attended', state: 'cancelled' })
  return { kind: 'done', detail: { legUuid: user.legUuid } }
}
