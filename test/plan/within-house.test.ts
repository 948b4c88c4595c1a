import assert from 'node:assert/strict'
import type { Snapshot } from '../../src/directory/records.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { carriers, ddi, device, organization, route, user, uuid } from '../support/snapshot.ts'
import { planIn, targetOf } from './plan-in.ts'

suite('plan: within the house', () => {
  const bob = user({ id: 12, extension: '1002', name: 'Bob "the $builder"' })
  const world: Partial<Snapshot> = {
    ...carriers(1),
    organizations: [organization(), organization({ id: 2, name: 'Bolt', sipDomain: 'bolt.example' })],
    users: [user(), bob, user({ id: 21, organizationId: 2, name: 'Cyd' })],
    devices: [
      device(),
      device({ id: 121, userId: 12, username: 'bob-desk' }),
      device({ id: 122, userId: 12, username: 'bob-mobile' }),
      device({ id: 211, userId: 21, username: 'cyd' }),
    ],
    numbers: [
      ddi('+442079460102', { userId: 12 }),
      ddi('+442079460101'),
      ddi('+442079460201', { organizationId: 2, userId: 21 }),
    ],
  }

  test('an extension rings every device of its user, each on a channel of its own', () => {
    const plan = planIn(world, '1002')
    assert.equal(targetOf(plan), 'devices bob-desk bob-mobile')
    assert.deepEqual(
      plan.call.devices.map(({ legUuid, deviceId, userId, callId }) => [legUuid, deviceId, userId, callId]),
      [
        [uuid(100), 121, 12, uuid(1)],
        [uuid(101), 122, 12, uuid(1)],
      ],
    )
    assert.equal(plan.call.direction, 'internal')
    assert.equal(plan.call.callerNumber, '1001')
    assert.equal(plan.target.kind === 'devices' && plan.target.domain, 'acme.example')
  })

  test('a number of our own is kept inside', () => {
    const plan = planIn(world, '020 7946 0102')
    assert.equal(targetOf(plan), 'devices bob-desk bob-mobile')
    assert.equal(plan.call.callerNumber, '1001')
    assert.ok(plan.trace.some((line) => line.includes('a number of ours')))
  })

  test("another organisation's number is kept inside too, and sees no bare extension", () => {
    const plan = planIn(world, '+442079460201', {
      of: organization({ defaultCallerId: asE164('+442079460101') }),
    })
    assert.equal(targetOf(plan), 'devices cyd')
    assert.equal(plan.call.callerNumber, '+442079460101')
    assert.equal(plan.target.kind === 'devices' && plan.target.domain, 'bolt.example')
    const direct = planIn(world, '+442079460201')
    assert.equal(direct.call.callerNumber, '+442079460101')
  })

  test('a number of ours whose user is disabled does not leave the house', () => {
    const plan = planIn({ ...world, users: [user(), { ...bob, enabled: false }] }, '+442079460102')
    assert.equal(targetOf(plan), 'refuse UNALLOCATED_NUMBER')
  })

  test('a user without a device is absent', () => {
    const plan = planIn({ ...world, devices: [device()] }, '1002')
    assert.equal(targetOf(plan), 'refuse SUBSCRIBER_ABSENT')
    assert.deepEqual(plan.call.devices, [])
    assert.match(plan.trace.at(-1) ?? '', /has no device/)
  })

  test("a caller's name is shown without what FreeSWITCH would read", () => {
    const plan = planIn(world, '1001', { caller: bob })
    assert.deepEqual(plan.target.kind === 'devices' && plan.target.callerId, {
      number: '1002',
      name: 'Bob the builder',
    })
  })

  test('an extension of another organisation is none of ours', () => {
    const plan = planIn(
      { ...world, users: [user(), user({ id: 21, organizationId: 2, extension: '3001' })] },
      '3001',
    )
    assert.equal(targetOf(plan), 'refuse NO_ROUTE_DESTINATION')
  })

  test('a route to a number that looks like an extension does not hide the extension', () => {
    const plan = planIn({ ...world, lcrRoutes: [route(1, { prefix: '1002' })] }, '1002')
    assert.equal(plan.numberClass.kind, 'extension')
  })
})
