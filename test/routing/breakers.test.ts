import assert from 'node:assert/strict'
import { DEFAULT_BREAKER_SETTINGS, type BreakerSettings } from '../../src/routing/breaker.ts'
import { createBreakers, type Breakers, type HealthChange } from '../../src/routing/breakers.ts'

const START = 1_800_000_000_000
const LONDON = '4420'
const PARIS = '331'

type Stage = { readonly breakers: Breakers; readonly told: string[]; settings: BreakerSettings | undefined }

const stage = (mostDestinations?: number): Stage => {
  const told: string[] = []
  const made: Stage = {
    told,
    settings: DEFAULT_BREAKER_SETTINGS,
    breakers: createBreakers({
      settingsOf: () => made.settings,
      onChange: (change) => told.push(inWords(change)),
      ...(mostDestinations === undefined ? {} : { mostDestinations }),
    }),
  }
  return made
}

const inWords = (change: HealthChange): string =>
  change.kind === 'cool-off'
    ? `gw${change.gatewayId} cools off`
    : `gw${change.gatewayId} ${change.destination ?? 'all'} ${change.from}>${change.to} ${change.cause ?? '-'}`

const fail = (
  { breakers }: Stage,
  destination: string,
  now: number,
  reach: 'gateway' | 'destination' = 'gateway',
): void => breakers.failed(1, destination, { startedAt: now, cause: 'GATEWAY_DOWN', reach }, now)

const succeed = ({ breakers }: Stage, destination: string, now: number): void =>
  breakers.succeeded(1, destination, now, 'gateway', now)

const times = (count: number, act: (index: number) => void): void => {
  for (let index = 0; index < count; index += 1) act(index)
}

