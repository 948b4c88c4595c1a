/** The SIP edge with a real drachtio-server between it and SIPp, which plays the switches and the gateways. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SipEdge } from '../../src/sip/edge.ts'
import type { ProbeResult, ProbeTarget } from '../../src/sip/options-probe.ts'
import { refuseWith, type RedirectAnswer } from '../../src/sip/redirect-answer.ts'
import { freePort, until } from '../live/net.ts'
import { finalStatuses, startSipp, type SipMessage, type SippOptions, type SippParty } from '../live/sipp.ts'
import { findDrachtio, startDrachtio, type DrachtioProcess } from '../support/drachtio.ts'
import {
  cancelXml,
  EITHER_XML,
  exchange,
  findSipp,
  inviteXml,
  openEdge,
  optionsXml,
  type Invite,
  type OpenEdge,
} from '../support/sip-edge.ts'

const drachtioBinary = findDrachtio(process.env)
const sipp = findSipp()

type OpenArguments = Parameters<typeof openEdge> extends [unknown, ...infer Rest] ? Rest : never

suite('sip: the edge with a real drachtio', function () {
  this.timeout(40_000)
  let folder = ''
  let drachtio: DrachtioProcess
  const edges: SipEdge[] = []
  const parties: SippParty[] = []

  suiteSetup(async function () {
    if (drachtioBinary === undefined || sipp === undefined) {
      const missing = sipp === undefined ? 'sipp' : 'drachtio (DRACHTIO_BIN can name one)'
      console.log(`      not run: there is no ${missing}`)
      this.skip()
    }
    folder = mkdtempSync(join(tmpdir(), 'strowger-sip-'))
    drachtio = await startDrachtio(drachtioBinary)
  })
  teardown(async () => {
    for (const edge of edges.splice(0)) await edge.stop()
    for (const party of parties.splice(0)) await party.stop()
  })
  suiteTeardown(async () => {
    if (folder === '') return
    await drachtio.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = async (...given: OpenArguments): Promise<OpenEdge> => {
    const opened = await openEdge(drachtio, ...given)
    edges.push(opened.edge)
    return opened
  }

  const play = async (xml: string, given: Partial<SippOptions> = {}): Promise<readonly SipMessage[]> => {
    assert.ok(sipp)
    const party = await startSipp({
      binary: sipp,
      folder,
      name: 'switch',
      xml,
      remote: `127.0.0.1:${drachtio.sipPort}`,
      port: await freePort(),
      ...given,
    })
    parties.push(party)
    assert.equal(await party.done, 0, 'SIPp got something else than it awaited')
    return party.messages()
  }

  /** The final answer to one INVITE. */
  const invite = async (status: number, given: Partial<Invite> = {}): Promise<SipMessage> => {
    const [final] = finalStatuses(await play(inviteXml({ status, ...given }), given.sipp))
    assert.ok(final)
    assert.equal(final.status, status)
    return final
  }

  test('a number is redirected to its carriers, in order', async () => {
    const { asks, answers, debugLog } = await open(() => REDIRECT)
    const final = await invite(302, {
      uri: `sip:+12125550123;npdi;rn=+14155550100@127.0.0.1:${drachtio.sipPort};user=phone`,
      headers: 'P-Asserted-Identity: "A, B" <sip:+442079460000@acme.test>\nX-Strowger-Organization: 7',
      sdp: true,
    })
    const contacts = [...final.text.matchAll(/^Contact: (.*?)\r?$/gm)].map(([, contact]) => contact)
    assert.deepEqual(contacts, [
      '<sip:0012125550123@127.0.0.1:5080;transport=udp>;q=1.0',
      '<sip:9%232125550123@carrier.test:5061;transport=tls>;q=0.9',
      '<sip:+12125550123@[2001:db8::1]:5060;transport=tcp>;q=0.8',
    ])
    assert.match(final.header('To') ?? '', /;tag=/)
    assert.ok(asks[0])
    const { callId, ...ask } = asks[0]
    assert.deepEqual(ask, {
      requestUser: '+12125550123',
      organizationDomains: ['127.0.0.1', 'acme.test'],
      organizationId: 7,
      callerNumber: '+442079460000',
      offeredCodecs: ['PCMA', 'opus'],
      lrn: '+14155550100',
      isPortabilityKnown: true,
      sourceAddress: '127.0.0.1',
    })
    assert.equal(callId, final.header('Call-ID'))
    assert.deepEqual(
      answers.map(({ method, status }) => `${method} ${status}`),
      ['INVITE 302'],
    )
    assert.match(debugLog(), /\+121\*+23/)
    assert.doesNotMatch(debugLog(), /2125550123/)
  })

  test('over TCP as well', async () => {
    await open(() => Promise.resolve(REDIRECT))
    await invite(302, { sipp: { transport: 't1' } })
  })

  const refusals: readonly (readonly [
    sentence: string,
    answer: RedirectAnswer,
    status: number,
    retry?: string,
  ])[] = [
    ['no route', refuseWith('NO_PREFIX'), 404],
    ['blocked', refuseWith('BLOCKED'), 403],
    ['no number', refuseWith('INVALID_NUMBER'), 484],
    ['nobody to call for', refuseWith('NO_ORGANIZATION'), 403],
    ['full', refuseWith('OVER_CAPACITY'), 503, '5'],
    ['all down', refuseWith('ALL_DOWN'), 503, '5'],
    ['too dear', refuseWith('WOULD_LOSE_MONEY'), 503, '5'],
    [
      'a reason that would begin a header',
      { kind: 'refuse', status: 480, reason: 'a\r\nContact: <sip:x@y>' },
      480,
    ],
    ['a status that nobody knows', { kind: 'refuse', status: 499, reason: 'x' }, 500],
    ['no contact', { kind: 'redirect', contacts: [] }, 500],
  ]
  for (const [sentence, answer, status, retry] of refusals) {
    test(`${sentence} is ${status}`, async () => {
      await open(() => answer)
      const final = await invite(status)
      assert.equal(final.header('Retry-After'), retry)
      assert.equal(final.header('Contact'), undefined)
    })
  }

  test('what cannot be read is refused unasked', async () => {
    const { asks } = await open(() => REDIRECT)
    const host = `127.0.0.1:${drachtio.sipPort}`
    await invite(400, { uri: `sip:44%0d%0a12@${host}` })
    await invite(400, { uri: `sip:${'1'.repeat(600)}@${host}` })
    await invite(484, { uri: `sip:${host}` })
    await invite(404, { uri: `sip:alice@${host}` })
    await invite(416, { uri: 'http://carrier.test/' })
    await invite(400, { headers: 'X-Strowger-Organization: 1 or 1=1' })
    assert.equal(asks.length, 0)
    await invite(302, { uri: 'tel:+44-20-7946-0123' })
    assert.equal(asks[0]?.requestUser, '+442079460123')
  })

  test('a switch that may not ask is told so, and the log once a minute', async () => {
    const { asks, log } = await open(() => REDIRECT)
    for (let times = 0; times < 3; times++) await invite(403, { sipp: { address: '127.0.0.2' } })
    assert.deepEqual(asks, [])
    assert.equal(log().filter((line) => line.includes('may not ask')).length, 1)
  })

  test('a fault of the engine is 500, and the log hears of it', async () => {
    let fails = true
    const { log } = await open(() => {
      if (fails) throw new Error('the directory broke')
      return REDIRECT
    })
    await invite(500)
    fails = false
    await invite(302)
    assert.equal(log().filter((line) => line.includes('the directory broke')).length, 1)
  })

  test('a rejected promise is 500', async () => {
    await open(() => Promise.reject(new Error('broken')))
    await invite(500)
  })

  test('a decision that never comes is 500', async () => {
    const { log } = await open(() => new Promise(() => undefined))
    await invite(500)
    assert.match(log().join('\n'), /SIP_NO_DECISION/)
  })

  test('OPTIONS is answered, what we do not do is refused', async () => {
    await open(() => REDIRECT)
    const statuses: Record<string, number | undefined> = {}
    for (const method of ['OPTIONS', 'REGISTER', 'MESSAGE', 'SUBSCRIBE', 'INFO', 'BYE'])
      statuses[method] = (await exchange(drachtio.sipPort, method)).status
    assert.deepEqual(statuses, {
      OPTIONS: 200,
      REGISTER: 405,
      MESSAGE: 405,
      SUBSCRIBE: 405,
      INFO: 405,
      BYE: 481,
    })
    const within = await exchange(drachtio.sipPort, 'INVITE', '<sip:1@acme.test>;tag=x')
    assert.equal(within.status, 481)
    assert.match(
      (await exchange(drachtio.sipPort, 'OPTIONS')).text,
      /^Allow: INVITE, ACK, CANCEL, OPTIONS\r$/m,
    )
    assert.equal((await exchange(drachtio.sipPort, 'OPTIONS', undefined, '127.0.0.3')).status, 403)
  })

  test('an INVITE that is cancelled while it is decided on has its 487', async () => {
    const { answers } = await open(async () => {
      await sleep(400)
      return REDIRECT
    })
    await play(cancelXml(drachtio.sipPort))
    await sleep(500)
    assert.deepEqual(answers, [])
  })

  test('200 INVITEs a second for 5 seconds all have their answer', async () => {
    const { answers } = await open(() => REDIRECT)
    await play(inviteXml({ status: 302 }), { calls: 1000, callsPerSecond: 200, trace: false })
    assert.equal(answers.filter(({ status }) => status === 302).length, 1000)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`a drachtio that ends by ${signal} and comes back is served again`, async () => {
      const { edge, log } = await open(() => REDIRECT)
      await invite(302)
      await drachtio.end(signal)
      await until('the edge has noticed', () => edge.state() !== 'up')
      await sleep(1500)
      await drachtio.startAgain()
      await until('the edge is up again', () => edge.state() === 'up', 20_000)
      await invite(302)
      const said = log().filter((line) => /is away|is up/.test(line))
      assert.equal(said.length, 3, said.join('\n'))
    })
  }

  test('a drachtio that is killed while an INVITE is decided on harms nothing', async () => {
    let release: () => void = () => undefined
    const { edge, asks } = await open(async () => {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return REDIRECT
    })
    // Nobody answers it any more: the server died with it.
    void exchange(drachtio.sipPort, 'INVITE').catch(() => undefined)
    await until('the INVITE is being decided on', () => asks.length === 1)
    await drachtio.end('SIGKILL')
    await until('the edge has noticed', () => edge.state() !== 'up')
    release()
    await drachtio.startAgain()
    await until('the edge is up again', () => edge.state() === 'up', 20_000)
    const answered = invite(302)
    await until('the next one is asked', () => asks.length === 2)
    release()
    await answered
  })

  test('a wrong secret is told once and tried each minute', async () => {
    const wrong = { host: '127.0.0.1', port: drachtio.adminPort, secret: 'wrong' }
    const { edge, log } = await open(() => REDIRECT, { drachtio: wrong }, 'refused')
    await sleep(1500)
    assert.equal(log().length, 1, log().join('\n'))
    assert.match(log()[0] ?? '', /refuses the secret/)
    assert.doesNotMatch(log()[0] ?? '', /wrong/)
    assert.equal(drachtio.logText().split('secret validation failed').length - 1, 1)
    const begin = Date.now()
    await edge.stop()
    assert.ok(Date.now() - begin < 200)
  })

  test('who was handed to us is answered before the stop, who comes later by the server', async () => {
    const { edge, asks } = await open(async () => {
      await sleep(600)
      return REDIRECT
    })
    const answered = invite(302)
    await until('the INVITE is being decided on', () => asks.length === 1)
    const stopped = edge.stop()
    await sleep(100)
    assert.equal(edge.state(), 'stopped')
    assert.equal((await exchange(drachtio.sipPort, 'INVITE')).status, 503)
    await Promise.all([answered, stopped])
    assert.equal(asks.length, 1)
  })

  test('a stop under load leaves nobody without an answer', async () => {
    const { edge, answers } = await open(async () => {
      await sleep(30)
      return REDIRECT
    })
    const played = play(EITHER_XML, { calls: 400, callsPerSecond: 200, trace: false })
    await until('half of them are answered', () => answers.length >= 200)
    await edge.stop()
    await played
    assert.ok(answers.length < 400)
  })

  test('gateways are asked by OPTIONS', async () => {
    assert.ok(sipp)
    const ports = {
      healthy: await freePort(),
      busy: await freePort(),
      mute: await freePort(),
      closed: await freePort(),
    }
    const party = (name: string, port: number, xml: string): ReturnType<typeof startSipp> =>
      startSipp({ binary: sipp, folder, name, xml, port })
    parties.push(
      await party('healthy', ports.healthy, optionsXml('200 OK')),
      await party('busy', ports.busy, optionsXml('503 Full', 'Retry-After: 17 (lunch)\n')),
      await party('mute', ports.mute, optionsXml(undefined)),
    )
    const target = (id: number, port: number, transport: ProbeTarget['transport'] = 'udp'): ProbeTarget => ({
      id,
      hostname: '127.0.0.1',
      port,
      transport,
      enabled: true,
    })
    const results: ProbeResult[] = []
    const { log } = await open(() => REDIRECT, {
      probe: {
        intervalMs: 6000,
        gateways: () => [
          target(1, ports.healthy),
          target(2, ports.busy),
          target(3, ports.mute),
          target(4, ports.closed),
          target(5, ports.closed, 'tcp'),
          target(6, ports.closed, 'tls'),
        ],
        onProbe: (result) => results.push(result),
      },
    })
    await until(
      'all but one have a result, the first two',
      () => new Set(results.map((one) => one.gatewayId)).size >= 5 && results.length >= 7,
      15_000,
    )
    const outcome = (id: number): unknown => {
      const found = results.find(({ gatewayId }) => gatewayId === id)
      return found === undefined ? undefined : [found.status, found.retryAfterSeconds]
    }
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(outcome), [
      [200, undefined],
      [503, 17],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      // The server speaks no TLS here: that says nothing of the gateway.
      undefined,
    ])
    assert.match(log().join('\n'), /"gatewayId":6.*cannot be asked/)
    const asked = parties[0]?.messages().find(({ method }) => method === 'OPTIONS')
    assert.equal(asked?.header('To'), `<sip:127.0.0.1:${ports.healthy};transport=udp>`)
  })
})

const REDIRECT: RedirectAnswer = {
  kind: 'redirect',
  contacts: [
    { number: '0012125550123', hostname: '127.0.0.1', port: 5080, transport: 'udp' },
    { number: '9#2125550123', hostname: 'carrier.test', port: 5061, transport: 'tls' },
    { number: '+12125550123', hostname: '2001:db8::1', port: 5060, transport: 'tcp' },
  ],
}
