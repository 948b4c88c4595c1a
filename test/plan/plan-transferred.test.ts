import assert from 'node:assert/strict'
import type { CarriedCall } from '../../src/call/carried.ts'
import type { Plan } from '../../src/call/plan.ts'
import { asTransferred } from '../../src/plan/plan-transferred.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { uuid } from '../support/snapshot.ts'

const planned = (call: Partial<CarriedCall>, target: Plan['target']): Plan => ({
  call: {
    callId: uuid(1),
    organizationId: 1,
    direction: 'outbound',
    userId: 11,
    dialled: '1002',
    destination: undefined,
    callerNumber: '1001',
    lcrProfileId: undefined,
    attempts: [],
    devices: [],
    ...call,
  },
  numberClass: { kind: 'extension', number: '1002' },
  target,
  rejected: [],
  trace: ['planned'],
  maxDurationSeconds: 60,
})

const device = (n: number) => ({
  callId: uuid(1),
  legUuid: uuid(n),
  organizationId: 1,
  userId: n,
  deviceId: n,
  username: String(n),
})
const TO_PHONES: Plan['target'] = {
  kind: 'devices',
  domain: 'acme.example',
  devices: [device(12)],
  callerId: { number: '1001', name: 'Ada' },
  ringTimeoutSeconds: 30,
}
const STRANGER = { number: '+33142685300', name: 'Marie' }

suite('plan: a leg that was transferred', () => {
  test("a called leg's plan is of its call, and runs on its own channel", () => {
    const plan = asTransferred(planned({ devices: [device(12)] }, TO_PHONES), {
      channelUuid: uuid(2),
      callId: uuid(1),
      before: undefined,
      party: STRANGER,
    })
    assert.deepEqual([plan.call.callId, plan.call.channelUuid], [uuid(1), uuid(2)])
  })

  test("the caller's leg keeps who called whom, and gets the attempts of the new plan", () => {
    const before = planned(
      {
        direction: 'inbound',
        userId: 7,
        dialled: '442079460102',
        destination: asE164('+442079460102'),
        devices: [device(7)],
      },
      TO_PHONES,
    ).call
    const { call } = asTransferred(planned({ devices: [device(12)], lcrProfileId: 3 }, TO_PHONES), {
      channelUuid: uuid(1),
      callId: uuid(1),
      before,
      party: STRANGER,
    })
    assert.deepEqual(
      [call.channelUuid, call.direction, call.userId, call.dialled, call.destination, call.lcrProfileId],
      [undefined, 'inbound', 7, '442079460102', '+442079460102', 3],
    )
    assert.deepEqual(
      call.devices.map(({ deviceId }) => deviceId),
      [7, 12],
    )
  })

  test('a colleague sees who is transferred to him; a carrier sees whose call it is', () => {
    const transferred = { channelUuid: uuid(2), callId: uuid(1), before: undefined, party: STRANGER }
    const toPhones = asTransferred(planned({}, TO_PHONES), transferred)
    assert.ok(toPhones.target.kind === 'devices')
    assert.deepEqual(toPhones.target.callerId, STRANGER)
    const toCarriers: Plan['target'] = {
      kind: 'carriers',
      attempts: [],
      callerId: { number: '+442079460100', name: undefined },
      emergency: false,
    }
    assert.deepEqual(asTransferred(planned({}, toCarriers), transferred).target, toCarriers)
  })

  test('who shows no number is shown as before', () => {
    const plan = asTransferred(planned({}, TO_PHONES), {
      channelUuid: uuid(2),
      callId: uuid(1),
      before: undefined,
      party: { number: undefined, name: undefined },
    })
    assert.deepEqual(plan.target, TO_PHONES)
  })
})
