/** Whatever strangers put into a call, a form, a record or a request: the engine answers, soundly, and lives. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { parseString } from 'xml2js'
import { sample } from '../cdr/posts.ts'
import { metric, readiness } from '../support/engine.ts'
import { dialplanForm, DOMAIN, FREESWITCH, openBench, until, type Bench } from './engine-bench.ts'

/** What FreeSWITCH, its preprocessor, a dial string, XML or SQL would take for more than text. */
const POISON = [
  '+44{x=y}|user/1,2',
  '{origination_uuid=x}user/1001',
  '[leg_timeout=1]',
  '^^;a;b',
  ':_:',
  '|',
  ',',
  '${system(id)}',
  '$${domain}',
  '<X-PRE-PROCESS cmd="exec-set" data="x=id"/>',
  '<!--#exec "id"-->',
  '<?xml version="1.0"?>',
  '<include>',
  ']]>',
  '"/><action application="system" data="id"/><x y="',
  "'",
  '"',
  '\\',
  '\r\n\r\nbgapi originate user/1001 &park',
  '\n',
  '\0',
  '%0a%0d',
  '%',
  '%zz',
  '&amp;',
  '\u2028',
  '\ud800',
  "'; DROP TABLE organizations; --",
  '__proto__',
  '../../etc/passwd',
  '*43',
  '999',
  '+442079460123',
  '1002',
  'é😀',
] as const

