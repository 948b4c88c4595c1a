/** Small snapshots: a world in which one organisation has one user with one phone, and what a test adds. */
import { createDirectory, EMPTY_SNAPSHOT } from '../../src/directory/directory.ts'
import type {
  Carrier,
  DdiNumber,
  Device,
  Gateway,
  LcrProfile,
  LcrRoute,
  Organization,
  Snapshot,
  User,
} from '../../src/directory/records.ts'
import type { Health, Load, Surroundings } from '../../src/routing/hunt.ts'
import { createRateIndexBuilder, type RateRow } from '../../src/routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../../src/routing/rate-lookup.ts'
import { createRoutingTable } from '../../src/routing/routing-table.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { DEFAULT_NUMBER_FORM } from '../../src/telephony/number-form.ts'
import type { Tariff } from '../../src/telephony/tariff.ts'

export const NOW = 1_800_000_000_000

export const uuid = (n: number): CallUuid =>
  asCallUuid(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)

/** Gives uuid(first), uuid(first + 1) ... */
export const uuidsFrom = (first: number): (() => CallUuid) => {
  let next = first
  return () => uuid(next++)
}

export const organization = (given: Partial<Organization> = {}): Organization => ({
  id: 1,
  name: 'Acme',
  sipDomain: 'acme.example',
  country: 'GB',
  currency: 'EUR',
  defaultCallerId: undefined,
  lcrProfileId: 1,
  isDemo: false,
  enabled: true,
  ...given,
})

export const user = (given: Partial<User> = {}): User => ({
  id: 11,
  organizationId: 1,
  name: 'Ada Lovelace',
  extension: '1001',
  callerId: undefined,
  enabled: true,
  ...given,
})

export const device = (given: Partial<Device> = {}): Device => ({
  id: 111,
  userId: 11,
  username: 'ada-desk',
  a1Hash: '0123456789abcdef0123456789abcdef',
  enabled: true,
  ...given,
})

export const ddi = (number: string, given: Partial<DdiNumber> = {}): DdiNumber => ({
  id: 1,
  organizationId: 1,
  number: asE164(number),
  userId: 11,
  enabled: true,
  ...given,
})

export const carrier = (id: number, given: Partial<Carrier> = {}): Carrier => ({
  id,
  organizationId: undefined,
  code: `c${id}`,
  name: `Carrier ${id}`,
  maxChannels: undefined,
  maxCallsPerSecond: undefined,
  carriesCallerId: true,
  supportsFax: true,
  failover: { enabled: true, threshold: undefined, windowSeconds: undefined },
  enabled: true,
  ...given,
})

export const gateway = (id: number, given: Partial<Gateway> = {}): Gateway => ({
  id,
  carrierId: id,
  name: `edge ${id}`,
  hostname: `sip${id}.carrier.example`,
  port: 5060,
  transport: 'udp',
  credentials: undefined,
  register: false,
  codecs: [],
  maxChannels: undefined,
  maxCallsPerSecond: undefined,
  numberForm: DEFAULT_NUMBER_FORM,
  failover: DEFAULT_FAILOVER_POLICY,
  progressTimeoutSeconds: undefined,
  ringTimeoutSeconds: undefined,
  pingSeconds: undefined,
  inboundCidrs: [],
  carriesEmergency: false,
  answersWithTones: false,
  enabled: true,
  ...given,
})

export const profile = (given: Partial<LcrProfile> = {}): LcrProfile => ({
  id: 1,
  organizationId: undefined,
  name: 'cheapest',
  strategy: 'LOWEST_COST',
  timeZone: 'UTC',
  costWeight: 50,
  qualityWeight: 50,
  maxPricePerMinute: undefined,
  protectsMargin: false,
  requiresCallerId: false,
  enabled: true,
  ...given,
})

export const route = (gatewayId: number, given: Partial<LcrRoute> = {}): LcrRoute => ({
  id: gatewayId,
  profileId: 1,
  gatewayId,
  prefix: '',
  priority: 100,
  weight: 1,
  enabled: true,
  priceOverride: undefined,
  maxChannels: undefined,
  maxCallDurationSeconds: undefined,
  timeRestrictions: [],
  asrPercent: undefined,
  acdSeconds: undefined,
  pddMs: undefined,
  ...given,
})

export const tariff = (pricePerMinute: string, given: Partial<Tariff> = {}): Tariff => ({
  pricePerMinute: parseMoney(pricePerMinute),
  connectionFee: parseMoney('0'),
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  currency: 'EUR',
  ...given,
})

/** A rate of the carrier; `given` may make it a customer's. */
export const rate = (
  carrierId: number,
  prefix: string,
  pricePerMinute: string,
  given: Partial<RateRow> = {},
): RateRow => ({
  owner: { kind: 'carrier', id: carrierId },
  deckId: carrierId * 10,
  sequence: carrierId * 10,
  currency: 'EUR',
  prefix,
  pricePerMinute: parseMoney(pricePerMinute),
  connectionFee: parseMoney('0'),
  minimumSeconds: 0,
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  effectiveFrom: 0,
  effectiveTo: undefined,
  ...given,
})

export const rateIndex = (rates: readonly RateRow[]): RateIndex => {
  const builder = createRateIndexBuilder()
  for (const row of rates) builder.add(row)
  return openRateIndex(builder.build())
}

/** A snapshot with its rates. */
export type GivenWorld = Partial<Snapshot> & { readonly rates?: readonly RateRow[] }

export const snapshot = (given: Partial<Snapshot> = {}): Snapshot => ({
  ...EMPTY_SNAPSHOT,
  organizations: [organization()],
  users: [user()],
  devices: [device()],
  lcrProfiles: [profile()],
  ...given,
})

/** Carriers 1 to `count`, each with a gateway and a rule for every number; carrier n asks 0.0n a minute. */
export const carriers = (
  count: number,
): Pick<Snapshot, 'carriers' | 'gateways' | 'lcrRoutes'> & { readonly rates: readonly RateRow[] } => {
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  return {
    carriers: ids.map((id) => carrier(id)),
    gateways: ids.map((id) => gateway(id)),
    lcrRoutes: ids.map((id) => route(id)),
    rates: ids.map((id) => rate(id, '', `0.0${id}`)),
  }
}

/** Nothing was seen of any gateway. */
export const HEALTHY: Health = {
  verdictOf: () => ({ kind: 'closed' }),
  scoreOf: () => 100,
  qualityOf: () => ({ asr: 60, acdSeconds: 180, pddMs: 3_000, samples: 100, isConfident: true }),
  averageSecondsOf: () => undefined,
}

/** No call is on. */
export const IDLE: Load = {
  gatewayChannels: () => 0,
  carrierChannels: () => 0,
  routeChannels: () => 0,
  nextCallAt: (_gateway, _carrier, now) => now,
}

/** What of the world may be given beside its rows. */
export type GivenState = Partial<
  Omit<Surroundings, 'directory' | 'routing' | 'rates' | 'load' | 'health'>
> & {
  readonly load?: Partial<Load>
  readonly health?: Partial<Health>
}

export const surroundings = (
  { rates = [], ...given }: GivenWorld = {},
  { load, health, ...state }: GivenState = {},
): Surroundings => {
  const directory = createDirectory(snapshot(given))
  const index = rateIndex(rates)
  return {
    directory,
    routing: createRoutingTable(directory, index),
    rates: index,
    isUp: () => true,
    load: { ...IDLE, ...load },
    health: { ...HEALTHY, ...health },
    turns: createTurns(),
    failoverStrategy: 'sequential',
    ...state,
  }
}
