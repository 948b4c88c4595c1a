/**
 * The HTTP door: what FreeSWITCH fetches and posts, and the API for programs. Three scopes: FreeSWITCH's with
 * its own credentials, health and readiness open to everyone, and everything else behind the admin token.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import { Type, type TSchema } from '@sinclair/typebox'
import fastify, { type FastifyError } from 'fastify'
import { every, systemClock, type Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { answerFault, refuse, type Api } from './api.ts'
import { addAccessRoutes } from './access-routes.ts'
import { addAudioFileRoutes, addAudioFileUpload } from './audio-file-routes.ts'
import { addArchivePolicyRoutes } from './archive-policy-routes.ts'
import { addCdrQuarantineRoutes } from './cdr-quarantine-routes.ts'
import { addCdrErasureRoutes } from './cdr-erasure-routes.ts'
import { addCdrRoutes } from './cdr-routes.ts'
import { addCallerIdRoutes } from './caller-id-routes.ts'
import { addCallRoutes } from './call-routes.ts'
import { createAuthenticate } from './authenticate.ts'
import { addControlRoutes } from './control-routes.ts'
import { admitBasic } from './credentials.ts'
import type { Doors } from './doors.ts'
import { answers } from './fields.ts'
import { acceptCdr, Accepted, addFreeswitchRoutes, CDR_BODY_LIMIT } from './freeswitch-routes.ts'
import { addLiveRoutes } from './live-routes.ts'
import { createLiveStreams } from './live-stream.ts'
import { addOauthRoutes } from './oauth-routes.ts'
import { openapi } from './openapi.ts'
import { addOriginateRoutes } from './originate-routes.ts'
import { addPageRoutes, type Pages } from './page-routes.ts'
import { addBalanceRoutes } from './balance-routes.ts'
import { addFraudRoutes } from './fraud-routes.ts'
import { addQuotaRoutes } from './quota-routes.ts'
import { addRatingRoutes } from './rating-routes.ts'
import { addQueryRoutes } from './query-routes.ts'
import { addRecordRoutes } from './record-routes.ts'
import { addListenRoute, addRecordingAudioRoutes } from './recordings-audio-routes.ts'
import { addRecordingControlRoutes } from './recording-control-routes.ts'
import { addRecordingPolicyRoutes } from './recording-policy-routes.ts'
import { addRecordingRoutes } from './recordings-routes.ts'
import { addReplayRoutes } from './replay-routes.ts'
import { addReportRoutes } from './report-routes.ts'
import { addRoutingRoutes } from './routing-routes.ts'
import { addSecurityHeaders, readJsonStrictly, readRaw, refuseOtherMethods, requireToken } from './scope.ts'
import { addSecretRoutes } from './secret-routes.ts'
import { answerOf } from './status.ts'
import { addMetricsRoute, addOpenRoutes } from './status-routes.ts'
import { compileValidator } from './validation.ts'
import { addTargetRoutes } from './target-routes.ts'
import { addWebhookRoutes } from './webhook-routes.ts'

export type HttpServerOptions = {
  readonly doors: Doors
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  /** The admin token, from readAdminToken. */
  readonly token: string
  /** What FreeSWITCH shows. */
  readonly freeswitch: { readonly username: string; readonly password: string }
  /** Undefined: there are none. */
  readonly pages?: Pages | undefined
  readonly logger: Logger
  readonly clock?: Clock
  /** What is in flight when the server stops may take this long; default 10 s. */
  readonly stopTimeoutMs?: number
}

export type HttpServer = {
  /** Throws HTTP_LISTEN_FAILED. */
  readonly start: () => Promise<{ readonly url: string }>
  /** Live streams are closed, requests in flight finish, at most for stopTimeoutMs. */
  readonly stop: () => Promise<void>
}

const JSON_BODY_LIMIT = 1024 * 1024
/** A request that has not arrived whole by then is a slow-loris or a dead peer. */
const REQUEST_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000
const SWEEP_MS = 100

