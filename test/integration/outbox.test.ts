/** Events leave the house: from the board to receivers over a real PostgreSQL and real sockets. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { CALLBACK_EVENTS } from '../../src/call/wish.ts'
import {
  countDeliveries,
  findDelivery,
  listDeliveries,
  replayDelivery,
  replayFailed,
} from '../../src/store/delivery-log.ts'
import { callbackSecret } from '../../src/store/delivery-turns.ts'
import { changeWebhook, findWebhook, rotateWebhookSecret } from '../../src/store/webhooks.ts'
import { openOutboxBench, until, type OutboxBench } from './outbox-bench.ts'
import { startReceiver, type Receiver, type Taken } from './receiver.ts'

suite('outbox: events are delivered', () => {
  let bench: OutboxBench
  let receiver: Receiver
  setup(async function () {
    this.timeout(60_000)
    bench = await openOutboxBench()
    receiver = await startReceiver()
  })
  teardown(async () => {
    await bench.close()
    await receiver.close()
  })

  test('a call to a webhook that wants everything: in order, signed, each once', async () => {
    const { secret } = await bench.webhook(`${receiver.url}/hook`)
    const callId = bench.call()
    await until('the end is told', () => receiver.taken.some(({ event }) => event.type === 'call.completed'))
    const events = receiver.taken.map(({ event }) => event)
    assert.deepEqual(
      events.map(({ type }) => type),
      [
        'call.initiated',
        'leg.started',
        'leg.answered',
        'leg.started',
        'leg.ringing',
        'call.ringing',
        'leg.answered',
        'call.answered',
        'call.talking',
        'leg.ended',
        'leg.ended',
        'call.completed',
      ],
    )
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, at) => at + 1),
    )
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
    for (const { headers, body, event } of receiver.taken) {
      const [, t = '', v1 = ''] =
        /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['strowger-signature'])) ?? []
      assert.equal(v1, createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'))
      assert.ok(Math.abs(Number(t) - Date.now() / 1000) < 60)
      assert.equal(headers['strowger-event-id'], event.id)
      assert.equal((event['call'] as { callId: string }).callId, callId)
    }
  })

  test('a callback hears what it asked for, and by default the answer and the end', async () => {
    const url = `${receiver.url}/callback?order=7`
    bench.call({ callback: { url, events: undefined } })
    bench.call({
      callback: { url, events: ['initiated', 'ringing', 'completed'] },
      crm: { recordId: '003', createTask: true },
    })
    await until(
      'both ends are told',
      () => receiver.taken.filter(({ event }) => event.type === 'call.completed').length === 2,
    )
    assert.deepEqual(receiver.taken.map(({ event }) => event['event']).sort(), [
      'answered',
      'completed',
      'completed',
      'initiated',
      'ringing',
    ])
    assert.ok(receiver.taken.every(({ path }) => path === '/callback?order=7'))
    const crm = receiver.taken.filter(({ event }) => event['crm'] !== undefined)
    assert.deepEqual(
      crm.map(({ event }) => event['crm']),
      crm.map(() => ({ recordId: '003', objectType: null, createTask: true })),
    )
    assert.equal(crm.length, 3)
    const signature = String(receiver.taken[0]?.headers['strowger-signature'])
    const secret = await callbackSecret(bench.database, bench.organizationId, bench.outbox.secrets)
    const t = /^t=(\d+)/.exec(signature)?.[1] ?? ''
    assert.ok(
      signature.endsWith(
        createHmac('sha256', secret)
          .update(`${t}.${receiver.taken[0]?.body ?? ''}`)
          .digest('hex'),
      ),
    )
  })

  test('an event that fails holds back its call, no other, and what is tried again is the same', async () => {
    await bench.webhook(`${receiver.url}/hook`, ['call.*'])
    let refused = 0
    const first = bench.call()
    receiver.answer = (event) =>
      event.type === 'call.ringing' && (event['call'] as { callId: string }).callId === first && refused++ < 1
        ? 500
        : 200
    await until('the first waits', () => receiver.taken.some(({ status }) => status === 500))
    const second = bench.call()
    await until('the second is told whole', () => typesOf(second).includes('call.completed'))
    assert.deepEqual(typesOf(first), ['call.initiated', 'call.ringing'])
    await until('the first goes on', () => typesOf(first).includes('call.completed'), 15_000)
    assert.deepEqual(typesOf(first), [
      'call.initiated',
      'call.ringing',
      'call.ringing',
      'call.answered',
      'call.talking',
      'call.completed',
    ])
    const tries = receiver.taken.filter(
      ({ event }) => event.type === 'call.ringing' && callOf(event) === first,
    )
    assert.equal(tries[0]?.body, tries[1]?.body)
    assert.deepEqual(
      tries.map(({ headers }) => headers['strowger-attempt']),
      ['1', '2'],
    )
  })

  test('one that has failed for ten minutes is overtaken, marked late, and tried on', async function () {
    // Rows that are moved in the table have no job of their own: the sweep finds them.
    this.timeout(90_000)
    await bench.webhook(`${receiver.url}/hook`, ['call.*'])
    receiver.answer = (event) => (event.type === 'call.ringing' ? 503 : 200)
    const call = bench.call()
    await until('it failed', async () => (await stateOf('call.ringing')).attempts > 0)
    assert.deepEqual(typesOf(call), ['call.initiated', 'call.ringing'])
    await bench.database.query(
      `UPDATE webhook_deliveries SET first_failed_at = now() - interval '10 minutes', next_try_at = now() + interval '1 hour'
        WHERE first_failed_at IS NOT NULL`,
    )
    await until('the later ones went ahead', () => typesOf(call).includes('call.completed'), 30_000)
    await bench.database.query(`UPDATE webhook_deliveries SET next_try_at = now() WHERE state = 'waiting'`)
    await until('it is tried again', async () => (await stateOf('call.ringing')).attempts > 1, 30_000)
    const { late, state } = await stateOf('call.ringing')
    assert.deepEqual([late, state], [true, 'waiting'])
  })

  test('410 disables a webhook, and ends a callback for its call alone', async () => {
    const { webhook } = await bench.webhook(`${receiver.url}/gone`, ['call.*'])
    receiver.answer = (event, path) =>
      path === '/gone' || (path === '/cb' && callOf(event) === first) ? 410 : 200
    const all = { url: `${receiver.url}/cb`, events: CALLBACK_EVENTS }
    const first = bench.call({ callback: all })
    await until('it is disabled', async () => {
      const found = await findWebhook(bench.database, undefined, webhook.id)
      return found?.enabled === false && found.disabledReason === 'it answered 410 Gone'
    })
    await until('nothing of it waits', async () => {
      const { deliveries } = await listDeliveries(bench.database, undefined, {
        callId: first,
        state: 'failed',
        limit: 50,
      })
      return deliveries.filter(({ webhookId }) => webhookId === undefined).length === 4
    })
    await bench.outbox.reload()
    const second = bench.call({ callback: all })
    await until('the next call is told', () => typesOf(second).includes('call.completed'))
    assert.deepEqual(
      receiver.taken
        .filter(({ path, event }) => path === '/cb' && callOf(event) === first)
        .map(({ event }) => event.type),
      ['call.initiated'],
    )
  })

  test('what is sent again is the same event; a webhook that moved gets it at its new address', async () => {
    const { webhook } = await bench.webhook(`${receiver.url}/old`, ['call.completed'])
    bench.call()
    await until('it is told', () => receiver.taken.length === 1)
    const { deliveries } = await listDeliveries(bench.database, undefined, {
      webhookId: webhook.id,
      limit: 10,
    })
    const [delivered] = deliveries
    assert.ok(delivered)
    await changeWebhook(bench.database, bench.organizationId, webhook.id, { url: `${receiver.url}/new` })
    assert.equal(await replayDelivery(bench.database, bench.organizationId + 1, delivered.id), undefined)
    const sent = await replayDelivery(bench.database, bench.organizationId, delivered.id)
    assert.ok(sent)
    await until('it is told again', () => receiver.taken.length === 2)
    const [old, again] = receiver.taken
    assert.deepEqual([again?.path, again?.body], ['/new', old?.body])
    await until(
      'it is noted',
      async () => (await findDelivery(bench.database, undefined, sent))?.state === 'delivered',
    )
    const detail = await findDelivery(bench.database, undefined, sent)
    assert.deepEqual([detail?.replayOf, detail?.tries.map(({ status }) => status)], [delivered.id, [204]])
    assert.equal(await findDelivery(bench.database, bench.organizationId + 1, sent), undefined)
  })

  test('a secret that was rotated: for a while both sign', async () => {
    const { webhook, secret } = await bench.webhook(`${receiver.url}/hook`, ['call.completed'])
    const next = await rotateWebhookSecret(
      bench.database,
      undefined,
      webhook.id,
      Date.now() + 60_000,
      bench.outbox.secrets,
    )
    bench.call()
    await until('it is told', () => receiver.taken.length === 1)
    const [taken] = receiver.taken
    const [t = '', ...signatures] = String(taken?.headers['strowger-signature']).split(',')
    assert.deepEqual(
      signatures,
      [next ?? '', secret].map(
        (one) =>
          `v1=${createHmac('sha256', one)
            .update(`${t.slice(2)}.${taken?.body ?? ''}`)
            .digest('hex')}`,
      ),
    )
    const [row] = await bench.database.query<{ secret: string }>('SELECT secret FROM webhooks')
    assert.match(row?.secret ?? '', /^v1\.[0-9a-f]{8}\./)
  })

  test('an engine that stops and starts again sends what was not sent, and nothing twice', async () => {
    await bench.webhook(`${receiver.url}/hook`, ['call.completed'])
    receiver.answer = () => 503
    for (let n = 0; n < 3; n += 1) bench.call()
    await until('they failed', () => receiver.taken.length >= 3)
    await bench.restart()
    receiver.taken.length = 0
    receiver.answer = () => 200
    await until('all are told', () => receiver.taken.length === 3, 20_000)
    await until('nothing waits', async () => (await countDeliveries(bench.database)).waiting === 0)
    assert.equal(new Set(receiver.taken.map(({ event }) => event.id)).size, 3)
  })

  test('what is older than the log goes back is forgotten, but for what still waits', async () => {
    const { webhook } = await bench.webhook(`${receiver.url}/hook`, ['call.completed'])
    bench.call()
    await until('it is told', async () => (await stateOf('call.completed')).state === 'delivered')
    receiver.answer = () => 500
    bench.call()
    await until('it failed', async () => (await countDeliveries(bench.database)).waiting === 1)
    const age = (days: number): Promise<unknown> =>
      bench.database.query(`UPDATE webhook_events SET created_at = now() - make_interval(days => $1)`, [days])
    const left = async (): Promise<number> =>
      (await listDeliveries(bench.database, undefined, { webhookId: webhook.id, limit: 10 })).deliveries
        .length
    await age(29)
    await bench.outbox.clean()
    assert.equal(await left(), 2)
    await age(31)
    await bench.outbox.clean()
    assert.equal(await left(), 1)
    await bench.database.query(`UPDATE webhook_deliveries SET created_at = now() - interval '31 days'`)
    await bench.outbox.clean()
    assert.equal(await left(), 0)
  })

  test('what nobody takes is given up after the time, and can be sent again', async () => {
    const { webhook } = await bench.webhook(`${receiver.url}/hook`, ['call.completed'])
    receiver.answer = () => 500
    bench.call()
    await until('it failed', async () => (await stateOf('call.completed')).attempts === 1)
    await bench.database.query(
      `UPDATE webhook_deliveries SET created_at = now() - interval '73 hours', next_try_at = now()`,
    )
    await until('it is given up', async () => (await stateOf('call.completed')).state === 'failed', 30_000)
    receiver.answer = () => 200
    assert.equal(await replayFailed(bench.database, webhook.id, Date.now() - 86_400_000 * 7), 1)
    await until('it is told', () => receiver.taken.some(({ status }) => status === 200))
    await until('it is noted', async () => (await countDeliveries(bench.database)).waiting === 0)
    assert.equal(await replayFailed(bench.database, webhook.id, Date.now() - 86_400_000 * 7), 0)
  })

  const callOf = (event: Taken['event']): string => (event['call'] as { callId: string }).callId
  const typesOf = (callId: string): readonly string[] =>
    receiver.taken.filter(({ event }) => callOf(event) === callId).map(({ event }) => event.type)
  const stateOf = async (type: string): Promise<{ attempts: number; late: boolean; state: string }> => {
    const { deliveries } = await listDeliveries(bench.database, undefined, { limit: 100 })
    const {
      attempts = 0,
      late = false,
      state = '',
    } = deliveries.find((delivery) => delivery.type === type) ?? {}
    return { attempts, late, state }
  }
})

suite('outbox: who is down hurts nobody else', () => {
  test('one dead and one slow endpoint among ten: the others hear everything at once', async function () {
    this.timeout(60_000)
    const bench = await openOutboxBench()
    const [good, slow] = [await startReceiver(), await startReceiver()]
    slow.answer = () => 'hang'
    try {
      for (let n = 0; n < 8; n += 1) await bench.webhook(`${good.url}/${n}`, ['call.completed'])
      await bench.webhook(`${slow.url}/slow`, ['call.completed'])
      // Nobody listens there.
      await bench.webhook('http://127.0.0.1:1999/dead', ['call.completed'])
      const startedAt = Date.now()
      for (let n = 0; n < 50; n += 1) bench.call()
      await until('eight times fifty', () => good.taken.length === 400, 9_000)
      assert.ok(Date.now() - startedAt < 9_000)
      const { paused } = await untilPaused(bench)
      assert.ok(paused >= 1)
      assert.ok(slow.taken.length <= 8, `${slow.taken.length} requests hang at the slow one`)
    } finally {
      await Promise.all([good.close(), slow.close()])
      await bench.close()
    }
  })
})

const untilPaused = async (bench: OutboxBench): Promise<{ paused: number }> => {
  await until('one is paused', async () => (await countDeliveries(bench.database)).paused > 0)
  return countDeliveries(bench.database)
}
