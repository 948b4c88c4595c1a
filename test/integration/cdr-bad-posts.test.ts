/** What is no record, or a broken one, is answered as it should be, kept where it may be a call, and stops nobody. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { aLeg, sample } from '../cdr/posts.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { run } from '../cli/run.ts'
import { metric } from '../support/engine.ts'
import { FREESWITCH, openBench, until, type Bench } from './engine-bench.ts'

/** Some 18 kB, as FreeSWITCH posts it with all its variables. */
const whole = (uuid: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => {
  const post = sample('a-leg')
  const filler = Object.fromEntries(
    Array.from({ length: 120 }, (_, n) => [`sip_h_X-Filler-${n}`, 'x'.repeat(100)]),
  )
  return { ...post, variables: { ...post.variables, ...filler, uuid, ...changes } }
}

const MIB = 1024 * 1024

suite('engine: bad posts', function () {
  this.timeout(60_000)
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench()
  })
  suiteTeardown(() => bench.close())

  const authorization = `Basic ${Buffer.from(`${FREESWITCH.username}:${FREESWITCH.password}`).toString('base64')}`

  const post = (
    body: Buffer | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly code: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${bench.engine().url}/freeswitch/cdr`,
        { method: 'POST', headers: { authorization, 'content-type': 'application/json', ...headers } },
        (answer) => {
          let text = ''
          answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
          answer.on('end', () => {
            const json = JSON.parse(text) as { error?: { code: string } }
            resolve({ status: answer.statusCode ?? 0, code: json.error?.code ?? '' })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })

  type Kept = { readonly id: string; readonly why: string; readonly size: number }
  const quarantine = async (): Promise<readonly Kept[]> =>
    ((await bench.engine().api('/v1/cdrs/quarantine')).json() as { records: Kept[] }).records
  const isStored = async (uuid: string): Promise<boolean> => (await bench.recordedLegs()).includes(uuid)
  /** Another record, straight after: whatever came before kept nobody waiting. */
  const nextIsTaken = async (): Promise<void> => {
    const uuid = newCallUuid()
    assert.equal((await post(JSON.stringify(whole(uuid)))).status, 200)
    await until('the next is stored', () => isStored(uuid))
  }
  const emptied = async (): Promise<void> => {
    for (const { id } of await quarantine())
      assert.equal((await bench.engine().api(`/v1/cdrs/quarantine/${id}`, undefined, 'DELETE')).status, 200)
  }

  const uuid = newCallUuid()
  const json = JSON.stringify(whole(uuid))
  const xml = `<?xml version="1.0"?><cdr><variables><uuid>${uuid}</uuid>`
  type Row = readonly [
    what: string,
    body: () => Buffer | string,
    status: number,
    code: string,
    kept: 'kept' | 'not kept',
    headers?: Readonly<Record<string, string>>,
  ]
  const unreadable: readonly Row[] = [
    ['JSON that was cut off', () => json.slice(0, -500), 400, 'CDR_UNREADABLE', 'kept'],
    ['XML that was cut off', () => xml, 400, 'CDR_UNREADABLE', 'kept'],
    [
      'a billion laughs',
      () =>
        `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><cdr><variables/></cdr>`,
      400,
      'CDR_UNREADABLE',
      'kept',
    ],
    ['JSON in UTF-16', () => Buffer.from(`\uFEFF${json}`, 'utf16le'), 400, 'CDR_UNREADABLE', 'kept'],
    ['a hundred megabytes', () => Buffer.alloc(100 * MIB, ' '), 413, 'BODY_TOO_LARGE', 'not kept'],
    ['eight megabytes of brackets', () => Buffer.alloc(8 * MIB - 1, '['), 400, 'CDR_UNREADABLE', 'not kept'],
    [
      'a gzip bomb',
      () => gzipSync(Buffer.alloc(100 * MIB, ' ')),
      413,
      'BODY_TOO_LARGE',
      'not kept',
      { 'content-encoding': 'gzip' },
    ],
    ['gzip that is none', () => json, 400, 'BAD_INPUT', 'not kept', { 'content-encoding': 'gzip' }],
    ['brotli', () => json, 415, 'MEDIA_TYPE', 'not kept', { 'content-encoding': 'br' }],
    ['a word', () => 'hello', 400, 'CDR_UNREADABLE', 'not kept'],
    ['nothing', () => '', 400, 'CDR_UNREADABLE', 'not kept'],
    ['a list', () => '[]', 400, 'CDR_UNREADABLE', 'not kept'],
  ]
  for (const [what, body, status, code, kept, headers] of unreadable) {
    test(`${what} is answered ${status} and ${kept}, however often it comes; the next record is taken`, async () => {
      const bytes = body()
      for (let times = 0; times < 2; times += 1) {
        const answer = await post(bytes, headers).catch((fault: unknown) => {
          // The engine closes the connection while the rest is still being sent.
          if (bytes.length > 10 * MIB) return { status: 413, code: 'BODY_TOO_LARGE' }
          throw fault
        })
        assert.deepEqual(answer, { status, code })
      }
      assert.equal((await quarantine()).length, kept === 'kept' ? 1 : 0)
      await emptied()
      await nextIsTaken()
    })
  }

  const refused: readonly (readonly [
    what: string,
    changes: Readonly<Record<string, unknown>>,
    why: RegExp,
  ])[] = [
    [
      'a date in 1970',
      { start_uepoch: '1000000', end_uepoch: '61000000' },
      /start_uepoch .* before the year 2000/,
    ],
    ['a time that is none', { answer_uepoch: '-1' }, /answer_uepoch .* cannot be read: "-1"/],
    ['no uuid', { uuid: 'x' }, /uuid of the CDR cannot be read/],
    ['a carried call that is none', { strowger_call: 'e30' }, /strowger_call/],
  ]
  for (const [what, changes, why] of refused) {
    test(`a record with ${what} is taken, stands in quarantine with the reason, and stops nobody`, async () => {
      const leg = newCallUuid()
      assert.equal((await post(JSON.stringify(whole(leg, changes)))).status, 200)
      await until('it is in quarantine', async () => (await quarantine()).length === 1)
      assert.match((await quarantine())[0]?.why ?? '', why)
      await nextIsTaken()
      await emptied()
      assert.equal(await isStored(leg), false)
    })
  }

  const taken: readonly (readonly [
    what: string,
    make: (uuid: string) => Buffer | string,
    headers?: Readonly<Record<string, string>>,
  ])[] = [
    ['a duration of -1', (leg) => JSON.stringify(whole(leg, { duration: '-1', billsec: '-1' }))],
    ['an end before its start', (leg) => JSON.stringify(whole(leg, { end_uepoch: '1700000000000000' }))],
    [
      'unknown fields',
      (leg) => JSON.stringify({ ...whole(leg, { nobody_knows: { a: [1, null] } }), more: [{}] }),
    ],
    [
      'a name in Latin-1',
      (leg) => Buffer.from(JSON.stringify(whole(leg, { sip_from_display: 'Zoë' })), 'latin1'),
    ],
    [
      'halves of surrogate pairs',
      (leg) => JSON.stringify(whole(leg)).replace('sip_h_X-Filler-1"', '\\ud800"'),
    ],
    [
      'the same key twice',
      (leg) => JSON.stringify(whole('x')).replace('"uuid":"x"', `"uuid":"y","uuid":"${leg}"`),
    ],
    [
      'keys of prototypes',
      (leg) => JSON.stringify(whole(leg)).replace('{', '{"__proto__":{"variables":{}},"constructor":1,'),
    ],
    [
      'fields that nest a thousand deep',
      (leg) => JSON.stringify(whole(leg)).replace('{', `{"deep":${'['.repeat(1_000)}${']'.repeat(1_000)},`),
    ],
    ['gzip', (leg) => gzipSync(JSON.stringify(whole(leg))), { 'content-encoding': 'gzip' }],
    ['deflate', (leg) => deflateSync(JSON.stringify(whole(leg))), { 'content-encoding': 'deflate' }],
    [
      'a content type of something else',
      (leg) => JSON.stringify(whole(leg)),
      { 'content-type': 'image/png' },
    ],
    ['seven megabytes', (leg) => JSON.stringify(whole(leg, { sip_h_long: 'x'.repeat(7 * MIB) }))],
  ]
  for (const [what, make, headers] of taken) {
    test(`a record with ${what} is stored`, async () => {
      const leg = newCallUuid()
      const body = make(leg)
      assert.deepEqual(await post(body, headers), { status: 200, code: '' })
      await until('it is stored', () => isStored(leg))
      assert.deepEqual(await quarantine(), [])
    })
  }

  test('a clock that was wrong is set right by hand: the record is mended, taken in again and stored', async () => {
    const leg = newCallUuid()
    const wrong = JSON.stringify(whole(leg, { start_uepoch: '1000000' }))
    assert.equal((await post(wrong)).status, 200)
    await until('it is in quarantine', async () => (await quarantine()).length === 1)
    assert.equal(await metric(bench.engine(), 'strowger_spool_quarantined_records'), 1)
    const terminal = (...args: readonly string[]) =>
      run(['--url', bench.engine().url, 'cdrs', 'quarantine', ...args], {
        env: { STROWGER_TOKEN: bench.engine().token() },
      })
    const listed = await terminal('list')
    assert.match(listed.out, /^ID .*WHY\n\d+-[0-9a-f]{16} .*start_uepoch of the CDR is before the year 2000/)
    const id = /^\d+-[0-9a-f]{16}/m.exec(listed.out)?.[0] ?? ''

    // As it is it comes back, with the reason.
    assert.equal((await terminal('retry', id)).code, 0)
    const isBack = ([kept, ...others]: readonly Kept[]): boolean =>
      kept !== undefined && kept.id !== id && others.length === 0
    await until('it is back', async () => isBack(await quarantine()))
    const [again] = await quarantine()
    assert.ok(again !== undefined)

    const file = join(bench.dataDir, 'record.json')
    assert.equal((await terminal('show', again.id, '--output', file)).code, 0)
    writeFileSync(file, JSON.stringify(whole(leg)))
    const retried = await terminal('retry', again.id, '--with', file)
    assert.equal(retried.out, `${again.id} was taken in again\n`)
    await until('it is stored', () => isStored(leg))
    assert.equal((await terminal('list')).out, 'nothing is in quarantine\n')
    assert.equal(await metric(bench.engine(), 'strowger_spool_quarantined_records'), 0)
    assert.equal((await terminal('show', again.id)).code, 2)
  })

  test('what cannot be read stays in quarantine when it is tried again, and goes when it is given up', async () => {
    assert.equal((await post(json.slice(0, -500))).status, 400)
    const [kept] = await quarantine()
    assert.ok(kept !== undefined)
    const shown = (await bench.engine().api(`/v1/cdrs/quarantine/${kept.id}`)).json() as {
      record: { content: string; encoding: string }
    }
    assert.deepEqual([shown.record.content, shown.record.encoding], [json.slice(0, -500), 'utf-8'])
    assert.equal(
      (await bench.engine().api(`/v1/cdrs/quarantine/${kept.id}/retry`, undefined, 'POST')).status,
      400,
    )
    assert.equal((await quarantine()).length, 1)
    assert.equal(
      (await bench.engine().api(`/v1/cdrs/quarantine/${kept.id}`, undefined, 'DELETE')).status,
      200,
    )
    assert.equal((await bench.engine().api(`/v1/cdrs/quarantine/${kept.id}`)).status, 404)
  })

  test('names that are no records of the quarantine are refused, whatever they point to', async () => {
    for (const id of ['..%2F..%2Fadmin-token', '1-0123456789abcdeg', '1-0123456789abcdef.json'])
      assert.equal((await bench.engine().api(`/v1/cdrs/quarantine/${id}`)).status, 400, id)
    assert.equal((await bench.engine().api('/v1/cdrs/quarantine/1-0123456789abcdef')).status, 404)
  })

  test('mod_xml_cdr may post the same call: it is one record', async () => {
    const leg = newCallUuid()
    const { variables, callflow } = aLeg({ uuid: leg }) as unknown as {
      variables: Record<string, string>
      callflow: { caller_profile: Record<string, string>; times: Record<string, string> }[]
    }
    const elements = (all: Readonly<Record<string, string>>): string =>
      Object.entries(all)
        .map(([name, value]) => `<${name}>${encodeURIComponent(value)}</${name}>`)
        .join('')
    const document = `<?xml version="1.0"?>\n<cdr><variables>${elements(variables)}</variables>${callflow
      .map(
        (flow) =>
          `<callflow><caller_profile>${elements(flow.caller_profile)}</caller_profile><times>${elements(flow.times)}</times></callflow>`,
      )
      .join('')}</cdr>`
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await post(`cdr=${encodeURIComponent(document)}`, form)).status, 200)
    assert.equal((await post(document, { 'content-type': 'text/xml' })).status, 200)
    assert.equal((await post(JSON.stringify(aLeg({ uuid: leg })))).status, 200)
    await until('it is stored', () => isStored(leg))
    await nextIsTaken()
    assert.equal((await bench.recordedLegs()).filter((one) => one === leg).length, 1)
  })
})
