import { createCarrierHealth } from '../../src/engine/carrier-health.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { createRateIndexBuilder } from '../../src/routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../../src/routing/rate-lookup.ts'
import { createRoutingTable } from '../../src/routing/routing-table.ts'
import { createTurns } from '../../src/routing/turns.ts'
import type { Surroundings } from '../../src/routing/hunt.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import { DialString } from '../../src/telephony/dial-string.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { asE164, type E164 } from '../../src/telephony/e164.ts'
import { carriers, gateway, organization, route, snapshot, uuid } from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'
import { makeDecks } from './lcr-decks.ts'
import type { Bench, Figure } from './run.ts'

/**
 * A complete decision from an E.164 number: the profile's rules, every carrier's longest prefix, all filters, the
 * order, five attempts with the number as each gateway wants it, their dial strings, and every candidate that was not
 * taken with its reason. Beside it, in the same process and turn by turn, the lookup of all carriers' rates alone,
 * which is what a decision cannot do without.
 */
export const bench: Bench = {
  name: 'lcr-decisions',
  describe: 'complete routing decisions a second in decks of 1 and 5 million rates over 10 carriers',
  run: () => Promise.resolve(RATES.flatMap(measure)),
}

const RATES = [1_000_000, 5_000_000]
const CARRIERS = 10
const SEED = 20_261_120
const ROUNDS = 9
const TURN_US = 300_000
const NUMBERS = 2 ** 17
const BATCH = 2 ** 10
const NOW = Date.UTC(2026, 0, 1)

const measure = (rates: number): Figure[] => {
  const decks = makeDecks('shared', rates, CARRIERS, SEED)
  const builder = createRateIndexBuilder()
  for (let carrier = 1; carrier <= CARRIERS; carrier += 1) {
    const { kinds, ...columns } = decks.columnsOf(carrier - 1)
    const deck = builder.deckOf({
      owner: { kind: 'carrier', id: carrier },
      deckId: carrier,
      sequence: carrier,
      currency: 'EUR',
    })
    const terms = [60, 30, 6, 1, 1].map((first) =>
      builder.termsOf(deck, 0, 0, first, first === 30 ? 6 : first, 0, Infinity),
    )
    builder.addColumns({ ...columns, terms: Uint32Array.from(kinds, (kind) => terms[kind] ?? 0) })
  }
  const index = openRateIndex(builder.build())
  const around = surroundingsOf(index)
  const numbers = decks.numbers(NUMBERS).map((digits) => asE164(`+${digits}`))
  const caller = organization()
  const decide = (destination: E164): number => {
    const { attempts, rejected } = planRoutes(
      {
        callId: CALL,
        organization: caller,
        userId: 11,
        destination,
        callerNumber: undefined,
        lrn: undefined,
        now: NOW,
      },
      around,
      SETTINGS,
    )
    let length = 0
    for (const { gateway: name, carried } of attempts)
      length += DialString.gateway(name, carried.number).toString().length
    return length + rejected.length
  }
  const match = (destination: E164): number => {
    const found = index.match(destination.slice(1), NOW)
    let sum = 0
    for (let slot = 0; slot < CARRIERS; slot += 1) sum += found.entryOf(slot)
    return sum
  }
  const decisions: number[] = []
  const matches: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    decisions.push(perSecond(decide, numbers))
    matches.push(perSecond(match, numbers))
  }
  const latency = latencies(decide, numbers)
  const best = Math.max(...decisions)
  return [
    {
      name: 'decisions_per_second',
      value: best,
      unit: '/CPU s, best',
      peer: 'the match alone',
      ratio: best / Math.max(...matches),
      rates,
    },
    { name: 'decisions, median', value: at(decisions, 0.5), unit: '/CPU s', rates },
    { name: 'match of 10 carriers alone', value: Math.max(...matches), unit: '/CPU s, best', rates },
    { name: 'decision p50', value: at(latency, 0.5), unit: 'ns', rates },
    { name: 'decision p99', value: at(latency, 0.99), unit: 'ns', rates },
  ]
}

const CALL = uuid(1)
const SETTINGS = { ...PLAN_SETTINGS, newUuid: newCallUuid }

/** Everything that may be asked of a candidate is asked: limits, calls per second, breakers, scores. */
const surroundingsOf = (rates: RateIndex): Surroundings => {
  const ten = carriers(CARRIERS)
  const directory = createDirectory(
    snapshot({
      carriers: ten.carriers.map((carrier) => ({ ...carrier, maxChannels: 1_000, maxCallsPerSecond: 1_000 })),
      gateways: ten.gateways.map(({ id }) => gateway(id, { maxChannels: 100, maxCallsPerSecond: 100 })),
      lcrRoutes: ten.gateways.map(({ id }) => route(id, { maxChannels: 100 })),
    }),
  )
  const health = createCarrierHealth({
    clock: systemClock,
    find: (gatewayId) => {
      const found = directory.gateway(gatewayId)
      const carrier = found === undefined ? undefined : directory.carrier(found.carrierId)
      return found === undefined || carrier === undefined ? undefined : { gateway: found, carrier }
    },
    gatewayIds: () => directory.gateways().map(({ id }) => id),
    channelsInUse: () => 3,
    onChange: () => undefined,
  })
  return {
    directory,
    routing: createRoutingTable(directory, rates),
    rates,
    isUp: () => true,
    load: health.load,
    health,
    turns: createTurns(),
    failoverStrategy: 'sequential',
  }
}

const perSecond = (act: (number: E164) => number, numbers: readonly E164[]): number => {
  let done = 0
  let kept = 0
  const begun = process.cpuUsage()
  for (;;) {
    for (let step = 0; step < BATCH; step += 1) kept += act(numbers[(done + step) % NUMBERS] ?? UNUSED)
    done += BATCH
    const { user, system } = process.cpuUsage(begun)
    if (user + system >= TURN_US) return kept === Infinity ? 0 : (done * 1e6) / (user + system)
  }
}

const UNUSED = asE164('+442079460958')

const latencies = (act: (number: E164) => number, numbers: readonly E164[]): number[] =>
  numbers.slice(0, 50_000).map((number) => {
    const begun = process.hrtime.bigint()
    act(number)
    return Number(process.hrtime.bigint() - begun)
  })

const at = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0
