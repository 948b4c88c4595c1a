/** What happens to calls, as server-sent events. */
import type { FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import { organizationWithin } from './caller.ts'
import { answers, fields, flag, id, uuid } from './fields.ts'
import { LiveEventJson } from './live-json.ts'
import type { LiveStreams } from './live-stream.ts'
import { badInput } from './validation.ts'

/** Names of kinds, joined by commas. */
const kinds = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^[a-z]+(-[a-z]+)*(,[a-z]+(-[a-z]+)*)*$',
  description: 'kinds of events joined by commas, such as ringing,answered,call-ended',
})

export const addLiveRoutes = (api: Api, streams: LiveStreams): void => {
  api.get(
    '/v1/live',
    {
      config: { scope: 'events:read' },
      schema: {
        tags: ['calls'],
        summary:
          'What happens to calls, as server-sent events; resumable with Last-Event-ID, `event: reset` where that has gone',
        querystring: fields({
          callId: Type.Optional(uuid('a call')),
          userId: Type.Optional(id('a user: calls that he makes, and calls that ring at his devices')),
          organization: Type.Optional(id('an organisation')),
          kinds: Type.Optional(kinds),
          snapshot: Type.Optional(flag('whether the calls that are up come first, as `event: snapshot`')),
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
          403,
          404,
          503,
        ),
      },
    },
    (request, reply) => {
      const { query } = request
      const organizationId = organizationWithin(request, query.organization)
      const resumed = lastEventId(request)
      if (streams.full()) {
        refuse(reply, 'HTTP_TOO_MANY_STREAMS', 'too many readers follow the live stream; try again later')
        return
      }
      reply.hijack()
      streams.open(reply.raw, {
        after: resumed ?? query.after,
        snapshot: query.snapshot === true,
        organizationId,
        userId: query.userId,
        callId: query.callId === undefined ? undefined : asCallUuid(query.callId),
        kinds: query.kinds === undefined ? undefined : new Set(query.kinds.split(',')),
      })
    },
  )
}

const lastEventId = (request: Pick<FastifyRequest, 'headers'>): number | undefined => {
  const header = request.headers['last-event-id']
  if (header === undefined || header === '') return undefined
  if (typeof header !== 'string' || !/^\d{1,16}$/.test(header)) {
    throw badInput('Last-Event-ID', 'the header Last-Event-ID takes the id of an event that this stream sent')
  }
  return Number(header)
}
