/** Balances in PostgreSQL: entries, leases, what is booked with records. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { QuotedSale } from '../../src/call/carried.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { saleOf } from '../../src/cdr/sale.ts'
import { chargeBalances } from '../../src/store/balance-charges.ts'
import { leave, readLeases, tellExhausted } from '../../src/store/balance-leases.ts'
import {
  book,
  closeBalance,
  findBalance,
  listBalances,
  listEntries,
  openBalance,
} from '../../src/store/balance-rows.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import type { Database } from '../../src/store/database.ts'
import { addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { formatMoney, parseMoney, type Money } from '../../src/telephony/money.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { databasePerTest } from '../support/database-per-test.ts'

const PER_SECOND: QuotedSale = {
  deckId: 1,
  prefix: '44',
  tariff: {
    pricePerMinute: parseMoney('0.60'),
    connectionFee: parseMoney('0'),
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
    currency: 'GBP',
  },
}

suite('store: balances', function () {
  this.timeout(60_000)
  const { database: current } = databasePerTest()
  const ENGINE = randomUUID()

  const house = async (database: Database): Promise<{ organizationId: number; userId: number }> => {
    const organizationId = await addOrganization(database, {
      name: 'House',
      sipDomain: 'house.test',
      country: 'GB',
      currency: 'GBP',
    })
    const userId = await addUser(database, { organizationId, name: 'One', extension: '1001' })
    return { organizationId, userId }
  }
  const topUp = (database: Database, organizationId: number, amount: string, key: string = randomUUID()) =>
    book(database, { organizationId }, { kind: 'top-up', amount, key, note: undefined, bookedBy: 'admin' })
  const sold = (organizationId: number, seconds: number, more: Partial<Cdr> = {}): Cdr =>
    cdrOf({
      organizationId,
      callerUserId: undefined,
      calleeUserId: undefined,
      startTime: Date.now() + 60_000,
      sale: saleOf(PER_SECOND, seconds),
      ...more,
    })
  const lease = async (database: Database, reserved?: ReadonlyMap<number, Money>, engine = ENGINE) =>
    (await readLeases(database, { engine, ttlSeconds: 60, reserved })).balances.map(
      ({ id, leased, amount }) => `${id}: ${formatMoney(leased)} of ${formatMoney(amount)}`,
    )

  test('a balance is the sum of its entries; the same key is booked once', async () => {
    const database = current()
    const { organizationId } = await house(database)
    assert.equal((await topUp(database, organizationId, '5')).kind, 'no-balance')
    assert.ok(await openBalance(database, { organizationId }, { lowThreshold: '1' }))
    assert.ok(await openBalance(database, { organizationId }, {}))
    assert.equal((await listBalances(database, undefined)).length, 1)
    assert.equal((await topUp(database, organizationId, '5', 'a')).kind, 'booked')
    assert.equal((await topUp(database, organizationId, '5.00', 'a')).kind, 'booked-before')
    assert.equal((await topUp(database, organizationId, '6', 'a')).kind, 'other-booking')
    await book(
      database,
      { organizationId },
      { kind: 'adjustment', amount: '-1.25', key: 'b', note: 'wrong', bookedBy: 'admin' },
    )
    const found = await findBalance(database, { organizationId })
    assert.equal(formatMoney(found?.amount ?? parseMoney('0')), '3.75')
    const entries = await listEntries(database, { organizationId }, { before: undefined, limit: 10 })
    assert.deepEqual(
      entries?.map(({ kind, amount, key }) => `${kind} ${formatMoney(amount)} ${key ?? ''}`),
      ['adjustment -1.25 b', 'top-up 5.00 a'],
    )
  })

  test('entries are only added', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await topUp(database, organizationId, '5')
    for (const statement of ['UPDATE balance_entries SET amount = 6', 'DELETE FROM balance_entries'])
      await assert.rejects(database.query(statement), /only ever added/)
  })

  for (const [amount, kind] of [
    ['0', 'top-up'],
    ['-1', 'top-up'],
    ['-1', 'refund'],
    ['1.123456789', 'top-up'],
    ['1e3', 'adjustment'],
  ] as const)
    test(`${kind} of ${amount} is refused`, async () => {
      const database = current()
      const { organizationId } = await house(database)
      await openBalance(database, { organizationId }, {})
      await assert.rejects(
        book(database, { organizationId }, { kind, amount, key: 'a', note: undefined, bookedBy: undefined }),
        { code: 'STORE_BAD_INPUT' },
      )
    })

  test('a record is booked once, its copy is not, and its correction books the difference', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await topUp(database, organizationId, '1')
    const estimate = sold(organizationId, 10, { estimate: 'from-event' })
    await insertCdrs(database, [estimate, sold(organizationId, 3)], [chargeBalances])
    await insertCdrs(database, [estimate], [chargeBalances])
    const left = async (): Promise<string> =>
      formatMoney((await findBalance(database, { organizationId }))?.amount ?? parseMoney('0'))
    assert.equal(await left(), '0.87')
    const real: Cdr = { ...estimate, sale: saleOf(PER_SECOND, 12), estimate: undefined }
    await insertCdrs(database, [real], [chargeBalances])
    await insertCdrs(database, [real], [chargeBalances])
    assert.equal(await left(), '0.85')
    const rows = await database.query<{ kind: string; amount: string }>(
      "SELECT kind, amount::float8::text AS amount FROM balance_entries WHERE kind <> 'top-up' ORDER BY id",
    )
    assert.deepEqual(rows.map(({ kind, amount }) => `${kind} ${amount}`).sort(), [
      'call -0.03',
      'call -0.1',
      'correction -0.02',
    ])
  })

  test("a user's own balance pays for his calls; who has none pays with the organisation's, or afterwards", async () => {
    const database = current()
    const { organizationId, userId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await openBalance(database, { userId, within: organizationId }, {})
    await insertCdrs(
      database,
      [
        sold(organizationId, 1, { callerUserId: userId }),
        sold(organizationId, 2),
        // Before there was a balance.
        sold(organizationId, 4, { startTime: Date.now() - 3_600_000 }),
        cdrOf({ organizationId, startTime: Date.now() + 60_000 }),
      ],
      [chargeBalances],
    )
    const amounts = (await listBalances(database, organizationId)).map(
      ({ userId: whose, amount }) => `${whose === undefined ? 'all' : 'user'} ${formatMoney(amount)}`,
    )
    assert.deepEqual(amounts, ['all -0.02', 'user -0.01'])
  })

  test('a call is charged to the balance that it was planned with, even when that is closed', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    const planned = (await findBalance(database, { organizationId }))?.id ?? 0
    await closeBalance(database, { organizationId })
    await openBalance(database, { organizationId }, {})
    await insertCdrs(
      database,
      [sold(organizationId, 5, { prepaid: { balanceId: planned, engine: ENGINE } })],
      [chargeBalances],
    )
    const rows = await database.query<{ id: number; amount: string }>(
      'SELECT id, amount::float8::text AS amount FROM balances ORDER BY id',
    )
    assert.deepEqual(
      rows.map(({ id, amount }) => `${id} ${amount}`),
      [`${planned} -0.05`, `${planned + 1} 0`],
    )
  })

  test('one engine has all that is there; a record shrinks the lease that it was reserved in', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    const id = (await findBalance(database, { organizationId }))?.id ?? 0
    assert.deepEqual(await lease(database), [`${id}: 0.00 of 0.00`])
    await topUp(database, organizationId, '1')
    assert.deepEqual(await lease(database, new Map()), [`${id}: 1.00 of 1.00`])
    assert.deepEqual(await lease(database, new Map([[id, parseMoney('0.30')]])), [`${id}: 1.00 of 1.00`])
    await insertCdrs(
      database,
      [sold(organizationId, 25, { prepaid: { balanceId: id, engine: ENGINE } })],
      [chargeBalances],
    )
    assert.deepEqual(await lease(database, new Map()), [`${id}: 0.75 of 0.75`])
  })

  test('several engines never hold more than there is, and share what is free', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await topUp(database, organizationId, '1')
    const id = (await findBalance(database, { organizationId }))?.id ?? 0
    const other = randomUUID()
    assert.deepEqual(await lease(database, new Map()), [`${id}: 1.00 of 1.00`])
    // Nothing is left until the first gives back.
    assert.deepEqual(await lease(database, new Map(), other), [`${id}: 0.00 of 1.00`])
    const own = new Map([[id, parseMoney('0.40')]])
    assert.deepEqual(await lease(database, own), [`${id}: 0.70 of 1.00`])
    assert.deepEqual(await lease(database, new Map(), other), [`${id}: 0.30 of 1.00`])
    // All at once: the locks keep the sum.
    await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        lease(database, at % 2 === 0 ? own : new Map(), at % 2 === 0 ? ENGINE : other),
      ),
    )
    const [row] = await database.query<{ sum: string }>(
      'SELECT sum(amount)::float8 AS sum FROM balance_leases',
    )
    assert.ok(Number(row?.sum) <= 1, JSON.stringify(row))
  })

  test('an engine that is silent is dead: its money is free, and one engine hears of it', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await topUp(database, organizationId, '1')
    await lease(database, new Map())
    await database.query("UPDATE balance_engines SET expires_at = now() - interval '1 second'")
    const next = randomUUID()
    const taken = await readLeases(database, { engine: next, ttlSeconds: 60, reserved: new Map() })
    assert.deepEqual(taken.dead, [ENGINE])
    assert.deepEqual(
      taken.balances.map(({ leased }) => formatMoney(leased)),
      ['1.00'],
    )
    assert.deepEqual(
      (await readLeases(database, { engine: next, ttlSeconds: 60, reserved: new Map() })).dead,
      [],
    )
  })

  test('an engine that ends is dead at once to others, and not to itself', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await topUp(database, organizationId, '1')
    await lease(database, new Map())
    await leave(database, ENGINE)
    const again = await readLeases(database, { engine: ENGINE, ttlSeconds: 60, reserved: undefined })
    assert.deepEqual(again.dead, [])
    assert.deepEqual(
      again.balances.map(({ leased }) => formatMoney(leased)),
      ['1.00'],
    )
    await leave(database, ENGINE)
    const other = await readLeases(database, { engine: randomUUID(), ttlSeconds: 60, reserved: undefined })
    assert.deepEqual(other.dead, [ENGINE])
  })

  test('an engine that starts again is told what it had reserved', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, {})
    await topUp(database, organizationId, '1')
    const id = (await findBalance(database, { organizationId }))?.id ?? 0
    await lease(database, new Map([[id, parseMoney('0.40')]]))
    const again = await readLeases(database, { engine: ENGINE, ttlSeconds: 60, reserved: undefined })
    assert.deepEqual(
      again.balances.map(({ leased, reserved }) => `${formatMoney(leased)} ${formatMoney(reserved)}`),
      ['1.00 0.40'],
    )
  })

  test('that a balance is low, or empty, is told once until money comes', async () => {
    const database = current()
    const { organizationId } = await house(database)
    await openBalance(database, { organizationId }, { lowThreshold: '0.50' })
    await topUp(database, organizationId, '1')
    const id = (await findBalance(database, { organizationId }))?.id ?? 0
    const lows = async (): Promise<number> =>
      (await readLeases(database, { engine: ENGINE, ttlSeconds: 60, reserved: new Map() })).low.length
    assert.equal(await lows(), 0)
    await insertCdrs(database, [sold(organizationId, 70)], [chargeBalances])
    assert.deepEqual([await lows(), await lows()], [1, 0])
    assert.deepEqual([await tellExhausted(database, id), await tellExhausted(database, id)], [true, false])
    await topUp(database, organizationId, '1')
    assert.equal(await lows(), 0)
    await insertCdrs(database, [sold(organizationId, 100)], [chargeBalances])
    assert.equal(await lows(), 1)
    assert.equal(await tellExhausted(database, id), true)
  })
})
