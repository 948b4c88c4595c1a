/** The routes of call records: filters, files, erasures. */
import assert from 'node:assert/strict'
import type { CdrExportRequest, ErasureRequest } from '../../src/http/cdr-doors.ts'
import { EngineError } from '../../src/base/errors.ts'
import { fakeErasures, fakeExports } from './fake-cdrs.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'

suite('http: call records', () => {
  let fake: Fake
  const exported: CdrExportRequest[] = []
  const erased: ErasureRequest[] = []
  suiteSetup(async () => {
    const erasures = fakeErasures()
    fake = await startFake({
      cdrExports: {
        export: (request) => {
          exported.push(request)
          if (request.query.gatewayId === 13)
            return Promise.reject(new EngineError('CDR_EXPORTS_BUSY', '2 exports are being written'))
          return fakeExports().export(request)
        },
      },
      cdrErasures: {
        ...erasures,
        erase: (request) => {
          erased.push(request)
          return erasures.erase(request)
        },
      },
    })
  })
  suiteTeardown(() => fake.server.stop())

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(fake.url + path, { headers: { ...bearer, ...headers } })
  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${fake.url}/v1/cdrs/erasures`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const given = (all: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))

  const SEARCH =
    'caller=%2B44207&callee=7946&match=exact&user=7&call=0198c0de-0000-7000-8000-00000000000A&organization=3&direction=inbound' +
    '&disposition=BUSY&cause=USER_BUSY&gateway=4&carrier=5&minSeconds=60&estimated=true&recorded=false&crmRecord=0031a&legs=true'
  const FOUND = {
    caller: '44207',
    callee: '7946',
    match: 'exact',
    userId: 7,
    callId: '0198c0de-0000-7000-8000-00000000000a',
    organizationId: 3,
    direction: 'inbound',
    disposition: 'BUSY',
    hangupCause: 'USER_BUSY',
    gatewayId: 4,
    carrierId: 5,
    minSeconds: 60,
    estimated: true,
    hasRecording: false,
    crmRecordId: '0031a',
  }

  test('a list and a file are asked for in the same words', async () => {
    assert.equal((await get(`/v1/cdrs?${SEARCH}`)).status, 200)
    assert.deepEqual(given(fake.seen.filters[0] ?? {}), { ...FOUND, legs: true, limit: 50 })
    const file = await get(`/v1/cdrs/export?format=csv&${SEARCH}`)
    assert.deepEqual([file.status, await file.text()], [200, 'csv\n1\n'])
    assert.deepEqual(
      [exported[0]?.format, given(exported[0]?.query ?? {})],
      ['csv', { ...FOUND, includeLegs: true }],
    )
  })

  for (const [format, type] of [
    ['csv', 'text/csv; charset=utf-8'],
    ['ndjson', 'application/x-ndjson'],
    ['parquet', 'application/vnd.apache.parquet'],
  ] as const) {
    test(`a file as ${format} says what it is`, async () => {
      const file = await get(`/v1/cdrs/export?format=${format}`)
      assert.equal(file.headers.get('content-type'), type)
      assert.equal(file.headers.get('content-disposition'), `attachment; filename="call-records.${format}"`)
      assert.equal(await file.text(), `${format}\n1\n`)
    })
  }

  test('too many files at once are refused with a word that says so', async () => {
    const busy = await get('/v1/cdrs/export?format=csv&gateway=13')
    const body = (await busy.json()) as { error: { code: string } }
    assert.deepEqual([busy.status, body.error.code], [503, 'EXPORTS_BUSY'])
  })

  for (const [path, field] of [
    ['/v1/cdrs?match=like', 'match'],
    ['/v1/cdrs?caller=anna', 'caller'],
    ['/v1/cdrs?callee=%25', 'callee'],
    ['/v1/cdrs?user=0', 'user'],
    ['/v1/cdrs?disposition=ok', 'disposition'],
    ['/v1/cdrs?cause=user%20busy', 'cause'],
    ['/v1/cdrs?gateway=x', 'gateway'],
    ['/v1/cdrs?carrier=-1', 'carrier'],
    ['/v1/cdrs?minSeconds=-1', 'minSeconds'],
    ['/v1/cdrs?estimated=perhaps', 'estimated'],
    ['/v1/cdrs?recorded=2', 'recorded'],
    ['/v1/cdrs?crmRecord=', 'crmRecord'],
    ['/v1/cdrs?limit=1001', 'limit'],
    ['/v1/cdrs/export?format=xlsx', 'format'],
    ['/v1/cdrs/export', 'format'],
    ['/v1/cdrs/export?format=csv&since=now', 'since'],
    ['/v1/cdrs/export?format=csv&limit=1', 'limit'],
    ['/v1/cdrs/erasures?number=1001', 'number'],
  ] as const) {
    test(`${path} is refused by the name of its field`, async () => {
      const answer = await get(path)
      const body = (await answer.json()) as { error: { field: string; message: string } }
      assert.deepEqual([answer.status, body.error.field], [400, field])
      assert.match(body.error.message, new RegExp(`^"${field}"`))
    })
  }

  test('another organisation is not there, for a list, a file and an erasure', async () => {
    const bound = { 'x-organization-id': '2' }
    assert.equal((await get('/v1/cdrs/export?format=csv&organization=3', bound)).status, 404)
    assert.equal((await post({ number: '+442079460123', reason: 'x', organizationId: 3 }, bound)).status, 404)
    assert.equal((await get('/v1/cdrs/erasures?organization=3', bound)).status, 404)
    await (await get('/v1/cdrs/export?format=csv', bound)).text()
    assert.equal(exported.at(-1)?.query.organizationId, 2)
  })

  test('a number is erased, and the audit tells of it without the number', async () => {
    const answer = await post({ number: '+442079460123', reason: 'asked for' })
    assert.equal(answer.status, 200)
    assert.deepEqual(erased.at(-1), {
      number: '+442079460123',
      mode: 'erase',
      reason: 'asked for',
      recordings: false,
      dryRun: false,
      organizationId: undefined,
      actor: { who: 'admin', address: '127.0.0.1' },
    })
    const text = await (await get('/v1/cdrs/erasures?number=%2B442079460123')).text()
    assert.doesNotMatch(text, /2079460123/)
    const { erasures } = JSON.parse(text) as { erasures: Record<string, unknown>[] }
    assert.deepEqual(
      [erasures[0]?.['who'], erasures[0]?.['reason'], erasures[0]?.['counts']],
      ['admin', 'asked for', { calls: 1, held: 0, records: 2 }],
    )
    // An unencoded plus arrives as a space.
    assert.equal((await get('/v1/cdrs/erasures?number=+442079460123')).status, 200)
  })

  for (const [body, field] of [
    [{ number: '02079460123', reason: 'x' }, 'number'],
    [{ number: '+442079460123' }, 'reason'],
    [{ number: '+442079460123', reason: '' }, 'reason'],
    [{ number: '+442079460123', reason: 'x', mode: 'hide' }, 'mode'],
    [{ number: '+442079460123', reason: 'x', recordings: 'yes' }, 'recordings'],
    [{ number: '+442079460123', reason: 'x', name: 'Anna' }, 'name'],
  ] as const) {
    test(`an erasure with a bad "${field}" changes nothing`, async () => {
      const before = erased.length
      const answer = await post(body)
      const { error } = (await answer.json()) as { error: { field: string } }
      assert.deepEqual([answer.status, error.field], [400, field])
      assert.equal(erased.length, before)
    })
  }
})
