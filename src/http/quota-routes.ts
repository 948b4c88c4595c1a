/**
 * How much an organisation and its users may call. The organisation's own quota is the platform's to set; those of its
 * users are its own.
 */
import { Type } from '@sinclair/typebox'
import { formatMoney } from '../telephony/money.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, choice, fields, id, nullable, price, whole } from './fields.ts'
import type { QuotaDoors, QuotaOwnerId, ToldQuota } from './quota-doors.ts'

const tags = ['quotas']

const limits = {
  callsPerSecond: nullable(whole('new calls in any second', 0, 10_000)),
  concurrentCalls: nullable(whole('calls at once', 0, 100_000)),
  dailySpend: nullable(price('money for the calls of a day in UTC')),
  premiumRate: nullable(choice(['allow', 'block'])),
}

const QuotaJson = Type.Object({
  organizationId: Type.Integer(),
  userId: nullable(Type.Integer({ description: "null: the organisation's" })),
  ...limits,
  usage: Type.Object({
    callsInLastSecond: Type.Integer(),
    concurrentCalls: Type.Integer(),
    spentToday: Type.String({ description: 'a decimal, in the currency of the organisation' }),
  }),
})

const Settings = fields({
  callsPerSecond: Type.Optional(limits.callsPerSecond),
  concurrentCalls: Type.Optional(limits.concurrentCalls),
  dailySpend: Type.Optional(limits.dailySpend),
  premiumRate: Type.Optional(limits.premiumRate),
})

const One = Type.Object({ success: Type.Literal(true), quota: QuotaJson })

export const addQuotaRoutes = (api: Api, doors: QuotaDoors): void => {
  api.get(
    '/v1/quotas',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Quotas, and how much of them is in use now',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), quotas: Type.Array(QuotaJson) }),
          404,
          503,
        ),
      },
    },
    async (request) => ({
      success: true,
      quotas: (await doors.list(organizationWithin(request, request.query.organization))).map(quotaJson),
    }),
  )

  for (const kind of ['organization', 'user'] as const) {
    const path = `/v1/${kind}s/:id/quota`
    const params = fields({ id: id(kind === 'user' ? 'a user' : 'an organisation') })
    const ownerOf = (ownerId: number, bound: number | undefined): QuotaOwnerId | undefined =>
      kind === 'user'
        ? { kind, id: ownerId, organizationId: bound }
        : bound === undefined || bound === ownerId
          ? { kind, id: ownerId }
          : undefined
    const nothing = (ownerId: number): string => `there is no ${kind} ${ownerId}`

    api.get(
      path,
      {
        config: { scope: 'records:read' },
        schema: {
          tags,
          summary: `The quota of ${kind === 'user' ? 'a user' : 'an organisation'}, and its use now`,
          params,
          response: answers(200, One, 404, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const found = owner === undefined ? undefined : await doors.find(owner)
        if (found === undefined) return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
        return { success: true, quota: quotaJson(found) }
      },
    )
    // Without a scope: the platform's. An organisation that sets its own limits has none.
    const config = kind === 'user' ? { scope: 'records:write' as const } : {}
    api.put(
      path,
      {
        config,
        schema: {
          tags,
          summary: 'Sets limits; null takes one away',
          params,
          body: Settings,
          response: answers(200, One, 404, 413, 415, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const found = owner === undefined ? undefined : await doors.set(owner, request.body)
        if (found === undefined) return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
        return { success: true, quota: quotaJson(found) }
      },
    )
    api.delete(
      path,
      {
        config,
        schema: {
          tags,
          summary: 'Takes every limit away',
          params,
          response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        return owner !== undefined && (await doors.remove(owner))
          ? { success: true }
          : refuse(reply, 'HTTP_NOT_FOUND', `${nothing(request.params.id)}, or it has no quota`)
      },
    )
  }
}

const quotaJson = ({ quota, usage }: ToldQuota) => ({
  organizationId: quota.organizationId,
  userId: quota.userId ?? null,
  callsPerSecond: quota.callsPerSecond ?? null,
  concurrentCalls: quota.concurrentCalls ?? null,
  dailySpend: quota.dailySpend === undefined ? null : formatMoney(quota.dailySpend),
  premiumRate: quota.premiumRate ?? null,
  usage: {
    callsInLastSecond: usage.callsInLastSecond,
    concurrentCalls: usage.concurrentCalls,
    spentToday: formatMoney(usage.spentToday),
  },
})
