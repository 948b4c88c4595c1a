/**
 * Toll fraud over the API: the rules that look for it, the prefixes that are risky, what was alerted and blocked, and the
 * PINs that let a call out. An organisation reads the platform's rules and prefixes, and writes its own.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { addAlertRoutes, addBlockRoutes } from './fraud-alert-routes.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, fields, id } from './fields.ts'
import type { FraudDoors, FraudPinOwner } from './fraud-doors.ts'
import type { FraudRuleFields } from '../store/fraud-writes.ts'
import { prefixFields, prefixJson, PrefixJson, ruleFields, ruleJson, RuleJson } from './fraud-json.ts'
import { badInput } from './validation.ts'

const tags = ['fraud']
const success = Type.Literal(true)
const Done = Type.Object({ success })
const organizationId = id('an organisation')
const ofOne = fields({ organization: Type.Optional(organizationId) })

export const addFraudRoutes = (api: Api, doors: FraudDoors, now: () => number): void => {
  addRuleRoutes(api, doors.rules)
  addPrefixRoutes(api, doors.prefixes)
  addAlertRoutes(api, doors.alerts)
  addBlockRoutes(api, doors.blocks, now)
  addPinRoutes(api, doors)
}

const addRuleRoutes = (api: Api, rules: FraudDoors['rules']): void => {
  const One = Type.Object({ success, rule: RuleJson })
  const params = fields({ id: id('a rule') })
  const optional = {
    userId: Type.Optional(ruleFields.userId),
    counts: Type.Optional(ruleFields.counts),
    countries: Type.Optional(ruleFields.countries),
    prefixes: Type.Optional(ruleFields.prefixes),
    international: Type.Optional(ruleFields.international),
    highRisk: Type.Optional(ruleFields.highRisk),
    limitCount: Type.Optional(ruleFields.limitCount),
    limitAmount: Type.Optional(ruleFields.limitAmount),
    windowMinutes: Type.Optional(ruleFields.windowMinutes),
    pricePerMinute: Type.Optional(ruleFields.pricePerMinute),
    businessHours: Type.Optional(ruleFields.businessHours),
    timeZone: Type.Optional(ruleFields.timeZone),
    blockHours: Type.Optional(ruleFields.blockHours),
    enforced: Type.Optional(ruleFields.enforced),
    enabled: Type.Optional(ruleFields.enabled),
  }
  const none = (ruleId: number): string => `there is no rule ${ruleId}`

  api.get(
    '/v1/fraud/rules',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: "The rules: the platform's, and the organisation's own",
        querystring: ofOne,
        response: answers(200, Type.Object({ success, rules: Type.Array(RuleJson) }), 404, 503),
      },
    },
    async (request) => ({
      success: true,
      rules: (await rules.list(organizationWithin(request, request.query.organization))).map(ruleJson),
    }),
  )
  api.post(
    '/v1/fraud/rules',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: "Adds a rule; it takes the place of the platform's rules of its kind that are not enforced",
        body: fields({
          organizationId: Type.Optional(organizationId),
          name: ruleFields.name,
          kind: ruleFields.kind,
          action: ruleFields.action,
          ...optional,
        }),
        response: answers(201, One, 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const { organizationId: asked, ...settings } = request.body
      const owner = organizationWithin(request, asked, 'organizationId')
      const rule = await rules.add(owner, ownSettings(request, settings))
      if (rule === undefined)
        return refuse(reply, 'HTTP_NOT_FOUND', 'the rule was removed as soon as it was added')
      void reply.code(201)
      return { success: true, rule: ruleJson(rule) }
    },
  )
  api.get(
    '/v1/fraud/rules/:id',
    {
      config: { scope: 'records:read' },
      schema: { tags, summary: 'One rule', params, response: answers(200, One, 404, 503) },
    },
    async (request, reply) => {
      const rule = await rules.find(boundTo(request), request.params.id)
      return rule === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', none(request.params.id))
        : { success: true, rule: ruleJson(rule) }
    },
  )
  api.put(
    '/v1/fraud/rules/:id',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Changes a rule; only what is named',
        params,
        body: fields({
          name: Type.Optional(ruleFields.name),
          kind: Type.Optional(ruleFields.kind),
          action: Type.Optional(ruleFields.action),
          ...optional,
        }),
        response: answers(200, One, 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const rule = await rules.change(boundTo(request), request.params.id, ownSettings(request, request.body))
      return rule === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', none(request.params.id))
        : { success: true, rule: ruleJson(rule) }
    },
  )
  api.delete(
    '/v1/fraud/rules/:id',
    {
      config: { scope: 'records:write' },
      schema: { tags, summary: 'Removes a rule', params, response: answers(200, Done, 404, 503) },
    },
    async (request, reply) =>
      (await rules.remove(boundTo(request), request.params.id))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', none(request.params.id)),
  )
}

/** Only the platform enforces. */
const ownSettings = (request: Pick<FastifyRequest, 'caller'>, settings: FraudRuleFields): FraudRuleFields => {
  if (settings.enforced === true && boundTo(request) !== undefined)
    throw badInput('enforced', '"enforced" is the platform\'s to set')
  return settings
}

