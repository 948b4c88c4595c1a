/** Starting, seeing and ending calls. */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import type { Doors, OriginateRequest } from './doors.ts'
import { answers, dialled, e164, extension, fields, id, iso, uuid, whole } from './fields.ts'
import { callJson, LiveCallJson, LiveEventJson } from './live-json.ts'
import type { LiveStreams } from './live-stream.ts'
import { badInput } from './validation.ts'

type Needs = {
  readonly doors: Pick<Doors, 'originate' | 'calls' | 'call' | 'hangUp'>
  readonly streams: LiveStreams
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const callId = uuid('a call')
const tags = ['calls']

/** Two spellings of the same wish: `from` and `to`, or a user's id and a destination. */
const Originate = fields({
  from: Type.Optional(extension('an extension, or the user name of a device')),
  userId: Type.Optional(id('a user, instead of from')),
  deviceId: Type.Optional(id('a device of that user')),
  to: Type.Optional(dialled('a number as it would be dialled')),
  destination: Type.Optional(dialled('a number as it would be dialled, instead of to')),
  organizationId: Type.Optional(id('an organisation')),
  callerId: Type.Optional(e164('a number')),
  ringTimeoutSeconds: Type.Optional(whole('seconds', 5, 120)),
  options: Type.Optional(fields({ timeout: Type.Optional(whole('seconds', 5, 120)) })),
})

const Originated = Type.Object({
  success: Type.Literal(true),
  callId: Type.String(),
  callUuid: Type.String({ description: "the uuid of the call's A leg" }),
  status: Type.Literal('initiated'),
  timestamp: Type.String({ format: 'date-time' }),
})

export const addCallRoutes = (api: Api, { doors, streams, now }: Needs): void => {
  for (const path of ['/v1/calls/originate', '/v1/originate']) {
    api.post(
      path,
      {
        schema: {
          tags,
          summary: 'Rings a phone, and when it is answered calls the number',
          body: Originate,
          response: answers(200, Originated, 403, 404, 409, 413, 415, 429, 503),
        },
      },
      async (request, reply) => {
        const outcome = await doors.originate(readOriginate(request.body, organizationOf(request)))
        if (outcome.kind === 'refused') return refuse(reply, outcome.code, outcome.message)
        const { callId: started, callUuid } = outcome
        return { success: true, callId: started, callUuid, status: 'initiated', timestamp: iso(now()) }
      },
    )
  }

  api.get(
    '/v1/calls',
    {
      schema: {
        tags,
        summary: 'The calls that are up now',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(200, Type.Object({ success: Type.Literal(true), calls: Type.Array(LiveCallJson) })),
      },
    },
    ({ query }, reply) => {
      void reply.send({
        success: true,
        calls: doors.calls({ organizationId: query.organization }).map(callJson),
      })
    },
  )

  api.get(
    '/v1/calls/:callId',
    {
      schema: {
        tags,
        summary: 'One call as it is now',
        params: fields({ callId }),
        response: answers(200, Type.Object({ success: Type.Literal(true), call: LiveCallJson }), 404),
      },
    },
    ({ params }, reply) => {
      const call = doors.call(asCallUuid(params.callId))
      if (call === undefined) refuse(reply, 'HTTP_NOT_FOUND', `there is no call ${params.callId}`)
      else void reply.send({ success: true, call: callJson(call) })
    },
  )

  api.delete(
    '/v1/calls/:callId',
    {
      schema: {
        tags,
        summary: 'Hangs up',
        params: fields({ callId }),
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
      },
    },
    async ({ params }, reply) =>
      (await doors.hangUp(asCallUuid(params.callId))) === 'hung-up'
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', `there is no call ${params.callId}`),
  )

  api.get(
    '/v1/live',
    {
      schema: {
        tags,
        summary: 'What happens to calls, as server-sent events; resumable with Last-Event-ID',
        querystring: fields({
          callId: Type.Optional(callId),
          after: Type.Optional(
            Type.Integer({
              minimum: 0,
              description: 'the id of an event, for who cannot send Last-Event-ID: a whole number',
            }),
          ),
        }),
        response: answers(
          200,
          {
            description: 'events, each with an id and JSON in its data',
            content: { 'text/event-stream': { schema: LiveEventJson } },
          },
          503,
        ),
      },
    },
    (request, reply) => {
      const { callId: wanted, after } = request.query
      const resumed = lastEventId(request)
      if (streams.full()) {
        refuse(reply, 'HTTP_TOO_MANY_STREAMS', 'too many readers follow the live stream; try again later')
        return
      }
      reply.hijack()
      streams.open(reply.raw, {
        after: resumed ?? after,
        callId: wanted === undefined ? undefined : asCallUuid(wanted),
      })
    },
  )
}

type Body = {
  readonly from?: string
  readonly userId?: number
  readonly deviceId?: number
  readonly to?: string
  readonly destination?: string
  readonly organizationId?: number
  readonly callerId?: string
  readonly ringTimeoutSeconds?: number
  readonly options?: { readonly timeout?: number }
}

const readOriginate = (body: Body, headerOrganization: number | undefined): OriginateRequest => {
  const { from, userId, deviceId } = body
  if (from !== undefined && userId !== undefined)
    throw badInput('userId', '"from" and "userId" say the same: send one of them')
  if (deviceId !== undefined && userId === undefined)
    throw badInput('deviceId', '"deviceId" goes with "userId"')
  const caller = from ?? (userId === undefined ? undefined : { userId, deviceId })
  if (caller === undefined)
    throw badInput('from', '"from" is missing: it takes an extension, or the user name of a device')
  const to = only('to', body.to, 'destination', body.destination)
  if (to === undefined) throw badInput('to', '"to" is missing: it takes a number as it would be dialled')
  return {
    from: caller,
    to,
    organizationId: only('organizationId', body.organizationId, 'X-Organization-Id', headerOrganization),
    callerId: body.callerId,
    ringTimeoutSeconds: only(
      'ringTimeoutSeconds',
      body.ringTimeoutSeconds,
      'options.timeout',
      body.options?.timeout,
    ),
  }
}

/** The one that was sent; two that differ are a mistake that nobody should have to guess at. */
const only = <T>(
  name: string,
  value: T | undefined,
  other: string,
  otherValue: T | undefined,
): T | undefined => {
  if (value !== undefined && otherValue !== undefined && value !== otherValue) {
    throw badInput(name, `"${name}" and "${other}" say the same and differ: send one of them`)
  }
  return value ?? otherValue
}

const organizationOf = (request: FastifyRequest): number | undefined => {
  const header = request.headers['x-organization-id']
  if (header === undefined) return undefined
  if (typeof header !== 'string' || !/^[1-9]\d{0,8}$/.test(header)) {
    throw badInput('X-Organization-Id', 'the header X-Organization-Id takes the id of an organisation')
  }
  return Number(header)
}

const lastEventId = (request: Pick<FastifyRequest, 'headers'>): number | undefined => {
  const header = request.headers['last-event-id']
  if (header === undefined || header === '') return undefined
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) {
    throw badInput('Last-Event-ID', 'the header Last-Event-ID takes the id of an event that this stream sent')
  }
  return Number(header)
}
