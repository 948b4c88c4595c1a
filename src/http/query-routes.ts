/** What engineers and programs ask: what was called, who is banned. */
import { isIP } from 'node:net'
import { Type } from '@sinclair/typebox'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import { nftablesBanList, plainBanList } from './ban-list.ts'
import { CdrJson, cdrJson } from './cdr-json.ts'
import { organizationWithin } from './caller.ts'
import type { Ban, Doors } from './doors.ts'
import { answers, dialled, fields, id, iso, moment, nullable, text, time, uuid, whole } from './fields.ts'
import { badInput } from './validation.ts'

type Needs = {
  readonly doors: Pick<Doors, 'cdrs' | 'bans' | 'liftBan'>
  readonly now: () => number
}

const string = Type.String()
const DEFAULT_PAGE = 50
const MAX_PAGE = 1000

const BanJson = Type.Object({
  address: string,
  reason: string,
  failures: Type.Integer(),
  since: time('when it began'),
  until: time('when it ends'),
})

export const addQueryRoutes = (api: Api, { doors, now }: Needs): void => {
  api.get(
    '/v1/cdrs',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags: ['cdrs'],
        summary: 'Call detail records, newest first',
        querystring: fields({
          since: Type.Optional(moment('a moment')),
          until: Type.Optional(moment('a moment')),
          number: Type.Optional(dialled('a number, or digits of one')),
          call: Type.Optional(uuid('a call')),
          organization: Type.Optional(id('an organisation')),
          direction: Type.Optional(
            Type.Union([Type.Literal('inbound'), Type.Literal('outbound'), Type.Literal('internal')], {
              description: 'inbound, outbound or internal',
            }),
          ),
          legs: Type.Optional(
            Type.Boolean({ description: 'true for every leg, not only the calls with their attempts' }),
          ),
          limit: Type.Optional(whole('a number of records', 1, MAX_PAGE)),
          cursor: Type.Optional(text('the "next" of the page before', 500)),
        }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), cdrs: Type.Array(CdrJson), next: nullable(string) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const { query } = request
      const page = await doors.cdrs({
        since: millisecondsOf('since', query.since),
        until: millisecondsOf('until', query.until),
        number: query.number?.replace(/\D/g, ''),
        callId: query.call === undefined ? undefined : asCallUuid(query.call),
        organizationId: organizationWithin(request, query.organization),
        direction: query.direction,
        legs: query.legs ?? false,
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.cursor,
      })
      return { success: true, cdrs: page.cdrs.map(cdrJson), next: page.next ?? null }
    },
  )

  api.get(
    '/v1/bans',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags: ['bans'],
        summary: 'Addresses that are banned, as JSON or as text for a firewall',
        querystring: fields({
          format: Type.Optional(
            Type.Union([Type.Literal('json'), Type.Literal('nftables'), Type.Literal('plain')], {
              description: 'json, nftables or plain',
            }),
          ),
        }),
        response: answers(
          200,
          {
            description: 'the bans',
            content: {
              'application/json': {
                schema: Type.Object({ success: Type.Literal(true), bans: Type.Array(BanJson) }),
              },
              'text/plain': { schema: Type.String({ description: 'with format nftables or plain' }) },
            },
          },
          503,
        ),
      },
    },
    async ({ query: { format } }, reply) => {
      const bans = await doors.bans()
      if (format === undefined || format === 'json') return { success: true, bans: bans.map(banJson) }
      const list = format === 'plain' ? plainBanList(bans) : nftablesBanList(bans, now())
      return reply.header('content-type', 'text/plain; charset=utf-8').send(list)
    },
  )

  api.delete(
    '/v1/bans/:address',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags: ['bans'],
        summary: 'Lifts a ban',
        params: fields({ address: text('an address', 45) }),
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
      },
    },
    async ({ params: { address } }, reply) => {
      if (isIP(address) === 0) throw badInput('address', '"address" takes an IPv4 or IPv6 address')
      if ((await doors.liftBan(address)) === 'lifted') return { success: true }
      return refuse(reply, 'HTTP_NOT_FOUND', `${address} is not banned`)
    },
  )
}

/** The pattern admits a thirteenth month; Date does not. Years that PostgreSQL and Date both know. */
export const millisecondsOf = (field: string, moment: string | undefined): number | undefined => {
  if (moment === undefined) return undefined
  const milliseconds = Date.parse(moment.replace(/^(\S+) (?=\d{2}:\d{2})/, '$1T').replace(' ', '+'))
  if (Number.isFinite(milliseconds)) return milliseconds
  throw badInput(field, `"${field}" takes a moment in ISO 8601, such as 2026-08-01T12:00:00Z`)
}

const banJson = (ban: Ban) => ({
  address: ban.address,
  reason: ban.reason,
  failures: ban.failures,
  since: iso(ban.since),
  until: iso(ban.until),
})
