/** Routing asked from outside, against a whole engine with its simulator: what is told is what calls do. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCli } from '../../src/cli/main.ts'
import { freePort, until } from '../live/net.ts'
import { metric, startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder } from '../support/postgres.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const LONDON = '+442079460999'

type Told = Record<string, unknown> & {
  readonly routes: readonly Record<string, unknown>[]
  readonly rejected: readonly Record<string, unknown>[]
  readonly error?: { readonly code: string }
}

suite('engine: routing asked from outside', function () {
  this.timeout(90_000)
  const { folder, remove } = openFolder()
  let engine: EngineProcess

  suiteSetup(async () => {
    engine = await startEngine({
      dataDir: join(folder, 'trial'),
      httpPort: await freePort(),
      wait: 'ready',
      environment: { FREESWITCH_PORT: String(await freePort()) },
    })
  })
  suiteTeardown(async () => {
    await engine.kill('SIGTERM')
    remove()
  })

  const cli = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const said = { out: '', err: '' }
    const code = await runCli(args, {
      environment: { STROWGER_URL: engine.url, STROWGER_TOKEN: engine.token() },
      workingDirectory: folder,
      packageDirectory: PROJECT,
      out: (text) => {
        said.out += text
      },
      err: (text) => {
        said.err += text
      },
      readInput: () => Promise.resolve(''),
      interrupt: new AbortController().signal,
    })
    return { code, ...said }
  }
  const lcr = async (body: Record<string, unknown>): Promise<{ status: number; told: Told }> => {
    const answer = await engine.api('/lcr/route', { organizationId: 1, ...body })
    return { status: answer.status, told: answer.json() as Told }
  }
  const calls: string[] = []

  test('POST /lcr/route tells the routes that a call takes', async () => {
    const { status, told } = await lcr({ destination: LONDON, options: { includeRates: true, maxRoutes: 2 } })
    assert.equal(status, 200, JSON.stringify(told))
    assert.deepEqual(
      told.routes.map(({ rank, carrierName, dialString, prefix, rate }) => [
        rank,
        carrierName,
        dialString,
        prefix,
        (rate as { perMinute: number }).perMinute,
      ]),
      [
        [1, 'Alpha Carrier', `sofia/gateway/gw1/${LONDON}`, '4420', 0.005],
        [2, 'Beta Carrier', `sofia/gateway/gw2/${LONDON}`, '4420', 0.0065],
      ],
    )
    assert.deepEqual(
      told.rejected.map(({ carrierName, reason }) => [carrierName, reason]),
      [['Gamma Carrier', 'BEYOND_MAX_ROUTES']],
    )
    const { told: nobody, status: missing } = await lcr({ destination: '+4930123456789' })
    assert.deepEqual([missing, nobody.error?.code], [404, 'NO_PREFIX'])
  })

  test('a call keeps what was decided for it, and it is printed as explain prints it', async () => {
    const { code, out, err } = await cli(
      'calls',
      'originate',
      '--from',
      '1001',
      '--to',
      LONDON,
      '--no-follow',
    )
    assert.equal(code, 0, err)
    const callId = out.trim()
    calls.push(callId)
    await until('the call talks', async () => {
      const answer = await engine.api(`/v1/calls/${callId}`)
      return (answer.json() as { call?: { state: string } }).call?.state === 'talking' ? true : undefined
    })
    const explained = await cli('route', 'explain', LONDON, '--from', '1001')
    const decided = await cli('calls', 'decision', callId)
    assert.equal(decided.code, 0, decided.err)
    const table = (text: string): string => text.slice(text.indexOf('CARRIER'), text.indexOf('why:'))
    assert.match(decided.out, /^decided \d{4}-/)
    assert.equal(table(decided.out), table(explained.out))
    assert.ok(table(decided.out).includes('Gamma Carrier'))
    // It is told from the table too, once it is written.
    await until('the decision is told', async () => {
      const answer = await engine.api(`/v1/calls/${callId}/decision`)
      return answer.status === 200 ? true : undefined
    })
  })

  test('the health of gateways is told by the API, the command line and the metrics', async () => {
    const { out, code } = await cli('gateways', 'health')
    assert.equal(code, 0)
    assert.match(out, /Alpha Carrier trunk/)
    const answer = await engine.api('/v1/gateways/1/health')
    const { health } = answer.json() as { health: { gatewayId: number; breaker: { state: string } } }
    assert.deepEqual([health.gatewayId, health.breaker.state], [1, 'closed'])
    assert.equal(await metric(engine, 'strowger_gateway_breaker_state{gateway="gw1"}'), 0)
    assert.ok((await metric(engine, 'strowger_gateway_health_score{gateway="gw3"}')) > 0)
    assert.equal(await metric(engine, 'strowger_decisions_lost'), 0)
    const reset = await cli('gateways', 'reset-breaker', '1')
    assert.equal(reset.code, 0, reset.err)
  })

  test('a gateway that is gone leaves no row in the metrics', async () => {
    const added = await engine.api('/v1/gateways', {
      carrierId: 1,
      name: 'spare',
      hostname: '127.0.0.1',
      port: 5099,
    })
    const { gateway } = added.json() as { gateway: { id: number } }
    const row = `strowger_gateway_health_score{gateway="gw${gateway.id}"}`
    const seen = async (): Promise<boolean> => (await engine.api('/metrics')).text.includes(row)
    await until('it has a row', async () => ((await seen()) ? true : undefined))
    await engine.api(`/v1/gateways/${gateway.id}`, undefined, 'DELETE')
    await until('it has none', async () => ((await seen()) ? undefined : true))
  })

  test('past calls are replayed with a draft, which is gone afterwards', async () => {
    for (const callId of calls) await engine.api(`/v1/calls/${callId}`, undefined, 'DELETE')
    await until('the record is stored', async () => {
      const { cdrs } = (await engine.api('/v1/cdrs')).json() as { cdrs: { callId: string }[] }
      return cdrs.some(({ callId }) => calls.includes(callId)) ? true : undefined
    })
    const file = join(folder, 'beta.csv')
    writeFileSync(file, 'prefix,price,currency\n44,0.01,GBP\n4420,0.001,GBP\n')
    const csv = join(folder, 'found.csv')
    const { code, out, err } = await cli('route', 'replay', '--deck', file, '--carrier', 'B', '--csv', csv)
    assert.equal(code, 0, err)
    assert.match(out, /^1 calls from .*, 1 of them answered/)
    assert.match(out, /^Beta Carrier +0 +-> 1 /m)
    assert.match(out, /^1 calls change their carrier$/m)
    const { rateDecks } = (await engine.api('/v1/rate-decks')).json() as { rateDecks: { name: string }[] }
    assert.deepEqual(
      rateDecks.filter(({ name }) => name.startsWith('replay')),
      [],
    )
    assert.equal((await lcr({ destination: LONDON })).told.routes[0]?.['carrierName'], 'Alpha Carrier')
  })

  test('a deck that is none is said so', async () => {
    const { code, err } = await cli('route', 'replay', '--deck', '999')
    assert.equal(code, 2)
    assert.match(err, /there is no rate deck 999/)
  })
})
