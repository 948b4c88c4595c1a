/** Targets: accounts elsewhere that get the record of each call, what was delivered to them, and sending it again. */
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, choice, fields, flag, id, moment, nullable, text, uuid, whole } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import {
  TargetDeliveryJson,
  targetDeliveryJson,
  TargetJson,
  targetJson,
  TargetRequestJson,
} from './target-json.ts'
import type { TargetDoors } from './target-doors.ts'
import { badInput } from './validation.ts'

const tags = ['targets']
const success = Type.Literal(true)
const params = fields({ id: id('a target') })
const DEFAULT_PAGE = 50
const DAY_MS = 86_400_000
const KINDS = ['salesforce', 'hubspot', 'zendesk', 'ga4', 'http'] as const

const json = (what: string) =>
  Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), { maxProperties: 500, description: what })

const changeable = {
  settings: Type.Optional(json('a JSON object: where the target is, and what it gets')),
  mapping: Type.Optional(json('a JSON object: fields of the target, and what of a call stands in them')),
  credentials: Type.Optional(json('a JSON object: it is kept encrypted and never told again')),
  enabled: Type.Optional(flag('whether it gets anything')),
}

const pageFields = {
  callId: Type.Optional(uuid('a call')),
  limit: Type.Optional(whole('a number of deliveries', 1, 500)),
  cursor: Type.Optional(text('the "next" of the page before', 40)),
}

const One = Type.Object({ success, target: TargetJson })
const Page = Type.Object({
  success,
  deliveries: Type.Array(TargetDeliveryJson),
  next: nullable(Type.String()),
})

export const addTargetRoutes = (api: Api, doors: TargetDoors, now: () => number): void => {
  addReadRoutes(api, doors)
  addChangeRoutes(api, doors)
  addDeliveryRoutes(api, doors, now)
}

const addReadRoutes = (api: Api, doors: TargetDoors): void => {
  api.get(
    '/v1/targets',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'The targets',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(200, Type.Object({ success, targets: Type.Array(TargetJson) }), 403, 404, 503),
      },
    },
    async (request) => {
      const found = await doors.list(organizationWithin(request, request.query.organization))
      return { success: true, targets: found.map((target) => targetJson(target, doors.breakerAfter)) }
    },
  )

  api.get(
    '/v1/target-kinds',
    {
      config: { scope: 'any' },
      schema: {
        tags,
        summary:
          'The kinds of targets with their default mappings, and the CDR paths that a mapping may name',
        response: answers(
          200,
          Type.Object({
            success,
            kinds: Type.Array(
              Type.Object({ kind: Type.String(), mapping: Type.Record(Type.String(), Type.Unknown()) }),
            ),
            paths: Type.Array(Type.Object({ path: Type.String(), type: Type.String(), what: Type.String() })),
          }),
          403,
        ),
      },
    },
    () => ({
      success: true,
      kinds: doors.kinds().map(({ kind, mapping }) => ({ kind, mapping })),
      paths: doors.paths().map(({ path, type, what }) => ({ path, type, what })),
    }),
  )

  api.get(
    '/v1/targets/:id',
    {
      config: { scope: 'webhooks:read' },
      schema: { tags, summary: 'One target', params, response: answers(200, One, 403, 404, 503) },
    },
    async (request, reply) => {
      const target = await doors.find(boundTo(request), request.params.id)
      return target === undefined
        ? none(reply, request.params.id)
        : { success: true, target: targetJson(target, doors.breakerAfter) }
    },
  )
}

