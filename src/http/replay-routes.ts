/** What calls of the past would cost by another price list. A long replay is asked for again until it is done. */
import { Type } from '@sinclair/typebox'
import { formatMoney, type Money } from '../telephony/money.ts'
import { refuse, type Api } from './api.ts'
import { answers, fields, id, iso, moment, nullable, time, whole } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import type { ReplayDoors, ReplayReport, ReplayRun } from './replay-doors.ts'
import { badInput } from './validation.ts'

const DAY_MS = 86_400_000
/** Unless it is told; most replays of a day are done by then. */
const WAIT_SECONDS = 30
const tags = ['routes']
const string = Type.String()
const integer = Type.Integer()
const wait = Type.Optional(whole(`the seconds to wait for its end, ${WAIT_SECONDS} unless given`, 0, 300))

const MoneyPair = Type.Object({ before: string, after: string })
const CountPair = Type.Object({ before: integer, after: integer })
const SharePair = Type.Object({ before: Type.Number(), after: Type.Number() })

const ReportJson = Type.Object({
  calls: Type.Integer({ description: 'that were replayed' }),
  answered: Type.Integer({ description: 'of them: only these cost' }),
  leftOut: Type.Integer({ description: 'calls of organisations that are gone' }),
  isCut: Type.Boolean({ description: 'true: there were more calls than are replayed' }),
  changedCarrier: integer,
  noLongerRouted: Type.Integer({ description: 'calls that only today’s rates carry' }),
  newlyRouted: Type.Integer({ description: 'calls that only the draft carries' }),
  noRoute: CountPair,
  totals: Type.Array(
    Type.Object({
      currency: string,
      cost: MoneyPair,
      margin: nullable(MoneyPair),
    }),
    { description: 'one for each currency; margin is of calls that a customer’s deck prices' },
  ),
  carriers: Type.Array(
    Type.Object({
      carrierId: integer,
      carrier: string,
      currency: string,
      calls: CountPair,
      share: SharePair,
      cost: MoneyPair,
    }),
  ),
  destinations: Type.Array(
    Type.Object({
      destination: Type.String({ description: 'first digits of numbers' }),
      currency: string,
      calls: integer,
      changedCarrier: integer,
      cost: MoneyPair,
    }),
    { description: 'the greatest change of cost first' },
  ),
})

const RunJson = Type.Object({
  success: Type.Literal(true),
  id: integer,
  state: Type.Union([Type.Literal('running'), Type.Literal('done')]),
  since: time('calls that began at or after it'),
  until: time('and before this'),
  deckId: integer,
  organizationId: nullable(integer),
  calls: Type.Integer({ description: 'replayed so far' }),
  tookMs: nullable(integer),
  report: nullable(ReportJson),
})

export const addReplayRoutes = (api: Api, replays: ReplayDoors, now: () => number): void => {
  const told = async (replayId: number, waitSeconds = WAIT_SECONDS) => {
    const run = await replays.find(replayId, waitSeconds * 1_000)
    if (run?.state.kind === 'failed') throw run.state.fault
    return run === undefined ? undefined : runJson(run)
  }

  api.post(
    '/v1/routes/replay',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary:
          'Sends past calls through today’s rates and through a draft deck, and compares; nothing is dialled',
        body: fields({
          deckId: id('a rate deck, usually a draft'),
          since: Type.Optional(moment('the first moment, 24 hours ago unless given')),
          until: Type.Optional(moment('the moment after the last, now unless given')),
          organizationId: Type.Optional(id('an organisation')),
          wait,
        }),
        response: answers(200, RunJson, 404, 409, 413, 415, 503),
      },
    },
    async ({ body }) => {
      const until = millisecondsOf('until', body.until) ?? now()
      const since = millisecondsOf('since', body.since) ?? until - DAY_MS
      if (since >= until) throw badInput('until', '"until" has to be after "since"')
      const { deckId, organizationId } = body
      return told(replays.start({ since, until, deckId, organizationId }), body.wait)
    },
  )

  api.get(
    '/v1/routes/replays/:id',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: 'A replay: how far it is, or its report',
        params: fields({ id: id('a replay') }),
        querystring: fields({ wait }),
        response: answers(200, RunJson, 404, 503),
      },
    },
    async ({ params: { id: replayId }, query }, reply) =>
      (await told(replayId, query.wait)) ??
      refuse(reply, 'HTTP_NOT_FOUND', `there is no replay ${replayId}, or it was long ago`),
  )
}

const runJson = ({ id: replayId, request, state }: ReplayRun) => ({
  success: true,
  id: replayId,
  state: state.kind,
  since: iso(request.since),
  until: iso(request.until),
  deckId: request.deckId,
  organizationId: request.organizationId ?? null,
  calls: state.kind === 'running' ? state.calls : state.kind === 'done' ? state.report.calls : 0,
  tookMs: state.kind === 'done' ? Math.round(state.tookMs) : null,
  report: state.kind === 'done' ? reportJson(state.report) : null,
})

const reportJson = (report: ReplayReport) => ({
  calls: report.calls,
  answered: report.answered,
  leftOut: report.leftOut,
  isCut: report.isCut,
  changedCarrier: report.changedCarrier,
  noLongerRouted: report.noLongerRouted,
  newlyRouted: report.newlyRouted,
  noRoute: { ...report.noRoute },
  totals: report.totals.map(({ currency, cost, margin }) => ({
    currency,
    cost: moneyPair(cost),
    margin: margin === undefined ? null : moneyPair(margin),
  })),
  carriers: report.carriers.map((row) => ({
    carrierId: row.carrierId,
    carrier: row.carrier,
    currency: row.currency,
    calls: { ...row.calls },
    share: { ...row.share },
    cost: moneyPair(row.cost),
  })),
  destinations: report.destinations.map((row) => ({
    destination: row.destination,
    currency: row.currency,
    calls: row.calls,
    changedCarrier: row.changedCarrier,
    cost: moneyPair(row.cost),
  })),
})

const moneyPair = ({ before, after }: { readonly before: Money; readonly after: Money }) => ({
  before: formatMoney(before),
  after: formatMoney(after),
})