suite('routing: the breakers of gateways and destinations', () => {
  test('a gateway that fails everywhere is open everywhere, and told once', () => {
    const at = stage()
    fail(at, LONDON, START)
    fail(at, PARIS, START)
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'closed')
    fail(at, LONDON, START)
    for (const destination of [LONDON, PARIS, '1'])
      assert.equal(at.breakers.verdictOf(1, destination, START).kind, 'open')
    assert.equal(at.breakers.verdictOf(2, LONDON, START).kind, 'closed')
    assert.deepEqual(at.told, ['gw1 all closed>open GATEWAY_DOWN'])
  })

  test('one that fails for a destination only is open there only', () => {
    const at = stage()
    times(3, () => {
      fail(at, LONDON, START)
      succeed(at, PARIS, START)
    })
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'open')
    assert.equal(at.breakers.verdictOf(1, PARIS, START).kind, 'closed')
    assert.deepEqual(at.told, [`gw1 ${LONDON} closed>open GATEWAY_DOWN`])
    assert.deepEqual(at.breakers.openDestinations(1), [LONDON])
  })

  test('no route there is the destination, never the gateway', () => {
    const at = stage()
    times(5, () => fail(at, LONDON, START, 'destination'))
    assert.equal(at.breakers.inspect(1, undefined, START).state, 'closed')
    assert.equal(at.breakers.inspect(1, LONDON, START).state, 'open')
  })

  test('plain 404s are dialling errors until there are ten in a row and three more', () => {
    const at = stage()
    const refuse = (): void => at.breakers.succeeded(1, LONDON, START, 'unclear', START)
    times(10, refuse)
    succeed(at, LONDON, START)
    times(12, refuse)
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'closed')
    refuse()
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'open')
    assert.equal(at.breakers.inspect(1, LONDON, START).lastCause, 'UNALLOCATED_NUMBER')
    assert.equal(at.breakers.inspect(1, undefined, START).failures, 0)
  })

  test('a gateway that is out takes the counts of its destinations with it: it recovers as one', () => {
    const at = stage()
    fail(at, PARIS, START)
    fail(at, PARIS, START)
    fail(at, LONDON, START)
    times(5, () => succeed(at, LONDON, START + 60_000))
    assert.equal(at.breakers.verdictOf(1, PARIS, START + 60_000).kind, 'closed')
    fail(at, PARIS, START + 60_000)
    assert.equal(at.breakers.verdictOf(1, PARIS, START + 60_000).kind, 'closed')
  })

  test('a trial is one call, whichever of the two breakers asks for it', () => {
    const at = stage()
    times(3, () => fail(at, LONDON, START))
    const now = START + 60_000
    assert.equal(at.breakers.verdictOf(1, LONDON, now).kind, 'trial')
    at.breakers.began(1, LONDON, now)
    assert.equal(at.breakers.verdictOf(1, PARIS, now).kind, 'open')
    assert.equal(at.breakers.inspect(1, undefined, now).isTrialOut, true)
    at.breakers.saidNothing(1, LONDON, now, now)
    assert.equal(at.breakers.verdictOf(1, PARIS, now).kind, 'trial')
  })

  test('pings that are missed open a gateway, answered ones help it to recover', () => {
    const at = stage()
    times(3, () => at.breakers.pinged(1, false, START))
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'open')
    times(5, () => at.breakers.pinged(1, true, START + 60_000))
    assert.equal(at.breakers.verdictOf(1, LONDON, START + 60_000).kind, 'closed')
    assert.deepEqual(at.told, [
      'gw1 all closed>open PING_MISSED',
      'gw1 all open>half-open PING_MISSED',
      'gw1 all half-open>closed PING_MISSED',
    ])
  })

  test('what is due is told when it is moved on', () => {
    const at = stage()
    times(3, () => fail(at, LONDON, START))
    at.breakers.moveOn(1, undefined, START + 59_999)
    at.breakers.moveOn(1, undefined, START + 60_000)
    at.breakers.moveOn(1, undefined, START + 60_000)
    assert.deepEqual(at.told, ['gw1 all closed>open GATEWAY_DOWN', 'gw1 all open>half-open GATEWAY_DOWN'])
  })

  test('a trial that fails in the moment in which it was due is told as a relapse', () => {
    const at = stage()
    times(3, () => fail(at, LONDON, START))
    fail(at, LONDON, START + 60_000)
    assert.equal(at.told.at(-1), 'gw1 all half-open>open GATEWAY_DOWN')
    assert.equal(at.breakers.inspect(1, undefined, START + 60_000).until, START + 180_000)
  })

  test('a carrier without failover is never open, and one that loses it is open no longer', () => {
    const at = stage()
    times(3, () => fail(at, LONDON, START))
    at.settings = undefined
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'closed')
    assert.equal(at.breakers.inspect(1, undefined, START).state, 'closed')
    const other = stage()
    other.settings = undefined
    times(9, () => fail(other, LONDON, START))
    other.settings = DEFAULT_BREAKER_SETTINGS
    assert.equal(other.breakers.verdictOf(1, LONDON, START).kind, 'closed')
    assert.deepEqual(other.told, [])
  })

  test('Retry-After leaves a gateway alone until then, an hour at most, and a shorter one does not shorten it', () => {
    const at = stage()
    at.breakers.coolOff(1, START + 30_000, 'asked', START)
    at.breakers.coolOff(1, START + 10_000, 'again', START)
    assert.deepEqual(at.breakers.verdictOf(1, LONDON, START + 29_999), {
      kind: 'open',
      until: START + 30_000,
      why: 'asked',
    })
    assert.equal(at.breakers.verdictOf(1, LONDON, START + 30_000).kind, 'closed')
    assert.deepEqual(at.told, ['gw1 cools off'])
    at.breakers.coolOff(1, START + 10 ** 12, 'for ever', START)
    assert.equal(at.breakers.coolingOff(1, START + 3_599_999)?.until, START + 3_600_000)
    assert.equal(at.breakers.coolingOff(1, START + 3_600_000), undefined)
    assert.equal(at.breakers.coolingOff(1, START - 86_400_000), undefined, 'the clock was set back')
    at.breakers.coolOff(2, START - 1, 'over', START)
    assert.equal(at.told.length, 2)
  })

  test('reset by hand clears a gateway and its destinations, or one destination', () => {
    const at = stage()
    times(3, () => fail(at, LONDON, START, 'destination'))
    times(3, () => fail(at, PARIS, START, 'destination'))
    at.breakers.reset(1, LONDON, START)
    assert.deepEqual(at.breakers.openDestinations(1), [PARIS])
    at.breakers.coolOff(1, START + 30_000, 'asked', START)
    times(3, () => fail(at, '1', START))
    at.breakers.reset(1, undefined, START)
    for (const destination of [LONDON, PARIS, '1'])
      assert.equal(at.breakers.verdictOf(1, destination, START).kind, 'closed')
    assert.deepEqual(at.breakers.openDestinations(1), [])
    at.breakers.reset(9, undefined, START)
  })

  test('trial calls by hand, of a gateway and of a destination', () => {
    const at = stage()
    at.settings = { ...DEFAULT_BREAKER_SETTINGS, recovery: 'manual' }
    times(3, () => fail(at, LONDON, START, 'destination'))
    assert.deepEqual(at.breakers.verdictOf(1, LONDON, START + 10 ** 9), {
      kind: 'open',
      until: undefined,
      why: '3 failures, the last GATEWAY_DOWN',
    })
    at.breakers.retry(1, LONDON, START)
    assert.equal(at.breakers.verdictOf(1, LONDON, START).kind, 'trial')
    at.breakers.retry(1, undefined, START)
    at.breakers.retry(9, undefined, START)
  })

  test('a destination speaks as long as it is not closed, whatever else opened, closed or was dropped', () => {
    const at = stage(3)
    for (const destination of ['a', 'b', 'c', 'd'])
      times(3, () => fail(at, destination, START, 'destination'))
    at.breakers.reset(1, 'b', START)
    at.breakers.retry(1, 'c', START)
    times(5, () => succeed(at, 'c', START))
    const kinds = ['a', 'b', 'c', 'd'].map((each) => at.breakers.verdictOf(1, each, START).kind)
    assert.deepEqual(kinds, ['closed', 'closed', 'closed', 'open'])
    at.breakers.reset(1, 'd', START)
    times(3, () => fail(at, 'b', START, 'destination'))
    assert.equal(at.breakers.verdictOf(1, 'b', START).kind, 'open')
  })

  test('destinations are bounded: the one that was fed longest ago goes', () => {
    const at = stage(2)
    times(3, () => fail(at, 'a', START, 'destination'))
    times(3, () => fail(at, 'b', START, 'destination'))
    fail(at, 'a', START, 'destination')
    fail(at, 'c', START, 'destination')
    assert.deepEqual(at.breakers.openDestinations(1), ['a'])
    at.breakers.forget(1)
    assert.deepEqual(at.breakers.openDestinations(1), [])
    assert.equal(at.breakers.verdictOf(1, 'b', START).kind, 'closed')
  })
})
