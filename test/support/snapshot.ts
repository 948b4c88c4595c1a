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
  Rate,
  Snapshot,
  User,
} from '../../src/directory/records.ts'
import { createRateTable } from '../../src/routing/rate-table.ts'
import type { Surroundings } from '../../src/routing/hunt.ts'
import { expectedCost } from '../../src/rating/expected-cost.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { parseMoney } from '../../src/telephony/money.ts'
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
  pingSeconds: undefined,
  inboundCidrs: [],
  carriesEmergency: false,
  enabled: true,
  ...given,
})

export const profile = (given: Partial<LcrProfile> = {}): LcrProfile => ({
  id: 1,
  organizationId: undefined,
  name: 'cheapest',
  strategy: 'LOWEST_COST',
  enabled: true,
  ...given,
})

export const route = (gatewayId: number, given: Partial<LcrRoute> = {}): LcrRoute => ({
  id: gatewayId,
  profileId: 1,
  gatewayId,
  prefix: '',
  priority: 100,
  enabled: true,
  priceOverride: undefined,
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

export const rate = (
  carrierId: number,
  prefix: string,
  pricePerMinute: string,
  given: Partial<Rate> = {},
): Rate => ({
  deckId: carrierId * 10,
  carrierId,
  prefix,
  tariff: tariff(pricePerMinute),
  effectiveFrom: 0,
  effectiveTo: undefined,
  ...given,
})

export const snapshot = (given: Partial<Snapshot> = {}): Snapshot => ({
  ...EMPTY_SNAPSHOT,
  organizations: [organization()],
  users: [user()],
  devices: [device()],
  lcrProfiles: [profile()],
  ...given,
})

/** Carriers 1 to `count`, each with a gateway and a rule for every number; carrier n asks 0.0n a minute. */
export const carriers = (count: number): Pick<Snapshot, 'carriers' | 'gateways' | 'lcrRoutes' | 'rates'> => {
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  return {
    carriers: ids.map((id) => carrier(id)),
    gateways: ids.map((id) => gateway(id)),
    lcrRoutes: ids.map((id) => route(id)),
    rates: ids.map((id) => rate(id, '', `0.0${id}`)),
  }
}

export const surroundings = (
  given: Partial<Snapshot> = {},
  state: Partial<Pick<Surroundings, 'isUp' | 'channelsInUse'>> = {},
): Surroundings => {
  const made = snapshot(given)
  return {
    directory: createDirectory(made),
    rates: createRateTable(made.rates),
    isUp: () => true,
    channelsInUse: () => 0,
    expectedCost: (quoted) => expectedCost(quoted.tariff),
    ...state,
  }
}
