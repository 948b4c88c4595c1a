/** What a real call left is found by what is known of it, given out as files, and forgotten on request. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { parquetReadObjects } from 'hyparquet'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { partyXml } from './sipp-xml.ts'

const TO = '+442079460155'
const DIGITS = '2079460155'

live('call records: search', (stage) => {
  test('call records: a call that was made is found, exported and forgotten', async () => {
    const { ports, engine, database, register, sipp, house, folder } = stage()
    const token = readFileSync(join(folder, 'engine', 'admin-token'), 'utf8').trim()
    const file = async (query: string): Promise<Buffer> => {
      const answer = await fetch(`http://127.0.0.1:${ports.http}/v1/cdrs/export?${query}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      assert.equal(answer.status, 200)
      return Buffer.from(await answer.arrayBuffer())
    }
    await register('1001')
    await sipp({ name: 'search-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    await sipp({ name: 'search-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
    await sipp({ name: 'search-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
    const { status, json } = await engine.api('/v1/calls/originate', {
      from: '1001',
      to: TO,
      salesforceRecordId: '0035g00000AbCdE',
    })
    assert.equal(status, 200, JSON.stringify(json))
    const callId = String(json['callId'])
    await until(
      'three records',
      async () =>
        (await database.query('SELECT 1 FROM call_detail_records WHERE call_id = $1', [callId])).length === 3,
      15_000,
    )

    const found = async (query: string): Promise<boolean> => {
      const { status: told, json: page } = await engine.api(`/v1/cdrs?${query}`)
      assert.equal(told, 200, JSON.stringify(page))
      return (page['cdrs'] as readonly { callId: string }[]).some((cdr) => cdr.callId === callId)
    }
    const { gatewayIds, userIds } = house
    for (const query of [
      `call=${callId}`,
      `number=%2B44${DIGITS}&match=exact`,
      `callee=44${DIGITS.slice(0, 6)}&match=prefix`,
      `number=${DIGITS.slice(2)}`,
      `gateway=${gatewayIds.A}`,
      `gateway=${gatewayIds.B}&disposition=ANSWERED`,
      `user=${userIds['1001']}`,
      'crmRecord=0035g00000AbCdE',
      'estimated=false&recorded=false&direction=outbound&since=2020-01-01',
      `cause=NORMAL_TEMPORARY_FAILURE&legs=true&callee=${DIGITS}`,
    ])
      assert.ok(await found(query), query)
    for (const query of [
      `gateway=${gatewayIds.C}`,
      `caller=${DIGITS}`,
      'minSeconds=3600',
      'recorded=true',
      'estimated=true',
      'organization=999999',
    ])
      assert.equal(await found(query), false, query)

    const all = `call=${callId}&legs=true`
    const csv: Record<string, string>[] = parse(await file(`format=csv&${all}`), { columns: true })
    const parquet = await parquetReadObjects({
      file: (await file(`format=parquet&${all}`)).buffer as ArrayBuffer,
    })
    const ndjson = (await file(`format=ndjson&${all}`))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const legs = csv.map((row) => row['leg_uuid'])
    assert.equal(legs.length, 3)
    assert.deepEqual(
      [parquet.map((row) => String(row['leg_uuid'])), ndjson.map((cdr) => cdr['legUuid'])],
      [legs, legs],
    )
    assert.equal(csv[0]?.['call_cost'], (ndjson[0]?.['cost'] as { amount: string } | null)?.amount ?? '')
    assert.ok(csv.some((row) => row['callee_number']?.includes(DIGITS)))

    const before = await database.query(
      'SELECT leg_uuid, billable_seconds, duration_seconds, total_cost FROM call_detail_records WHERE call_id = $1 ORDER BY leg_uuid',
      [callId],
    )
    const erasure = { number: TO, reason: 'live test' }
    const dry = await engine.api('/v1/cdrs/erasures', { ...erasure, dryRun: true })
    const done = await engine.api('/v1/cdrs/erasures', erasure)
    assert.equal(done.status, 200, JSON.stringify(done.json))
    const counts = (answer: typeof done): unknown => (answer.json['erasure'] as { counts: unknown }).counts
    assert.deepEqual(counts(done), counts(dry))
    for (const format of ['csv', 'ndjson'])
      assert.equal((await file(`format=${format}&${all}`)).includes(DIGITS), false, format)
    const { json: decision } = await engine.api(`/v1/calls/${callId}/decision`)
    assert.equal(JSON.stringify(decision).includes(DIGITS), false)
    assert.equal(await found(`number=${DIGITS}`), false)
    assert.deepEqual(
      await database.query(
        'SELECT leg_uuid, billable_seconds, duration_seconds, total_cost FROM call_detail_records WHERE call_id = $1 ORDER BY leg_uuid',
        [callId],
      ),
      before,
    )
  })
})
