/** Records of every kind in memory, as a store would keep them. */
import { EngineError } from '../../src/base/errors.ts'
import type { Carrier, Gateway } from '../../src/directory/records.ts'
import type { Collection, NewCarrier, NewGateway, RecordDoors } from '../../src/http/record-doors.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { parseMoney, type Money } from '../../src/telephony/money.ts'
import { NOON } from './samples.ts'
import { numberFormOf } from '../../src/telephony/number-form.ts'

/** The rows of a kind in memory, as a store would keep them. */
const collection = <New extends object, Row>(
  make: (id: number, record: New) => Row,
): Collection<New, Row> => {
  const records = new Map<number, New>()
  let last = 0
  const get = (id: number): Row | undefined => {
    const record = records.get(id)
    return record === undefined ? undefined : make(id, record)
  }
  return {
    list: () => Promise.resolve([...records].map(([id, record]) => make(id, record))),
    get: (id) => Promise.resolve(get(id)),
    add: (record) => {
      last += 1
      const row = make(last, record)
      records.set(last, record)
      return Promise.resolve(row)
    },
    update: (id, changes) => {
      const record = records.get(id)
      if (record !== undefined) records.set(id, { ...record, ...changes })
      return Promise.resolve(get(id))
    },
    remove: (id) => Promise.resolve(records.delete(id)),
  }
}

const carrierOf = (id: number, record: NewCarrier): Carrier => ({
  id,
  organizationId: record.organizationId ?? undefined,
  code: record.code,
  name: record.name,
  maxChannels: record.maxChannels ?? undefined,
  maxCallsPerSecond: record.maxCallsPerSecond ?? undefined,
  carriesCallerId: record.carriesCallerId ?? true,
  supportsFax: record.supportsFax ?? true,
  failover: {
    enabled: record.failover?.enabled ?? true,
    threshold: record.failover?.threshold ?? undefined,
    windowSeconds: record.failover?.windowSeconds ?? undefined,
  },
  enabled: record.enabled ?? true,
})

const gatewayOf = (id: number, record: NewGateway): Gateway => ({
  id,
  carrierId: record.carrierId,
  name: record.name,
  hostname: record.hostname,
  port: record.port ?? 5060,
  transport: record.transport ?? 'udp',
  credentials:
    record.credentials === null || record.credentials === undefined
      ? undefined
      : { ...record.credentials, realm: record.credentials.realm ?? undefined },
  register: record.register ?? false,
  codecs: record.codecs ?? [],
  maxChannels: record.maxChannels ?? undefined,
  maxCallsPerSecond: record.maxCallsPerSecond ?? undefined,
  numberForm: numberFormOf(record.numberForm ?? {}),
  failover: { ...DEFAULT_FAILOVER_POLICY, believes: record.failover?.believes ?? 'status' },
  progressTimeoutSeconds: record.progressTimeoutSeconds ?? undefined,
  ringTimeoutSeconds: record.ringTimeoutSeconds ?? undefined,
  pingSeconds: record.pingSeconds ?? undefined,
  inboundCidrs: record.inboundCidrs ?? [],
  carriesEmergency: record.carriesEmergency ?? false,
  answersWithTones: record.answersWithTones ?? false,
  enabled: record.enabled ?? true,
})

const priceOf = (text: string | null | undefined): Money | undefined =>
  typeof text === 'string' ? parseMoney(text) : undefined

export const fakeRecords = (): RecordDoors => ({
  carriers: collection((id, record: NewCarrier) => {
    if (record.code === 'taken')
      throw new EngineError('STORE_CONFLICT', 'the code is taken', { field: 'code' })
    if (record.code === 'boom') throw new Error('connect postgres://secret@db')
    return carrierOf(id, record)
  }),
  gateways: collection(gatewayOf),
  organizations: collection((id, record) => ({
    id,
    name: record.name,
    sipDomain: record.sipDomain,
    country: 'GB' as const,
    currency: record.currency,
    defaultCallerId: undefined,
    lcrProfileId: record.lcrProfileId ?? undefined,
    isDemo: false,
    enabled: true,
  })),
  users: collection((id, record) => ({
    id,
    organizationId: record.organizationId ?? 0,
    name: record.name,
    extension: record.extension,
    callerId: undefined,
    enabled: true,
  })),
  // More than the shape says, as a careless store might give: the password must not come out.
  devices: collection((id, record) => ({
    id,
    userId: record.userId,
    username: record.username,
    enabled: true,
    a1Hash: 'secret',
    password: record.password,
  })),
  rateDecks: collection((id, record) => ({
    id,
    carrierId: record.carrierId,
    carrier: undefined,
    organizationId: record.organizationId,
    name: record.name,
    currency: record.currency,
    state: 'published' as const,
    version: 1,
    replaces: false,
    effectiveFrom: NOON,
    effectiveTo: undefined,
    rateCount: record.rates.length,
    graceSeconds: record.graceSeconds ?? 0,
    freeSeconds: record.freeSeconds ?? 0,
    rounding: record.rounding ?? undefined,
    source: '',
    createdAt: NOON,
    publishedAt: NOON,
    withdrawnAt: undefined,
  })),
  lcrProfiles: collection((id, record) => ({
    id,
    organizationId: record.organizationId ?? undefined,
    name: record.name,
    strategy: record.strategy ?? 'LOWEST_COST',
    timeZone: record.timeZone ?? 'UTC',
    costWeight: record.costWeight ?? 50,
    qualityWeight: record.qualityWeight ?? 50,
    maxPricePerMinute: priceOf(record.maxPricePerMinute),
    protectsMargin: record.protectsMargin ?? false,
    requiresCallerId: record.requiresCallerId ?? false,
    enabled: true,
  })),
  lcrRoutes: collection((id, record) => ({
    id,
    profileId: record.profileId,
    gatewayId: record.gatewayId,
    prefix: record.prefix,
    priority: record.priority ?? 0,
    weight: record.weight ?? 1,
    enabled: true,
    priceOverride: priceOf(record.priceOverride),
    maxChannels: record.maxChannels ?? undefined,
    maxCallDurationSeconds: record.maxCallDurationSeconds ?? undefined,
    timeRestrictions: record.timeRestrictions ?? [],
    asrPercent: record.asrPercent ?? undefined,
    acdSeconds: record.acdSeconds ?? undefined,
    pddMs: record.pddMs ?? undefined,
  })),
  blockedPrefixes: collection((id, record) => ({
    id,
    organizationId: record.organizationId ?? undefined,
    prefix: record.prefix,
    action: record.action ?? 'block',
    note: record.note ?? '',
    enabled: record.enabled ?? true,
  })),
})
