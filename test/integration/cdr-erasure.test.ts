/** A number is forgotten: nothing of it is left anywhere, and everything else is as it was. */
import assert from 'node:assert/strict'
import { createCdrErasures } from '../../src/app/cdr-erasures.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import type { ErasureRequest } from '../../src/http/cdr-doors.ts'
import { retireCdrs } from '../../src/store/cdr-retention.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { insertDecisions } from '../../src/store/decision-writes.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const ANNA = '+442079460777'
const DAY = 86_400_000
const NOW = START + DAY
const KEY = Buffer.alloc(32, 7)

/** Every table that has text in it, whatever it is for. */
const NOT_LOOKED_AT = new Set(['strowger_migrations'])

suite('call records: erasure', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database
  setup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    for (const id of [1, 2])
      await database.query(
        `INSERT INTO organizations (id, name, sip_domain, country, currency) VALUES ($1, $2, $2, 'GB', 'GBP')`,
        [id, `o${id}.example`],
      )
  })
  teardown(async () => {
    await database.close()
    await place.drop()
  })
  const erase = (changes: Partial<ErasureRequest> = {}) =>
    createCdrErasures({
      database,
      masterKeys: [KEY],
      clock: createManualClock(NOW),
      logger: silentLogger,
    }).erase({
      number: ANNA,
      mode: 'erase',
      reason: 'request 4711',
      recordings: false,
      dryRun: false,
      organizationId: undefined,
      actor: { who: 'admin', address: '127.0.0.1' },
      ...changes,
    })

  /** A call to Anna with everything that is kept of a call; the number is in many forms. */
  const toAnna = async (changes: Partial<Cdr> = {}): Promise<Cdr> => {
    const base = cdrOf()
    const a = cdrOf({
      calleeNumber: ANNA,
      dialledNumber: '02079460777',
      attempts: base.attempts.map((attempt) => ({
        ...attempt,
        number: '00442079460777',
        why: 'the carrier sent sip:+442079460777@x away',
      })),
      custom: { wish: { note: '020 7946 0777' } },
      ...changes,
    })
    const b = cdrOf({
      leg: 'B',
      callId: a.callId,
      startTime: a.startTime + 5,
      organizationId: a.organizationId,
      calleeNumber: '442079460777',
      dialledNumber: '442079460777',
      attempts: [],
    })
    await insertCdrs(database, [a, b])
    await keepOf(a, { number: ANNA })
    return a
  }
  const fromAnna = async (changes: Partial<Cdr> = {}): Promise<Cdr> => {
    const a = cdrOf({ callerNumber: ANNA, callerName: 'Anna Berg', ...changes })
    await insertCdrs(database, [a])
    await keepOf(a, { number: ANNA, name: 'Anna Berg', calls: 'Anna Berg' })
    return a
  }
  const keepOf = async ({ callId, organizationId = 1, startTime }: Cdr, party: object): Promise<void> => {
    await insertDecisions(database, [
      {
        callId,
        at: startTime,
        organizationId,
        destination: ANNA,
        decision: { to: ANNA, candidates: [{ number: '442079460777', why: 'first' }], party },
      },
    ])
    const event = newCallUuid()
    await database.query(
      `INSERT INTO webhook_events (id, organization_id, call_id, sequence, type, at, body)
       VALUES ($1, $2, $3, 1, 'call.ended', $5, $4)`,
      [
        event,
        organizationId,
        callId,
        JSON.stringify({ party, seconds: 62 }),
        new Date(startTime).toISOString(),
      ],
    )
    const [endpoint] = await database.query<{ id: number }>(
      `INSERT INTO webhook_endpoints (organization_id, origin) VALUES ($1, $2) RETURNING id`,
      [organizationId, `https://${event}.example`],
    )
    await database.query(
      `INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url)
       VALUES ($1, $2, $3, $4, 'https://crm.example/?n=%2B442079460777')`,
      [event, endpoint?.id, organizationId, callId],
    )
    await database.query(
      `INSERT INTO recordings (uuid, organization_id, call_id, policy_id, started_at, caller_number, callee_number)
       VALUES ($1, $2, $3, 0, $4, $5, '+493011111111')`,
      [newCallUuid(), organizationId, callId, new Date(startTime).toISOString(), ANNA],
    )
  }

  /** Where the digits of the number, or the name, still are: in any column of any table. */
  const left = async (pattern = '2079460777|Anna'): Promise<readonly string[]> => {
    const tables = await database.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      if (NOT_LOOKED_AT.has(name)) continue
      const rows = await database.query(`SELECT 1 FROM ${name} AS t WHERE t::text ~ $1 LIMIT 1`, [pattern])
      if (rows.length > 0) found.push(name)
    }
    return found.toSorted()
  }
  const sums = async (): Promise<unknown> =>
    database.query(
      `SELECT call_id, leg, start_time, end_time, duration_seconds, billable_seconds, total_cost, disposition,
         hangup_cause, carrier_name FROM call_detail_records ORDER BY start_time, leg_uuid`,
    )

  test('nothing of the number and its name is left in any table, and every sum is as it was', async () => {
    await toAnna()
    await fromAnna({ startTime: START + 1_000 })
    const other = cdrOf({ startTime: START + 2_000, callerNumber: '+442079460778' })
    await insertCdrs(database, [other])
    const before = await sums()
    assert.ok((await left()).length >= 6, String(await left()))
    const erasure = await erase()
    assert.deepEqual(await left(), [])
    assert.deepEqual(await sums(), before)
    assert.deepEqual(await left('2079460778'), ['call_detail_records_y2026m11'])
    assert.deepEqual(
      { ...erasure.counts },
      {
        calls: 2,
        held: 0,
        records: 3,
        attempts: 2,
        decisions: 2,
        events: 2,
        deliveries: 2,
        recordings: 2,
      },
    )
    // The digits of others in the same calls are there.
    const [row] = await database.query<{ caller_number: string; callee_number: string | null }>(
      `SELECT caller_number, callee_number FROM call_detail_records WHERE leg = 'A' ORDER BY start_time LIMIT 1`,
    )
    assert.deepEqual(row, { caller_number: '+442079460100', callee_number: null })
    const [decision] = await database.query<{ decision: unknown }>(
      'SELECT decision FROM call_decisions ORDER BY start_time DESC LIMIT 1',
    )
    assert.deepEqual(decision?.decision, {
      to: 'erased',
      candidates: [{ number: 'erased', why: 'first' }],
      party: { number: 'erased', name: 'erased', calls: 'erased' },
    })
  })

  test('masked, the leading digits stay and the rest is gone', async () => {
    await toAnna()
    await erase({ mode: 'mask' })
    assert.deepEqual(await left('60777'), [])
    const rows = await database.query<{ callee_number: string; dialled_number: string }>(
      'SELECT callee_number, dialled_number FROM call_detail_records ORDER BY leg',
    )
    assert.deepEqual(rows, [
      { callee_number: '+442079xxxxxx', dialled_number: '02079xxxxxx' },
      { callee_number: '442079xxxxxx', dialled_number: '442079xxxxxx' },
    ])
  })

  test('asked for twice it is harmless, and a later call of the number is as new', async () => {
    await toAnna()
    await erase()
    assert.deepEqual({ ...(await erase()).counts }, { calls: 0, held: 0, events: 0 })
    await toAnna({ startTime: NOW + 1_000 })
    await erase()
    assert.equal((await left()).includes('call_detail_records_y2026m11'), true, 'it began after that')
  })

  test('a dry run counts the same and changes nothing, not even the audit', async () => {
    await toAnna()
    const before = await left()
    const dry = await erase({ dryRun: true, recordings: true })
    assert.deepEqual(await left(), before)
    assert.equal(dry.id, undefined)
    assert.equal(dry.counts['records'], 2)
    assert.equal(dry.counts['recordingsDeleted'], 1)
    assert.deepEqual(await database.query('SELECT 1 FROM cdr_erasures'), [])
    const real = await erase({ recordings: true })
    assert.deepEqual({ ...real.counts }, { ...dry.counts })
  })

  test('an organisation erases in its own calls alone', async () => {
    await toAnna()
    await toAnna({ organizationId: 2, startTime: START + 1_000 })
    await erase({ organizationId: 2 })
    const rows = await database.query<{ organization_id: number; whole: boolean }>(
      `SELECT organization_id, bool_and(callee_number IS NOT NULL) AS whole FROM call_detail_records
       WHERE leg = 'A' GROUP BY 1 ORDER BY 1`,
    )
    assert.deepEqual(rows, [
      { organization_id: 1, whole: true },
      { organization_id: 2, whole: false },
    ])
    const events = await database.query<{ organization_id: number }>(
      `SELECT organization_id FROM webhook_events WHERE body ~ '2079460777'`,
    )
    assert.deepEqual(events, [{ organization_id: 1 }])
  })

  test('a call whose recording is held stays whole, and is counted', async () => {
    const held = await toAnna()
    await toAnna({ startTime: START + 1_000 })
    await database.query(
      `UPDATE recordings SET legal_hold_at = now(), legal_hold_by = 'x', legal_hold_reason = 'case 1' WHERE call_id = $1`,
      [held.callId],
    )
    const erasure = await erase({ recordings: true })
    assert.equal(erasure.counts['held'], 1)
    assert.equal(erasure.counts['calls'], 1)
    assert.equal(erasure.counts['recordingsDeleted'], 1)
    const rows = await database.query<{ call_id: string }>(
      `SELECT DISTINCT call_id FROM call_detail_records WHERE callee_number ~ '2079460777'`,
    )
    assert.deepEqual(rows, [{ call_id: held.callId }])
    const [recording] = await database.query<{ deleted: boolean }>(
      'SELECT deleted_at IS NOT NULL AS deleted FROM recordings WHERE call_id = $1',
      [held.callId],
    )
    assert.equal(recording?.deleted, false)
  })

  test('months that were put aside are no hiding place', async () => {
    const old = START - 100 * DAY
    await database.query('SELECT create_cdr_partitions($1, $1)', [new Date(old).toISOString()])
    await toAnna({ startTime: old })
    const { detached } = await retireCdrs(database, {
      before: NOW - 40 * DAY,
      detachedBefore: NOW - 30 * DAY,
      claimsBefore: 0,
    })
    assert.ok(detached > 0)
    assert.ok((await left()).some((name) => /call_detail_records_y2026m08/.test(name)))
    assert.equal((await erase()).counts['records'], 2)
    assert.deepEqual(await left(), [])
  })

  test('a recording and an event that outlived their record are found', async () => {
    await toAnna()
    await database.query('TRUNCATE call_detail_records, call_attempts, call_decisions')
    const loose = newCallUuid()
    await database.query(
      `INSERT INTO webhook_events (id, organization_id, call_id, sequence, type, at, body)
       VALUES ($1, 1, NULL, 1, 'number.verified', $3, $2)`,
      [loose, JSON.stringify({ number: ANNA }), new Date(START).toISOString()],
    )
    await erase()
    assert.deepEqual(await left(), [])
  })

  test('the audit says who, when, why and what, and not which number; who knows it can ask', async () => {
    await toAnna()
    const { id, counts } = await erase()
    const doors = createCdrErasures({
      database,
      masterKeys: [Buffer.alloc(32, 8), KEY],
      clock: createManualClock(NOW),
      logger: silentLogger,
    })
    const [line, ...others] = await doors.list({ organizationId: undefined, number: ANNA })
    assert.equal(others.length, 0)
    assert.deepEqual(
      [line?.id, line?.who, line?.address, line?.reason, line?.mode, line?.counts],
      [id, 'admin', '127.0.0.1', 'request 4711', 'erase', counts],
    )
    assert.ok((line?.finishedAt ?? 0) >= (line?.begunAt ?? Infinity))
    assert.deepEqual(await doors.list({ organizationId: undefined, number: '+442079460778' }), [])
    assert.deepEqual(await doors.list({ organizationId: 2, number: undefined }), [])
    assert.equal((await doors.list({ organizationId: undefined, number: undefined })).length, 1)
    const [row] = await database.query<{ number_hash: string }>('SELECT number_hash FROM cdr_erasures')
    assert.match(row?.number_hash ?? '', /^[0-9a-f]{8}\.[0-9a-f]{64}$/)
    await assert.rejects(erase({ number: '02079460777' }), { code: 'STORE_BAD_INPUT' })
    await assert.rejects(erase({ reason: '  ' }), { code: 'STORE_BAD_INPUT', details: { field: 'reason' } })
  })

  test('more calls than a batch are all done', async () => {
    const calls = Array.from({ length: 450 }, (_, n) => cdrOf({ calleeNumber: ANNA, startTime: START + n }))
    await insertCdrs(database, calls)
    const { counts } = await erase()
    assert.deepEqual([counts['calls'], counts['records']], [450, 450])
    assert.deepEqual(await left(), [])
  })
})
