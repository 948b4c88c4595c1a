/** Records are found by whatever is known of a call, page by page, and the indexes are those that answer. */
import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import type { CdrQuery } from '../../src/cdr/query.ts'
import { listCdrs } from '../../src/store/cdr-reads.ts'
import { searchCdrs } from '../../src/store/cdr-search.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { asCallUuid, newCallUuid } from '../../src/telephony/call-uuid.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { manyCalls } from '../support/many-calls.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const DAY = 86_400_000

suite('call records: search', function () {
  this.timeout(120_000)
  let place: TestDatabase
  let database: Database
  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
  })

  suite('by what is known', () => {
    // Each is of its own moment, so that answers have an order.
    const at = (n: number): Pick<Cdr, 'startTime' | 'endTime'> => ({
      startTime: START - n * 7 * DAY,
      endTime: START - n * 7 * DAY + 65_000,
    })
    const plainLeg = {
      attempts: [],
      callerNumber: '+14155550100',
      calleeNumber: '+14155550199',
      dialledNumber: '19',
    }
    const callId = newCallUuid()
    const calls = {
      plain: cdrOf({ ...at(0), ...plainLeg, callId }),
      toLondon: cdrOf({ ...at(1), ...plainLeg, calleeNumber: '+442079460123', dialledNumber: '02079460123' }),
      noPlus: cdrOf({ ...at(2), ...plainLeg, callerNumber: '442079460123', callerUserId: 77 }),
      ringsLondon: cdrOf({ ...at(3), ...plainLeg, calleeUserId: 77, direction: 'inbound', gatewayId: 40 }),
      busy: cdrOf({
        ...at(4),
        ...plainLeg,
        disposition: 'BUSY',
        hangupCause: 'USER_BUSY',
        billableSeconds: 0,
      }),
      tried: cdrOf({
        ...at(5),
        callerNumber: '1001',
        calleeNumber: '+4930123456',
        dialledNumber: '0049301234',
      }),
      long: cdrOf({ ...at(6), ...plainLeg, billableSeconds: 7_200 }),
      crm: cdrOf({
        ...at(7),
        ...plainLeg,
        custom: { crm: { recordId: '0031a%_\\', objectType: 'Contact' } },
      }),
      estimated: cdrOf({ ...at(8), ...plainLeg, estimate: 'from-event' }),
      foreign: cdrOf({ ...at(9), ...plainLeg, organizationId: 2, calleeNumber: '+442079460123' }),
      recorded: cdrOf({ ...at(10), ...plainLeg }),
    }
    const bLeg = cdrOf({
      ...at(5),
      leg: 'B',
      callId: calls.tried.callId,
      gatewayId: 9,
      carrierId: 8,
      attempts: [],
    })
    suiteSetup(async () => {
      await insertCdrs(database, [...Object.values(calls), bLeg])
      const recording = newCallUuid()
      await database.query(
        `INSERT INTO recordings (uuid, organization_id, call_id, policy_id, started_at) VALUES ($1, 1, $2, 0, now())`,
        [recording, calls.recorded.callId],
      )
      await database.query(
        `INSERT INTO recording_files (recording_uuid, part, format, sample_rate, channels, duration_ms, size_bytes,
           stored_bytes, sha256, source_bytes, repaired, store, storage_key)
         VALUES ($1, 'mix', 'wav', 8000, 1, 1, 1, 1, repeat('0', 64), 1, false, 'disk', 'x')`,
        [recording],
      )
    })
    const found = async (query: CdrQuery): Promise<readonly string[]> => {
      const names = new Map<string, string>(
        [...Object.entries(calls), ['bLeg', bLeg] as const].map(([name, { legUuid }]) => [legUuid, name]),
      )
      const legs: string[] = []
      let cursor: string | undefined
      do {
        const page = await listCdrs(database, { ...query, limit: 3, cursor })
        legs.push(...page.cdrs.map(({ legUuid }) => names.get(legUuid) ?? legUuid))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      return legs
    }
    const london = ['toLondon', 'noPlus', 'foreign']

    for (const [what, query, expected] of [
      ['digits of a number of either side', { number: '7946' }, london],
      ['a whole number, with its plus', { number: '+442079460123', match: 'exact' }, london],
      ['a whole number, without it', { number: '442079460123', match: 'exact' }, london],
      ['a whole number as it was dialled', { callee: '02079460123', match: 'exact' }, ['toLondon']],
      ['a part is not the whole', { number: '4420794601', match: 'exact' }, []],
      ['how a number begins', { number: '4420794601', match: 'prefix' }, london],
      ['how it was dialled begins', { callee: '0049', match: 'prefix' }, ['tried']],
      ['the middle is no beginning', { number: '2079460123', match: 'prefix' }, []],
      ['the caller alone', { caller: '7946' }, ['noPlus']],
      ['the callee alone', { callee: '7946' }, ['toLondon', 'foreign']],
      ['caller and callee', { caller: '1001', callee: '4930' }, ['tried']],
      ['the organisation', { number: '7946', organizationId: 2 }, ['foreign']],
      ['a user who called or was called', { userId: 77 }, ['noPlus', 'ringsLondon']],
      ['the direction', { direction: 'inbound' }, ['ringsLondon']],
      ['the disposition', { disposition: 'BUSY' }, ['busy']],
      ['the hangup cause', { hangupCause: 'USER_BUSY' }, ['busy']],
      ['a gateway by which it came', { gatewayId: 40 }, ['ringsLondon']],
      ['a gateway that was tried', { gatewayId: 1 }, ['tried']],
      ['a carrier that was tried', { carrierId: 1, since: START - 40 * DAY }, ['tried']],
      ['a gateway of nobody', { gatewayId: 999 }, []],
      ['a leg by its gateway', { gatewayId: 9, includeLegs: true }, ['bLeg']],
      ['a leg by its carrier', { carrierId: 8, includeLegs: true }, ['bLeg']],
      ['how long it was answered', { minSeconds: 7_200 }, ['long']],
      ['estimated', { estimated: true }, ['estimated']],
      ['recorded', { hasRecording: true }, ['recorded']],
      ['the record of the CRM', { crmRecordId: '0031a%_\\' }, ['crm']],
      ['another record of the CRM', { crmRecordId: '0031a' }, []],
      ['one call', { callId }, ['plain']],
      ['since and until', { since: START - 29 * DAY, until: START - 20 * DAY }, ['ringsLondon', 'busy']],
    ] as const) {
      test(`by ${what}`, async () => {
        // Attempts of the sample go by gateways 1 and 2.
        assert.deepEqual(await found(query), expected)
      })
    }

    test('what is asked for is all that is found, in each combination', async () => {
      assert.deepEqual(await found({ disposition: 'BUSY', direction: 'inbound' }), [])
      assert.equal((await found({ hasRecording: false, estimated: false, includeLegs: true })).length, 10)
    })

    test('what cannot be is refused by the name of its field', async () => {
      for (const [field, query] of [
        ['match', { number: '1', match: 'sounds like' }],
        ['caller', { caller: "1' OR '1'='1" }],
        ['callee', { callee: '%' }],
        ['userId', { userId: 0 }],
        ['direction', { direction: 'up' }],
        ['disposition', { disposition: 'ok' }],
        ['hangupCause', { hangupCause: 'user busy' }],
        ['gatewayId', { gatewayId: 2 ** 31 }],
        ['carrierId', { carrierId: 1.5 }],
        ['minSeconds', { minSeconds: -1 }],
        ['crmRecordId', { crmRecordId: '\0' }],
        [
          'cursor',
          { cursor: Buffer.from('1763640000123/00000000-0000-4000-8000-000000000001').toString('base64url') },
        ],
      ] as const)
        await assert.rejects(listCdrs(database, { limit: 1, ...query } as never), {
          code: 'STORE_BAD_INPUT',
          details: { field },
        })
    })
  })

  suite('in many', () => {
    const ROWS = 120_000
    suiteSetup(async () => {
      await database.query('TRUNCATE call_detail_records, call_attempts, cdr_legs')
      await manyCalls(database, { rows: ROWS, days: 300, until: START })
      await database.query('ANALYZE call_detail_records, call_attempts')
    })

    test('pages in both orders tell every record once, whatever is asked for', async () => {
      const everyone = await all({ includeLegs: true }, 'newest', 997)
      assert.equal(everyone.length, ROWS)
      assert.equal(new Set(everyone).size, ROWS)
      assert.deepEqual(await all({ includeLegs: true }, 'oldest', 5_000), everyone.toReversed())
      // Walked: stretch by stretch.
      const busy = await all({ disposition: 'BUSY' }, 'newest', 7)
      assert.deepEqual(await all({ disposition: 'BUSY' }, 'oldest', 1_000), busy.toReversed())
      const [row] = await database.query<{ count: number }>(
        `SELECT count(*) AS count FROM call_detail_records WHERE disposition = 'BUSY' AND leg = 'A'`,
      )
      assert.equal(busy.length, row?.count)
      assert.ok(busy.length > 1_000)
    })

    const all = async (
      query: CdrQuery,
      order: 'newest' | 'oldest',
      batch: number,
    ): Promise<readonly string[]> => {
      const legs: string[] = []
      for await (const { rows } of searchCdrs(database, {
        query,
        select: 'c.leg_uuid',
        order,
        batch: () => batch,
      }))
        legs.push(...rows.map(({ leg_uuid }) => leg_uuid))
      return legs
    }

    for (const [what, query, index] of [
      ['a whole number', { number: '+442070000042', match: 'exact' }, /caller_number|callee_number/],
      ['a call', { callId: asCallUuid('00000000-0000-4000-8000-000000000001') }, /call_id/],
      ['a record of the CRM', { crmRecordId: 'nobody' }, /expr_idx/],
      ['a user', { userId: 3 }, /user_id/],
      ['an organisation', { organizationId: 3 }, /start_time|organization_id/],
      ['nothing', {}, /start_time/],
    ] as const) {
      test(`an index answers for ${what}: no table is read through`, async () => {
        const plans = await plansOf(query)
        assert.ok(plans.length > 0)
        // The months to come are empty, and read through for nothing.
        for (const plan of plans)
          assert.doesNotMatch(plan, /Seq Scan on call_detail_records_y.*cost=0\.00\.\.(?!0\.)/, plan)
        assert.ok(
          plans.some((plan) => index.test(plan)),
          plans.join('\n'),
        )
      })
    }

    test('a stretch reads the months that it needs, and no other', async () => {
      const plans = await plansOf({ minSeconds: 1_000_000 })
      assert.ok(plans.length > 2, 'it is walked')
      const [first = ''] = plans
      assert.equal(new Set(first.match(/call_detail_records_y\d{4}m\d\d/g)).size, 1, first)
    })

    /** EXPLAIN of each statement that finds rows. */
    const plansOf = async (query: CdrQuery): Promise<readonly string[]> => {
      const plans: string[] = []
      const search = searchCdrs(
        {
          query: async (text, values) => {
            if (/ORDER BY \(?c\.start_time/.test(text)) {
              const lines = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values)
              plans.push(lines.map((line) => line['QUERY PLAN']).join('\n'))
            }
            return database.query(text, values)
          },
        },
        { query, select: 'c.leg_uuid', order: 'newest', batch: () => 50 },
      )
      for await (const { rows } of search) if (rows.length > 0) break
      return plans
    }
  })
})