export const createHttpServer = (options: HttpServerOptions): HttpServer => {
  const { host, port, logger, clock = systemClock, stopTimeoutMs = STOP_TIMEOUT_MS } = options
  const streams = createLiveStreams(options.doors, clock, logger)
  const app = buildApp(options, streams, clock)
  return {
    start: async () => {
      try {
        await app.listen({ host, port })
      } catch (fault) {
        throw new EngineError(
          'HTTP_LISTEN_FAILED',
          `the HTTP API cannot listen on ${host}:${port}: ${listenFault(fault)}`,
          { host, port },
          fault,
        )
      }
      return { url: urlOf(app.server, host) }
    },
    stop: async () => {
      streams.closeAll()
      const cut = clock.after(stopTimeoutMs, () => {
        logger.warn('requests that were still in flight are cut off')
        app.server.closeAllConnections()
      })
      // A connection whose request was answered in this very moment is idle now, and would be waited for.
      const sweep = every(clock, SWEEP_MS, () => app.server.closeIdleConnections())
      await app.close()
      sweep()
      cut()
    },
  }
}

const buildApp = (
  options: HttpServerOptions,
  streams: ReturnType<typeof createLiveStreams>,
  clock: Clock,
): Api => {
  const { doors, logger } = options
  const app: Api = fastify({
    logger: false,
    bodyLimit: JSON_BODY_LIMIT,
    // By limitRequestTime below, for all but files; this is what may pass until the headers are there.
    requestTimeout: 0,
    http: { headersTimeout: REQUEST_TIMEOUT_MS },
    exposeHeadRoutes: false,
    // Idle connections close at once, busy ones when they have their answer.
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (fault, _request, reply) => {
      answerFault(reply, fault)
    },
  }).withTypeProvider()

  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const check = compileValidator(schema, httpPart)
    return (input: unknown) => check(input)
  })
  // Answers are built field by field from typed values; the schemas describe them, and a test holds them to it.
  app.setSerializerCompiler(() => (answer: unknown) => JSON.stringify(answer))
  app.setErrorHandler<FastifyError>((fault, request, reply) => {
    const { status } = answerOf(fault)
    const line = { err: fault, method: request.method, route: request.routeOptions.url }
    if (status >= 500) logger.error(line, 'a request failed')
    else logger.debug({ ...line, err: undefined, code: codeOf(fault) }, 'a request was refused')
    answerFault(reply, fault)
  })
  app.setNotFoundHandler((_request, reply) => {
    refuse(reply, 'HTTP_NOT_FOUND', 'there is nothing at this path; /openapi.json lists what there is')
  })
  limitRequestTime(app, clock)
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const one of Array.isArray(method) ? method : [method]) known.add(one)
    methods.set(url, known)
  })

  void app.register(swagger, openapi(doors.version))
  const authenticate = createAuthenticate(options.token, doors.access)
  void app.register((scope: Api, _options, done) => {
    const { username, password } = options.freeswitch
    addFreeswitchRoutes(scope, { doors, admits: admitBasic(username, password), logger })
    done()
  })
  void app.register((scope: Api, _options, done) => {
    addSecurityHeaders(scope)
    addOpenRoutes(scope, doors)
    addListenRoute(scope, doors.recordings)
    done()
  })
  void app.register((scope: Api, _options, done) => {
    addSecurityHeaders(scope)
    addOauthRoutes(scope, doors.access)
    done()
  })
  const { pages } = options
  if (pages !== undefined) void app.register((scope: Api) => addPageRoutes(scope, pages))
  void app.register((scope: Api, _options, done) => {
    addSecurityHeaders(scope)
    requireToken(scope, authenticate)
    readJsonStrictly(scope)
    const now = clock.now
    addMetricsRoute(scope, doors)
    addCallRoutes(scope, { doors })
    addOriginateRoutes(scope, { doors, now })
    addQuotaRoutes(scope, doors.quotas)
    addRatingRoutes(scope, doors.rating, now)
    addFraudRoutes(scope, doors.fraud, now)
    addBalanceRoutes(scope, doors.balances)
    addReportRoutes(scope, doors.reports, now)
    addCallerIdRoutes(scope, doors.callerId)
    addLiveRoutes(scope, streams)
    addCdrQuarantineRoutes(scope, doors.cdrQuarantine)
    addWebhookRoutes(scope, doors.webhooks, now)
    addTargetRoutes(scope, doors.targets, now)
    addQueryRoutes(scope, { doors, now })
    addCdrRoutes(scope, doors)
    addCdrErasureRoutes(scope, doors.cdrErasures)
    addRoutingRoutes(scope, doors)
    addReplayRoutes(scope, doors.routing.replays, now)
    addRecordRoutes(scope, doors.records)
    addRecordingRoutes(scope, doors.recordings)
    addArchivePolicyRoutes(scope, doors.recordings)
    addControlRoutes(scope, doors.control)
    addRecordingPolicyRoutes(scope, doors.callRecording)
    addRecordingControlRoutes(scope, { doors })
    addAudioFileRoutes(scope, doors.callRecording)
    addRecordingAudioRoutes(scope, doors.recordings)
    addAccessRoutes(scope, { access: doors.access, now })
    addSecretRoutes(scope, doors.access.secrets)
    scope.get(
      '/openapi.json',
      {
        config: { scope: 'any' },
        schema: { tags: ['engine'], summary: 'This document', response: answers(200, Type.Object({})) },
      },
      (_request, reply) => {
        void reply.send(app.swagger())
      },
    )
    done()
  })
  void app.register((scope: Api, _options, done) => {
    addSecurityHeaders(scope)
    requireToken(scope, authenticate)
    addIngestRoute(scope, doors, logger)
    done()
  })
  void app.register((scope: Api, _options, done) => {
    addSecurityHeaders(scope)
    requireToken(scope, authenticate)
    addAudioFileUpload(scope, doors.callRecording)
    done()
  })
  void app.register((scope: Api, _options, done) => {
    refuseOtherMethods(scope, methods)
    done()
  })
  return app
}

