import assert from 'node:assert/strict'
import type { CallWish } from '../../src/call/wish.ts'
import type { Plan, PlannedAttempt } from '../../src/call/plan.ts'
import type { Snapshot } from '../../src/directory/records.ts'
import { planFromUser, type PlanSettings } from '../../src/plan/make-plan.ts'
import { actionsOf } from '../../src/xml-curl/dialplan.ts'
import {
  carrier,
  carriers,
  device,
  gateway,
  NOW,
  organization,
  surroundings,
  user,
  uuid,
  uuidsFrom,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

const NUMBER = '+442079460958'

const planOf = (
  wish: CallWish | undefined,
  given: Partial<Snapshot> = carriers(2),
  { dialled = NUMBER, settings = {} }: { dialled?: string; settings?: Partial<PlanSettings> } = {},
): Plan =>
  planFromUser(
    { callId: uuid(1), organization: organization(), user: user(), dialled, wish, now: NOW },
    surroundings(given),
    { ...PLAN_SETTINGS, newUuid: uuidsFrom(100), ...settings },
  )

const attemptsOf = ({ target }: Plan): readonly PlannedAttempt[] =>
  target.kind === 'carriers' ? target.attempts : []

suite('plan: answers', () => {
  test('a call that asked for nothing is connected as it is answered, and rings as its destination does', () => {
    const plan = planOf(undefined)
    assert.deepEqual(
      attemptsOf(plan).map(({ onAnswer }) => onAnswer),
      [undefined, undefined],
    )
    assert.deepEqual(plan.progress, {
      ringbackCountry: 'GB',
      callerAnswered: false,
      ownRingback: false,
      stopsWhenAnswered: false,
    })
  })

  test('detection is for the calls that ask for it', () => {
    const plan = planOf({ machineDetection: { action: 'leave-message', messageFileId: 4 } })
    for (const { onAnswer } of attemptsOf(plan))
      assert.deepEqual(onAnswer, { machine: { action: 'leave-message', messageFileId: 4 } })
    assert.equal(plan.progress?.stopsWhenAnswered, true)
    assert.ok(plan.trace.includes('listens for an answering machine: leave-message'))
  })

  test('or for all, and what a call asks for itself comes first', () => {
    const settings = { machineDetection: 'connect' } as const
    assert.deepEqual(attemptsOf(planOf(undefined, carriers(1), { settings }))[0]?.onAnswer, {
      machine: { action: 'connect' },
    })
    const asked = planOf({ machineDetection: { action: 'hangup' } }, carriers(1), { settings })
    assert.deepEqual(attemptsOf(asked)[0]?.onAnswer, { machine: { action: 'hangup' } })
  })

  test('a gateway that answers with tones is listened to, and its 180 does not end the hunt', () => {
    const given = {
      ...carriers(2),
      gateways: carriers(2).gateways.map((each) => ({ ...each, answersWithTones: each.id === 1 })),
    }
    const [first, second] = attemptsOf(planOf(undefined, given))
    assert.deepEqual(first?.onAnswer, { tones: { country: 'GB' } })
    assert.match(first.goOnAfter ?? '', /NORMAL_TEMPORARY_FAILURE/)
    assert.equal(second?.onAnswer, undefined)
  })

  test('an emergency call is never held, whatever is asked for', () => {
    const given = {
      carriers: [carrier(1)],
      gateways: [gateway(1, { carriesEmergency: true, answersWithTones: true })],
    }
    const wish = { answerConfirm: true, machineDetection: { action: 'hangup' } } as const
    const plan = planOf(wish, given, { dialled: '112', settings: { machineDetection: 'hangup' } })
    assert.equal(attemptsOf(plan)[0]?.onAnswer, undefined)
    assert.equal(plan.progress, undefined)
  })

  test('a phone of the house may be asked to press 1, and is never listened to', () => {
    const given = {
      users: [user(), user({ id: 12, extension: '1002' })],
      devices: [device({ id: 2, userId: 12 })],
    }
    const wish = { answerConfirm: true, machineDetection: { action: 'hangup' } } as const
    const plan = planOf(wish, given, { dialled: '1002' })
    assert.equal(plan.target.kind, 'devices')
    assert.equal(plan.progress?.confirm?.timeoutSeconds, 20)
    const actions = actionsOf('phones', plan, { socketAddress: 'h:1', confirmPrompt: '/prompt.wav' })
    assert.ok(actions.some(([, argument]) => argument === 'group_confirm_key=1'))
    assert.ok(actions.some(([, argument]) => argument === 'group_confirm_file=/prompt.wav'))
  })
})

suite('xml-curl: answers', () => {
  const settings = { socketAddress: '127.0.0.1:8040' }
  const sets = (plan: Plan): readonly string[] =>
    actionsOf('phones', plan, settings).flatMap(([application, argument]) =>
      application === 'set' ? [argument ?? ''] : [],
    )

  test('a leg that is listened to reaches the engine by its socket, before each attempt', () => {
    const plan = planOf({ machineDetection: { action: 'hangup' } })
    const found = sets(plan)
    assert.equal(found.filter((each) => each === 'group_confirm_key=exec').length, 2)
    assert.equal(
      found.filter((each) => each === 'group_confirm_file=socket 127.0.0.1:8040 async full').length,
      2,
    )
    const bridges = actionsOf('phones', plan, settings).filter(([application]) => application === 'bridge')
    for (const [, argument] of bridges) assert.match(argument ?? '', /[[,]strowger_on_answer=[\w-]+[,\]]/)
  })

  test('an attempt that is not listened to takes back what the one before had', () => {
    const given = {
      ...carriers(2),
      gateways: carriers(2).gateways.map((each) => ({ ...each, answersWithTones: each.id === 1 })),
    }
    const found = sets(planOf(undefined, given)).filter((each) => each.startsWith('group_confirm_key'))
    assert.deepEqual(found, ['group_confirm_key=exec', 'group_confirm_key='])
  })

  test('a confirmation alone needs no engine', () => {
    const found = sets(planOf({ answerConfirm: true }))
    assert.ok(found.includes('group_confirm_key=1'))
    assert.ok(found.some((each) => each.startsWith('group_confirm_file=tone_stream://%(')))
    assert.ok(found.includes('group_confirm_timeout=20'))
  })

  test('a plain call from a phone is sent no tone unless a carrier had sent early media', () => {
    const found = sets(planOf(undefined))
    assert.equal(
      found.some((each) => each.startsWith('ringback=')),
      false,
    )
    assert.equal(found.includes('instant_ringback=true'), false)
    const exported = actionsOf('phones', planOf(undefined), settings).filter(
      ([application]) => application === 'export',
    )
    assert.ok(
      exported.some(
        ([, argument]) =>
          argument ===
          `nolocal:api_on_pre_answer_ringback=uuid_setvar ${uuid(1)} ringback %(400,200,400,450);%(400,2000,400,450)`,
      ),
    )
  })
})
