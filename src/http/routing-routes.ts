/** Routing for programs: routes to a number, why a call went where it went, and which gateways are fit to take calls. */
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { EngineError } from '../base/errors.ts'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin, ownedFor } from './caller.ts'
import type { Doors } from './doors.ts'
import {
  answers,
  choice,
  dialled,
  extension,
  fields,
  flag,
  freeText,
  id,
  moment,
  text,
  uuid,
  whole,
  withPlus,
} from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import type { LcrRequest } from './routing-doors.ts'
import {
  DecisionJson,
  decisionJson,
  GatewayHealthJson,
  gatewayHealthJson,
  LcrFoundJson,
  lcrJson,
  NoRouteJson,
} from './routing-json.ts'
import { answerOf } from './status.ts'
import { badInput } from './validation.ts'

type Needs = Pick<Doors, 'explain' | 'routing'>

/** More attempts than anybody waits for. */
const MOST_ROUTES = 20
const MOST_CARRIERS = 100

const carriersNamed = (what: string) =>
  Type.Optional(
    Type.Array(text('a carrier, by its code or id', 50), {
      maxItems: MOST_CARRIERS,
      description: `a list of carriers ${what}, by code or id, ${MOST_CARRIERS} at the most`,
    }),
  )

const LcrQuestion = fields({
  destination: freeText('a number in E.164 form, its plus or not, or as the organisation dials it', 40),
  /** Needed, but of whoever is bound to one. */
  organizationId: Type.Optional(id('the organisation that calls')),
  userId: Type.Optional(id('the user who calls')),
  callType: Type.Optional(choice(['voice', 'fax'])),
  options: Type.Optional(
    fields({
      maxRoutes: Type.Optional(whole('the routes at most', 1, MOST_ROUTES)),
      includeRates: Type.Optional(flag('the answer has rates')),
      preferredCarriers: carriersNamed('that come first'),
      excludeCarriers: carriersNamed('that are left out'),
      takesTurn: Type.Optional(
        flag('a call will go by the answer, so that weighted and equal routes take turns; true unless given'),
      ),
    }),
  ),
})

export const addRoutingRoutes = (api: Api, doors: Needs): void => {
  for (const path of ['/lcr/route', '/v1/lcr/route']) {
    api.post(
      path,
      {
        config: { scope: 'routing:read' },
        schema: {
          tags: ['routes'],
          summary: 'The routes to a number, for a program that places the call itself',
          body: LcrQuestion,
          response: {
            ...answers(200, LcrFoundJson, 413, 415),
            ...Object.fromEntries([403, 404, 503].map((status) => [status, NoRouteJson])),
          },
        },
      },
      async (request, reply) => {
        const { body } = request
        const organizationId = organizationWithin(request, body.organizationId, 'organizationId')
        if (organizationId === undefined) throw badInput('organizationId', NO_ORGANIZATION)
        const outcome = await doors.routing.findRoutes({ ...requestOf(body), organizationId })
        if (outcome.kind === 'refused') return refuse(reply, outcome.code, outcome.message)
        const told = lcrJson(body.destination, outcome.answer, body.options?.includeRates ?? false)
        if (outcome.kind === 'found') return { success: true, ...told }
        const { kind, why } = outcome.answer.refusal
        const { status, body: fault } = answerOf(new EngineError(kind, why))
        return reply.code(status).send({ ...fault, ...told })
      },
    )
  }
  addExplain(api, doors)
  addHealth(api, doors)
}

const NO_ORGANIZATION =
  '"organizationId" is missing: it takes the id of the organisation that calls, a whole number from 1'

const requestOf = ({
  destination,
  userId,
  callType,
  options,
}: Static<typeof LcrQuestion>): Omit<LcrRequest, 'organizationId'> => ({
  destination,
  userId,
  callType,
  maxRoutes: options?.maxRoutes,
  preferredCarriers: options?.preferredCarriers,
  excludedCarriers: options?.excludeCarriers,
  takes: options?.takesTurn === false ? 'nothing' : 'turn',
})

