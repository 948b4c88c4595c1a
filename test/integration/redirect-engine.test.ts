/** The engine with a real drachtio-server beside it: redirects by the hunt, and gateways that it asks by OPTIONS. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addBlockedPrefix } from '../../src/store/blocked-prefix-writes.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { finalStatuses, startSipp, type SipMessage, type SippParty } from '../live/sipp.ts'
import { freePort } from '../live/net.ts'
import { CARRIERS, type CarrierName } from '../scenario/scenario.ts'
import { findDrachtio, startDrachtio, type DrachtioProcess } from '../support/drachtio.ts'
import { readiness } from '../support/engine.ts'
import { findSipp, inviteXml, optionsXml } from '../support/sip-edge.ts'
import { checkOf, MASTER_KEY, openBench, until, type Bench } from './engine-bench.ts'

const drachtioBinary = findDrachtio(process.env)
const sipp = findSipp()
const NUMBER = '+442079460150'
const OPTIONS_SECONDS = 1
const RETRY_AFTER_SECONDS = 4

suite('engine: redirects with a real drachtio', function () {
  this.timeout(40_000)
  let folder = ''
  let drachtio: DrachtioProcess
  let bench: Bench
  const ports: Record<CarrierName, number> = { A: 0, B: 0, C: 0 }
  const gateways = new Map<CarrierName, SippParty>()

  suiteSetup(async function () {
    this.timeout(90_000)
    if (drachtioBinary === undefined || sipp === undefined) {
      const missing = sipp === undefined ? 'sipp' : 'drachtio (DRACHTIO_BIN can name one)'
      console.log(`      not run: there is no ${missing}`)
      this.skip()
    }
    folder = mkdtempSync(join(tmpdir(), 'strowger-redirect-'))
    drachtio = await startDrachtio(drachtioBinary)
    bench = await openBench({
      idle: true,
      environment: {
        DRACHTIO_URL: `drachtio://:${encodeURIComponent(drachtio.secret)}@127.0.0.1:${drachtio.adminPort}`,
        SIP_OPTIONS_INTERVAL: String(OPTIONS_SECONDS),
        FAILOVER_RECOVERY_INTERVAL: '1',
        FAILOVER_RECOVERY_THRESHOLD: '1',
      },
    })
    await bench.database.query(`UPDATE carriers SET failover_enabled = true WHERE code = 'C'`)
    await addBlockedPrefix(bench.database, { organizationId: bench.house.organizationId, prefix: '44871' })
    for (const name of CARRIERS) {
      ports[name] = await freePort()
      await updateGateway(bench.database, MASTER_KEY, bench.house.gatewayIds[name], { port: ports[name] })
      await answers(name, optionsXml('200 OK'))
    }
    await bench.startSimulator()
    await bench.startEngine()
  })
  suiteTeardown(async () => {
    if (folder === '') return
    await bench.close()
    for (const party of gateways.values()) await party.stop()
    await drachtio.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What the gateway says to every OPTIONS from now on. */
  const answers = async (name: CarrierName, xml: string): Promise<void> => {
    assert.ok(sipp)
    await gateways.get(name)?.stop()
    const party = await startSipp({ binary: sipp, folder, name: `gateway-${name}`, xml, port: ports[name] })
    gateways.set(name, party)
  }
  const tooBusy = `Retry-After: ${RETRY_AFTER_SECONDS}\n`

  const invite = async (status: number, number = NUMBER): Promise<SipMessage> => {
    assert.ok(sipp)
    const party = await startSipp({
      binary: sipp,
      folder,
      name: 'switch',
      remote: `127.0.0.1:${drachtio.sipPort}`,
      port: await freePort(),
      xml: inviteXml({
        status,
        uri: `sip:${number}@127.0.0.1:${drachtio.sipPort}`,
        headers: `X-Strowger-Organization: ${bench.house.organizationId}`,
        sdp: true,
      }),
    })
    assert.equal(await party.done, 0, 'SIPp got something else than it awaited')
    const [final] = finalStatuses(party.messages())
    assert.ok(final)
    return final
  }
  /** `A B`: the carriers' gateways, in the order of the Contacts. */
  const redirected = async (): Promise<string> => {
    const { text } = await invite(302)
    return [...text.matchAll(/^Contact: <sip:(\S+?)@127\.0\.0\.1:(\d+);transport=udp>/gm)]
      .map(([, number, port]) => {
        assert.equal(number, NUMBER)
        return CARRIERS.find((name) => String(ports[name]) === port) ?? port
      })
      .join(' ')
  }
  const reasonOf = async (name: CarrierName): Promise<string | undefined> => {
    const path = `/v1/routes/explain?number=${encodeURIComponent(NUMBER)}&from=1001`
    const { explanation } = (await bench.engine().api(path)).json() as {
      explanation: { rejected: { gatewayId: number; reason: string }[] }
    }
    return explanation.rejected.find(({ gatewayId }) => gatewayId === bench.house.gatewayIds[name])?.reason
  }
  const isLeftAlone = (name: CarrierName, isIt: boolean): Promise<unknown> =>
    until(
      `${name} is ${isIt ? '' : 'not '}left alone`,
      async () => ((await reasonOf(name)) === 'COOLING_OFF') === isIt,
      15_000,
    )

  test('the edge is up, and a call is redirected to the carriers in the order of the hunt', async () => {
    await until('the edge is up', async () => (await checkOf(bench, 'SIP edge')) === 'ok: drachtio: up')
    assert.equal(await redirected(), 'A B C')
  })

  test('what nobody may carry is refused', async () => {
    await invite(404, '+34911234567')
    await invite(403, '+448712000000')
  })

  test('a gateway whose 503 says for how long is left alone for so long, and then comes first again', async () => {
    await answers('A', optionsXml('503 Full', tooBusy))
    await isLeftAlone('A', true)
    assert.equal(await redirected(), 'B C')
    await answers('A', optionsXml('200 OK'))
    await isLeftAlone('A', false)
    assert.equal(await redirected(), 'A B C')
  })

  test('a gateway that answers no OPTIONS is left alone, until it answers', async () => {
    await answers('C', optionsXml(undefined))
    await isLeftAlone('C', true)
    assert.equal(await redirected(), 'A B')
    await answers('C', optionsXml('200 OK'))
    // While half-open it may be tried, and comes in its turn.
    await isLeftAlone('C', false)
    assert.equal(await redirected(), 'A B C')
  })

  test('where all are left alone the call is refused, with the time to try again', async () => {
    for (const name of CARRIERS) await answers(name, optionsXml('503 Full', tooBusy))
    for (const name of CARRIERS) await isLeftAlone(name, true)
    const final = await invite(503)
    assert.match(final.header('Retry-After') ?? '', /^\d+$/)
    for (const name of CARRIERS) await answers(name, optionsXml('200 OK'))
    for (const name of CARRIERS) await isLeftAlone(name, false)
  })

  test('without drachtio the engine stays ready and says what is missing, and finds it again', async () => {
    await drachtio.end('SIGKILL')
    await until('it is noticed', async () => (await checkOf(bench, 'SIP edge')).startsWith('not ok'))
    assert.equal((await readiness(bench.engine())).ready, true)
    await drachtio.startAgain()
    await until('the edge is up', async () => (await checkOf(bench, 'SIP edge')).startsWith('ok'), 20_000)
    assert.equal(await redirected(), 'A B C')
  })
})
