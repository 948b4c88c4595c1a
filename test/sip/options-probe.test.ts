import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import type { OptionsOutcome } from '../../src/sip/drachtio-link.ts'
import {
  createOptionsProbe,
  isAlive,
  type OptionsProbe,
  type ProbeResult,
} from '../../src/sip/options-probe.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

type Bench = {
  readonly clock: ManualClock
  readonly probe: OptionsProbe
  /** `uri at ms`, in order. */
  readonly sent: string[]
  readonly outcomes: OptionsOutcome[]
  readonly results: ProbeResult[]
}

const gateway = (
  id: number,
  enabled = true,
): { id: number; hostname: string; port: number; transport: 'udp'; enabled: boolean } => ({
  id,
  hostname: `gw${id}.test`,
  port: 5060,
  transport: 'udp',
  enabled,
})

const bench = (
  gateways: () => readonly ReturnType<typeof gateway>[],
  onProbe: (result: ProbeResult) => void = () => undefined,
): Bench => {
  const clock = createManualClock()
  const sent: string[] = []
  const outcomes: OptionsOutcome[] = []
  const results: ProbeResult[] = []
  const probe = createOptionsProbe({
    intervalMs: 30_000,
    gateways,
    clock,
    logger: silentLogger,
    send: (uri, _headers, then) => {
      sent.push(`${uri.replace(/^sip:|\.test.*/g, '')} at ${clock.monotonic()}`)
      outcomes.push(then)
    },
    onProbe: (result) => {
      results.push(result)
      onProbe(result)
    },
  })
  probe.start()
  return { clock, probe, sent, outcomes, results }
}

const response = (
  status: number,
  { source = '192.0.2.1', retryAfter }: { readonly source?: string; readonly retryAfter?: string } = {},
): Parameters<OptionsOutcome['onResponse']>[0] => ({
  status,
  reason: `Reason ${status}`,
  source_address: source,
  get: (name) => (name === 'Retry-After' ? retryAfter : undefined),
})

suite('sip: asking gateways by OPTIONS', () => {
  test('questions are spread over the interval, and the next round asks who is there then', () => {
    let all = [gateway(1), gateway(2, false), gateway(3), gateway(4)]
    const { clock, sent } = bench(() => all)
    clock.advance(29_999)
    assert.deepEqual(sent, ['gw1 at 0', 'gw3 at 10000', 'gw4 at 20000'])
    all = [gateway(4), gateway(5)]
    clock.advance(30_000)
    assert.deepEqual(sent.slice(3), ['gw4 at 30000', 'gw5 at 45000'])
  })

  test('an answer is reported with its time', () => {
    const { clock, outcomes, results } = bench(() => [gateway(1)])
    clock.advance(0)
    clock.advance(40)
    outcomes[0]?.onResponse(response(200))
    assert.deepEqual(results, [
      { gatewayId: 1, status: 200, responseMs: 40, retryAfterSeconds: undefined, reason: 'Reason 200' },
    ])
  })

  const retries: readonly (readonly [header: string | undefined, seconds: number | undefined])[] = [
    ['120', 120],
    ['18000;duration=3600', 18_000],
    ['5 (in maintenance)', 5],
    ['soon', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ]
  for (const [header, seconds] of retries) {
    test(`Retry-After ${JSON.stringify(header)} is ${seconds ?? 'none'}`, () => {
      const { clock, outcomes, results } = bench(() => [gateway(1)])
      clock.advance(0)
      outcomes[0]?.onResponse(response(503, header === undefined ? {} : { retryAfter: header }))
      assert.deepEqual(
        results.map(({ status, retryAfterSeconds }) => [status, retryAfterSeconds]),
        [[503, seconds]],
      )
    })
  }

  test('silence for five seconds is no answer, and a late one changes nothing', () => {
    const { clock, outcomes, results } = bench(() => [gateway(1)])
    clock.advance(4999)
    assert.deepEqual(results, [])
    clock.advance(1)
    outcomes[0]?.onResponse(response(200))
    assert.deepEqual(
      results.map(({ status, responseMs }) => [status, responseMs]),
      [[undefined, 5000]],
    )
  })

  test('what the server answered by itself is no answer', () => {
    const { clock, outcomes, results } = bench(() => [gateway(1)])
    clock.advance(0)
    outcomes[0]?.onResponse(response(503, { source: '', retryAfter: '9' }))
    assert.deepEqual(
      results.map(({ status, retryAfterSeconds }) => [status, retryAfterSeconds]),
      [[undefined, undefined]],
    )
  })

  test('a provisional answer is none yet', () => {
    const { clock, outcomes, results } = bench(() => [gateway(1)])
    clock.advance(0)
    outcomes[0]?.onResponse(response(100))
    outcomes[0]?.onResponse(response(200))
    assert.deepEqual(
      results.map(({ status }) => status),
      [200],
    )
  })

  test('what never left says nothing of the gateway, and it is asked again', () => {
    const { clock, outcomes, results, sent } = bench(() => [gateway(1)])
    clock.advance(0)
    outcomes[0]?.onUnsent('no such transport')
    clock.advance(30_000)
    assert.deepEqual(results, [])
    assert.equal(sent.length, 2)
  })

  test('what is forgotten is not reported, not even late', () => {
    const { clock, probe, outcomes, results } = bench(() => [gateway(1)])
    clock.advance(0)
    probe.forget()
    outcomes[0]?.onResponse(response(200))
    clock.advance(10_000)
    assert.deepEqual(results, [])
  })

  test('a gateway is not asked while an answer of it is awaited', () => {
    const clock = createManualClock()
    let sent = 0
    const probe = createOptionsProbe({
      intervalMs: 2000,
      gateways: () => [gateway(1)],
      clock,
      logger: silentLogger,
      send: () => {
        sent += 1
      },
      onProbe: () => undefined,
    })
    probe.start()
    clock.advance(4000)
    assert.equal(sent, 1)
    clock.advance(2000)
    assert.equal(sent, 2)
  })

  test('a fault of who takes the results, or who names the gateways, stops nothing', () => {
    let broken = false
    const { clock, outcomes, sent } = bench(
      () => {
        if (broken) throw new Error('no directory')
        return [gateway(1)]
      },
      () => {
        throw new Error('nobody listens')
      },
    )
    clock.advance(0)
    outcomes[0]?.onResponse(response(200))
    broken = true
    clock.advance(30_000)
    broken = false
    clock.advance(30_000)
    assert.equal(sent.length, 2)
  })

  test('a host that cannot be is not asked', () => {
    const { clock, sent } = bench(() => [{ ...gateway(1), hostname: 'a b' }])
    clock.advance(30_000)
    assert.deepEqual(sent, [])
  })

  test('after the stop nothing waits', () => {
    const { clock, probe } = bench(() => [gateway(1), gateway(2)])
    clock.advance(0)
    probe.stop()
    assert.equal(clock.waiting(), 0)
  })

  const alive: readonly (readonly [number | undefined, boolean])[] = [
    [200, true],
    [302, true],
    [401, true],
    [404, true],
    [407, true],
    [408, false],
    [499, true],
    [500, false],
    [503, false],
    [603, false],
    [undefined, false],
  ]
  for (const [status, is] of alive) {
    test(`${status ?? 'no answer'} means that it is ${is ? 'there' : 'away'}`, () =>
      assert.equal(isAlive({ status }), is))
  }
})
