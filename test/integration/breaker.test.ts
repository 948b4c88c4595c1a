/** A gateway that fails is left alone, tried again, and carries calls as before when it works again. */
import assert from 'node:assert/strict'
import type { Scenario } from '../../src/simulator/simulator.ts'
import { openBench, until, type Bench } from './engine-bench.ts'

type Explained = {
  readonly explanation: {
    readonly candidates: readonly { readonly gateway: string }[]
    readonly rejected: readonly {
      readonly gatewayId: number
      readonly reason: string
      readonly why: string
    }[]
  }
}

suite('engine: the circuit breaker of a gateway', () => {
  const failing = new Set<string>()
  const tried: string[] = []
  const scenario: Scenario = {
    gateway: (gateway) => {
      tried.push(gateway)
      return failing.has(gateway)
        ? { outcome: { kind: 'refuse', afterMs: 5, status: 503 } }
        : { ringAfterMs: 10, outcome: { kind: 'answer', afterMs: 20 } }
    },
    phone: () => ({ outcome: { kind: 'answer', afterMs: 20 } }),
  }
  let bench: Bench
  let first = ''

  suiteSetup(async () => {
    bench = await openBench({
      scenario,
      idle: true,
      environment: { FAILOVER_RECOVERY_INTERVAL: '2', FAILOVER_RECOVERY_THRESHOLD: '2' },
    })
    await bench.database.query('UPDATE carriers SET failover_enabled = true')
    await bench.startSimulator()
    await bench.startEngine()
    await bench.switchIsGiven()
    first = `gw${bench.house.gatewayIds.A}`
  })
  suiteTeardown(() => bench.close())

  let number = 0
  /** The gateways that one call tried. */
  const call = async (): Promise<readonly string[]> => {
    const before = tried.length
    number += 1
    const placed = await bench.call(`+44207946${String(4_000 + number)}`, 30)
    await placed.final
    return tried.slice(before)
  }
  const explain = async (): Promise<Explained['explanation']> => {
    const answer = await bench.engine().api('/v1/routes/explain?number=%2B442079464999&from=1001')
    assert.equal(answer.status, 200, answer.text)
    return (answer.json() as Explained).explanation
  }
  const reasonOfFirst = async (): Promise<string | undefined> => {
    const { rejected } = await explain()
    return rejected.find(({ gatewayId }) => gatewayId === bench.house.gatewayIds.A)?.reason
  }

  test('three failures in a row open it, and no call goes there', async () => {
    failing.add(first)
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const [one, two] = await call()
      assert.equal(one, first)
      assert.notEqual(two, undefined, 'the next carrier took the call')
    }
    await until('the breaker is open', async () => (await reasonOfFirst()) === 'COOLING_OFF')
    assert.ok(!(await call()).includes(first))
    const why = (await explain()).rejected.find(
      ({ gatewayId }) => gatewayId === bench.house.gatewayIds.A,
    )?.why
    assert.match(why ?? '', /^3 failures, the last NORMAL_TEMPORARY_FAILURE$/)
  })

  test('it is tried again after its time by one call, which fails over, and stays open for longer', async () => {
    await until('it may be tried', async () => (await reasonOfFirst()) === undefined, 5_000)
    const [one, two] = await call()
    assert.equal(one, first)
    assert.notEqual(two, undefined)
    await until('it is open again', async () => (await reasonOfFirst()) === 'COOLING_OFF')
  })

  test('when it works again, a few calls close it', async () => {
    failing.delete(first)
    await until('it may be tried', async () => (await reasonOfFirst()) === undefined, 8_000)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      assert.deepEqual(await call(), [first])
      await until('the call is over', async () => (await bench.calls()).length === 0)
    }
    for (let attempt = 0; attempt < 3; attempt += 1) assert.deepEqual(await call(), [first])
    await bench.everyChannelHasOneRecord()
  })

  test('a busy callee is nobody’s failure', async () => {
    const busy: Scenario['gateway'] = () => ({ outcome: { kind: 'refuse', afterMs: 5, status: 486 } })
    const usual = scenario.gateway
    Object.assign(scenario, {
      gateway: (gateway: string, to: string) => (tried.push(gateway), busy(gateway, to)),
    })
    for (let attempt = 0; attempt < 4; attempt += 1) assert.deepEqual(await call(), [first])
    Object.assign(scenario, { gateway: usual })
    assert.equal(await reasonOfFirst(), undefined)
  })
})
