import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { createRegistrationGuard, type Ban, type Ledger } from '../../src/engine/registration-guard.ts'
import { createManualClock } from '../support/manual-clock.ts'

type Guard = ReturnType<typeof createRegistrationGuard>
const ADDRESS = '192.0.2.7'

/** Bans for a minute after three failures. */
const setUp = (): {
  guard: Guard
  clock: ReturnType<typeof createManualClock>
  bans: Map<string, Ban>
  fail: (on: boolean) => void
} => {
  const clock = createManualClock()
  const bans = new Map<string, Ban>()
  const failures = new Map<string, number>()
  let broken = false
  const ledger: Ledger = {
    note: (address, at) => {
      if (broken) return Promise.reject(new Error('the ledger is away'))
      const count = (failures.get(address) ?? 0) + 1
      failures.set(address, count)
      if (count < 3) return Promise.resolve('counted')
      bans.set(address, { address, until: at + 60_000, failures: count })
      return Promise.resolve('banned')
    },
    list: (now) => Promise.resolve([...bans.values()].filter(({ until }) => until > now)),
    lift: (address) => Promise.resolve(bans.delete(address)),
  }
  return {
    guard: createRegistrationGuard(ledger, clock, silentLogger),
    clock,
    bans,
    fail: (on) => {
      broken = on
    },
  }
}

const failTimes = async (guard: Guard, times: number, address = ADDRESS): Promise<void> => {
  for (let n = 0; n < times; n++) await guard.failed(address)
}

suite('engine: the registration guard', () => {
  test('an address is banned when the ledger says so, and no other', async () => {
    const { guard } = setUp()
    await failTimes(guard, 2)
    assert.equal(guard.isBanned(ADDRESS), false)
    await failTimes(guard, 1)
    assert.equal(guard.isBanned(ADDRESS), true)
    assert.equal(guard.isBanned('192.0.2.8'), false)
  })

  test('a ban ends at its time, without asking anybody', async () => {
    const { guard, clock } = setUp()
    await failTimes(guard, 3)
    clock.advance(59_999)
    assert.equal(guard.isBanned(ADDRESS), true)
    clock.advance(1)
    assert.equal(guard.isBanned(ADDRESS), false)
  })

  test('a ban that is lifted is lifted at once; one that is not there is not', async () => {
    const { guard } = setUp()
    await failTimes(guard, 3)
    assert.equal(await guard.lift(ADDRESS), true)
    assert.equal(guard.isBanned(ADDRESS), false)
    assert.equal(await guard.lift(ADDRESS), false)
  })

  test("another engine's bans count after a refresh", async () => {
    const { guard, bans, clock } = setUp()
    const ban = { address: ADDRESS, until: clock.now() + 1_000, failures: 9 }
    bans.set(ADDRESS, ban)
    assert.equal(guard.isBanned(ADDRESS), false)
    await guard.refresh()
    assert.equal(guard.isBanned(ADDRESS), true)
    assert.deepEqual(await guard.list(), [ban])
  })

  test('a ledger that is away harms no registration, and keeps the bans that are known', async () => {
    const { guard, fail } = setUp()
    await failTimes(guard, 3)
    fail(true)
    await failTimes(guard, 3, '192.0.2.8')
    assert.equal(guard.isBanned('192.0.2.8'), false)
    assert.equal(guard.isBanned(ADDRESS), true)
  })
})
