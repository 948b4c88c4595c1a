import assert from 'node:assert/strict'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { CALL_ID } from '../http/samples.ts'
import { run } from './run.ts'

suite('strowger: routing', () => {
  let fake: Fake
  let env: Record<string, string>
  setup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
  })
  teardown(() => fake.server.stop())

  const DECISION = `+442079460123: e164, +442079460123, shows +442079460001
     CARRIER        GATEWAY  PREFIX  DECK  PER MINUTE  CHARGED BY  EXPECTED  HEALTH  DIALS
  1  Alpha Carrier  gw1      4420    7     0.0080 GBP  0/60/60     0.024     85      sofia/gateway/gw1/442079460123
not taken:
  Gamma (gw3): GATEWAY_DOWN, it does not answer OPTIONS
why:
  02079460123 is +442079460123
it would be tried over 1 gateway
`

  test('route explain tells every candidate and every rejected one', async () => {
    const ran = await run(['route', 'explain', '+442079460123'], { env })
    assert.deepEqual([ran.err, ran.code], ['', 0])
    assert.equal(ran.out, DECISION)
  })

  for (const option of ['--org', '--organization']) {
    test(`route explain ${option} asks for a moment, a caller and an organisation`, async () => {
      const args = ['--at', '2026-12-24T18:00:00Z', '--from', '+442079460001', option, '3']
      const ran = await run(['route', 'explain', '123', ...args], { env })
      assert.deepEqual([ran.err, ran.code], ['', 0])
      assert.deepEqual(fake.seen.explained, [
        { number: '123', organizationId: 3, from: '+442079460001', at: Date.UTC(2026, 11, 24, 18) },
      ])
    })
  }

  test('calls decision prints what was decided as explain does', async () => {
    const ran = await run(['calls', 'decision', CALL_ID], { env })
    assert.deepEqual([ran.err, ran.code], ['', 0])
    assert.equal(
      ran.out,
      `decided 2026-08-01 12:00:00\n${DECISION.replace('+442079460123:', '02079460123:')}`,
    )
  })

  test('calls decision of a call of which nothing is kept is bad input', async () => {
    const ran = await run(['calls', 'decision', '99999999-2222-4333-8444-555555555555'], { env })
    assert.deepEqual([ran.code, ran.out], [2, ''])
    assert.match(ran.err, /no decision is kept/)
  })

  test('gateways health is a row a gateway', async () => {
    const ran = await run(['gateways', 'health'], { env })
    assert.equal(ran.code, 0, ran.err)
    assert.equal(
      ran.out,
      `ID  GATEWAY  CARRIER        SCORE  STATUS    ASR   FAILED  ACD    PDD      CALLS     BREAKER
1   alpha-1  Alpha Carrier  60     degraded  46 %  2 %     181 s  2100 ms  12 of 30  open, 1 destination
2   beta-1   Beta Carrier   100    healthy                 181 s  2100 ms  12        closed
`,
    )
  })

  test('gateways health ID says why, and until when', async () => {
    const ran = await run(['gateways', 'health', '1'], { env })
    assert.equal(ran.code, 0, ran.err)
    assert.equal(
      ran.out,
      `alpha-1 (gw1) of Alpha Carrier: degraded, 60 of 100
  -10: OPTIONS are answered after more than 200 ms
  -30: fewer than 50 % of the calls are answered
  calls 12 of 30
  answered 46 %
  failed by the carrier 2 %
  OPTIONS answered after 230 ms
  average call of the last hour 181 s
  post-dial delay of the last hour 2100 ms
  breaker open, since 11:59:40, trial calls from 12:00:40 on (after 1 min 0 s), last failure NORMAL_TEMPORARY_FAILURE
  left alone until 12:00:09: it answered OPTIONS with 503 and Retry-After: 10
  breaker for 44794... half-open, since 11:59:55
`,
    )
  })

  test('breakers are moved by hand', async () => {
    for (const args of [
      ['reset-breaker', '1'],
      ['retry-breaker', '1', '--destination', '44794'],
    ]) {
      const ran = await run(['gateways', ...args], { env })
      assert.equal(ran.code, 0, ran.err)
    }
    assert.deepEqual(fake.seen.breakers, [
      { gatewayId: 1, action: 'reset', destination: undefined },
      { gatewayId: 1, action: 'retry', destination: '44794' },
    ])
    const wrong = await run(['gateways', 'reset-breaker', '1', '--destination', '+44'], { env })
    assert.equal(wrong.code, 2)
  })

  test('with --json each is one document', async () => {
    for (const args of [
      ['gateways', 'health'],
      ['gateways', 'health', '1'],
      ['gateways', 'reset-breaker', '1'],
      ['calls', 'decision', CALL_ID],
    ]) {
      const ran = await run([...args, '--json'], { env })
      assert.equal(ran.code, 0, ran.err)
      assert.equal(ran.out.trim().split('\n').length, 1)
      JSON.parse(ran.out)
    }
  })
})
