/** Call records: listed by whatever is known of a call, and given out as a file of any size. */
import { Readable } from 'node:stream'
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { DIRECTIONS, DISPOSITIONS, NUMBER_MATCHES, type CdrQuery } from '../cdr/query.ts'
import type { Api } from './api.ts'
import { EXPORT_FORMATS } from './cdr-doors.ts'
import { CdrJson, cdrJson } from './cdr-json.ts'
import { organizationWithin } from './caller.ts'
import type { Doors } from './doors.ts'
import { answers, choice, dialled, fields, flag, id, moment, nullable, text, uuid, whole } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'

const tags = ['cdrs']
const DEFAULT_PAGE = 50
const MAX_PAGE = 1000
const MAX_SECONDS = 2_147_483_647

const SEARCH = {
  since: Type.Optional(moment('a moment')),
  until: Type.Optional(moment('a moment')),
  number: Type.Optional(dialled('a number of the caller or the callee, or digits of one')),
  caller: Type.Optional(dialled('a number of the caller, or digits of one')),
  callee: Type.Optional(dialled('a number of the callee, or digits of one')),
  match: Type.Optional(choice(NUMBER_MATCHES)),
  user: Type.Optional(id('a user who called or was called')),
  call: Type.Optional(uuid('a call')),
  organization: Type.Optional(id('an organisation')),
  direction: Type.Optional(choice(DIRECTIONS)),
  disposition: Type.Optional(choice(DISPOSITIONS)),
  cause: Type.Optional(
    Type.String({
      pattern: '^[A-Z0-9_]{1,64}$',
      description: 'a hangup cause of FreeSWITCH, such as USER_BUSY',
    }),
  ),
  gateway: Type.Optional(id('a gateway by which the call came, or that was tried')),
  carrier: Type.Optional(id('a carrier by which the call came, or that was tried')),
  minSeconds: Type.Optional(whole('answered time in seconds, at least', 0, MAX_SECONDS)),
  estimated: Type.Optional(
    flag('only those that the engine wrote because the switch sent none, or none of them'),
  ),
  recorded: Type.Optional(flag('only those with a recording that can be heard, or without')),
  crmRecord: Type.Optional(text("the id of the CRM's record that the call was made for", 256)),
  legs: Type.Optional(flag('every leg, not only the calls with their attempts')),
}
type Search = Static<TObject<typeof SEARCH>>

export const addCdrRoutes = (api: Api, doors: Pick<Doors, 'cdrs' | 'cdrExports'>): void => {
  api.get(
    '/v1/cdrs',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags,
        summary: 'Call detail records, newest first',
        description:
          'What is rare is looked for page by page: a page may hold less than "limit", or nothing, and still have a "next".',
        querystring: fields({
          ...SEARCH,
          limit: Type.Optional(whole('a number of records', 1, MAX_PAGE)),
          cursor: Type.Optional(text('the "next" of the page before', 500)),
        }),
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            cdrs: Type.Array(CdrJson),
            next: nullable(Type.String()),
          }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const { includeLegs = false, ...query } = queryOf(request, request.query)
      const { limit = DEFAULT_PAGE, cursor } = request.query
      const page = await doors.cdrs({ ...query, legs: includeLegs, limit, cursor })
      return { success: true, cdrs: page.cdrs.map(cdrJson), next: page.next ?? null }
    },
  )

  api.get(
    '/v1/cdrs/export',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags,
        summary: 'Call detail records as a file of any size, oldest first: calls that have ended until now',
        querystring: fields({ ...SEARCH, format: choice(EXPORT_FORMATS) }),
        response: answers(
          200,
          {
            description: 'the file',
            content: {
              'text/csv': { schema: Type.String({ description: 'RFC 4180, with a header' }) },
              'application/x-ndjson': {
                schema: Type.String({ description: 'a record a line, as /v1/cdrs tells it' }),
              },
              'application/vnd.apache.parquet': {
                schema: Type.String({ format: 'binary', description: 'money is DECIMAL' }),
              },
            },
          },
          404,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { format, ...search } = request.query
      const file = await doors.cdrExports.export({ format, query: queryOf(request, search) })
      return reply
        .type(CONTENT_TYPES[format])
        .header('content-disposition', `attachment; filename="call-records.${format}"`)
        .send(Readable.from(file, { objectMode: false, highWaterMark: 256 * 1024 }))
    },
  )
}

const CONTENT_TYPES = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
} as const

const digitsIn = (number: string | undefined): string | undefined => number?.replace(/[^\d*#]/g, '')

const queryOf = (request: FastifyRequest, asked: Search): CdrQuery => ({
  organizationId: organizationWithin(request, asked.organization),
  since: millisecondsOf('since', asked.since),
  until: millisecondsOf('until', asked.until),
  callId: asked.call?.toLowerCase(),
  number: digitsIn(asked.number),
  caller: digitsIn(asked.caller),
  callee: digitsIn(asked.callee),
  match: asked.match,
  userId: asked.user,
  direction: asked.direction,
  disposition: asked.disposition,
  hangupCause: asked.cause,
  gatewayId: asked.gateway,
  carrierId: asked.carrier,
  minSeconds: asked.minSeconds,
  estimated: asked.estimated,
  hasRecording: asked.recorded,
  crmRecordId: asked.crmRecord,
  includeLegs: asked.legs,
})
