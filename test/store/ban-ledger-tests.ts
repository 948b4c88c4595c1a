/** What every ban ledger does; run over the one in memory and the one in Redis. */
import assert from 'node:assert/strict'
import type { BanLedger, BanOptions } from '../../src/store/ban-ledger.ts'
import { systemClock } from '../../src/base/clock.ts'

const ATTACKER = '192.0.2.66'
const T = Date.UTC(2026, 10, 20)

export const banLedgerTests = (create: (options: BanOptions) => BanLedger): void => {
  let now = T
  const limits = (): BanOptions => ({
    failures: 3,
    windowSeconds: 10,
    banSeconds: 60,
    clock: { ...systemClock, now: () => now },
  })
  setup(() => {
    now = T
  })

  test('bans an address at the last failure allowed, not before', async () => {
    const ledger = create(limits())
    assert.equal(await ledger.note(ATTACKER, T), 'counted')
    assert.equal(await ledger.note(ATTACKER, T + 1_000), 'counted')
    assert.equal(await ledger.isBanned(ATTACKER), false)
    assert.equal(await ledger.note(ATTACKER, T + 2_000), 'banned')
    assert.equal(await ledger.isBanned(ATTACKER), true)
    assert.equal(await ledger.isBanned('192.0.2.67'), false)
    assert.deepEqual(await ledger.list(T + 2_000), [{ address: ATTACKER, until: T + 62_000, failures: 3 }])
  })

  test('failures that are further apart than the window never ban', async () => {
    const ledger = create(limits())
    for (let n = 0; n < 12; n += 1) assert.equal(await ledger.note(ATTACKER, T + n * 5_000), 'counted')
  })

  test('a ban ends by itself, and a failure within it does not prolong it', async () => {
    const ledger = create(limits())
    for (let n = 0; n < 3; n += 1) await ledger.note(ATTACKER, T)
    assert.equal(await ledger.note(ATTACKER, T + 30_000), 'banned')
    now = T + 59_999
    assert.equal(await ledger.isBanned(ATTACKER), true)
    now = T + 60_000
    assert.equal(await ledger.isBanned(ATTACKER), false)
    assert.deepEqual(await ledger.list(now), [])
    assert.equal(await ledger.note(ATTACKER, now), 'counted')
  })

  test('a ban that is lifted is forgotten with its failures', async () => {
    const ledger = create(limits())
    for (let n = 0; n < 3; n += 1) await ledger.note(ATTACKER, T)
    assert.equal(await ledger.lift(ATTACKER), true)
    assert.equal(await ledger.lift(ATTACKER), false)
    assert.equal(await ledger.isBanned(ATTACKER), false)
    assert.equal(await ledger.note(ATTACKER, T), 'counted')
    assert.deepEqual(await ledger.list(T), [])
  })

  test('failures at the same moment count one by one, also when they come together', async () => {
    const ledger = create(limits())
    const results = await Promise.all(Array.from({ length: 6 }, () => ledger.note(ATTACKER, T)))
    assert.deepEqual(results.toSorted(), ['banned', 'banned', 'banned', 'banned', 'counted', 'counted'])
    assert.equal((await ledger.list(T)).length, 1)
  })

  test('an IPv4 address in IPv6 dress is the same address', async () => {
    const ledger = create(limits())
    for (let n = 0; n < 3; n += 1) await ledger.note(`::ffff:${ATTACKER}`, T)
    assert.equal(await ledger.isBanned(ATTACKER), true)
  })

  test('what is no address is refused', async () => {
    const ledger = create(limits())
    for (const bad of ['', 'example.com', '1.2.3.4:5060', '*']) {
      await assert.rejects(ledger.note(bad, T), { code: 'STORE_BAD_INPUT' })
      await assert.rejects(ledger.isBanned(bad), { code: 'STORE_BAD_INPUT' })
      await assert.rejects(ledger.lift(bad), { code: 'STORE_BAD_INPUT' })
    }
  })

  test('bans are listed, those that last longest first', async () => {
    const ledger = create(limits())
    for (let n = 0; n < 3; n += 1) await ledger.note('192.0.2.1', T)
    for (let n = 0; n < 3; n += 1) await ledger.note('2001:db8::1', T + 1_000)
    assert.deepEqual(
      (await ledger.list(T + 2_000)).map(({ address }) => address),
      ['2001:db8::1', '192.0.2.1'],
    )
  })
}
