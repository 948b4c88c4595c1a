/** Routing from memory for the tests of the HTTP floor and of the CLI: real routes in a small world, samples of the rest. */
import { findLcrRoutes } from '../../src/engine/lcr-route.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { ReplayReport, ReplayRequest } from '../../src/http/replay-doors.ts'
import type { BreakerRequest, Decision, GatewayReport, RoutingDoors } from '../../src/http/routing-doors.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { carriers, profile, rate, route } from '../support/snapshot.ts'
import { PLAN_SETTINGS, worldWith } from '../support/world.ts'
import { CALL_ID, NOON } from './samples.ts'

export const decision = (changes: Partial<Decision> = {}): Decision => ({
  at: NOON,
  number: '02079460123',
  numberClass: 'e164',
  destination: '+442079460123',
  callerId: asE164('+442079460001'),
  candidates: [
    {
      rank: 1,
      gatewayId: 1,
      gateway: 'gw1',
      carrierId: 1,
      carrier: 'Alpha Carrier',
      prefix: '4420',
      deckId: 7,
      pricePerMinute: '0.0080',
      connectionFee: '0.00',
      increments: '0/60/60',
      currency: 'GBP',
      expectedCost: '0.024',
      health: 85,
      dialString: 'sofia/gateway/gw1/442079460123',
    },
  ],
  rejected: [
    {
      gatewayId: 3,
      gateway: 'gw3',
      carrierId: 3,
      carrier: 'Gamma',
      reason: 'GATEWAY_DOWN',
      why: 'it does not answer OPTIONS',
    },
  ],
  refusal: undefined,
  trace: ['02079460123 is +442079460123'],
  outcome: 'it would be tried over 1 gateway',
  microseconds: 57,
  ...changes,
})

export const gatewayReport = (changes: Partial<GatewayReport> = {}): GatewayReport => ({
  gatewayId: 1,
  gateway: 'alpha-1',
  organizationId: undefined,
  carrierId: 1,
  carrier: 'Alpha Carrier',
  isUp: true,
  checkedAt: NOON,
  score: 60,
  status: 'degraded',
  deductions: [
    { points: 10, why: 'OPTIONS are answered after more than 200 ms' },
    { points: 30, why: 'fewer than 50 % of the calls are answered' },
  ],
  sipResponseMs: 230,
  channelsInUse: 12,
  maxChannels: 30,
  availableChannels: 18,
  recentAsr: 45.5,
  recentFailureRate: 2,
  metrics: {
    attempts: 100,
    samples: 98,
    answered: 44,
    carrierFailures: 2,
    asr: 44.9,
    asrBounds: { low: 35, high: 55 },
    failureRate: 2,
    acdSeconds: 181.4,
    pddMedianMs: 2_100,
    pddP95Ms: 4_800,
  },
  breaker: {
    state: 'open',
    since: NOON - 20_000,
    until: NOON + 40_000,
    failures: 3,
    successes: 0,
    isTrialOut: false,
    lastCause: 'NORMAL_TEMPORARY_FAILURE',
  },
  coolOff: {
    from: NOON - 1_000,
    until: NOON + 9_000,
    why: 'it answered OPTIONS with 503 and Retry-After: 10',
  },
  destinations: [
    {
      destination: '44794',
      state: 'half-open',
      since: NOON - 5_000,
      until: undefined,
      failures: 0,
      successes: 2,
      isTrialOut: true,
      lastCause: undefined,
    },
  ],
  ...changes,
})

const closed = {
  state: 'closed',
  since: undefined,
  until: undefined,
  failures: 0,
  successes: 0,
  isTrialOut: false,
  lastCause: undefined,
} as const

/** Gateway 1 is in trouble, 2 is new. */
const REPORTS: readonly GatewayReport[] = [
  gatewayReport(),
  gatewayReport({
    gatewayId: 2,
    gateway: 'beta-1',
    carrierId: 2,
    carrier: 'Beta Carrier',
    score: 100,
    status: 'healthy',
    deductions: [],
    sipResponseMs: undefined,
    maxChannels: undefined,
    availableChannels: undefined,
    recentAsr: undefined,
    recentFailureRate: undefined,
    breaker: closed,
    coolOff: undefined,
    destinations: [],
  }),
]