const addChangeRoutes = (api: Api, doors: TargetDoors): void => {
  api.post(
    '/v1/targets',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Adds a target; a secret that signs what it gets is told this once',
        body: fields({
          name: text('a name', 100),
          kind: choice(KINDS),
          organizationId: Type.Optional(id('an organisation')),
          ...changeable,
        }),
        response: answers(
          201,
          Type.Object({
            success,
            target: TargetJson,
            signingSecret: nullable(
              Type.String({
                description: 'with which what an http target gets is signed; null: it has none of ours',
              }),
            ),
          }),
          403,
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
      const organizationId = organizationWithin(request, body.organizationId, 'organizationId')
      if (organizationId === undefined)
        throw badInput('organizationId', '"organizationId" is missing: it takes the id of an organisation')
      const { target, signingSecret } = await doors.add(organizationId, {
        name: body.name,
        kind: body.kind,
        settings: body.settings ?? {},
        mapping: body.mapping ?? {},
        credentials: body.credentials ?? {},
        enabled: body.enabled ?? true,
      })
      void reply.code(201)
      return {
        success: true,
        target: targetJson(target, doors.breakerAfter),
        signingSecret: signingSecret ?? null,
      }
    },
  )

  api.put(
    '/v1/targets/:id',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Changes a target; only what is named, and that as a whole. What waits is tried at once',
        params,
        body: fields({ name: Type.Optional(text('a name', 100)), ...changeable }),
        response: answers(200, One, 403, 404, 409, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const target = await doors.change(boundTo(request), request.params.id, request.body)
      return target === undefined
        ? none(reply, request.params.id)
        : { success: true, target: targetJson(target, doors.breakerAfter) }
    },
  )

  api.delete(
    '/v1/targets/:id',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Removes a target with all that was to be delivered to it; what it has stays there',
        params,
        response: answers(200, Type.Object({ success }), 403, 404, 503),
      },
    },
    async (request, reply) =>
      (await doors.remove(boundTo(request), request.params.id))
        ? { success: true }
        : none(reply, request.params.id),
  )

  api.post(
    '/v1/targets/:id/test',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary:
          'Shows what a call would send (dryRun), or sends it now and tells what came of it within 8 s',
        params,
        body: fields({
          callId: uuid('a call whose record is stored'),
          dryRun: Type.Optional(flag('only show it')),
        }),
        response: answers(
          200,
          Type.Object({
            success,
            requests: Type.Array(TargetRequestJson),
            delivery: nullable(TargetDeliveryJson),
          }),
          403,
          404,
          409,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const bound = boundTo(request)
      const { id: targetId } = request.params
      const callId = request.body.callId.toLowerCase()
      const requests = await doors.preview(bound, targetId, callId)
      if (requests === undefined) return none(reply, targetId)
      if (requests === 'no-call') return noCall(reply, callId)
      const told = requests.map(({ object, method, url, body }) => ({ object, method, url, body }))
      if (request.body.dryRun === true) return { success: true, requests: told, delivery: null }
      const target = await doors.find(bound, targetId)
      if (target?.enabled === false)
        return refuse(reply, 'STORE_CONFLICT', 'the target is disabled: enable it first')
      const delivery = await doors.send(bound, targetId, callId)
      if (delivery === 'no-call') return noCall(reply, callId)
      return delivery === undefined
        ? none(reply, targetId)
        : { success: true, requests: told, delivery: targetDeliveryJson(delivery) }
    },
  )
}

const addDeliveryRoutes = (api: Api, doors: TargetDoors, now: () => number): void => {
  api.get(
    '/v1/targets/:id/deliveries',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'What was delivered to a target, newest first',
        params,
        querystring: fields({
          state: Type.Optional(choice(['waiting', 'delivered', 'failed'])),
          ...pageFields,
        }),
        response: answers(200, Page, 403, 404, 503),
      },
    },
    async (request, reply) => {
      const { state, callId, cursor, limit = DEFAULT_PAGE } = request.query
      return pageOf(reply, request.params.id, doors, boundTo(request), { state, callId, cursor, limit })
    },
  )

  api.get(
    '/v1/targets/:id/dead-letters',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'What a target refused, or did not take for too long, newest first',
        params,
        querystring: fields(pageFields),
        response: answers(200, Page, 403, 404, 503),
      },
    },
    async (request, reply) => {
      const { callId, cursor, limit = DEFAULT_PAGE } = request.query
      const filter = { state: 'failed' as const, callId, cursor, limit }
      return pageOf(reply, request.params.id, doors, boundTo(request), filter)
    },
  )

  api.post(
    '/v1/targets/:id/replay',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Sends dead letters again, as the records and the mapping are now',
        params,
        querystring: fields({
          deliveryId: Type.Optional(
            Type.Integer({ minimum: 1, description: 'the id of a delivery: only this one' }),
          ),
          since: Type.Optional(moment('a moment, 7 days ago unless given: all since then')),
        }),
        response: answers(
          200,
          Type.Object({ success, replayed: Type.Integer({ description: 'how many are sent again' }) }),
          403,
          404,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { deliveryId, since } = request.query
      const which =
        deliveryId === undefined
          ? { since: millisecondsOf('since', since) ?? now() - 7 * DAY_MS }
          : { deliveryId }
      const replayed = await doors.replay(boundTo(request), request.params.id, which)
      if (replayed === undefined) return none(reply, request.params.id)
      return deliveryId !== undefined && replayed === 0
        ? refuse(reply, 'HTTP_NOT_FOUND', `the target has no dead letter ${deliveryId}`)
        : { success: true, replayed }
    },
  )
}

type Reply = Parameters<typeof refuse>[0]

const pageOf = async (
  reply: Reply,
  targetId: number,
  doors: TargetDoors,
  bound: number | undefined,
  filter: Parameters<TargetDoors['deliveries']>[2],
) => {
  const page = await doors.deliveries(bound, targetId, filter)
  return page === undefined
    ? none(reply, targetId)
    : { success: true, deliveries: page.deliveries.map(targetDeliveryJson), next: page.next ?? null }
}

const none = (reply: Reply, targetId: number) =>
  refuse(reply, 'HTTP_NOT_FOUND', `there is no target ${targetId}`)

const noCall = (reply: Reply, callId: string) =>
  refuse(reply, 'HTTP_NOT_FOUND', `no record of the call ${callId} is stored`)
