/** Webhooks, what was delivered to them and to callbacks, and sending it again. */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, choice, fields, flag, freeText, id, moment, nullable, text, uuid, whole } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import { badInput } from './validation.ts'
import type { WebhookDoors } from './webhook-doors.ts'
import {
  DeliveryDetailJson,
  deliveryDetailJson,
  DeliveryJson,
  deliveryJson,
  WebhookJson,
  webhookJson,
} from './webhook-json.ts'

const tags = ['webhooks']
const string = Type.String()
const success = Type.Literal(true)
const params = fields({ id: id('a webhook') })
const DEFAULT_PAGE = 50
const DAY_MS = 86_400_000

const url = Type.String({
  minLength: 8,
  maxLength: 2_000,
  description: 'an https URL of at most 2000 characters',
})

const pageFields = {
  state: Type.Optional(choice(['waiting', 'delivered', 'failed'])),
  limit: Type.Optional(whole('a number of deliveries', 1, 500)),
  cursor: Type.Optional(text('the "next" of the page before', 40)),
}

const Page = Type.Object({ success, deliveries: Type.Array(DeliveryJson), next: nullable(string) })

export const addWebhookRoutes = (api: Api, doors: WebhookDoors, now: () => number): void => {
  const events = Type.Array(
    Type.String({ maxLength: 40, description: `one of ${doors.filters.join(', ')}` }),
    { minItems: 1, maxItems: 50, description: 'names of events, at least one' },
  )
  const optional = {
    description: Type.Optional(freeText('a text', 255)),
    enabled: Type.Optional(flag('whether it is told anything')),
  }
  const checked = (changes: { readonly url?: string; readonly events?: readonly string[] }): void => {
    const unknown = changes.events?.find((event) => !doors.filters.includes(event))
    if (unknown !== undefined)
      throw badInput('events', `"events" has "${unknown.slice(0, 40)}": it takes ${doors.filters.join(', ')}`)
    const fault = changes.url === undefined ? undefined : doors.urlFault(changes.url)
    if (fault !== undefined) throw badInput('url', `"url" is not called: ${fault}`)
  }

  api.get(
    '/v1/webhooks',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'The webhooks',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(200, Type.Object({ success, webhooks: Type.Array(WebhookJson) }), 403, 404, 503),
      },
    },
    async (request) => {
      const found = await doors.list(organizationWithin(request, request.query.organization))
      return { success: true, webhooks: found.map(webhookJson) }
    },
  )

  api.post(
    '/v1/webhooks',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Adds a webhook; its secret is told this once',
        body: fields({ url, events, organizationId: Type.Optional(id('an organisation')), ...optional }),
        response: answers(
          201,
          Type.Object({
            success,
            webhook: WebhookJson,
            secret: Type.String({ description: 'with which what it gets is signed; it is not told again' }),
          }),
          403,
          404,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { body } = request
      checked(body)
      const { webhook, secret } = await doors.add(
        organizationOf(request, body.organizationId, 'organizationId'),
        {
          url: body.url,
          description: body.description ?? '',
          events: body.events,
          enabled: body.enabled ?? true,
        },
      )
      void reply.code(201)
      return { success: true, webhook: webhookJson(webhook), secret }
    },
  )

  api.get(
    '/v1/webhooks/:id',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'One webhook',
        params,
        response: answers(200, Type.Object({ success, webhook: WebhookJson }), 403, 404, 503),
      },
    },
    async (request, reply) => {
      const webhook = await doors.find(boundTo(request), request.params.id)
      return webhook === undefined
        ? none(reply, request.params.id)
        : { success: true, webhook: webhookJson(webhook) }
    },
  )

  api.put(
    '/v1/webhooks/:id',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Changes a webhook; only what is named',
        params,
        body: fields({ url: Type.Optional(url), events: Type.Optional(events), ...optional }),
        response: answers(200, Type.Object({ success, webhook: WebhookJson }), 403, 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      checked(request.body)
      const webhook = await doors.change(boundTo(request), request.params.id, request.body)
      return webhook === undefined
        ? none(reply, request.params.id)
        : { success: true, webhook: webhookJson(webhook) }
    },
  )

  api.delete(
    '/v1/webhooks/:id',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Removes a webhook with all that was to be delivered to it',
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
    '/v1/webhooks/:id/rotate-secret',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'A new secret; for a while what is sent is signed with the old one too',
        params,
        querystring: fields({
          hours: Type.Optional(whole('hours for which the old one is good, 24 unless given', 0, 720)),
        }),
        response: answers(200, Type.Object({ success, secret: string }), 403, 404, 503),
      },
    },
    async (request, reply) => {
      const secret = await doors.rotateSecret(boundTo(request), request.params.id, request.query.hours ?? 24)
      return secret === undefined ? none(reply, request.params.id) : { success: true, secret }
    },
  )

  api.post(
    '/v1/webhooks/:id/test',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Sends webhook.ping and tells what came of it within 5 s; the delivery goes on after that',
        params,
        response: answers(200, Type.Object({ success, delivery: DeliveryDetailJson }), 403, 404, 409, 503),
      },
    },
    async (request, reply) => {
      const webhook = await doors.find(boundTo(request), request.params.id)
      if (webhook === undefined) return none(reply, request.params.id)
      if (!webhook.enabled) return refuse(reply, 'STORE_CONFLICT', 'the webhook is disabled: enable it first')
      const delivery = await doors.ping(boundTo(request), request.params.id)
      return delivery === undefined
        ? none(reply, request.params.id)
        : { success: true, delivery: deliveryDetailJson(delivery) }
    },
  )

  api.get(
    '/v1/webhooks/:id/deliveries',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'What was delivered to a webhook, newest first',
        params,
        querystring: fields(pageFields),
        response: answers(200, Page, 403, 404, 503),
      },
    },
    async (request, reply) => {
      const bound = boundTo(request)
      const { id: webhookId } = request.params
      if ((await doors.find(bound, webhookId)) === undefined) return none(reply, webhookId)
      const { state, limit = DEFAULT_PAGE, cursor } = request.query
      return pageJson(await doors.deliveries(bound, { webhookId, state, limit, cursor }))
    },
  )

  api.post(
    '/v1/webhooks/:id/replay',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Sends again what was given up',
        params,
        querystring: fields({
          since: Type.Optional(moment('a moment, 7 days ago unless given: events since then')),
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
      const since = millisecondsOf('since', request.query.since) ?? now() - 7 * DAY_MS
      const replayed = await doors.replayFailed(boundTo(request), request.params.id, since)
      return replayed === undefined ? none(reply, request.params.id) : { success: true, replayed }
    },
  )

  addDeliveryRoutes(api, doors)
  addCallbackSecretRoutes(api, doors)
}

