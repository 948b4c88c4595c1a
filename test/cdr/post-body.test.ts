import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EngineError } from '../../src/base/errors.ts'
import { buildCdr } from '../../src/cdr/build.ts'
import { documentOf, mayHoldCall } from '../../src/cdr/post-body.ts'
import { openPost, readPost } from '../../src/cdr/post.ts'
import { aLeg, bLeg, attempt, B_ANSWERED, encoded, type RawPost } from './posts.ts'

/** As switch_xml.c writes it: `&`, `<`, `>` and `"` are entities, nothing else. */
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const element = (name: string, inner: string): string => `<${name}>${inner}</${name}>`

const elements = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([name, value]) => element(name, escape(String(value))))
    .join('')

/** The same channel as mod_xml_cdr tells it. */
const asXml = (post: RawPost): string => {
  const flows = (post as unknown as { callflow: Record<string, Record<string, unknown>>[] }).callflow
  return `<?xml version="1.0"?>\n<cdr core-uuid="3d5e" switchname="sw1">
  ${element('channel_data', elements((post as unknown as { channel_data?: object }).channel_data as never) || '')}
  ${element('variables', elements(encoded(post).variables))}
  ${flows
    .map(
      (flow) =>
        `<callflow dialplan="XML" profile_index="1">${element('caller_profile', elements(flow['caller_profile'] ?? {}))}${element('times', elements(flow['times'] ?? {}))}</callflow>`,
    )
    .join('')}
</cdr>\n`
}

const built = (body: string | Buffer): ReturnType<typeof buildCdr> =>
  buildCdr(readPost(documentOf(typeof body === 'string' ? Buffer.from(body) : body)))

suite('the body of a posted CDR', () => {
  const posts: readonly (readonly [string, RawPost])[] = [
    ['an A leg with attempts', aLeg()],
    ['an answered B leg', bLeg('b-leg-answered', attempt(2, B_ANSWERED))],
  ]
  for (const [name, post] of posts) {
    const xml = asXml(post)
    const forms: readonly (readonly [string, string | Buffer])[] = [
      ['bare JSON', JSON.stringify(post)],
      ['JSON behind a byte order mark', `\uFEFF${JSON.stringify(post)}`],
      ['JSON as a form’s field', `cdr=${encodeURIComponent(JSON.stringify(post))}`],
      ['JSON in base64', `cdr=${Buffer.from(JSON.stringify(post)).toString('base64')}`],
      ['bare XML', xml],
      ['XML as a form’s field', `cdr=${encodeURIComponent(xml)}`],
      ['XML in base64', `cdr=${Buffer.from(xml).toString('base64')}`],
      ['XML in plain text', `cdr=${xml}`],
      ['a file of percent-encoded XML', encodeURIComponent(xml)],
      ['a file of XML in base64', Buffer.from(xml).toString('base64')],
    ]
    for (const [form, body] of forms) {
      test(`${name}: ${form} is the same record`, () => assert.deepEqual(built(body), buildCdr(post)))
    }
  }

  test('a name in Latin-1 or in UTF-8 is the same name in XML', () => {
    const post = aLeg()
    const xml = asXml(post)
    const named = (name: Buffer): Buffer => {
      const [before = '', after = ''] = xml.split(/<caller_id_name>[^<]*<\/caller_id_name>/)
      return Buffer.concat([
        Buffer.from(`${before}<caller_id_name>`),
        name,
        Buffer.from(`</caller_id_name>${after}`),
      ])
    }
    assert.equal(built(named(Buffer.from('Zoë', 'utf8'))).callerName, 'Zoë')
    assert.equal(built(named(Buffer.from('Zoë', 'latin1'))).callerName, 'Zoë')
    assert.equal(built(named(Buffer.from('A &amp; B &lt;x&gt;'))).callerName, 'A & B <x>')
  })

  test('a variable that is an array is an element for each of its values in XML', () => {
    const post = aLeg({ originate_causes: 'ARRAY::one;NONE|:two;USER_BUSY' })
    const xml = asXml(post).replace(
      /<originate_causes>[^<]*<\/originate_causes>/,
      '<originate_causes>one%3BNONE</originate_causes><originate_causes>two%3BUSER_BUSY</originate_causes>',
    )
    const read = openPost(readPost(documentOf(Buffer.from(xml))))
    assert.equal(read.variable('originate_causes'), 'ARRAY::one;NONE|:two;USER_BUSY')
  })

  const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">${Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY a${n} "${`&a${n === 0 ? '' : n - 1};`.repeat(10)}">`,
  ).join('')}]><cdr><variables><uuid>&a8;</uuid></variables></cdr>`
  const bad: readonly (readonly [string, string | Buffer])[] = [
    ['XML that was cut off', asXml(aLeg()).slice(0, -200)],
    ['JSON that was cut off', JSON.stringify(aLeg()).slice(0, -200)],
    ['a billion laughs', laughs],
    ['an external entity', '<!DOCTYPE cdr SYSTEM "file:///etc/passwd"><cdr><variables/></cdr>'],
    ['elements without end', '<a>'.repeat(100_000)],
    ['more elements than a record has', `<cdr>${'<a/>'.repeat(30_000)}<variables/></cdr>`],
    ['three megabytes of XML', `<cdr><variables><x>${'x'.repeat(3 << 20)}</x></variables></cdr>`],
    ['XML of something else', '<document type="freeswitch/xml"/>'],
    ['XML without variables', '<cdr><channel_data/></cdr>'],
    ['JSON in UTF-16', Buffer.from(JSON.stringify(aLeg()), 'utf16le')],
    ['JSON, deep', '['.repeat(1_000_000)],
    ['JSON, deep and closed', `{"variables":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['base64 of nothing', 'cdr=AAAA'],
    ['a form without its field', 'cdr='],
    ['nothing', ''],
  ]
  for (const [name, body] of bad) {
    test(`${name} is refused as unreadable`, () => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      assert.throws(
        () => openPost(readPost(documentOf(bytes))),
        (fault) => fault instanceof EngineError && fault.code === 'CDR_UNREADABLE',
      )
    })
  }

  test('what may have been a call is told from what was none', () => {
    const kept = ['XML that was cut off', 'JSON that was cut off', 'JSON in UTF-16', 'XML without variables']
    for (const [name, body] of bad) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      if (kept.includes(name)) assert.equal(mayHoldCall(bytes), true, name)
    }
    for (const body of ['', 'hello', '{"a":1}', '<html><body>variables</body></html>', '['.repeat(100)])
      assert.equal(mayHoldCall(Buffer.from(body)), false, body.slice(0, 20))
  })

  test('no bytes make it throw anything else, and none take long', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
          fc.tuple(fc.nat(3_000), fc.uint8Array({ maxLength: 20 })).map(([at, noise]) => {
            const xml = Buffer.from(asXml(aLeg()))
            return Buffer.concat([xml.subarray(0, at), noise, xml.subarray(at)])
          }),
        ),
        (body) => {
          try {
            buildCdr(readPost(documentOf(body)))
          } catch (fault) {
            assert.ok(fault instanceof EngineError && /^CDR_/.test(fault.code), String(fault))
          }
        },
      ),
    )
  })

  test('a date of a clock that was never set is a field that names itself', () => {
    for (const field of ['start_uepoch', 'answer_uepoch', 'end_uepoch']) {
      const post = aLeg({ [field]: '1700000' })
      assert.throws(() => buildCdr(post), { code: 'CDR_FIELD', details: { field } })
    }
  })
})
