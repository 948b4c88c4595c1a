/** Rating a period again: the platform's to ask for. A long one is asked for again until it is over. */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { refuse, type Api } from './api.ts'
import { callerOf } from './caller.ts'
import { answers, choice, fields, id, iso, isoOrNull, moment, nullable, time, whole } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import type { RatingDoors, ToldRerating } from './rating-doors.ts'
import { badInput } from './validation.ts'

const tags = ['rating']
const string = Type.String()
const integer = Type.Integer()
/** Unless it is told. */
const WAIT_SECONDS = 30

const side = Type.Union([Type.Literal('buy'), Type.Literal('sell')])

const RerateJson = Type.Object({
  success: Type.Literal(true),
  id: integer,
  state: Type.String({ description: 'running, done, failed or cancelled' }),
  dryRun: Type.Boolean(),
  undoes: nullable(Type.Integer({ description: 'takes back what this one changed' })),
  since: time('calls that began at or after it'),
  until: time('and before this'),
  organizationId: nullable(integer),
  deckId: nullable(integer),
  side: string,
  createdAt: time('when it was asked for'),
  createdBy: string,
  finishedAt: nullable(time('when it was over')),
  error: nullable(string),
  report: Type.Object({
    examined: Type.Integer({ description: 'legs that were charged' }),
    changed: integer,
    unknownNumber: Type.Integer({ description: 'stayed as they were: their number is not known any more' }),
    withoutRate: Type.Integer({
      description: 'sides that stayed as they were: there is no rate for the call',
    }),
    groups: Type.Array(
      Type.Object({
        side,
        id: Type.Integer({ description: "the carrier's, or the organisation's" }),
        name: string,
        currency: string,
        legs: Type.Integer({ description: 'whose amount changes' }),
        before: string,
        after: string,
      }),
    ),
    largest: Type.Array(
      Type.Object({
        side,
        legUuid: string,
        callId: string,
        startTime: time('when it began'),
        currency: string,
        before: string,
        after: string,
      }),
      { description: 'the largest changes first' },
    ),
  }),
})

const wait = Type.Optional(whole(`the seconds to wait for its end, ${WAIT_SECONDS} unless given`, 0, 300))
const oneRerating = fields({ id: id('a rerating') })

export const addRerateRoutes = (api: Api, doors: RatingDoors, now: () => number): void => {
  const told = async (reratingId: number, waitSeconds = WAIT_SECONDS) => {
    const found = await doors.findRerating(reratingId, waitSeconds * 1_000)
    return found === undefined ? undefined : rerateJson(found)
  }
  const missing = (reratingId: number): string => `there is no rerating ${reratingId}`

  api.post(
    '/v1/cdrs/reratings',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Rates the calls of a period again; a dry run only shows the difference',
        body: fields({
          since: moment('the first moment'),
          until: Type.Optional(moment('the moment after the last, now unless given')),
          organizationId: Type.Optional(id('an organisation')),
          deckId: Type.Optional(id('a deck, as if it had always counted; else the decks published now')),
          side: Type.Optional(choice(['buy', 'sell', 'both'])),
          dryRun: Type.Boolean({ description: 'true: nothing is changed' }),
          wait,
        }),
        response: answers(200, RerateJson, 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const { organizationId, deckId, side: asked = 'both', dryRun, wait: seconds } = request.body
      const until = millisecondsOf('until', request.body.until) ?? now()
      const since = millisecondsOf('since', request.body.since) ?? until
      if (since >= until) throw badInput('until', '"until" has to be after "since"')
      const criteria = { since, until, organizationId, deckId, side: asked }
      const made = await doors.rerate({ criteria, dryRun, by: nameOf(request) })
      return (await told(made, seconds)) ?? refuse(reply, 'HTTP_NOT_FOUND', missing(made))
    },
  )
  api.get(
    '/v1/cdrs/reratings',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: 'What was rated again, the newest first: who asked for it, and what it changed',
        querystring: fields({ limit: Type.Optional(whole('at most so many', 1, 1_000)) }),
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            reratings: Type.Array(Type.Omit(RerateJson, ['success'])),
          }),
          503,
        ),
      },
    },
    async ({ query }) => ({
      success: true,
      reratings: (await doors.listReratings(query.limit ?? 50)).map((found) => figuresJson(found)),
    }),
  )
  api.get(
    '/v1/cdrs/reratings/:id',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: 'A rerating: how far it is, or what it changed',
        params: oneRerating,
        querystring: fields({ wait }),
        response: answers(200, RerateJson, 404, 503),
      },
    },
    async ({ params, query }, reply) =>
      (await told(params.id, query.wait ?? 0)) ?? refuse(reply, 'HTTP_NOT_FOUND', missing(params.id)),
  )
  api.post(
    '/v1/cdrs/reratings/:id/undo',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Takes a rerating back, in all records that were not rated since',
        params: oneRerating,
        querystring: fields({ wait }),
        response: answers(200, RerateJson, 404, 409, 503),
      },
    },
    async (request, reply) => {
      const made = await doors.undoRerating(request.params.id, nameOf(request))
      return (await told(made, request.query.wait)) ?? refuse(reply, 'HTTP_NOT_FOUND', missing(made))
    },
  )
  api.post(
    '/v1/cdrs/reratings/:id/cancel',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Ends a rerating that is running; what it changed so far stays until it is undone',
        params: oneRerating,
        response: answers(200, RerateJson, 404, 503),
      },
    },
    async ({ params }, reply) => {
      await doors.cancelRerating(params.id)
      return (await told(params.id, 0)) ?? refuse(reply, 'HTTP_NOT_FOUND', missing(params.id))
    },
  )
}

const nameOf = (request: FastifyRequest): string => callerOf(request).name

const rerateJson = (rerating: ToldRerating) => ({ success: true as const, ...figuresJson(rerating) })

const figuresJson = ({ criteria, report, ...rerating }: ToldRerating) => ({
  id: rerating.id,
  state: rerating.state,
  dryRun: rerating.dryRun,
  undoes: rerating.undoes ?? null,
  since: iso(criteria.since),
  until: iso(criteria.until),
  organizationId: criteria.organizationId ?? null,
  deckId: criteria.deckId ?? null,
  side: criteria.side,
  createdAt: iso(rerating.createdAt),
  createdBy: rerating.createdBy,
  finishedAt: isoOrNull(rerating.finishedAt),
  error: rerating.error ?? null,
  report: {
    ...report,
    groups: [...report.groups],
    largest: report.largest.map((change) => ({ ...change, startTime: iso(change.startTime) })),
  },
})
