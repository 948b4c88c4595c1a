/** What engineers and programs ask: who is banned. */
import { isIP } from 'node:net'
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { nftablesBanList, plainBanList } from './ban-list.ts'
import type { Ban, Doors } from './doors.ts'
import { answers, fields, iso, text, time } from './fields.ts'
import { badInput } from './validation.ts'

type Needs = {
  readonly doors: Pick<Doors, 'bans' | 'liftBan'>
  readonly now: () => number
}

const string = Type.String()

const BanJson = Type.Object({
  address: string,
  reason: string,
  failures: Type.Integer(),
  since: time('when it began'),
  until: time('when it ends'),
})

export const addQueryRoutes = (api: Api, { doors, now }: Needs): void => {
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