const addDeliveryRoutes = (api: Api, doors: WebhookDoors): void => {
  const oneOf = fields({ id: id('a delivery') })
  api.get(
    '/v1/deliveries',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'What was delivered to webhooks and callbacks, newest first',
        querystring: fields({
          callId: Type.Optional(uuid('a call')),
          organization: Type.Optional(id('an organisation')),
          ...pageFields,
        }),
        response: answers(200, Page, 403, 404, 503),
      },
    },
    async (request) => {
      const { callId, state, limit = DEFAULT_PAGE, cursor, organization } = request.query
      const bound = organizationWithin(request, organization)
      return pageJson(await doors.deliveries(bound, { callId, state, limit, cursor }))
    },
  )

  api.get(
    '/v1/deliveries/:id',
    {
      config: { scope: 'webhooks:read' },
      schema: {
        tags,
        summary: 'One delivery with its body and every attempt',
        params: oneOf,
        response: answers(200, Type.Object({ success, delivery: DeliveryDetailJson }), 403, 404, 503),
      },
    },
    async (request, reply) => {
      const delivery = await doors.delivery(boundTo(request), request.params.id)
      return delivery === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `there is no delivery ${request.params.id}`)
        : { success: true, delivery: deliveryDetailJson(delivery) }
    },
  )

  api.post(
    '/v1/deliveries/:id/replay',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'Sends it again: now, where it waits; as a new delivery of the same event, where it is over',
        params: oneOf,
        response: answers(
          200,
          Type.Object({ success, deliveryId: Type.Integer({ description: 'what is sent' }) }),
          403,
          404,
          409,
          503,
        ),
      },
    },
    async (request, reply) => {
      const sent = await doors.replay(boundTo(request), request.params.id)
      return sent === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `there is no delivery ${request.params.id}`)
        : { success: true, deliveryId: sent }
    },
  )
}

/** With it the callbacks of calls are signed; who may place calls has to know it, so it can be read. */
const addCallbackSecretRoutes = (api: Api, doors: WebhookDoors): void => {
  const Secret = Type.Object({ success, organizationId: Type.Integer(), secret: string })
  const querystring = fields({ organization: Type.Optional(id('an organisation')) })
  api.get(
    '/v1/callback-secret',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: "The secret with which callbacks of an organisation's calls are signed",
        querystring,
        response: answers(200, Secret, 403, 404, 503),
      },
    },
    async (request) => {
      const organizationId = organizationOf(request, request.query.organization, 'organization')
      return { success: true, organizationId, secret: await doors.callbackSecret(organizationId) }
    },
  )
  api.post(
    '/v1/callback-secret/rotate',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        tags,
        summary: 'A new secret for callbacks; the old one is good no more',
        querystring,
        response: answers(200, Secret, 403, 404, 503),
      },
    },
    async (request) => {
      const organizationId = organizationOf(request, request.query.organization, 'organization')
      return { success: true, organizationId, secret: await doors.rotateCallbackSecret(organizationId) }
    },
  )
}

const organizationOf = (
  request: Pick<FastifyRequest, 'caller'>,
  asked: number | undefined,
  field: string,
): number => {
  const organizationId = organizationWithin(request, asked, field)
  if (organizationId === undefined)
    throw badInput(field, `"${field}" is missing: it takes the id of an organisation`)
  return organizationId
}

const pageJson = ({ deliveries, next }: Awaited<ReturnType<WebhookDoors['deliveries']>>) => ({
  success: true,
  deliveries: deliveries.map(deliveryJson),
  next: next ?? null,
})

const none = (reply: Parameters<typeof refuse>[0], webhookId: number) =>
  refuse(reply, 'HTTP_NOT_FOUND', `there is no webhook ${webhookId}`)
