/** What looked like fraud, and whose calls are blocked for it. */
import { Type } from '@sinclair/typebox'
import { FRAUD_KINDS } from '../telephony/fraud-kind.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, callerOf, organizationWithin } from './caller.ts'
import { answers, choice, fields, flag, id, nullable, text, whole } from './fields.ts'
import type { FraudDoors } from './fraud-doors.ts'
import { alertJson, AlertJson, blockJson, BlockJson, destinationFields } from './fraud-json.ts'
import { badInput } from './validation.ts'

const tags = ['fraud']
const success = Type.Literal(true)
const organizationId = id('an organisation')
const HOUR_MS = 3_600_000
const DEFAULT_PAGE = 50

export const addAlertRoutes = (api: Api, alerts: FraudDoors['alerts']): void => {
  api.get(
    '/v1/fraud/alerts',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'What looked like fraud, newest first',
        querystring: fields({
          organization: Type.Optional(organizationId),
          acknowledged: Type.Optional(flag('whether somebody has looked at it')),
          kind: Type.Optional(choice([...FRAUD_KINDS, 'wrong-pin'])),
          limit: Type.Optional(whole('a number of alerts', 1, 500)),
          cursor: Type.Optional(id('the "next" of the page before')),
        }),
        response: answers(
          200,
          Type.Object({ success, alerts: Type.Array(AlertJson), next: nullable(Type.Integer()) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const { organization, acknowledged, kind, limit = DEFAULT_PAGE, cursor } = request.query
      const found = await alerts.list({
        organizationId: organizationWithin(request, organization),
        ...{ acknowledged, kind, limit: limit + 1, before: cursor },
      })
      const page = found.slice(0, limit)
      return {
        success: true,
        alerts: page.map(alertJson),
        next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      }
    },
  )
  api.post(
    '/v1/fraud/alerts/:id/acknowledge',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Somebody has looked at it; the same again is a new alert',
        params: fields({ id: id('an alert') }),
        body: fields({ note: Type.Optional(text('what was found', 1_000)) }),
        response: answers(200, Type.Object({ success, alert: AlertJson }), 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const { name } = callerOf(request)
      const alert = await alerts.acknowledge(boundTo(request), request.params.id, name, request.body.note)
      return alert === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `there is no alert ${request.params.id}`)
        : { success: true, alert: alertJson(alert) }
    },
  )
}

export const addBlockRoutes = (api: Api, blocks: FraudDoors['blocks'], now: () => number): void => {
  api.get(
    '/v1/fraud/blocks',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Whose calls are blocked, newest first',
        querystring: fields({
          organization: Type.Optional(organizationId),
          all: Type.Optional(flag('whether those that are over come too')),
          limit: Type.Optional(whole('a number of blocks', 1, 500)),
        }),
        response: answers(200, Type.Object({ success, blocks: Type.Array(BlockJson) }), 404, 503),
      },
    },
    async (request) => {
      const { organization, all = false, limit = DEFAULT_PAGE } = request.query
      const found = await blocks.list(organizationWithin(request, organization), { released: all, limit })
      return { success: true, blocks: found.map(blockJson) }
    },
  )
  api.post(
    '/v1/fraud/blocks',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Blocks the calls of an organisation or a user; emergency calls pass',
        body: fields({
          organizationId: Type.Optional(organizationId),
          userId: Type.Optional(id('a user')),
          reason: text('why', 1_000),
          hours: Type.Optional(whole('hours; until it is released unless given', 1, 8_760)),
          countries: Type.Optional(destinationFields.countries),
          prefixes: Type.Optional(destinationFields.prefixes),
          international: Type.Optional(destinationFields.international),
          highRisk: Type.Optional(destinationFields.highRisk),
        }),
        response: answers(
          201,
          Type.Object({ success, id: Type.Integer({ description: 'of the block' }) }),
          404,
          409,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { body } = request
      const owner = organizationWithin(request, body.organizationId, 'organizationId')
      if (owner === undefined)
        throw badInput('organizationId', '"organizationId" is missing: it takes the id of an organisation')
      const made = await blocks.add({
        organizationId: owner,
        userId: body.userId,
        reason: body.reason,
        countries: body.countries ?? [],
        prefixes: body.prefixes ?? [],
        international: body.international ?? false,
        highRisk: body.highRisk ?? false,
        endsAt: body.hours === undefined ? undefined : now() + body.hours * HOUR_MS,
      })
      if (made === undefined)
        return refuse(
          reply,
          'STORE_CONFLICT',
          'a block by hand stands already: release it first; or there is no such user',
        )
      void reply.code(201)
      return { success: true, id: made }
    },
  )
  api.delete(
    '/v1/fraud/blocks/:id',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: "Releases a block; one of a rule that the platform enforces is the platform's to release",
        params: fields({ id: id('a block') }),
        response: answers(200, Type.Object({ success, block: BlockJson }), 404, 503),
      },
    },
    async (request, reply) => {
      const block = await blocks.release(boundTo(request), request.params.id, callerOf(request).name)
      return block === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `there is no block ${request.params.id} to release`)
        : { success: true, block: blockJson(block) }
    },
  )
}
