/** An engine that answers from memory, for the tests of the HTTP floor and of the CLI. */
import { fakeCallerId } from './fake-caller-id.ts'
import type { ExplainRequest } from '../../src/engine/explain.ts'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { LiveEvent } from '../../src/call/live-call.ts'
import type { Carrier, Gateway } from '../../src/directory/records.ts'
import type { CdrFilter, Doors, OriginateRequest } from '../../src/http/doors.ts'
import type { Collection, NewCarrier, NewGateway, RecordDoors } from '../../src/http/record-doors.ts'
import type { ReplayRequest } from '../../src/http/replay-doors.ts'
import type { BreakerRequest } from '../../src/http/routing-doors.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { parseMoney, type Money } from '../../src/telephony/money.ts'
import { numberFormOf } from '../../src/telephony/number-form.ts'
import type { Form } from '../../src/xml-curl/form.ts'
import { fakeAccess } from './fake-access.ts'
import { fakeCallRecording } from './fake-call-recording.ts'
import { fakeRecordings } from './fake-recordings.ts'
import { decision, fakeRouting } from './fake-routing.ts'
import { fakeWebhooks } from './fake-webhooks.ts'
import { fakeControl, type Controlled } from './fake-control.ts'
import { A_LEG, call, CALL_ID, cdr, NOON } from './samples.ts'

export const TOKEN = 'a-token-of-the-tests-0123456789'
export const SWITCH = { username: 'freeswitch', password: 'päss:word' }
export const bearer = { authorization: `Bearer ${TOKEN}` }
export const basic = {
  authorization: `Basic ${Buffer.from(`${SWITCH.username}:${SWITCH.password}`).toString('base64')}`,
}
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

