/** What was called, summed: calls, users, carriers, gateways, destinations; by hour, day or month of any time zone. */
import { Type } from '@sinclair/typebox'
import { isTimeZone } from '../telephony/time-zone.ts'
import type { Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, choice, fields, id, iso, moment, nullable, text, time } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import type { ReportDoors } from './report-doors.ts'
import { HourJson, hourJson, ReportRowJson, reportRowJson } from './report-json.ts'
import { badInput } from './validation.ts'

const tags = ['reports']

const KINDS = {
  calls: 'Calls by direction: how many, how they ended, how long, how good, for how much',
  users: 'Calls by user: who called, and of inbound calls who was called',
  carriers: 'Attempts by carrier: ASR, ACD, PDD, NER, MOS, cost',
  gateways: 'Attempts by gateway',
  destinations: 'Attempts by country of the called number',
  prefixes: 'Attempts by country and prefix of the rate',
} as const

const DEFAULT_SPAN_MS = 7 * 86_400_000

const asked = {
  since: Type.Optional(moment('a moment; without it seven days ago')),
  until: Type.Optional(moment('a moment; without it now')),
  organization: Type.Optional(id('an organisation')),
}

const told = {
  success: Type.Literal(true),
  since: time('from when'),
  until: time('until when'),
  pending: Type.Integer({ description: 'records and quarters of an hour that are not counted yet' }),
}

export const addReportRoutes = (api: Api, doors: ReportDoors, now: () => number): void => {
  const spanOf = (query: {
    readonly since?: string | undefined
    readonly until?: string | undefined
  }): { readonly since: number; readonly until: number } => {
    const until = millisecondsOf('until', query.until) ?? now()
    return { since: millisecondsOf('since', query.since) ?? until - DEFAULT_SPAN_MS, until }
  }
  const pending = async (bound: number | undefined): Promise<number> =>
    // How much others call is not for an organisation to see.
    bound === undefined ? doors.due() : (await doors.due()) > 0 ? 1 : 0

  for (const kind of ['calls', 'users', 'carriers', 'gateways', 'destinations', 'prefixes'] as const) {
    api.get(
      `/v1/reports/${kind}`,
      {
        config: { scope: 'cdrs:read' },
        schema: {
          tags,
          summary: KINDS[kind],
          description:
            'Moments are taken to whole quarters of an hour. Days and months are those of the time zone: of the query, else of the organisation, else UTC.',
          querystring: fields({
            ...asked,
            interval: Type.Optional(choice(['hour', 'day', 'month'])),
            timezone: Type.Optional(text('an IANA time zone, such as Europe/London', 64)),
          }),
          response: answers(
            200,
            Type.Object({
              ...told,
              timezone: Type.String(),
              interval: nullable(Type.String()),
              rows: Type.Array(ReportRowJson),
            }),
            404,
            503,
          ),
        },
      },
      async (request) => {
        const { query } = request
        const organizationId = organizationWithin(request, query.organization)
        if (query.timezone !== undefined && !isTimeZone(query.timezone))
          throw badInput('timezone', '"timezone" takes an IANA time zone, such as Europe/London')
        const timeZone =
          query.timezone ??
          (organizationId === undefined ? undefined : await doors.timeZoneOf(organizationId)) ??
          'UTC'
        const { since, until } = spanOf(query)
        const { interval } = query
        const rows = await doors.read({ kind, organizationId, since, until, interval, timeZone })
        const bound = boundTo(request)
        return {
          success: true,
          since: iso(since),
          until: iso(until),
          pending: await pending(bound),
          timezone: timeZone,
          interval: interval ?? null,
          rows: rows.map((row) => reportRowJson(row, bound === undefined)),
        }
      },
    )
  }

  api.get(
    '/v1/reports/hourly',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags,
        summary: 'The table hourly_call_reporting: calls by hour (UTC) and user',
        querystring: fields(asked),
        response: answers(200, Type.Object({ ...told, rows: Type.Array(HourJson) }), 404, 503),
      },
    },
    async (request) => {
      const organizationId = organizationWithin(request, request.query.organization)
      const { since, until } = spanOf(request.query)
      const rows = await doors.hours({ since, until, organizationId })
      return {
        success: true,
        since: iso(since),
        until: iso(until),
        pending: await pending(boundTo(request)),
        rows: rows.map(hourJson),
      }
    },
  )
}
