/**
 * What organisations and users have paid in advance. To open, fill and close a balance is the platform's; who it belongs
 * to may look at it.
 */
import { Type } from '@sinclair/typebox'
import { ENTRY_KINDS, type BalanceEntry, type BalanceOwner, type Booked } from '../store/balance-rows.ts'
import { formatMoney } from '../telephony/money.ts'
import { refuse, type Api } from './api.ts'
import type { BalanceDoors, ToldBalance } from './balance-doors.ts'
import { boundTo, callerOf, organizationWithin } from './caller.ts'
import { answers, choice, fields, id, iso, nullable, price, text, whole } from './fields.ts'

const tags = ['balances']

const amount = Type.String({
  description: 'a decimal, in the currency of the balance; negative where money went',
})

const BalanceJson = Type.Object({
  organizationId: Type.Integer(),
  userId: nullable(Type.Integer({ description: "null: the organisation's" })),
  currency: Type.String(),
  amount,
  reserved: Type.String({ description: 'of it, what calls that are up have reserved at this engine' }),
  lowThreshold: nullable(Type.String({ description: 'below it balance.low is told' })),
  openedAt: Type.String({ format: 'date-time' }),
})

const EntryJson = Type.Object({
  id: Type.Integer(),
  kind: choice(ENTRY_KINDS),
  amount,
  key: nullable(Type.String()),
  legUuid: nullable(Type.String()),
  callId: nullable(Type.String()),
  note: nullable(Type.String()),
  bookedBy: nullable(Type.String()),
  at: Type.String({ format: 'date-time' }),
})

const One = Type.Object({ success: Type.Literal(true), balance: BalanceJson })
const Done = Type.Object({ success: Type.Literal(true) })
const BookedOne = Type.Object({
  success: Type.Literal(true),
  entry: EntryJson,
  balance: Type.Object({ amount, currency: Type.String() }),
})

const key = text('what makes it one booking however often it is sent', 255)
const note = Type.Optional(text('a note', 500))
const TopUp = fields({ amount: price('what is paid'), key, note })
const Correction = fields({
  kind: Type.Optional(choice(['adjustment', 'refund'])),
  amount: Type.String({
    pattern: '^-?\\d{1,8}(\\.\\d{1,8})?$',
    description: 'what is given, or taken where it is negative, as a decimal in a string, such as "-0.50"',
  }),
  key,
  note,
})

