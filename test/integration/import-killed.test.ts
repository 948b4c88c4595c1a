/** An engine that is killed in the middle of an import: nothing of the file is there, and calls go on by the old deck. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { openBench, until, type Bench } from './engine-bench.ts'

suite('rate decks: the engine is killed in the middle of an import', function () {
  this.timeout(60_000)
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench()
  })
  suiteTeardown(() => bench.close())

  const count = async (table: 'rates' | 'rate_decks'): Promise<number> => {
    const [row] = await bench.database.query<{ count: string }>(
      `SELECT count(*)::text AS count FROM ${table}`,
    )
    return Number(row?.count)
  }
  /** Rows that PostgreSQL has taken of a COPY that goes on; 0 where none does. */
  const copied = async (): Promise<number> => {
    const rows = await bench.database.query<{ tuples: string }>(
      'SELECT tuples_processed::text AS tuples FROM pg_stat_progress_copy WHERE datname = current_database()',
    )
    return Math.max(0, ...rows.map(({ tuples }) => Number(tuples)))
  }
  const priceNow = async (): Promise<string | null | undefined> => {
    const answer = await bench.engine().api('/v1/routes/explain?number=%2B442079464999&from=1001')
    const { explanation } = answer.json() as {
      explanation: { candidates: { pricePerMinute: string | null }[] }
    }
    return explanation.candidates[0]?.pricePerMinute
  }

  test('no rate and no deck of it is left, and the next import succeeds', async () => {
    const before = { rates: await count('rates'), decks: await count('rate_decks'), price: await priceNow() }
    const engine = bench.engine()
    const upload = request(`${engine.url}/v1/rate-decks/import?carrier=A&currency=GBP`, {
      method: 'POST',
      headers: { authorization: `Bearer ${engine.token()}`, 'content-type': 'text/csv' },
    })
    const broken = new Promise<void>((resolve) => upload.once('error', () => resolve()))
    upload.write('prefix,price\n')
    // It never ends by itself: the engine is killed while PostgreSQL takes rows in.
    let next = 1_000_000
    const feed = (): void => {
      let lines = ''
      for (let line = 0; line < 5_000; line += 1) lines += `44${(next += 1)},0.05\n`
      if (upload.destroyed) return
      if (upload.write(lines)) setImmediate(feed)
      else upload.once('drain', feed)
    }
    feed()
    await until('PostgreSQL takes the rates in', async () => (await copied()) > 10_000, 30_000)
    await engine.kill('SIGKILL')
    await broken
    upload.destroy()

    await bench.startEngine()
    await until('PostgreSQL knows that the engine is gone', async () => (await copied()) === 0, 30_000)
    assert.deepEqual(
      { rates: await count('rates'), decks: await count('rate_decks'), price: await priceNow() },
      before,
    )
    const again = await fetch(`${bench.engine().url}/v1/rate-decks/import?carrier=A&currency=GBP`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.engine().token()}`, 'content-type': 'text/csv' },
      body: 'prefix,price\n44,0.0001\n',
    })
    assert.equal(again.status, 200, await again.text())
    assert.equal(await priceNow(), '0.0001')
  })
})