const records = (): RecordDoors => ({
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

export type Fake = {
  readonly doors: Doors
  readonly server: HttpServer
  readonly url: string
  readonly seen: {
    forms: Form[]
    cdrs: Buffer[]
    originated: OriginateRequest[]
    explained: ExplainRequest[]
    filters: CdrFilter[]
    breakers: BreakerRequest[]
    replayed: ReplayRequest[]
    hungUp: string[]
    controlled: Controlled[]
  }
  /** Happens now: kept for a replay, told to who listens. */
  readonly happen: (event: Omit<LiveEvent, 'id'>) => void
  readonly listeners: () => number
  /** What the next originate does. */
  onOriginate: (request: OriginateRequest) => void
}

export const startFake = async (
  changes: Partial<Doors> = {},
  options: { readonly port?: number } = {},
): Promise<Fake> => {
  const seen: Fake['seen'] = {
    forms: [],
    cdrs: [],
    originated: [],
    explained: [],
    filters: [],
    breakers: [],
    replayed: [],
    hungUp: [],
    controlled: [],
  }
  const kept: LiveEvent[] = []
  const position = { keptAfter: 0 }
  const listeners = new Set<(event: LiveEvent) => void>()
  const doors: Doors = {
    version: '0.1.0',
    health: () => ({
      status: 'ok',
      version: '0.1.0',
      features: ['lcr'],
      uptimeSeconds: 12,
      trial: true,
      simulated: true,
    }),
    ready: () => ({ ready: true, checks: [{ name: 'switch', ok: true, detail: 'simulator' }] }),
    metrics: () => Promise.resolve('# HELP x\nstrowger_calls 0\n'),
    answerXml: (form) => {
      seen.forms.push(form)
      return '<document type="freeswitch/xml"/>\n'
    },
    acceptCdr: (body) => {
      seen.cdrs.push(body)
      const text = body.toString()
      if (text.includes('disk-full'))
        return Promise.reject(new EngineError('SPOOL_WRITE_FAILED', '/var/spool is full'))
      if (text.includes('bug')) return Promise.reject(new TypeError('cannot read x of undefined'))
      if (!text.startsWith('{'))
        return Promise.reject(new EngineError('CDR_UNREADABLE', 'the body is not a CDR'))
      return Promise.resolve()
    },
    once: async (_key, act) => ({ kind: 'answered', isRepeated: false, answer: (await act(CALL_ID)).answer }),
    customHeaders: [],
    callerId: fakeCallerId,
    quotas: {
      list: () => Promise.resolve([]),
      find: () => Promise.resolve(undefined),
      set: () => Promise.resolve(undefined),
      remove: () => Promise.resolve(false),
    },
    originate: (request) => {
      seen.originated.push(request)
      if (request.to === '404')
        return Promise.resolve({
          kind: 'refused',
          code: 'INVALID_DESTINATION',
          message: '404 cannot be dialled',
        })
      if (request.from === '9999')
        return Promise.resolve({
          kind: 'refused',
          code: 'USER_NOT_FOUND',
          message: 'nobody has extension 9999',
        })
      if (request.to === '503')
        return Promise.resolve({
          kind: 'refused',
          code: 'CARRIER_UNAVAILABLE',
          message: 'no carrier takes it',
        })
      fake.onOriginate(request)
      return Promise.resolve({ kind: 'initiated', callId: CALL_ID, callUuid: A_LEG })
    },
    calls: ({ organizationId }) => (organizationId === 2 ? [] : [call()]),
    call: (callId) => (callId === CALL_ID ? call() : undefined),
    hangUp: (callId) => {
      seen.hungUp.push(callId)
      return Promise.resolve(callId === CALL_ID ? 'hung-up' : 'not-found')
    },
    live: (after, onEvent) => {
      if (after !== undefined) for (const event of kept) if (event.id > after) onEvent(event)
      listeners.add(onEvent)
      return () => {
        listeners.delete(onEvent)
      }
    },
    livePosition: () => ({ keptAfter: kept.length === 0 ? 0 : position.keptAfter, last: kept.length }),
    explain: (request) => {
      seen.explained.push(request)
      return Promise.resolve(
        request.from === '9999'
          ? { kind: 'refused', code: 'USER_NOT_FOUND', message: 'nobody has extension 9999' }
          : { kind: 'explained', explanation: decision({ number: request.number }) },
      )
    },
    cdrs: (filter) => {
      seen.filters.push(filter)
      return Promise.resolve({
        cdrs: [{ ...cdr(), callCost: { amount: parseMoney('0.0042'), currency: 'GBP' } }],
        next: undefined,
      })
    },
    bans: () =>
      Promise.resolve([
        {
          address: '203.0.113.7',
          reason: 'failed registrations',
          failures: 10,
          since: Date.now() - 1000,
          until: Date.now() + 3_599_000,
        },
        {
          address: '2001:db8::7',
          reason: 'failed registrations',
          failures: 12,
          since: Date.now() - 1000,
          until: Date.now() + 60_000,
        },
        {
          address: '1.2.3.4 }; reboot',
          reason: 'hostile',
          failures: 1,
          since: Date.now(),
          until: Date.now() + 1000,
        },
      ]),
    liftBan: (address) => Promise.resolve(address === '203.0.113.7' ? 'lifted' : 'not-found'),
    records: records(),
    recordings: fakeRecordings(),
    callRecording: fakeCallRecording(),
    control: fakeControl(seen.controlled),
    webhooks: fakeWebhooks(),
    routing: fakeRouting(seen.breakers, seen.replayed),
    access: fakeAccess(),
    ...changes,
  }
  const server = createHttpServer({
    doors,
    host: '127.0.0.1',
    port: options.port ?? 0,
    token: TOKEN,
    freeswitch: SWITCH,
    logger: silentLogger,
    stopTimeoutMs: 1000,
  })
  const { url } = await server.start()
  const fake: Fake = {
    doors,
    server,
    url,
    seen,
    happen: (event) => {
      const whole = { ...event, id: kept.length + 1 }
      kept.push(whole)
      if (kept.length > 1_000) position.keptAfter = kept.length - 1_000
      for (const listener of [...listeners]) listener(whole)
    },
    listeners: () => listeners.size,
    onOriginate: () => undefined,
  }
  return fake
}
