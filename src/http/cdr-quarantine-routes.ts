/** Records that could not become rows: what they are, why, and what is to become of them. The platform's alone. */
import { isUtf8 } from 'node:buffer'
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { bodyMayMiss } from './control-fields.ts'
import type { CdrQuarantineDoors, QuarantinedCdr } from './cdr-quarantine-doors.ts'
import { answers, fields, whole } from './fields.ts'
import { CDR_BODY_LIMIT } from './freeswitch-routes.ts'

const tags = ['cdrs']

const Listed = {
  id: Type.String(),
  why: Type.String({ description: 'what is wrong with it' }),
  arrivedAt: Type.String({ format: 'date-time' }),
  refusedAt: Type.String({ format: 'date-time' }),
  size: Type.Integer({ description: 'bytes' }),
}

const List = Type.Object({
  success: Type.Literal(true),
  total: Type.Integer({ description: 'how many there are, listed or not' }),
  records: Type.Array(Type.Object(Listed)),
})

const One = Type.Object({
  success: Type.Literal(true),
  record: Type.Object({
    ...Listed,
    encoding: Type.Union([Type.Literal('utf-8'), Type.Literal('base64')]),
    content: Type.String({ description: 'the record as it came' }),
  }),
})

const Done = Type.Object({ success: Type.Literal(true) })

const params = fields({
  id: Type.String({ pattern: '^[0-9]{1,16}-[0-9a-f]{16}$', description: 'the id of a record in quarantine' }),
})

const Mended = fields({
  content: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: CDR_BODY_LIMIT,
      description: 'what is to be taken in instead: the record, mended by hand',
    }),
  ),
})

export const addCdrQuarantineRoutes = (api: Api, doors: CdrQuarantineDoors): void => {
  const nothing = (id: string): string => `there is no record ${id} in quarantine`

  api.get(
    '/v1/cdrs/quarantine',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: 'Records that could not be taken in, newest first, each with the reason',
        querystring: fields({
          limit: Type.Optional(whole('how many at most', 1, 1_000)),
        }),
        response: answers(200, List, 503),
      },
    },
    async (request) => {
      const { total, records } = await doors.list(request.query.limit ?? 100)
      return { success: true, total, records: records.map(listed) }
    },
  )

  api.get(
    '/v1/cdrs/quarantine/:id',
    {
      config: { scope: 'platform:read' },
      schema: { tags, summary: 'One of them, as it came', params, response: answers(200, One, 404, 503) },
    },
    async (request, reply) => {
      const found = await doors.read(request.params.id)
      if (found === undefined) return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
      const isText = isUtf8(found.bytes)
      return {
        success: true,
        record: {
          ...listed(found),
          encoding: isText ? 'utf-8' : 'base64',
          content: found.bytes.toString(isText ? 'utf8' : 'base64'),
        },
      }
    },
  )

  api.post(
    '/v1/cdrs/quarantine/:id/retry',
    {
      config: { scope: 'platform:write' },
      bodyLimit: 2 * CDR_BODY_LIMIT,
      ...bodyMayMiss,
      schema: {
        tags,
        summary: 'Takes it in again, as it is or mended; what is refused again comes back here',
        params,
        body: Mended,
        response: answers(200, Done, 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const { content } = request.body
      const mended = content === undefined ? undefined : Buffer.from(content, 'utf8')
      return (await doors.retry(request.params.id, mended))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
    },
  )

  api.delete(
    '/v1/cdrs/quarantine/:id',
    {
      config: { scope: 'platform:write' },
      schema: { tags, summary: 'Gives it up: it is gone', params, response: answers(200, Done, 404, 503) },
    },
    async (request, reply) =>
      (await doors.remove(request.params.id))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id)),
  )
}

const listed = ({ id, why, arrivedAt, refusedAt, bytes }: QuarantinedCdr) => ({
  id,
  why,
  arrivedAt,
  refusedAt,
  size: bytes.length,
})
