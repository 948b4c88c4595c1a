import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { POLICY } from './fake-call-recording.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { CALL_ID } from './samples.ts'

suite('HTTP: recording of live calls', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Answer> =>
    read(
      await fetch(fake.url + path, {
        method,
        headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      }),
    )

  const scope = { type: 'all' }

  test('a policy is told with every setting, and null where it has none', async () => {
    const { status, body } = await ask('GET', '/v1/recording-policies/1')
    assert.equal(status, 200)
    assert.deepEqual(body, {
      success: true,
      recordingPolicy: {
        ...POLICY,
        settings: {
          ...POLICY.settings,
          announcement: { enabled: false, audioFileId: null, playTo: 'external_only' },
        },
        storage: { retention: 365, archivePolicy: null, encryptAtRest: true },
      },
    })
  })

  test('lists are bounded by the organisation that is asked for', async () => {
    const { body } = await ask('GET', '/v1/recording-policies?organization=2')
    assert.deepEqual(body, { success: true, recordingPolicies: [] })
  })

  const bad: readonly (readonly [sentence: string, body: unknown, field: string])[] = [
    ['no scope', { organizationId: 1, name: 'All' }, 'scope'],
    ['a scope of another kind', { organizationId: 1, name: 'All', scope: { type: 'some' } }, 'scope.type'],
    ['no organisation, from who is bound to none', { name: 'All', scope }, 'organizationId'],
    [
      'a rate that is not offered',
      { organizationId: 1, name: 'All', scope, settings: { sampleRate: 11_025 } },
      'settings.sampleRate',
    ],
    [
      'digits that are none',
      { organizationId: 1, name: 'All', scope, settings: { pauseDigits: '*1;' } },
      'settings.pauseDigits',
    ],
    ['a field that is not known', { organizationId: 1, name: 'All', scope, colour: 'red' }, 'colour'],
    ['a name over two lines', { organizationId: 1, name: 'All\r\ncalls', scope }, 'name'],
    [
      'a retention of nothing',
      { organizationId: 1, name: 'All', scope, storage: { retention: 0 } },
      'storage.retention',
    ],
  ]
  for (const [sentence, body, field] of bad)
    test(`400 that names ${field}: ${sentence}`, async () => {
      const answer = await ask('POST', '/v1/recording-policies', body)
      assert.equal(answer.status, 400, JSON.stringify(answer.body))
      assert.equal(errorOf(answer).field, field)
    })

  for (const path of ['recording-policies', 'user-groups', 'audio-files'])
    test(`404 for one of ${path} that is not there`, async () => {
      for (const method of path === 'audio-files' ? ['GET', 'DELETE'] : ['GET', 'DELETE', 'PUT']) {
        const answer = await ask(method, `/v1/${path}/77`, method === 'PUT' ? { name: 'Other' } : undefined)
        assert.equal(answer.status, 404, method)
      }
    })

  test('added, changed and removed', async () => {
    assert.equal(
      (await ask('POST', '/v1/recording-policies', { organizationId: 1, name: 'All', scope })).status,
      201,
    )
    assert.equal((await ask('PUT', '/v1/recording-policies/1', { enabled: false })).status, 200)
    assert.equal((await ask('DELETE', '/v1/recording-policies/1')).status, 200)
    assert.equal(
      (await ask('POST', '/v1/user-groups', { organizationId: 1, name: 'Sales', userIds: [11] })).status,
      201,
    )
  })

  test('a sound is a WAV file, whatever its content type says', async () => {
    const wave = new Uint8Array(Buffer.from('RIFF....WAVE'))
    const sent = await ask('POST', '/v1/audio-files?name=Told&organization=1', wave, 'audio/wav')
    assert.equal(sent.status, 201, JSON.stringify(sent.body))
    const text = await ask(
      'POST',
      '/v1/audio-files?name=Told&organization=1',
      new Uint8Array([1, 2, 3]),
      'text/plain',
    )
    assert.equal(text.status, 400)
    assert.match(errorOf(text).message, /not a WAV file/)
    assert.equal(
      errorOf(await ask('POST', '/v1/audio-files?name=Told', wave, 'audio/wav')).field,
      'organization',
    )
    assert.equal((await ask('POST', '/v1/audio-files?organization=1', wave, 'audio/wav')).status, 400)
  })

  test('one that is too large is refused before it is read', async () => {
    const answer = await ask(
      'POST',
      '/v1/audio-files?name=Told&organization=1',
      new Uint8Array(20_000_001),
      'audio/wav',
    )
    assert.equal(answer.status, 413)
  })

  test('the recording of a call is started, paused and told', async () => {
    for (const [action, state] of [
      ['start', 'recording'],
      ['pause', 'paused'],
      ['resume', 'recording'],
      ['stop', 'stopped'],
    ] as const) {
      const { status, body } = await ask('POST', `/v1/calls/${CALL_ID}/recording`, { action })
      assert.equal(status, 200)
      assert.equal((body as { recording: { state: string } }).recording.state, state)
    }
    assert.equal((await ask('GET', `/v1/calls/${CALL_ID}/recording`)).status, 200)
  })

  for (const [sentence, body, field] of [
    ['an action that is none', { action: 'erase' }, 'action'],
    ['a policy with another action than start', { action: 'pause', policyId: 1 }, 'policyId'],
  ] as const)
    test(`400 that names ${field}: ${sentence}`, async () => {
      const answer = await ask('POST', `/v1/calls/${CALL_ID}/recording`, body)
      assert.equal(answer.status, 400)
      assert.equal(errorOf(answer).field, field)
    })
})