const REPLAYED: ReplayRequest = {
  since: NOON - 86_400_000,
  until: NOON,
  deckId: 17,
  organizationId: undefined,
}

const pair = (before: string, after: string) => ({ before: parseMoney(before), after: parseMoney(after) })

export const replayReport = (): ReplayReport => ({
  calls: 1_000,
  answered: 600,
  leftOut: 3,
  isCut: true,
  changedCarrier: 250,
  noLongerRouted: 4,
  newlyRouted: 1,
  noRoute: { before: 2, after: 5 },
  totals: [{ currency: 'GBP', cost: pair('10.00', '8.50'), margin: pair('-0.25', '1.25') }],
  carriers: [
    {
      carrierId: 1,
      carrier: 'Alpha "A", Ltd.',
      currency: 'GBP',
      calls: { before: 998, after: 745 },
      share: { before: 1, after: 0.7487 },
      cost: pair('10.00', '7.00'),
    },
    {
      carrierId: 2,
      carrier: '=Beta',
      currency: 'GBP',
      calls: { before: 0, after: 250 },
      share: { before: 0, after: 0.2513 },
      cost: pair('0.00', '1.50'),
    },
  ],
  destinations: [
    { destination: '44207', currency: 'GBP', calls: 250, changedCarrier: 250, cost: pair('3.00', '1.50') },
  ],
})

/**
 * Carriers 1 and 2 reach +44 at 0.0085 and 0.02; carrier 2 reaches +33 as well, at a price of eight decimals; nobody
 * reaches +49, and +88 is blocked. Routes are weighted evenly.
 */
export const fakeRouting = (breakers: BreakerRequest[], replayed: ReplayRequest[]): RoutingDoors => {
  const turns = createTurns()
  const world = worldWith(
    {
      ...carriers(2),
      lcrProfiles: [profile({ strategy: 'WEIGHTED' })],
      lcrRoutes: [
        route(1, { weight: 1, timeRestrictions: ['Mon-Sun 00:00-24:00'], maxCallDurationSeconds: 600 }),
        route(2, { weight: 1 }),
      ],
      blockedPrefixes: [
        {
          id: 1,
          organizationId: undefined,
          prefix: '88',
          action: 'block',
          note: 'satellites',
          enabled: true,
        },
      ],
      rates: [
        rate(1, '44', '0.0085', { minimumSeconds: 30, nextIncrementSeconds: 6 }),
        rate(2, '44', '0.02'),
        rate(2, '33', '0.00000001'),
      ],
    },
    { turns },
  )
  let microseconds = 0
  return {
    findRoutes: (request) =>
      findLcrRoutes(
        request,
        {
          world,
          settings: () => PLAN_SETTINGS,
          lrn: undefined,
          takeTurns: turns.take,
          onCall: () => undefined,
          onDecided: () => undefined,
          elapsed: () => (microseconds += 12.5),
        },
        () => NOON,
      ),
    decision: (callId) => Promise.resolve(callId === CALL_ID ? decision() : undefined),
    gatewayHealth: () => REPORTS,
    moveBreaker: (request) => {
      if (!REPORTS.some(({ gatewayId }) => gatewayId === request.gatewayId)) return 'not-found'
      breakers.push(request)
      return 'done'
    },
    replays: {
      start: (request) => {
        if (request.deckId === 409)
          throw new EngineError('APP_REPLAY_RUNNING', 'replay 1 is running: one at a time')
        replayed.push(request)
        return request.deckId === 404 ? 2 : 1
      },
      // 7 never comes to its end.
      find: (id) => {
        const state = id === 7 ? ({ kind: 'running', calls: 700 } as const) : undefined
        if (state !== undefined) return Promise.resolve({ id, request: REPLAYED, state })
        if (id === 2) {
          const fault = new EngineError('STORE_NOT_FOUND', 'there is no rate deck 404')
          return Promise.resolve({ id, request: REPLAYED, state: { kind: 'failed', fault } })
        }
        return Promise.resolve(
          id === 1
            ? { id, request: REPLAYED, state: { kind: 'done', report: replayReport(), tookMs: 1_234.5 } }
            : undefined,
        )
      },
    },
  }
}
