import assert from 'node:assert/strict'
import type { Plan } from '../../src/call/plan.ts'
import type { Snapshot } from '../../src/directory/records.ts'
import { planFromTrunk } from '../../src/plan/plan-from-trunk.ts'
import { ddi, device, organization, surroundings, user, uuid, uuidsFrom } from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

const WORLD: Partial<Snapshot> = {
  organizations: [
    organization(),
    organization({ id: 2, name: 'Bolt', sipDomain: 'bolt.example', country: 'DE' }),
  ],
  users: [user(), user({ id: 21, organizationId: 2, extension: '2001' })],
  devices: [
    device(),
    device({ id: 112, username: 'ada-mobile' }),
    device({ id: 211, userId: 21, username: 'cyd' }),
  ],
  numbers: [ddi('+442079460958'), ddi('+4930123456', { id: 2, organizationId: 2, userId: 21 })],
}

const planIn = (
  dialled: string,
  caller: { readonly number?: string; readonly name?: string } = {},
  given: Partial<Snapshot> = WORLD,
): Plan | undefined =>
  planFromTrunk(
    { callId: uuid(1), dialled, callerNumber: caller.number, callerName: caller.name, now: 0 },
    surroundings(given),
    { ...PLAN_SETTINGS, newUuid: uuidsFrom(100) },
  )

suite('plan: what a carrier brings', () => {
  for (const [dialled, expected] of [
    ['+442079460958', 11],
    ['442079460958', 11],
    ['00442079460958', 11],
    ['02079460958', 11],
    ['020 7946 0958', 11],
    ['+4930123456', 21],
    ['4930123456', 21],
    ['030123456', 21],
    ['+442079460959', undefined],
    ['2079460958x', undefined],
    ['', undefined],
    ['+', undefined],
    ['1001', undefined],
    ['112', undefined],
    ['+44{x=y}|user/1,2', undefined],
    ['${domain}', undefined],
    ['anonymous', undefined],
    ['٠٢٠٧٩٤٦٠٩٥٨', undefined],
    ['4'.repeat(10_000), undefined],
  ] as const) {
    test(`${JSON.stringify(dialled.slice(0, 30))} ${expected === undefined ? 'is not ours' : `rings user ${expected}`}`, () => {
      assert.equal(planIn(dialled)?.call.userId, expected)
    })
  }

  test('all devices of the user ring, each on a channel of its own, and the call is inbound', () => {
    const plan = planIn('442079460958', { number: '+12025550123', name: 'Eve' })
    assert.ok(plan !== undefined)
    assert.deepEqual(plan.target, {
      kind: 'devices',
      domain: 'acme.example',
      devices: plan.call.devices,
      callerId: { number: '+12025550123', name: 'Eve' },
      ringTimeoutSeconds: 60,
    })
    assert.deepEqual(
      plan.call.devices.map(({ username, legUuid }) => [username, legUuid]),
      [
        ['ada-desk', uuid(100)],
        ['ada-mobile', uuid(101)],
      ],
    )
    assert.equal(plan.call.direction, 'inbound')
    assert.equal(plan.call.destination, '+442079460958')
    assert.equal(plan.call.organizationId, 1)
    assert.equal(plan.trace.length > 0, true)
  })

  for (const [number, expected] of [
    ['+12025550123', '+12025550123'],
    ['020 7946 0000', '+442079460000'],
    ['anonymous', undefined],
    ['', undefined],
    [undefined, undefined],
    ['${system(id)}', undefined],
    ['+44|user/1', '+441'],
    ['1'.repeat(100), '1'.repeat(32)],
  ] as const) {
    test(`a caller ${JSON.stringify(number?.slice(0, 20))} is shown as ${expected?.slice(0, 20) ?? 'nobody'}`, () => {
      const plan = planIn('+442079460958', number === undefined ? {} : { number })
      const shown = plan?.target.kind === 'devices' ? plan.target.callerId.number : 'no devices'
      assert.equal(shown, expected)
      assert.equal(plan?.call.callerNumber, expected)
    })
  }

  test("a carrier's name for the caller loses what FreeSWITCH would read", () => {
    const plan = planIn('+442079460958', { name: '${system(reboot)}"<sip:x@y>' })
    assert.equal(plan?.target.kind === 'devices' && plan.target.callerId.name, 'system(reboot) sip x y')
  })

  test('a user without a device is absent', () => {
    const plan = planIn('+442079460958', {}, { ...WORLD, devices: [] })
    assert.deepEqual(plan?.target, {
      kind: 'refuse',
      cause: 'SUBSCRIBER_ABSENT',
      why: 'Ada Lovelace has no device',
    })
    assert.deepEqual(plan.call.devices, [])
  })

  for (const [sentence, given] of [
    ['a disabled number', { numbers: [ddi('+442079460958', { enabled: false })] }],
    ['the number of a disabled user', { users: [user({ enabled: false })] }],
    ['the number of a disabled organisation', { organizations: [organization({ enabled: false })] }],
  ] as const) {
    test(`${sentence} is not ours`, () => {
      assert.equal(planIn('+442079460958', {}, { ...WORLD, ...given }), undefined)
    })
  }
})
