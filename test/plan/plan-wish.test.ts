/** What is asked for with a call, in its plan. */
import assert from 'node:assert/strict'
import type { Plan } from '../../src/call/plan.ts'
import type { CallWish } from '../../src/call/wish.ts'
import { planFromUser } from '../../src/plan/make-plan.ts'
import {
  carriers,
  ddi,
  device,
  gateway,
  NOW,
  organization,
  surroundings,
  user,
  uuid,
  uuidsFrom,
  type GivenWorld,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

const TO = '+442079460123'
const OWN = ddi('+442079460101')
const CALLER = user({ callerId: OWN.number })

const planned = (wish: CallWish, dialled = TO, given: GivenWorld = {}): Plan =>
  planFromUser(
    { callId: uuid(1), organization: organization(), user: CALLER, dialled, wish, now: NOW },
    surroundings({ ...carriers(2), numbers: [OWN], ...given }),
    { ...PLAN_SETTINGS, newUuid: uuidsFrom(100) },
  )
const attemptsOf = ({ target }: Plan) => (target.kind === 'carriers' ? target.attempts : [])

suite('plan: what was asked for', () => {
  test('a longest talk shortens the call and every attempt, and never lengthens it', () => {
    const short = planned({ maxDurationSeconds: 60 })
    assert.equal(short.maxDurationSeconds, 60)
    assert.deepEqual(
      attemptsOf(short).map(({ maxDurationSeconds }) => maxDurationSeconds),
      [60, 60],
    )
    const long = planned({ maxDurationSeconds: 86_400 })
    assert.equal(long.maxDurationSeconds, PLAN_SETTINGS.maxDurationSeconds)
    assert.ok(long.trace.some((line) => /86400 s of talk; 14400 s are allowed/.test(line)))
  })

  test('the time to ring is as asked for, and shorter where the gateway has a time of its own', () => {
    const gateways = [gateway(1, { ringTimeoutSeconds: 20 }), gateway(2)]
    const rings = (seconds: number): readonly number[] =>
      attemptsOf(planned({ ringTimeoutSeconds: seconds }, TO, { gateways })).map(
        ({ ringTimeoutSeconds }) => ringTimeoutSeconds,
      )
    assert.deepEqual(rings(90), [20, 90])
    assert.deepEqual(rings(10), [10, 10])
  })

  test('a colleague rings as long as was asked, and sees the name that was asked for', () => {
    const { target } = planned({ ringTimeoutSeconds: 7, displayName: 'The "Boss"' }, '1002', {
      users: [CALLER, user({ id: 12, extension: '1002' })],
      devices: [device({ id: 112, userId: 12, username: 'bob' })],
    })
    assert.ok(target.kind === 'devices')
    assert.equal(target.ringTimeoutSeconds, 7)
    assert.equal(target.callerId.name, 'The Boss')
  })

  test('a name is shown beside a number only, and never of who withholds his', () => {
    const nameOf = (wish: CallWish, given: GivenWorld = {}): string | undefined => {
      const { target } = planned(wish, TO, given)
      return target.kind === 'carriers' ? target.callerId.name : undefined
    }
    assert.equal(nameOf({ displayName: 'Boss' }), 'Boss')
    assert.notEqual(nameOf({ displayName: 'Boss', withheld: true }), 'Boss')
    assert.notEqual(nameOf({ displayName: 'Boss' }, { numbers: [] }), 'Boss')
  })

  test('headers, early media and the CRM are granted, and nothing where nothing was asked', () => {
    assert.deepEqual(planned({ customHeaders: { 'X-A': '1' }, earlyMedia: false }).granted, {
      customHeaders: { 'X-A': '1' },
      earlyMedia: false,
      crm: undefined,
    })
    assert.deepEqual(planned({ crm: { recordId: '7' } }).granted?.crm, { recordId: '7' })
    assert.equal(planned({ earlyMedia: true }).granted, undefined)
  })

  test('an emergency call is cut short by no wish', () => {
    const plan = planned(
      { maxDurationSeconds: 5, ringTimeoutSeconds: 5, customHeaders: { 'X-A': '1' } },
      '112',
      {
        gateways: [gateway(1, { carriesEmergency: true })],
      },
    )
    assert.equal(plan.maxDurationSeconds, PLAN_SETTINGS.maxDurationSeconds)
    assert.equal(plan.granted, undefined)
    assert.equal(attemptsOf(plan)[0]?.ringTimeoutSeconds, 60)
  })
})
