/** What a reader of the live stream is shown, and what he is told where something is missing. */
import assert from 'node:assert/strict'
import { createEventReader, type ServerEvent } from '../../src/cli/event-stream.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { A_LEG, B_LEG, call, CALL_ID, leg, NOON } from './samples.ts'

suite('HTTP: filters of the live stream', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  /** Everything until the stream has been silent for a moment. */
  const read = async (
    query: string,
    headers: Record<string, string> = {},
  ): Promise<readonly ServerEvent[]> => {
    const stop = new AbortController()
    const answer = await fetch(`${fake.url}/v1/live${query}`, {
      headers: { ...bearer, ...headers },
      signal: stop.signal,
    })
    assert.equal(answer.status, 200)
    assert.ok(answer.body)
    const reader = createEventReader()
    const events: ServerEvent[] = []
    const silent = setTimeout(() => stop.abort(), 200)
    try {
      for await (const piece of answer.body as AsyncIterable<Uint8Array>) events.push(...reader.push(piece))
    } catch (fault) {
      if (!stop.signal.aborted) throw fault
    }
    clearTimeout(silent)
    return events
  }
  const ids = async (query: string, headers: Record<string, string> = {}): Promise<string> =>
    (await read(query, headers)).map(({ id, name }) => `${name ?? ''}${id ?? ''}`).join(' ')

  const happenings = (): void => {
    const other = asCallUuid('77777777-2222-4333-8444-555555555555')
    fake.happen({ at: NOON, kind: 'ringing', call: call(), leg: leg(), cost: undefined })
    fake.happen({
      at: NOON,
      kind: 'answered',
      call: call({ callId: other, organizationId: 2, userId: 9 }),
      leg: leg(),
      cost: undefined,
    })
    fake.happen({
      at: NOON,
      kind: 'answered',
      call: call({ organizationId: undefined }),
      leg: leg(),
      cost: undefined,
    })
    const rung = leg({ legUuid: B_LEG, leg: 'B', userId: 8 })
    fake.happen({
      at: NOON,
      kind: 'ringing',
      call: call({ legs: [leg(), rung] }),
      leg: rung,
      cost: undefined,
    })
    fake.happen({ at: NOON, kind: 'call-ended', call: call(), leg: undefined, cost: undefined })
  }

  test('kinds, an organisation, a user: only these', async () => {
    happenings()
    assert.equal(await ids('?after=0'), '1 2 3 4 5')
    assert.equal(await ids('?after=0&kinds=ringing,call-ended'), '1 4 5')
    assert.equal(await ids('?after=0&organization=2'), '2')
    assert.equal(await ids('?after=0&userId=7&kinds=call-ended'), '5')
    assert.equal(await ids('?after=0&userId=8'), '4')
    assert.equal(await ids(`?after=0&callId=${CALL_ID}&kinds=answered`), '3')
  })

  test('bound to an organisation, only what is certainly its own', async () => {
    happenings()
    assert.equal(await ids('?after=0', { 'x-organization-id': '1' }), '1 4 5')
    assert.equal(await ids('?after=0', { 'x-organization-id': '2' }), '2')
    const other = await fetch(`${fake.url}/v1/live?organization=2`, {
      headers: { ...bearer, 'x-organization-id': '1' },
    })
    assert.equal(other.status, 404)
  })

  test('the calls that are up come first where that is asked for, with the id to resume from', async () => {
    happenings()
    const [snapshot, ...more] = await read('?snapshot=true')
    assert.deepEqual([snapshot?.name, snapshot?.id, more], ['snapshot', '5', []])
    const { calls } = JSON.parse(snapshot?.data ?? '') as { calls: { callId: string }[] }
    assert.deepEqual(
      calls.map(({ callId }) => callId),
      [CALL_ID],
    )
    const [empty] = await read('?snapshot=true&organization=2')
    assert.deepEqual(JSON.parse(empty?.data ?? ''), { calls: [] })
    assert.equal(await ids('?snapshot=true', { 'last-event-id': '4' }), '5')
  })

  test('a gap that cannot be filled is told, and the calls come anew', async () => {
    const [happened] = [
      () => fake.happen({ at: NOON, kind: 'dtmf', call: call(), leg: leg(), cost: undefined }),
    ]
    for (let n = 0; n < 1_500; n += 1) happened()
    const reset = await read('?snapshot=true&kinds=ringing', { 'last-event-id': '10' })
    assert.deepEqual(
      reset.map(({ name, id }) => [name, id]),
      [
        ['reset', '1500'],
        ['snapshot', '1500'],
      ],
    )
    assert.equal(await ids('?kinds=ringing', { 'last-event-id': '600' }), '')
    // Of another engine, whose clock is ahead.
    assert.equal(await ids('?kinds=ringing', { 'last-event-id': '1795221022125000' }), 'reset1500')
  })

  test('what is no kind, no user and no id is bad input', async () => {
    for (const query of [
      '?kinds=',
      '?kinds=a,,b',
      '?kinds=Ringing',
      '?userId=0',
      '?after=-1',
      '?snapshot=maybe',
    ]) {
      const answer = await fetch(`${fake.url}/v1/live${query}`, { headers: bearer })
      assert.equal(answer.status, 400, query)
    }
    assert.equal(fake.listeners(), 0)
    assert.notEqual(A_LEG, B_LEG)
  })
})