const addExplain = (api: Api, doors: Needs): void => {
  api.get(
    '/v1/routes/explain',
    {
      config: { scope: 'routing:read' },
      schema: {
        tags: ['routes'],
        summary: 'Which way a number would go, what was rejected, and why; nothing is dialled',
        querystring: fields({
          number: dialled('a number as it would be dialled'),
          organization: Type.Optional(id('an organisation')),
          from: Type.Optional(
            Type.Union([extension('an extension'), dialled('a number')], {
              description: 'the extension that would dial, or the number of ours that would be shown',
            }),
          ),
          at: Type.Optional(moment('the moment of the call')),
        }),
        response: answers(200, Type.Object({ success: Type.Literal(true), explanation: DecisionJson }), 404),
      },
    },
    async (request, reply) => {
      const { query } = request
      const outcome = await doors.explain({
        number: withPlus(query.number),
        organizationId: organizationWithin(request, query.organization),
        from: query.from === undefined ? undefined : withPlus(query.from),
        at: millisecondsOf('at', query.at),
      })
      return outcome.kind === 'refused'
        ? refuse(reply, outcome.code, outcome.message)
        : { success: true, explanation: decisionJson(outcome.explanation) }
    },
  )

  api.get(
    '/v1/calls/:callId/decision',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags: ['calls'],
        summary: 'What was decided for a call, and why, as it was at that moment',
        params: fields({ callId: uuid('a call') }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), decision: DecisionJson }),
          404,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { callId } = request.params
      const decision = await doors.routing.decision(asCallUuid(callId), boundTo(request))
      return decision === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `no decision is kept of a call ${callId}`)
        : { success: true, decision: decisionJson(decision) }
    },
  )
}

const addHealth = (api: Api, { routing }: Needs): void => {
  const tags = ['gateways']
  const params = fields({ id: id('a gateway') })
  const missing = (gatewayId: number): string => `there is no gateway ${gatewayId}`
  const One = Type.Object({ success: Type.Literal(true), health: GatewayHealthJson })
  // The platform's gateways carry everybody's calls: their figures would tell of other organisations' traffic.
  const reportsFor = (request: FastifyRequest) =>
    routing.gatewayHealth().filter((one) => ownedFor(request, one) !== undefined)
  const healthOf = (request: FastifyRequest, gatewayId: number) =>
    reportsFor(request).find((one) => one.gatewayId === gatewayId)

  api.get(
    '/v1/gateways/health',
    {
      config: { scope: 'routing:read' },
      schema: {
        tags,
        summary: 'How fit each gateway is: its score and why, its figures, its breaker',
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), gateways: Type.Array(GatewayHealthJson) }),
        ),
      },
    },
    (request, reply) => {
      void reply.send({ success: true, gateways: reportsFor(request).map(gatewayHealthJson) })
    },
  )

  api.get(
    '/v1/gateways/:id/health',
    {
      config: { scope: 'routing:read' },
      schema: { tags, summary: 'How fit one gateway is', params, response: answers(200, One, 404) },
    },
    (request, reply) => {
      const gatewayId = request.params.id
      const report = healthOf(request, gatewayId)
      if (report === undefined) refuse(reply, 'HTTP_NOT_FOUND', missing(gatewayId))
      else void reply.send({ success: true, health: gatewayHealthJson(report) })
    },
  )

  api.post(
    '/v1/gateways/:id/breaker',
    {
      config: { scope: 'routing:write' },
      schema: {
        tags,
        summary: 'Closes the breaker of a gateway by hand, or lets trial calls begin now',
        params,
        body: fields({
          action: Type.Union([Type.Literal('reset'), Type.Literal('retry')], {
            description: 'reset or retry',
          }),
          destination: Type.Optional(
            Type.String({
              pattern: '^\\d{1,15}$',
              description: 'the first digits of numbers, as the health report lists them',
            }),
          ),
        }),
        response: answers(200, One, 404, 413, 415),
      },
    },
    (request, reply) => {
      const gatewayId = request.params.id
      const { action, destination } = request.body
      const isSeen = boundTo(request) === undefined || healthOf(request, gatewayId) !== undefined
      const moved = isSeen ? routing.moveBreaker({ gatewayId, action, destination }) : 'not-found'
      const report = moved === 'done' ? healthOf(request, gatewayId) : undefined
      if (report === undefined) refuse(reply, 'HTTP_NOT_FOUND', missing(gatewayId))
      else void reply.send({ success: true, health: gatewayHealthJson(report) })
    },
  )
}
