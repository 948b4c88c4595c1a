/** One request, one call: two engines, one database, and engines that die in between. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { systemClock } from '../../src/base/clock.ts'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createOnce } from '../../src/app/once.ts'
import type { Once, OnceKey, OnceOutcome } from '../../src/http/once.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { forgetOldKeys } from '../../src/store/idempotency.ts'
import type { CallUuid } from '../../src/telephony/call-uuid.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const sha = (text: string): Buffer => createHash('sha256').update(text).digest()
const KEY: OnceKey = { organizationId: 1, route: 'originate', key: 'k', bodySha256: sha('body') }

suite('idempotency keys', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database
  let dialled: CallUuid[]
  const live = new Set<CallUuid>()

  setup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    dialled = []
    live.clear()
  })
  teardown(async () => {
    await database.close()
    await place.drop()
  })

  const engine = (): Once =>
    createOnce({ database, isLive: (callId) => live.has(callId), clock: systemClock, logger: silentLogger })
  const dial =
    (status = 200, isFinal = true) =>
    (callId: CallUuid): ReturnType<Parameters<Once>[1]> => {
      dialled.push(callId)
      return Promise.resolve({ answer: { status, body: { callId } }, isFinal })
    }
  const told = (outcome: OnceOutcome): string =>
    outcome.kind === 'answered'
      ? `${outcome.answer.status} ${JSON.stringify(outcome.answer.body)}`
      : outcome.kind

  test('the first answer is given again, by this engine and by another', async () => {
    const first = await engine()(KEY, dial())
    for (const again of [await engine()(KEY, dial()), await engine()(KEY, dial())]) {
      assert.equal(told(again), told(first))
      assert.ok(again.kind === 'answered' && again.isRepeated)
    }
    assert.equal(dialled.length, 1)
  })

  test('of twenty requests at once over two engines one dials, and all have its answer', async () => {
    const engines = [engine(), engine()]
    const outcomes = await Promise.all(
      Array.from(
        { length: 20 },
        (_, n) => engines[n % 2]?.(KEY, dial()) ?? Promise.reject(new Error('none')),
      ),
    )
    assert.equal(dialled.length, 1)
    assert.equal(new Set(outcomes.map(told)).size, 1)
  })

  test('another body under the same key is told so, another organisation or route is another key', async () => {
    const once = engine()
    await once(KEY, dial())
    assert.equal((await once({ ...KEY, bodySha256: sha('other') }, dial())).kind, 'other-body')
    await once({ ...KEY, organizationId: 2 }, dial())
    await once({ ...KEY, route: 'other' }, dial())
    assert.equal(dialled.length, 3)
  })

  test('a refusal that may pass frees the key, and so does a fault before anything was dialled', async () => {
    const once = engine()
    assert.equal(told(await once(KEY, dial(429, false))).slice(0, 3), '429')
    await assert.rejects(
      once(KEY, () => Promise.reject(new EngineError('ESL_DISCONNECTED', 'gone'))),
      { code: 'ESL_DISCONNECTED' },
    )
    assert.equal(told(await once(KEY, dial())).slice(0, 3), '200')
  })

  test('an engine that died after the claim: what is known of the call is told, and it is never dialled again', async () => {
    let asked: CallUuid | undefined
    void engine()(KEY, (callId) => {
      asked = callId
      return new Promise(() => undefined)
    })
    while (asked === undefined) await new Promise((resolve) => setImmediate(resolve))
    const clock = createManualClock()
    const other = createOnce({ database, isLive: (callId) => live.has(callId), clock, logger: silentLogger })
    const waiting = other(KEY, dial())
    // Its patience, as often as it looks.
    const running = setInterval(() => clock.advance(1_000), 5)
    assert.equal((await waiting).kind, 'in-flight')
    clearInterval(running)
    await database.query(`UPDATE idempotency_keys SET created_at = now() - interval '2 minutes'`)
    assert.deepEqual(await engine()(KEY, dial()), { kind: 'unknown', callId: asked })
    live.add(asked)
    assert.equal((await engine()(KEY, dial())).kind, 'made')
    assert.equal(dialled.length, 0)
  })

  test('a key is forgotten after a day', async () => {
    await engine()(KEY, dial())
    assert.equal(await forgetOldKeys(database), 0)
    await database.query(`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`)
    const again = await engine()({ ...KEY, bodySha256: sha('other') }, dial())
    assert.ok(again.kind === 'answered' && !again.isRepeated)
    await database.query(`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`)
    assert.equal(await forgetOldKeys(database), 1)
    assert.equal(dialled.length, 2)
  })
})
