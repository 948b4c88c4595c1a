/**
 * What calls are rated by beside decks: exchange rates by day, taxes, and rating a period again. All of it is the
 * platform's to say; an organisation sees the taxes that it pays.
 */
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { organizationWithin } from './caller.ts'
import { answers, currency, fields, id, isoOrNull, moment, nullable, text, time, whole } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import type { RatingDoors, TaxRate } from './rating-doors.ts'
import { addRerateRoutes } from './rerate-routes.ts'

const tags = ['rating']
const string = Type.String()
const integer = Type.Integer()
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'a day such as 2026-11-20' })
const decimal = (what: string) =>
  Type.String({ maxLength: 32, description: `${what} as a decimal in a string` })

const RateFields = {
  day,
  base: currency,
  currency,
  rate: decimal('how many of the currency one of the base is worth'),
}
const Done = Type.Object({ success: Type.Literal(true) })

/** Rates in a request; a file of more is sent in several. */
const MOST_RATES = 10_000

export const addRatingRoutes = (api: Api, doors: RatingDoors, now: () => number): void => {
  addExchangeRoutes(api, doors)
  addTaxRoutes(api, doors)
  addRerateRoutes(api, doors, now)
}

const addExchangeRoutes = (api: Api, doors: RatingDoors): void => {
  api.get(
    '/v1/exchange-rates',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: 'Exchange rates, the newest days first',
        querystring: fields({
          base: Type.Optional(currency),
          currency: Type.Optional(currency),
          since: Type.Optional(day),
          until: Type.Optional(day),
          limit: Type.Optional(whole('at most so many', 1, MOST_RATES)),
        }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), exchangeRates: Type.Array(Type.Object(RateFields)) }),
          503,
        ),
      },
    },
    async ({ query }) => ({
      success: true,
      exchangeRates: [...(await doors.listExchangeRates({ ...query, limit: query.limit ?? 100 }))],
    }),
  )
  api.post(
    '/v1/exchange-rates',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary:
          'Takes in exchange rates; one that is there for its day is replaced, and no past call changes',
        body: fields({ rates: Type.Array(fields(RateFields), { minItems: 1, maxItems: MOST_RATES }) }),
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            written: Type.Integer({ description: 'rates that are new or other than before' }),
          }),
          413,
          415,
          503,
        ),
      },
    },
    async ({ body }) => ({ success: true, written: await doors.writeExchangeRates(body.rates) }),
  )
  api.delete(
    '/v1/exchange-rates/:base/:currency/:day',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Removes the exchange rate of a day; calls go by the one before',
        params: fields({ base: currency, currency, day }),
        response: answers(200, Done, 404, 503),
      },
    },
    async ({ params }, reply) =>
      (await doors.removeExchangeRate(params))
        ? { success: true }
        : refuse(
            reply,
            'HTTP_NOT_FOUND',
            `there is no rate of ${params.base} in ${params.currency} for ${params.day}`,
          ),
  )
}

const TaxJson = Type.Object({
  id: integer,
  organizationId: nullable(integer),
  country: nullable(string),
  name: string,
  percent: string,
  effectiveFrom: nullable(time('since when')),
  effectiveTo: nullable(time('until before when')),
})
const OneTax = Type.Object({ success: Type.Literal(true), taxRate: TaxJson })
const oneId = fields({ id: id('a tax rate') })

const addTaxRoutes = (api: Api, doors: RatingDoors): void => {
  api.get(
    '/v1/tax-rates',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags,
        summary: 'Taxes on what is sold: the narrowest that fits a call is taken',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), taxRates: Type.Array(TaxJson) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const organizationId = organizationWithin(request, request.query.organization)
      const found = await doors.listTaxRates(organizationId)
      return { success: true, taxRates: found.map(taxJson) }
    },
  )
  api.post(
    '/v1/tax-rates',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Adds a tax; calls that begin within its time take it',
        body: fields({
          organizationId: Type.Optional(nullable(id('an organisation; null: every'))),
          country: Type.Optional(
            nullable(
              Type.String({
                pattern: '^[A-Z]{2}$',
                description: "the destination's country in ISO 3166; null: every",
              }),
            ),
          ),
          name: text('a name for invoices, such as VAT', 64),
          percent: decimal('a percentage such as 7.7'),
          effectiveFrom: Type.Optional(nullable(moment('since when; null: always'))),
          effectiveTo: Type.Optional(nullable(moment('until before when; null: for good'))),
        }),
        response: answers(201, OneTax, 409, 413, 415, 503),
      },
    },
    async ({ body }, reply) => {
      const taxRate = await doors.addTaxRate({
        ...body,
        effectiveFrom: millisecondsOf('effectiveFrom', body.effectiveFrom ?? undefined),
        effectiveTo: millisecondsOf('effectiveTo', body.effectiveTo ?? undefined),
      })
      return reply.code(201).send({ success: true as const, taxRate: taxJson(taxRate) })
    },
  )
  api.post(
    '/v1/tax-rates/:id/end',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Ends a tax: calls from that moment on do not take it',
        params: oneId,
        body: fields({ effectiveTo: moment('the first moment without it') }),
        response: answers(200, OneTax, 404, 413, 415, 503),
      },
    },
    async ({ params, body }, reply) => {
      const at = millisecondsOf('effectiveTo', body.effectiveTo)
      const taxRate = at === undefined ? undefined : await doors.endTaxRate(params.id, at)
      return taxRate === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `there is no tax rate ${params.id}`)
        : { success: true, taxRate: taxJson(taxRate) }
    },
  )
  api.delete(
    '/v1/tax-rates/:id',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Removes a tax, as if it had never been; records keep what they were made with',
        params: oneId,
        response: answers(200, Done, 404, 503),
      },
    },
    async ({ params }, reply) =>
      (await doors.removeTaxRate(params.id))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', `there is no tax rate ${params.id}`),
  )
}

const taxJson = (tax: TaxRate) => ({
  id: tax.id,
  organizationId: tax.organizationId ?? null,
  country: tax.country ?? null,
  name: tax.name,
  percent: tax.percent,
  effectiveFrom: isoOrNull(tax.effectiveFrom),
  effectiveTo: isoOrNull(tax.effectiveTo),
})
