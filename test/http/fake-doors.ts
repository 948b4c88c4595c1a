/** An engine that answers from memory, for the tests of the HTTP floor and of the CLI. */
import type { ExplainRequest } from '../../src/engine/explain.ts'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { LiveEvent } from '../../src/call/live-call.ts'
import type { Carrier, Gateway } from '../../src/directory/records.ts'
import type { CdrFilter, Doors, OriginateRequest } from '../../src/http/doors.ts'
import type { Collection, NewCarrier, NewGateway, RecordDoors } from '../../src/http/record-doors.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import type { Form } from '../../src/xml-curl/form.ts'
import { A_LEG, call, CALL_ID, cdr, NOON } from './samples.ts'

export const TOKEN = 'a-token-of-the-tests-0123456789'
export const SWITCH = { username: 'freeswitch', password: 'päss:word' }
export const bearer = { authorization: `Bearer ${TOKEN}` }
export const basic = {
  authorization: `Basic ${Buffer.from(`${SWITCH.username}:${SWITCH.password}`).toString('base64')}`,
}
/** The rows of a kind in memory, as a store would keep them. */
const collection = <New extends object, Row extends { readonly id: number }>(
  make: (id: number, record: New) => Row,
  change: (row: Row, changes: Partial<New>) => Row,
): Collection<New, Row> => {
  const rows = new Map<number, Row>()
  let last = 0
  return {
    list: () => Promise.resolve([...rows.values()]),
    get: (id) => Promise.resolve(rows.get(id)),
    add: (record) => {
      last += 1
      const row = make(last, record)
      rows.set(last, row)
      return Promise.resolve(row)
    },
    update: (id, changes) => {
      const row = rows.get(id)
      if (row === undefined) return Promise.resolve(undefined)
      const next = change(row, changes)
      rows.set(id, next)
      return Promise.resolve(next)
    },
    remove: (id) => Promise.resolve(rows.delete(id)),
  }
}

const carrierOf = (id: number, record: NewCarrier): Carrier => ({
  id,
  organizationId: record.organizationId ?? undefined,
  code: record.code,
  name: record.name,
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
  pingSeconds: record.pingSeconds ?? undefined,
  inboundCidrs: record.inboundCidrs ?? [],
  carriesEmergency: record.carriesEmergency ?? false,
  enabled: record.enabled ?? true,
})

const records = (): RecordDoors => ({
  carriers: collection(
    (id, record: NewCarrier) => {
      if (record.code === 'taken')
        throw new EngineError('STORE_CONFLICT', 'the code is taken', { field: 'code' })
      if (record.code === 'boom') throw new Error('connect postgres://secret@db')
      return carrierOf(id, record)
    },
    (row, changes) => carrierOf(row.id, { ...row, organizationId: row.organizationId ?? null, ...changes }),
  ),
  gateways: collection(gatewayOf, (row, changes) => {
    const { credentials, codecs, inboundCidrs, maxChannels, pingSeconds, ...rest } = row
    return gatewayOf(row.id, {
      ...rest,
      credentials:
        credentials === undefined
          ? null
          : {
              username: credentials.username,
              password: credentials.password,
              realm: credentials.realm ?? null,
            },
      codecs: [...codecs],
      inboundCidrs: [...inboundCidrs],
      maxChannels: maxChannels ?? null,
      pingSeconds: pingSeconds ?? null,
      ...changes,
    })
  }),
  organizations: collection(
    (id, record) => ({
      id,
      name: record.name,
      sipDomain: record.sipDomain,
      country: 'GB' as const,
      currency: record.currency,
      defaultCallerId: undefined,
      lcrProfileId: record.lcrProfileId ?? undefined,
      isDemo: false,
      enabled: true,
    }),
    (row) => row,
  ),
  users: collection(
    (id, record) => ({
      id,
      organizationId: record.organizationId,
      name: record.name,
      extension: record.extension,
      callerId: undefined,
      enabled: true,
    }),
    (row) => row,
  ),
  devices: collection(
    // More than the shape says, as a careless store might give: the password must not come out.
    (id, record) => ({
      id,
      userId: record.userId,
      username: record.username,
      enabled: true,
      a1Hash: 'secret',
      password: record.password,
    }),
    (row) => row,
  ),
  rateDecks: collection(
    (id, record) => ({
      id,
      carrierId: record.carrierId,
      name: record.name,
      currency: record.currency,
      effectiveFrom: NOON,
      effectiveTo: undefined,
      rateCount: record.rates.length,
    }),
    (row) => row,
  ),
  lcrRoutes: collection(
    (id, record) => ({
      id,
      profileId: record.profileId,
      gatewayId: record.gatewayId,
      prefix: record.prefix,
      priority: record.priority ?? 0,
      enabled: true,
      priceOverride: typeof record.priceOverride === 'string' ? parseMoney(record.priceOverride) : undefined,
    }),
    (row) => row,
  ),
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
    hungUp: string[]
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
  const seen: Fake['seen'] = { forms: [], cdrs: [], originated: [], explained: [], filters: [], hungUp: [] }
  const kept: LiveEvent[] = []
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
    explain: (request) => {
      seen.explained.push(request)
      if (request.from === '9999')
        return { kind: 'refused', code: 'USER_NOT_FOUND', message: 'nobody has extension 9999' }
      return {
        kind: 'explained',
        explanation: {
          number: request.number,
          numberClass: 'e164',
          destination: '+442079460123',
          callerId: '+442079460001',
          candidates: [
            {
              rank: 1,
              gateway: 'gw1',
              carrier: 'Alpha Carrier',
              prefix: '4420',
              pricePerMinute: '0.0080',
              currency: 'GBP',
              expectedCost: '0.008',
              dialString: 'sofia/gateway/gw1/442079460123',
            },
          ],
          rejected: [
            { gateway: 'gw3', carrier: 'Gamma', reason: 'GATEWAY_DOWN', why: 'it does not answer OPTIONS' },
          ],
          trace: ['02079460123 is +442079460123'],
          outcome: 'it would be tried over 1 gateway',
        },
      }
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
      for (const listener of [...listeners]) listener(whole)
    },
    listeners: () => listeners.size,
    onOriginate: () => undefined,
  }
  return fake
}