suite('engine: hostile values', () => {
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench({ environment: { STROWGER_LOG_LEVEL: 'fatal' } })
  })
  suiteTeardown(() => bench.close())

  const RUNS = { numRuns: 200 }
  const poison = fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...POISON) },
        fc.string({ unit: 'binary', maxLength: 12 }),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((pieces) => pieces.join(''))
  const authorization = `Basic ${Buffer.from(`${FREESWITCH.username}:${FREESWITCH.password}`).toString('base64')}`

  const post = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    contentType = 'application/json',
  ): Promise<{ status: number; text: string }> => {
    const reply = await fetch(bench.engine().url + path, {
      method: 'POST',
      headers: {
        authorization: path.startsWith('/freeswitch/') ? authorization : `Bearer ${token}`,
        'content-type': contentType,
      },
      body,
    })
    return { status: reply.status, text: await reply.text() }
  }
  let token = ''
  setup(() => {
    token = bench.engine().token()
  })

  /** As FreeSWITCH encodes: every byte that is no letter or digit. */
  const encoded = (value: string): string =>
    [...Buffer.from(value, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const formOf = (fields: Readonly<{ [name: string]: string }>): string =>
    Object.entries(fields)
      .map(([name, value]) => `${name}=${encoded(value)}`)
      .join('&')

  const isSound = (document: string): void => {
    parseString(document, { strict: true, async: false }, (fault) => {
      assert.equal(fault, null, `${String(fault)}\n${document}`)
    })
    // The document's own includes are lines of their own, and constant.
    const suspicious = document
      .split('\n')
      .filter((line) => /X-PRE-PROCESS|\$\$\{|<!--#|<include|<\?/i.test(line))
      .filter(
        (line) =>
          !/^<X-PRE-PROCESS cmd="include" data="(autoload_configs|sip_profiles)\/[a-z.-]+\.xml"\/>$/.test(
            line,
          ) && !/^<\?xml version="1\.0" encoding="UTF-8" standalone="no"\?>$/.test(line),
      )
    assert.deepEqual(suspicious, [], document)
    // eslint-disable-next-line no-control-regex -- these are what XML 1.0 cannot hold
    assert.doesNotMatch(document, /[\0-\x08\x0b\x0c\x0e-\x1f]/)
  }

  test('forms of mod_xml_curl: documents stay well-formed and free of directives', async () => {
    const field = fc.constantFrom(
      'Hunt-Destination-Number',
      'Caller-Caller-ID-Number',
      'Caller-Caller-ID-Name',
      'Unique-ID',
      'Hunt-Context',
      'variable_strowger_organization_id',
      'variable_strowger_user_id',
      'variable_strowger_requested_caller_id',
      'variable_sip_h_X-Anything',
      'user',
      'domain',
      'ip',
      'key_value',
      'section',
      'action',
      'purpose',
      'lang',
      'profile',
    )
    const section = fc.constantFrom('dialplan', 'directory', 'configuration', 'languages', 'chatplan')
    const context = fc.constantFrom('phones', 'trunks', 'reenter')
    await fc.assert(
      fc.asyncProperty(
        section,
        context,
        fc.array(fc.tuple(field, poison), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('OWN', '+442079460102', '+442079460123', '1002'),
        async (asked, inContext, bad, dialled) => {
          const reply = await post(
            '/freeswitch/xml',
            formOf({
              ...dialplanForm(bench, dialled),
              section: asked,
              'Hunt-Context': inContext,
              user: '1001',
              domain: DOMAIN,
              key_value: asked === 'configuration' ? 'sofia.conf' : DOMAIN,
              ...Object.fromEntries(bad),
            }),
            'application/x-www-form-urlencoded',
          )
          assert.equal(reply.status, 200)
          isSound(reply.text)
          // Nothing that was dialled or shown becomes an application of its own.
          const applications = [...reply.text.matchAll(/application="([^"]*)"/g)].map(([, name]) => name)
          assert.ok(
            applications.every((name) =>
              [
                'set',
                'multiunset',
                'export',
                'bridge',
                'limit_execute',
                'respond',
                'hangup',
                'socket',
                'transfer',
              ].includes(name ?? ''),
            ),
            applications.join(),
          )
        },
      ),
      RUNS,
    )
  })

  test('bytes that are no form at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
        const reply = await post(
          '/freeswitch/xml',
          new Uint8Array(bytes),
          'application/x-www-form-urlencoded',
        )
        assert.equal(reply.status, 200)
        isSound(reply.text)
      }),
      RUNS,
    )
  })

  test('bodies of the API', async () => {
    const value = fc.oneof(
      poison,
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constant([]),
      fc.jsonValue(),
    )
    const body = fc.oneof(
      fc.record({ from: fc.constant('1001'), to: poison }),
      fc.record({ from: poison, to: fc.constant('+442079460123') }),
      fc.record({ from: fc.constant('1001'), to: fc.constant('+442079460123'), callerId: poison }),
      fc.dictionary(
        fc.constantFrom(
          'from',
          'to',
          'userId',
          'deviceId',
          'organizationId',
          'callerId',
          'options',
          'destination',
          '__proto__',
        ),
        value,
      ),
    )
    const accepted: string[] = []
    await fc.assert(
      fc.asyncProperty(body, async (given) => {
        const reply = await post('/v1/calls/originate', JSON.stringify(given))
        if (reply.status === 200) accepted.push(JSON.stringify(given))
        assert.ok(reply.status < 500, `${reply.status} ${reply.text} ${JSON.stringify(given)}`)
      }),
      RUNS,
    )
    // What was accepted was sound: it is a number, written in one of the ways in which people write them.
    for (const text of accepted)
      assert.match((JSON.parse(text) as { to: string }).to, /^[+\d*#\s().-]+$/, text)
  })

  test('queries and paths of the API', async () => {
    const route = fc.constantFrom(
      (text: string) => `/v1/routes/explain?number=${text}`,
      (text: string) => `/v1/routes/explain?number=%2B442079460123&from=${text}`,
      (text: string) => `/v1/cdrs?number=${text}`,
      (text: string) => `/v1/cdrs?cursor=${text}`,
      (text: string) => `/v1/cdrs?since=${text}`,
      (text: string) => `/v1/cdrs?call=${text}`,
      (text: string) => `/v1/cdrs?limit=${text}`,
      (text: string) => `/v1/calls/${text}`,
      (text: string) => `/v1/bans?format=${text}`,
      (text: string) => `/v1/live?after=${text}`,
      (text: string) => `/v1/carriers/${text}`,
      (text: string) => `/v1/gateways/${text}`,
    )
    await fc.assert(
      fc.asyncProperty(route, poison, fc.boolean(), async (path, bad, raw) => {
        const text = raw ? bad.replace(/[^!-~]|#/g, '') : encoded(bad)
        const reply = await fetch(bench.engine().url + path(text), {
          headers: { authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(5_000),
        })
        if (reply.headers.get('content-type')?.startsWith('text/event-stream') === true) {
          await reply.body?.cancel()
          return
        }
        assert.ok(reply.status < 500, `${reply.status} ${path(text)} ${await reply.text()}`)
      }),
      RUNS,
    )
  })

  test('records: truncated, huge, of another encoding, with values that are not what they say', async () => {
    const whole = JSON.stringify(sample('a-leg'))
    const variables = Object.keys(sample('a-leg').variables)
    const body = fc.oneof(
      fc.nat(whole.length).map((at) => Buffer.from(whole.slice(0, at))),
      fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(Buffer.from(whole, 'utf16le')),
      fc.nat(whole.length).map((at) => {
        const bytes = Buffer.from(whole)
        bytes[at] = 0xff
        return bytes
      }),
      fc.constant(Buffer.from('['.repeat(100_000))),
      fc
        .array(fc.tuple(fc.constantFrom(...variables, 'strowger_call', 'strowger_attempt'), poison), {
          minLength: 1,
          maxLength: 5,
        })
        .chain((bad) =>
          fc.uuid().map((uuid) => {
            const record = sample('a-leg')
            Object.assign(record.variables, { uuid }, Object.fromEntries(bad))
            return Buffer.from(JSON.stringify(record))
          }),
        ),
      fc.tuple(fc.uuid(), fc.integer({ min: 100_000, max: 2_000_000 })).map(([uuid, length]) => {
        const record = sample('a-leg')
        Object.assign(record.variables, { uuid, sip_h_huge: 'x'.repeat(length) })
        return Buffer.from(JSON.stringify(record))
      }),
    )
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const status = await bench.postCdr(bytes)
        assert.ok(status === 200 || status === 400 || status === 413, String(status))
      }),
      RUNS,
    )
    assert.match(await announce(9 * 1024 * 1024), /^HTTP\/1\.1 413 /)
    // What cannot become a row stands in quarantine; nothing keeps the rest waiting.
    await until(
      'the spool is drained',
      async () => (await metric(bench.engine(), 'strowger_spool_pending_records')) === 0,
    )
  })

  /** The first bytes of the answer to a record that is said to be so long; it is never sent. */
  const announce = async (length: number): Promise<string> => {
    const socket = connect({ port: Number(new URL(bench.engine().url).port), host: '127.0.0.1' })
    socket.write(
      `POST /freeswitch/cdr HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    )
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return bytes.toString('latin1')
  }

  test('connections that say nothing, half a request, or no HTTP', async () => {
    const { port } = new URL(bench.engine().url)
    const sockets = [
      '',
      'POST /freeswitch/cdr HTTP/1.1\r\nContent-Len',
      '\x16\x03\x01\x02\x00',
      'GET / HTTP/9.9\r\n\r\n',
    ].map((text) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1' })
      socket.on('error', () => socket.destroy())
      socket.write(text)
      return socket
    })
    await until('the engine answers others', async () => (await readiness(bench.engine())).ready)
    for (const socket of sockets) socket.destroy()
  })

  test('calls to and from names that nobody has, through the switch', async () => {
    await Promise.all(
      POISON.map(async (name) => {
        const behaviour = { callerNumber: name, cancelAfterMs: 200, hangupAfterMs: 10 }
        const inbound = await bench.simulator().receiveCall('192.0.2.1', name, behaviour)
        const outbound = await bench
          .simulator()
          .placeCall({ username: '1001', domain: DOMAIN }, name, behaviour)
        await Promise.all([inbound.final, outbound.final])
      }),
    )
    for (const name of POISON.filter((text) => !text.includes('\0'))) {
      const known = await bench
        .simulator()
        .receiveCall('192.0.2.1', '+442079460102', { callerNumber: name, hangupAfterMs: 10 })
      assert.equal((await known.final).sipStatus, 200, JSON.stringify(name))
    }
  })

  test('after all that a normal call works, and the engine is the same process', async () => {
    assert.equal(bench.engine().hasEnded(), undefined)
    await bench.askSwitch('hupall NORMAL_CLEARING')
    await until('no channel is left', () => bench.simulator().channels().length === 0)
    // Of the forged forms there are plans, but no channel was ever seen.
    await until('no call is left', async () => (await bench.calls()).every(({ legs }) => legs.length === 0))
    const call = await bench.call('+442079460123', 50)
    assert.equal((await call.final).sipStatus, 200)
    const { callId } = (
      await bench.engine().api('/v1/calls/originate', { from: '1001', to: '+442079460123' })
    ).json() as {
      callId: string
    }
    await until('it talks', async () =>
      (await bench.calls()).some((each) => each.callId === callId && each.state === 'talking'),
    )
    await bench.engine().api(`/v1/calls/${callId}`, undefined, 'DELETE')
    await until('its records', async () => {
      const recorded = await bench.recordedLegs()
      return recorded.includes(callId) && recorded.includes(call.uuid)
    })
    assert.equal((await readiness(bench.engine())).ready, true)
  })
})
