import assert from 'node:assert/strict'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { A_LEG, B_LEG, CALL_ID } from './samples.ts'

const NOBODY = '99999999-2222-4333-8444-555555555555'

suite('HTTP: call control', () => {
  let fake: Fake
  suiteSetup(async () => {
    fake = await startFake()
  })
  suiteTeardown(() => fake.server.stop())
  setup(() => fake.seen.controlled.splice(0))

  const send = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: Record<string, unknown>; headers: Headers }> => {
    const answer = await fetch(`${fake.url}${path}`, {
      method,
      headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return {
      status: answer.status,
      json: (await answer.json()) as Record<string, unknown>,
      headers: answer.headers,
    }
  }
  const path = (verb: string, callId: string = CALL_ID): string => `/v1/calls/${callId}/${verb}`

  const rows: readonly (readonly [method: string, verb: string, body: unknown, request: object])[] = [
    ['POST', 'hold', undefined, { verb: 'hold', leg: undefined }],
    ['POST', 'hold', {}, { verb: 'hold', leg: undefined }],
    ['POST', 'unhold', { leg: 'B' }, { verb: 'unhold', leg: 'B' }],
    ['POST', 'mute', { leg: A_LEG.toUpperCase() }, { verb: 'mute', leg: A_LEG }],
    ['POST', 'unmute', undefined, { verb: 'unmute', leg: undefined }],
    ['POST', 'park', undefined, { verb: 'park', leg: undefined }],
    [
      'POST',
      'transfer',
      { kind: 'blind', to: '1002' },
      { verb: 'transfer', mode: 'blind', to: '1002', callerId: undefined, leg: undefined },
    ],
    [
      'POST',
      'transfer',
      { kind: 'attended', to: '+442079460123', callerId: '+442079460100', leg: 'A' },
      { verb: 'transfer', mode: 'attended', to: '+442079460123', callerId: '+442079460100', leg: 'A' },
    ],
    ['POST', 'transfer/complete', undefined, { verb: 'complete-transfer' }],
    ['POST', 'transfer/cancel', undefined, { verb: 'cancel-transfer' }],
    ['POST', 'dtmf', { digits: '12#' }, { verb: 'dtmf', digits: '12#', leg: undefined }],
    [
      'POST',
      'play',
      { tone: '%(1,2,425)', loops: 2, leg: 'both' },
      { verb: 'play', media: { tone: '%(1,2,425)' }, loops: 2, leg: 'both' },
    ],
    [
      'POST',
      'play',
      { fileId: 7 },
      {
        verb: 'play',
        media: { fileId: 7, path: '/var/sounds/1/7-0123456789abcdef.wav' },
        loops: 1,
        leg: undefined,
      },
    ],
    ['DELETE', 'play?leg=A', undefined, { verb: 'stop-playing', leg: 'A' }],
    ['POST', 'conference', undefined, { verb: 'conference', does: 'begin', name: undefined, leg: undefined }],
    ['GET', 'conference', undefined, { verb: 'conference', does: 'show' }],
    ['DELETE', 'conference', undefined, { verb: 'conference', does: 'end' }],
    [
      'POST',
      'conference/members',
      { to: '1003' },
      { verb: 'conference', does: 'add', to: '1003', callerId: undefined, leg: undefined },
    ],
    [
      'PATCH',
      `conference/members/${B_LEG}`,
      { muted: true },
      { verb: 'conference', does: 'mute', member: B_LEG },
    ],
    [
      'DELETE',
      `conference/members/${B_LEG}`,
      undefined,
      { verb: 'conference', does: 'remove', member: B_LEG },
    ],
    [
      'POST',
      'supervise',
      { supervisorUserId: 7, mode: 'whisper' },
      {
        verb: 'supervise',
        does: 'begin',
        userId: 7,
        deviceId: undefined,
        mode: 'whisper',
        leg: undefined,
      },
    ],
    ['PATCH', 'supervise', { mode: 'barge' }, { verb: 'supervise', does: 'change', mode: 'barge' }],
    ['DELETE', 'supervise', undefined, { verb: 'supervise', does: 'end' }],
  ]
  for (const [method, verb, body, request] of rows) {
    test(`${method} ${verb} ${body === undefined ? 'without a body' : JSON.stringify(body)}`, async () => {
      const { status, json } = await send(method, path(verb), body)
      assert.equal(status, 200, JSON.stringify(json))
      assert.deepEqual(fake.seen.controlled, [{ callId: CALL_ID, request, boundTo: undefined }])
    })
  }

  test('two calls are joined', async () => {
    await send('POST', '/v1/calls/bridge', { callA: CALL_ID, callB: NOBODY, legs: { b: 'B' } })
    assert.deepEqual(fake.seen.controlled[0]?.request, {
      verb: 'bridge',
      otherCallId: NOBODY,
      leg: undefined,
      otherLeg: 'B',
    })
  })

  test('a conference is told with its members', async () => {
    const { json } = await send('GET', path('conference'))
    assert.deepEqual(json['conference'], {
      name: 'sales',
      members: [
        { legUuid: A_LEG, callId: CALL_ID, party: '1001', muted: false, talking: true },
        { legUuid: B_LEG, callId: null, party: '+442079460123', muted: true, talking: false },
      ],
    })
  })

  const refusals: readonly (readonly [
    verb: string,
    body: unknown,
    status: number,
    code: string,
    field?: string,
  ])[] = [
    ['transfer', { kind: 'blind', to: '404' }, 400, 'INVALID_DESTINATION'],
    ['transfer', { kind: 'blind', to: '429' }, 429, 'QUOTA_EXCEEDED'],
    ['transfer', { kind: 'warm', to: '1002' }, 400, 'BAD_INPUT', 'kind'],
    ['transfer', { kind: 'blind', to: 'sip:x@y' }, 400, 'BAD_INPUT', 'to'],
    ['transfer', { kind: 'blind' }, 400, 'BAD_INPUT', 'to'],
    ['unpark', { to: '1002' }, 409, 'NOT_PARKED'],
    ['dtmf', { digits: '1\n2' }, 400, 'BAD_INPUT', 'digits'],
    ['dtmf', { digits: '' }, 400, 'BAD_INPUT', 'digits'],
    ['play', {}, 400, 'BAD_INPUT'],
    ['play', { tone: '%(1,2,425)', silenceMs: 20 }, 400, 'BAD_INPUT'],
    ['play', { tone: '%(1,2,425) both' }, 400, 'BAD_INPUT', 'tone'],
    ['play', { sound: '../../x.wav' }, 400, 'BAD_INPUT', 'sound'],
    ['play', { fileId: 8 }, 400, 'BAD_INPUT', 'fileId'],
    ['play', { silenceMs: 500, loops: 0 }, 400, 'BAD_INPUT', 'loops'],
    ['hold', { leg: 'C' }, 400, 'BAD_INPUT', 'leg'],
    ['hold', { leg: 'A', extra: 1 }, 400, 'BAD_INPUT', 'extra'],
    ['supervise', { supervisorUserId: 7, mode: 'sing' }, 400, 'BAD_INPUT', 'mode'],
    ['supervise', { mode: 'listen' }, 400, 'BAD_INPUT', 'supervisorUserId'],
    ['conference', { name: 'a b' }, 400, 'BAD_INPUT', 'name'],
  ]
  for (const [verb, body, status, code, field] of refusals) {
    test(`${verb} ${JSON.stringify(body)} is ${status} ${code}`, async () => {
      const { status: got, json } = await send('POST', path(verb), body)
      const error = json['error'] as { code: string; field?: string }
      assert.deepEqual([got, error.code], [status, code])
      if (field !== undefined) assert.equal(error.field, field)
    })
  }

  test('a quota that is spent says when to come back', async () => {
    const { headers } = await send('POST', path('transfer'), { kind: 'blind', to: '429' })
    assert.equal(headers.get('retry-after'), '7')
  })

  test('a call that is not there is a 404, and no uuid is no call', async () => {
    assert.equal((await send('POST', path('hold', NOBODY))).status, 404)
    assert.equal((await send('POST', path('hold', 'x'))).status, 400)
  })
})
