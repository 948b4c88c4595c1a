import assert from 'node:assert/strict'
import { read, type Answer } from './answer.ts'
import { basic, bearer, startFake, type Fake } from './fake-doors.ts'

suite("HTTP: FreeSWITCH's doors", () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const post = async (
    path: string,
    body: string,
    headers: Record<string, string> = basic,
    type = 'application/x-www-form-urlencoded',
  ): Promise<Answer> =>
    read(
      await fetch(fake.url + path, { method: 'POST', headers: { ...headers, 'content-type': type }, body }),
    )

  test('a form becomes a document', async () => {
    const answer = await post(
      '/freeswitch/xml',
      'section=dialplan&Caller-Caller-ID-Name=Zo%C3%AB+B&section=evil&__proto__=x&toString=y',
    )
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/xml/)
    const [form] = fake.seen.forms
    assert.equal(form?.get('section'), 'dialplan')
    assert.equal(form.get('Caller-Caller-ID-Name'), 'Zoë B')
    assert.equal(form.get('__proto__'), 'x')
    assert.equal(form.get('toString'), 'y')
  })

  test('a channel with thousands of variables is read whole', async () => {
    const body = Array.from({ length: 3000 }, (_, at) => `variable_v${at}=${at}`).join('&')
    await post('/freeswitch/xml', body)
    assert.equal(fake.seen.forms[0]?.get('variable_v2999'), '2999')
  })

  test('wrong credentials are a 401 that asks for basic ones', async () => {
    for (const path of ['/freeswitch/xml', '/freeswitch/cdr']) {
      for (const headers of [
        {},
        { authorization: 'Basic x' },
        bearer,
        { authorization: `Basic ${Buffer.from('freeswitch:').toString('base64')}` },
      ]) {
        const answer = await post(path, 'section=dialplan', headers)
        assert.equal(answer.status, 401)
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic/)
      }
    }
    assert.deepEqual([fake.seen.forms, fake.seen.cdrs], [[], []])
  })

  const unreadable: readonly (readonly [string, string, string])[] = [
    ['empty', '', 'application/x-www-form-urlencoded'],
    ['JSON', '{"a":1}', 'application/json'],
    ['broken escapes', '%%%=%zz&=&&a', 'application/x-www-form-urlencoded'],
    ['of no known type', 'x', 'nonsense'],
    ['two megabytes', 'a'.repeat(2_000_000), 'application/x-www-form-urlencoded'],
  ]
  for (const [what, body, type] of unreadable) {
    test(`a form that is ${what} gets a document and no error`, async () => {
      const answer = await post('/freeswitch/xml', body, basic, type)
      assert.equal(answer.status, 200)
      assert.match(answer.text, /<document type="freeswitch\/xml"/)
    })
  }

  test('a fault in the answer is "not found", with the declaration on its own line', async () => {
    const other = await startFake({
      answerXml: () => {
        throw new Error('bug')
      },
    })
    const answer = await read(
      await fetch(`${other.url}/freeswitch/xml`, {
        method: 'POST',
        headers: basic,
        body: 'section=dialplan',
      }),
    )
    assert.equal(answer.status, 200)
    assert.match(answer.text, /^<\?xml[^\n]*\?>\n[^]*status="not found"/)
    await other.server.stop()
  })

  const cdrs: readonly (readonly [string, string, number])[] = [
    ['that is kept', '{"variables":{}}', 200],
    ['for which the disk is full', '{"x":"disk-full"}', 503],
    ['over which the engine stumbles', '{"x":"bug"}', 503],
    ['that is none', 'hello', 400],
    ['that is empty', '', 400],
    ['of nine megabytes', `{"x":"${'a'.repeat(9 * 1024 * 1024)}"}`, 413],
  ]
  for (const [what, body, status] of cdrs) {
    test(`a CDR ${what} is answered ${status}, here and by the API`, async () => {
      for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
        assert.equal((await post('/freeswitch/cdr?uuid=a_1', body, basic, type)).status, status)
        assert.equal((await post('/v1/cdrs/ingest', body, bearer, type)).status, status)
      }
      if (status === 200) assert.equal(fake.seen.cdrs[0]?.toString(), body)
    })
  }
})

suite('HTTP: starting and stopping', () => {
  test('a port that is taken is named', async () => {
    const fake = await startFake()
    await assert.rejects(
      startFake({}, { port: Number(new URL(fake.url).port) }),
      /another program listens there/,
    )
    await fake.server.stop()
  })

  test('a request in flight has its answer before the server is gone; one that hangs is cut off', async () => {
    let finish = (): void => undefined
    const fake = await startFake({
      metrics: () => new Promise((resolve) => (finish = () => resolve('done'))),
      cdrs: () => new Promise(() => undefined),
    })
    const slow = fetch(`${fake.url}/metrics`, { headers: bearer })
    const stuck = fetch(`${fake.url}/v1/cdrs`, { headers: bearer }).then(
      () => 'answered',
      () => 'cut off',
    )
    while (finish.toString() === '() => undefined') await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const stopped = fake.server.stop()
    finish()
    assert.equal(await (await slow).text(), 'done')
    await stopped
    assert.equal(await stuck, 'cut off')
  })
})
