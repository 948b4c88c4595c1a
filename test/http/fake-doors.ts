/** An engine that answers from memory, for the tests of the HTTP floor and of the CLI. */
import { fakeCallerId } from './fake-caller-id.ts'
import type { ExplainRequest } from '../../src/engine/explain.ts'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { LiveEvent } from '../../src/call/live-call.ts'
import type { CdrFilter } from '../../src/http/cdr-doors.ts'
import type { Doors, OriginateRequest } from '../../src/http/doors.ts'
import { fakeErasures, fakeExports } from './fake-cdrs.ts'
import { fakeRating } from './fake-rating.ts'
import type { ReplayRequest } from '../../src/http/replay-doors.ts'
import type { BreakerRequest } from '../../src/http/routing-doors.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import type { ReportQuery } from '../../src/store/report-reads.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import type { Form } from '../../src/xml-curl/form.ts'
import { fakeAccess } from './fake-access.ts'
import { fakeCallRecording } from './fake-call-recording.ts'
import { fakeRecords } from './fake-records.ts'
import { fakeRecordings } from './fake-recordings.ts'
import { fakeReports } from './fake-reports.ts'
import { fakeFraud } from './fake-fraud.ts'
import { decision, fakeRouting } from './fake-routing.ts'
import { fakeTargets } from './fake-targets.ts'
import { fakeWebhooks } from './fake-webhooks.ts'
import { fakeControl, type Controlled } from './fake-control.ts'
import { A_LEG, call, CALL_ID, cdr } from './samples.ts'

export const TOKEN = 'a-token-of-the-tests-0123456789'
export const SWITCH = { username: 'freeswitch', password: 'päss:word' }
export const bearer = { authorization: `Bearer ${TOKEN}` }
export const basic = {
  authorization: `Basic ${Buffer.from(`${SWITCH.username}:${SWITCH.password}`).toString('base64')}`,
}

const QUARANTINED = {
  id: '1795000000000-0123456789abcdef',
  why: 'uuid of the CDR is missing',
  refusedAt: '2026-11-20T12:00:01.000Z',
  arrivedAt: '2026-11-20T12:00:00.000Z',
  bytes: Buffer.from('{"variables":{}}'),
}

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
    reports: ReportQuery[]
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
    reports: [],
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
    cdrQuarantine: {
      list: () => Promise.resolve({ total: 1, records: [QUARANTINED] }),
      read: () => Promise.resolve(QUARANTINED),
      retry: () => Promise.resolve(false),
      remove: () => Promise.resolve(false),
    },
    customHeaders: [],
    balances: {
      list: () => Promise.resolve([]),
      find: () => Promise.resolve(undefined),
      open: () => Promise.resolve(undefined),
      close: () => Promise.resolve(false),
      book: () => Promise.resolve({ kind: 'no-balance' }),
      entries: () => Promise.resolve(undefined),
    },
    callerId: fakeCallerId,
    fraud: fakeFraud(),
    rating: fakeRating,
    quotas: {
      list: () => Promise.resolve([]),
      find: () => Promise.resolve(undefined),
      set: () => Promise.resolve(undefined),
      remove: () => Promise.resolve(false),
    },
    reports: fakeReports(seen.reports),
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
    cdrExports: fakeExports(),
    cdrErasures: fakeErasures(),
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
    records: fakeRecords(),
    recordings: fakeRecordings(),
    callRecording: fakeCallRecording(),
    control: fakeControl(seen.controlled),
    webhooks: fakeWebhooks(),
    targets: fakeTargets(),
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