export const addBalanceRoutes = (api: Api, doors: BalanceDoors): void => {
  api.get(
    '/v1/balances',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Balances of those who pay in advance',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), balances: Type.Array(BalanceJson) }),
          404,
          503,
        ),
      },
    },
    async (request) => ({
      success: true,
      balances: (await doors.list(organizationWithin(request, request.query.organization))).map(balanceJson),
    }),
  )

  for (const kind of ['organization', 'user'] as const) {
    const path = `/v1/${kind}s/:id/balance`
    const params = fields({ id: id(kind === 'user' ? 'a user' : 'an organisation') })
    const whose = kind === 'user' ? 'a user' : 'an organisation'
    const nothing = (ownerId: number): string => `${kind} ${ownerId} pays nothing in advance, or is not there`
    /** Undefined: it is another organisation's. */
    const ownerOf = (ownerId: number, bound: number | undefined): BalanceOwner | undefined =>
      kind === 'user'
        ? { userId: ownerId, within: bound }
        : bound === undefined || bound === ownerId
          ? { organizationId: ownerId }
          : undefined

    api.get(
      path,
      {
        config: { scope: 'records:read' },
        schema: { tags, summary: `The balance of ${whose}`, params, response: answers(200, One, 404, 503) },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const found = owner === undefined ? undefined : await doors.find(owner)
        if (found === undefined) return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
        return { success: true, balance: balanceJson(found) }
      },
    )

    api.put(
      path,
      {
        schema: {
          tags,
          summary: `Opens the balance of ${whose}, or changes it: from then on its calls are paid for in advance`,
          params,
          body: fields({ lowThreshold: Type.Optional(nullable(price('below which balance.low is told'))) }),
          response: answers(200, One, 404, 413, 415, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const found = owner === undefined ? undefined : await doors.open(owner, request.body)
        if (found === undefined)
          return refuse(reply, 'HTTP_NOT_FOUND', `there is no ${kind} ${request.params.id}`)
        return { success: true, balance: balanceJson(found) }
      },
    )

    api.delete(
      path,
      {
        schema: {
          tags,
          summary: `Closes the balance of ${whose}: from then on its calls are paid for afterwards`,
          description: 'Its entries stay; calls that are up are still charged to it.',
          params,
          response: answers(200, Done, 404, 503),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        return owner !== undefined && (await doors.close(owner))
          ? { success: true }
          : refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
      },
    )

    api.get(
      `${path}/entries`,
      {
        config: { scope: 'records:read' },
        schema: {
          tags,
          summary: 'Everything that was booked, newest first; the balance is the sum of it',
          params,
          querystring: fields({
            before: Type.Optional(id('an entry: those older than it')),
            limit: Type.Optional(whole('how many at most', 1, 1_000)),
          }),
          response: answers(
            200,
            Type.Object({ success: Type.Literal(true), entries: Type.Array(EntryJson) }),
            404,
            503,
          ),
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const { before, limit = 100 } = request.query
        const found = owner === undefined ? undefined : await doors.entries(owner, { before, limit })
        if (found === undefined) return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
        return { success: true, entries: found.map(entryJson) }
      },
    )

    const booked: Record<string, unknown> = {
      200: BookedOne,
      ...answers(201, BookedOne, 404, 409, 413, 415, 503),
    }
    api.post(
      `${path}/top-ups`,
      {
        schema: {
          tags,
          summary: 'Books a payment; the same key is booked once, and told with 200',
          params,
          body: TopUp,
          response: booked,
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const { amount: paid, key: asked, note: said } = request.body
        const outcome: Booked =
          owner === undefined
            ? { kind: 'no-balance' }
            : await doors.book(owner, {
                ...{ kind: 'top-up', amount: paid, key: asked, note: said },
                bookedBy: callerOf(request).name,
              })
        if (outcome.kind === 'no-balance') return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
        if (outcome.kind === 'other-booking') return refuse(reply, 'STORE_CONFLICT', taken(outcome.entry))
        if (outcome.kind === 'booked') void reply.code(201)
        return bookedJson(outcome)
      },
    )
    api.post(
      `${path}/adjustments`,
      {
        schema: {
          tags,
          summary: 'Books an adjustment or a refund; the same key is booked once, and told with 200',
          params,
          body: Correction,
          response: booked,
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request.params.id, boundTo(request))
        const { kind: what = 'adjustment', amount: given, key: asked, note: said } = request.body
        const outcome: Booked =
          owner === undefined
            ? { kind: 'no-balance' }
            : await doors.book(owner, {
                ...{ kind: what, amount: given, key: asked, note: said },
                bookedBy: callerOf(request).name,
              })
        if (outcome.kind === 'no-balance') return refuse(reply, 'HTTP_NOT_FOUND', nothing(request.params.id))
        if (outcome.kind === 'other-booking') return refuse(reply, 'STORE_CONFLICT', taken(outcome.entry))
        if (outcome.kind === 'booked') void reply.code(201)
        return bookedJson(outcome)
      },
    )
  }
}

const taken = (entry: BalanceEntry): string =>
  `key: it is of the ${entry.kind} of ${formatMoney(entry.amount)} that was booked at ${iso(entry.at)}`

const bookedJson = ({ entry, balance }: Extract<Booked, { kind: 'booked' | 'booked-before' }>) => ({
  success: true as const,
  entry: entryJson(entry),
  balance: { amount: formatMoney(balance.amount), currency: balance.currency },
})

const balanceJson = ({ balance, reserved }: ToldBalance) => ({
  organizationId: balance.organizationId,
  userId: balance.userId ?? null,
  currency: balance.currency,
  amount: formatMoney(balance.amount),
  reserved: formatMoney(reserved),
  lowThreshold: balance.lowThreshold === undefined ? null : formatMoney(balance.lowThreshold),
  openedAt: iso(balance.createdAt),
})

const entryJson = (entry: BalanceEntry) => ({
  id: entry.id,
  kind: entry.kind,
  amount: formatMoney(entry.amount),
  key: entry.key ?? null,
  legUuid: entry.legUuid ?? null,
  callId: entry.callId ?? null,
  note: entry.note ?? null,
  bookedBy: entry.bookedBy ?? null,
  at: iso(entry.at),
})
