/** Rate decks from a file to live and back, through the real server and worker to a real PostgreSQL. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { connectForRates } from '../../src/store/rates-connection.ts'
import { bearer } from '../http/fake-doors.ts'
import { until } from '../live/net.ts'
import { DAY_MS, startDeckServer, type DeckServer } from './deck-server.ts'

const HEADER = 'Prefix,Destination,Price,Increment\n'
const LIST = `${HEADER}44,United Kingdom,0.0090,60/60\n4420,London,0.0040,60/60\n49,Germany,0.02,1/1\n`

suite('rate decks as files', function () {
  this.timeout(60_000)
  let server: DeckServer
  setup(async () => {
    server = await startDeckServer()
  })
  teardown(() => server.stop())

  const rows = async (from: string): Promise<number> =>
    (await server.database.query<{ count: number }>(`SELECT count(*) AS count FROM ${from}`))[0]?.count ?? -1
  const nothingWritten = async (): Promise<void> => {
    assert.equal(await rows('rate_decks'), 3)
    assert.equal(await rows('rates'), 15)
  }

  test('a file replaces the list of its carrier at once, and of no other', async () => {
    const { status, body } = await server.send('POST', '/import?carrier=A&file=alpha.csv', LIST)
    assert.deepEqual(
      [
        status,
        body['deckId'],
        body['state'],
        body['name'],
        body['currency'],
        body['rateCount'],
        body['live'],
      ],
      [200, 4, 'published', 'alpha.csv', 'GBP', 3, true],
    )
    const { firstClosed, jumps, drops, ...counts } = body['difference'] as Record<string, unknown>
    assert.deepEqual(counts, {
      prefixes: 3,
      added: 1,
      dearer: 1,
      cheaper: 1,
      otherTerms: 0,
      unchanged: 0,
      otherCurrency: 0,
      closed: 3,
    })
    assert.deepEqual(firstClosed, [
      { prefix: '1', destination: '' },
      { prefix: '33', destination: '' },
      { prefix: '447', destination: '' },
    ])
    assert.deepEqual(jumps, [
      {
        prefix: '44',
        destination: 'United Kingdom',
        oldPrefix: '44',
        oldPrice: '0.008',
        newPrice: '0.009',
        of: 'price',
      },
    ])
    assert.equal((drops as unknown[]).length, 1)
    assert.deepEqual(
      [server.priceOf('442071234567'), server.priceOf('447700900123'), server.priceOf('33123')],
      ['0.004', '0.009', undefined],
    )
    assert.equal(server.priceOf('442071234567', { kind: 'carrier', id: 2 }), '0.0065')
  })

  test('a file for later leaves today alone, and ends it at its moment', async () => {
    const from = Date.now() + DAY_MS
    const answer = await server.send(
      'POST',
      `/import?carrier=1&effective=${new Date(from).toISOString()}`,
      LIST,
    )
    assert.equal(answer.status, 200, answer.text)
    const price = (digits: string, at: number) => server.priceOf(digits, { kind: 'carrier', id: 1 }, at)
    assert.deepEqual([price('4420', from - 1), price('33', from - 1)], ['0.005', '0.009'])
    assert.deepEqual([price('4420', from), price('33', from)], ['0.004', undefined])
  })

  test('changes add to what there is', async () => {
    const answer = await server.send(
      'POST',
      '/import?carrier=A&replaces=false',
      `${HEADER}4420,London,0.003,60/60\n`,
    )
    assert.equal((answer.body['difference'] as Record<string, unknown>)['closed'], 0)
    assert.deepEqual([server.priceOf('4420'), server.priceOf('33')], ['0.003', '0.009'])
  })

  test('a customer has decks of its own', async () => {
    const answer = await server.send('POST', '/import?customer=1&currency=GBP', LIST)
    assert.deepEqual(answer.body['owner'], { kind: 'customer', id: 1, name: 'Demo' })
    assert.equal(server.priceOf('49', { kind: 'customer', id: 1 }), '0.02')
    assert.equal(server.priceOf('49', { kind: 'carrier', id: 1 }), undefined)
  })

  test('a dry run writes nothing, a draft is seen by nobody until it is published', async () => {
    const dry = await server.send('POST', '/import?carrier=A&dryRun=true', LIST)
    assert.deepEqual([dry.body['state'], dry.body['deckId'], dry.body['live']], ['dry-run', null, null])
    await nothingWritten()
    const draft = await server.send('POST', '/import?carrier=A&draft=true', LIST)
    assert.deepEqual([draft.body['state'], draft.body['live']], ['draft', null])
    await server.rates.reload()
    assert.equal(server.priceOf('4420'), '0.005')
    const { body } = await server.send('POST', `/${String(draft.body['deckId'])}/publish`)
    const deck = body['rateDeck'] as Record<string, unknown>
    assert.deepEqual([deck['state'], deck['version'], body['live']], ['published', 2, true])
    assert.equal(server.priceOf('4420'), '0.004')
    // Twice does no harm, and does not make it newer.
    const again = (await server.send('POST', `/${String(draft.body['deckId'])}/publish`)).body['rateDeck']
    assert.equal((again as Record<string, unknown>)['publishedAt'], deck['publishedAt'])
  })

  test('taking the newest back brings the one before, step by step', async () => {
    for (const price of ['0.1', '0.2'])
      await server.send('POST', '/import?carrier=A', `${HEADER}4420,London,${price},60/60\n`)
    assert.equal(server.priceOf('4420'), '0.2')
    const first = await server.send('POST', '/rollback?carrier=A')
    assert.deepEqual(
      ['withdrawn', 'current'].map((which) => (first.body[which] as Record<string, unknown>)['id']),
      [5, 4],
    )
    assert.deepEqual([first.body['live'], server.priceOf('4420')], [true, '0.1'])
    await server.send('POST', '/4/withdraw')
    assert.deepEqual([server.priceOf('4420'), server.priceOf('33')], ['0.005', '0.009'])
    const last = await server.send('POST', '/rollback?carrier=A')
    assert.equal(last.body['current'], null)
    assert.equal(server.priceOf('4420'), undefined)
    assert.equal((await server.send('POST', '/rollback?carrier=A')).status, 409)
    assert.equal((await server.send('POST', '/4/publish')).status, 409)
    const states = (await server.send('GET', '')).body['rateDecks'] as Record<string, unknown>[]
    assert.deepEqual(
      states.map(({ id, state, version }) => [id, state, version]),
      [
        [1, 'withdrawn', 1],
        [2, 'published', 1],
        [3, 'published', 1],
        [4, 'withdrawn', 2],
        [5, 'withdrawn', 3],
      ],
    )
  })

  test('what was exported imports to the same rates', async () => {
    const file = `${HEADER}1201,"New Jersey, ""NJ""",0.0100,6/6\n49,=Germany,12345678.12345678,1/1\n44,Großbritannien,0,60/60\n`
    await server.send('POST', '/import?carrier=A&until=2099-01-01', file)
    const first = await server.send('GET', '/4/export')
    assert.equal(first.status, 200)
    await server.send('POST', '/import?carrier=B', first.text)
    assert.equal((await server.send('GET', '/5/export')).text, first.text)
    const columns = 'prefix, destination, price_per_minute, connection_fee, first_increment_seconds'
    const of = (deck: number) =>
      server.database.query(`SELECT ${columns} FROM rates WHERE deck_id = ${deck} ORDER BY prefix`)
    assert.deepEqual(await of(5), await of(4))
    assert.match(first.text, /^44,Großbritannien,/m)
    assert.equal((await server.send('GET', '/99/export')).status, 404)
  })

  test('every error of a file is told by line and column, and nothing is changed', async () => {
    const bad = Array.from({ length: 150 }, (_, n) => `44${n},x,free,60/60\n`).join('')
    const answer = await server.send('POST', '/import?carrier=A', LIST + bad)
    const error = answer.body['error'] as Record<string, unknown>
    const { errors, errorCount } = error['details'] as { errors: unknown[]; errorCount: number }
    assert.deepEqual(
      [answer.status, error['code'], errorCount, errors.length],
      [400, 'DECK_REFUSED', 150, 100],
    )
    const { message, ...where } = errors[0] as Record<string, unknown>
    assert.deepEqual(where, { line: 5, column: 'Price', value: 'free' })
    assert.match(String(message), /line 5, column "Price"/)
    await nothingWritten()
  })

  for (const [sentence, query, file, status, message] of [
    ['no owner', '', LIST, 400, /either .*carrier/],
    ['two owners', 'carrier=A&customer=1', LIST, 400, /either .*carrier/],
    ['an unknown carrier', 'carrier=nobody', LIST, 400, /no such carrier/],
    ['an unknown customer', 'customer=99', LIST, 400, /no such organisation/],
    ['an option that does not exist', 'carrier=A&decimal=comma', LIST, 400, /not known/],
    ['a bad option', 'carrier=A&dateOrder=ymd', LIST, 400, /dmy mdy/],
    ['a bad moment', 'carrier=A&effective=soon', LIST, 400, /2026-12-01/],
    ['bad columns', 'carrier=A&columns=Code', LIST, 400, /prefix=Code/],
    ['an empty file', 'carrier=A', '', 400, /no rates|no rows/],
    ['a file that is no list', 'carrier=A', 'hello\nworld\n', 400, /./],
    ['several currencies', 'carrier=A', 'Prefix,Price,Currency\n44,1,GBP\n45,1,USD\n', 400, /one currency/],
    [
      'another currency than the file says',
      'carrier=A&currency=GBP',
      'Prefix,Price EUR\n44,1\n',
      400,
      /in EUR, the option currency says GBP/,
    ],
    ['no currency at all', 'customer=1', LIST, 400, /--currency/],
  ] as const) {
    test(`${sentence} is refused`, async () => {
      const answer = await server.send('POST', `/import?${query}`, file)
      assert.equal(answer.status, status, answer.text)
      assert.match(JSON.stringify((answer.body['error'] as Record<string, unknown>)['message']), message)
      await nothingWritten()
    })
  }

  /** An import whose file has not come to its end, and whose first rates are in the table already. */
  const startImport = async (): Promise<ClientRequest> => {
    const upload = request(`${server.url}/v1/rate-decks/import?carrier=A`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'text/csv' },
    })
    upload.on('error', () => undefined)
    upload.write(LIST)
    for (let n = 0; n < 30_000; n += 1) upload.write(`43${100_000 + n},Austria,0.0100,60/60\n`)
    await until(
      'rates are being copied',
      async () => (await rows(`pg_stat_activity WHERE query LIKE 'COPY rates%'`)) > 0,
    )
    return upload
  }
  const isGivenUp = (): Promise<true> =>
    until(
      'the import is given up',
      async () =>
        (await rows(`pg_stat_activity WHERE application_name = 'strowger rate deck import'`)) === 0 ||
        undefined,
    )

  test('a client that goes away in the middle leaves nothing, and locks nobody out', async () => {
    const upload = await startImport()
    upload.destroy()
    await isGivenUp()
    await nothingWritten()
    assert.equal((await server.send('POST', '/import?carrier=A', LIST)).status, 200)
  })

  test('while one imports for an owner others wait, and are refused where it takes long', async () => {
    const other = await connectForRates({ url: server.databaseUrl, purpose: 'test' })
    await other.query('BEGIN')
    await other.query('SELECT pg_advisory_xact_lock(7496803, 1)')
    try {
      const answer = await server.send('POST', '/import?carrier=A', LIST)
      assert.equal(answer.status, 409, answer.text)
      assert.match(answer.text, /is being imported/)
      assert.equal((await server.send('POST', '/import?carrier=B', LIST)).status, 200)
    } finally {
      other.close()
    }
  })

  test('a worker that dies in the middle leaves nothing, and is started again; the last rates stay in use', async () => {
    const upload = await startImport()
    const answered = once(upload, 'response')
    const reports = server.reports.length
    server.kill()
    const [answer] = (await answered) as [IncomingMessage]
    assert.ok((answer.statusCode ?? 0) >= 500, String(answer.statusCode))
    upload.destroy()
    assert.equal(server.priceOf('4420'), '0.005')
    await isGivenUp()
    await nothingWritten()
    await until('the rates are read again', () => server.reports.length > reports)
    assert.equal((await server.send('POST', '/import?carrier=A', LIST)).body['live'], true)
  })

  test('rows that a hand wrote wrong are left out and counted', async () => {
    await server.database.query(`INSERT INTO rates (deck_id, prefix, price_per_minute, connection_fee,
        first_increment_seconds, next_increment_seconds, effective_from) VALUES
      (4, '43', 0.01, 0, 60, 60, NULL), (4, '+43', 0.01, 0, 60, 60, NULL), (4, E'4\\t3', 0.01, 0, 60, 60, NULL),
      (4, '', 0.01, 0, 60, 60, NULL), (4, '1234567890123456', 0.01, 0, 60, 60, NULL), (4, '44', 'NaN', 0, 60, 60, NULL),
      (4, '45', -1, 0, 60, 60, NULL), (4, '46', 999999999999, 0, 60, 60, NULL), (4, '47', 0.01, -1, 60, 60, NULL),
      (4, '48', 0.01, 0, 0, 60, NULL), (4, '431', 0.02, 0, 60, 60, '-infinity'), (4, '432', 0.03, 0, 60, 60, 'infinity'),
      (4, '433', 0.04, 0, 60, 60, '2020-01-01')`)
    await server.database.query(`INSERT INTO rates (deck_id, prefix, price_per_minute, connection_fee,
        first_increment_seconds, next_increment_seconds, effective_to) VALUES (4, '434', 0.05, 0, 60, 60, 'infinity'),
      (4, '435', 0.06, 0, 60, 60, now() - interval '2 days')`)
    await server.database.query(
      `INSERT INTO rate_decks (id, carrier_id, name, currency, published_at) VALUES (4, 1, 'x', 'GBP', now())`,
    )
    await server.rates.reload()
    const report = server.reports.at(-1)
    assert.deepEqual(
      report?.leftOut.map(({ deckId, count }) => [deckId, count]),
      [[4, 9]],
    )
    assert.match(server.rates.state().detail, /9 rows are no rates/)
    assert.deepEqual(
      ['43', '431', '432', '433', '434', '435'].map((prefix) => server.priceOf(prefix)),
      ['0.01', '0.02', '0.01', '0.04', '0.05', '0.01'],
    )
  })

  test('nothing is read again while no deck changed, and of a new one its own rates only', async () => {
    const before = server.reports.length
    await Promise.all([server.rates.reload(), server.rates.reload(), server.rates.reload()])
    await server.database.query(`UPDATE carriers SET name = 'changed'`)
    await server.rates.reload()
    assert.equal(server.reports.length, before)
    await server.send('POST', '/import?carrier=A&replaces=false', LIST)
    assert.deepEqual([server.reports.at(-1)?.readCount, server.reports.at(-1)?.rateCount], [3, 18])
  })

  test('rates of removed decks are cleaned away at the next start', async () => {
    await server.database.query(`DELETE FROM rate_decks WHERE id = 1`)
    server.kill()
    await until('they are gone', async () => (await rows('rates')) === 10)
  })
})