const addIngestRoute = (api: Api, doors: Doors, logger: Logger): void => {
  readRaw(api)
  api.post(
    '/v1/cdrs/ingest',
    {
      bodyLimit: CDR_BODY_LIMIT,
      config: { scope: 'platform:write' },
      schema: {
        tags: ['cdrs'],
        summary: 'Takes in the content of one file that mod_json_cdr left; the same one twice does no harm',
        consumes: ['application/json'],
        response: answers(200, Accepted, 413, 415, 503),
      },
    },
    acceptCdr(doors, logger),
  )
}

/** A slow body holds a connection: 408. A file may take minutes: there silence counts (deck-body.ts). */
const limitRequestTime = (app: Api, clock: Clock): void => {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.url !== IMPORT_PATH) {
      const cancel = clock.after(REQUEST_TIMEOUT_MS, () => {
        if (request.raw.complete) return
        const fault = Object.assign(new Error('the request is too slow'), {
          code: 'ERR_HTTP_REQUEST_TIMEOUT',
        })
        answerBrokenRequest(fault, request.raw.socket)
      })
      request.raw.once('close', cancel)
    }
    done()
  })
}

const IMPORT_PATH = '/v1/rate-decks/import'

const BROKEN: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** What is no HTTP at all gets an answer too, and the connection closes. */
const answerBrokenRequest = (fault: Error & { readonly code?: string }, socket: Socket): void => {
  if (fault.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = BROKEN[fault.code ?? ''] ?? '400 Bad Request'
  const body = JSON.stringify({
    success: false,
    error: { code: 'BAD_INPUT', message: 'the request is not valid HTTP' },
  })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it, or set STROWGER_HTTP_PORT',
  EADDRNOTAVAIL: 'this host does not have that address',
  EACCES: 'this port needs more rights',
}

const listenFault = (fault: unknown): string => LISTEN_FAULTS[codeOf(fault) ?? ''] ?? asError(fault).message

/** Where programs on this host reach it. */
const urlOf = (server: Server, host: string): string => {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const name =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