const addPrefixRoutes = (api: Api, prefixes: FraudDoors['prefixes']): void => {
  api.get(
    '/v1/fraud/prefixes',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Which prefixes are risky, and who says so',
        querystring: ofOne,
        response: answers(200, Type.Object({ success, prefixes: Type.Array(PrefixJson) }), 404, 503),
      },
    },
    async (request) => ({
      success: true,
      prefixes: (await prefixes.list(organizationWithin(request, request.query.organization))).map(
        prefixJson,
      ),
    }),
  )
  api.post(
    '/v1/fraud/prefixes',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Lists a prefix as premium or high-risk, or as normal, which lifts a shorter one',
        body: fields({
          organizationId: Type.Optional(organizationId),
          prefix: prefixFields.prefix,
          risk: prefixFields.risk,
          note: Type.Optional(prefixFields.note),
          source: Type.Optional(prefixFields.source),
        }),
        response: answers(201, Type.Object({ success, prefix: PrefixJson }), 404, 409, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const { organizationId: asked, ...row } = request.body
      const prefix = await prefixes.add(organizationWithin(request, asked, 'organizationId'), row)
      if (prefix === undefined)
        return refuse(reply, 'HTTP_NOT_FOUND', 'the prefix was removed as soon as it was added')
      void reply.code(201)
      return { success: true, prefix: prefixJson(prefix) }
    },
  )
  api.delete(
    '/v1/fraud/prefixes/:id',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Takes a prefix from the list',
        params: fields({ id: id('a prefix') }),
        response: answers(200, Done, 404, 503),
      },
    },
    async (request, reply) =>
      (await prefixes.remove(boundTo(request), request.params.id))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', `there is no prefix ${request.params.id}`),
  )
}

const addPinRoutes = (api: Api, doors: FraudDoors): void => {
  for (const kind of ['organization', 'user'] as const) {
    const path = `/v1/${kind}s/:id/fraud-pin`
    const params = fields({ id: id(kind === 'user' ? 'a user' : 'an organisation') })
    const ownerOf = (ownerId: number, bound: number | undefined): FraudPinOwner | undefined =>
      kind === 'user'
        ? { userId: ownerId, within: bound }
        : bound === undefined || bound === ownerId
          ? { organizationId: ownerId }
          : undefined
    const none = (ownerId: number): string => `there is no ${kind} ${ownerId}`
    api.put(
      path,
      {
        config: { scope: 'records:write' },
        schema: {
          tags,
          summary: `Sets the PIN that ${kind === 'user' ? 'the user keys' : 'users without one of their own key'}; it is never told again`,
          params,
          body: fields({
            pin: Type.String({ pattern: '^[0-9]{4,10}$', description: 'a PIN of 4 to 10 digits' }),
          }),
          response: answers(200, Done, 404, 413, 415, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        return owner !== undefined && (await doors.setPin(owner, request.body.pin))
          ? { success: true }
          : refuse(reply, 'HTTP_NOT_FOUND', none(request.params.id))
      },
    )
    api.delete(
      path,
      {
        config: { scope: 'records:write' },
        schema: {
          tags,
          summary: 'Takes the PIN away: what requires one is refused then',
          params,
          response: answers(200, Done, 404, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        return owner !== undefined && (await doors.setPin(owner, null))
          ? { success: true }
          : refuse(reply, 'HTTP_NOT_FOUND', none(request.params.id))
      },
    )
  }
}
