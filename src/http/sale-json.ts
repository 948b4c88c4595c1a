/** What a call is bought and sold at, as our API tells it. */
import { Type } from '@sinclair/typebox'
import type { QuotedRate } from '../call/carried.ts'
import { billingCurrencyOf } from '../cdr/sale.ts'
import type { QuotedExchange } from '../telephony/exchange.ts'
import { formatMoney, type Money } from '../telephony/money.ts'
import { formatCharging } from '../telephony/tariff.ts'
import type { ListedCdr } from './doors.ts'
import { nullable } from './fields.ts'

const string = Type.String()
const integer = Type.Integer()

const ExchangeJson = Type.Object(
  { to: string, rate: nullable(string) },
  { description: "what one unit is worth in the organisation's currency; rate null: nobody had told" },
)

export const RateJson = Type.Object({
  deckId: nullable(integer),
  prefix: string,
  pricePerMinute: string,
  connectionFee: string,
  minimumSeconds: integer,
  firstIncrementSeconds: integer,
  nextIncrementSeconds: integer,
  currency: string,
  charging: nullable(
    Type.String({ description: 'what else the tariff says: grace=5 free=30 round=up/2, price=rule' }),
  ),
  exchange: nullable(ExchangeJson),
})

const AmountJson = Type.Object({ amount: string, currency: nullable(string) })

export const SaleFieldsJson = {
  sale: nullable(
    Type.Object(
      {
        amount: string,
        currency: nullable(string),
        tax: nullable(Type.Object({ name: nullable(string), percent: nullable(string), amount: string })),
        chargedSeconds: nullable(integer),
        rate: nullable(RateJson),
      },
      {
        description:
          "what the customer pays, without tax; of the call on its A leg, in the organisation's currency",
      },
    ),
  ),
  margin: nullable(
    Type.Composite([AmountJson], { description: 'sale less cost and fees; null where they do not compare' }),
  ),
}

export const rateJson = (rate: QuotedRate | undefined) =>
  rate === undefined
    ? null
    : {
        deckId: rate.deckId ?? null,
        prefix: rate.prefix,
        pricePerMinute: formatMoney(rate.tariff.pricePerMinute),
        connectionFee: formatMoney(rate.tariff.connectionFee),
        minimumSeconds: rate.tariff.minimumSeconds ?? 0,
        firstIncrementSeconds: rate.tariff.firstIncrementSeconds,
        nextIncrementSeconds: rate.tariff.nextIncrementSeconds,
        currency: rate.tariff.currency,
        charging: formatCharging(rate.tariff) ?? (rate.isRulePrice === true ? 'price=rule' : null),
        exchange: exchangeJson(rate.exchange),
      }

const exchangeJson = (exchange: QuotedExchange | undefined) =>
  exchange === undefined ? null : { to: exchange.to, rate: exchange.rate ?? null }

/** On an A leg what the whole call comes to, on a B leg what this leg does. */
export const saleFields = (cdr: ListedCdr) => ({ sale: saleJson(cdr), margin: marginJson(cdr) })

const saleJson = ({ sale, callSale, callTax }: ListedCdr) => {
  if (sale === undefined && callSale === undefined) return null
  const tax = sale?.rate.tax
  const taxAmount = callTax?.amount ?? sale?.tax
  return {
    amount: formatMoney(callSale?.amount ?? sale?.amount ?? (0 as Money)),
    currency: callSale?.currency ?? sale?.rate.tariff.currency ?? null,
    tax:
      taxAmount === undefined
        ? null
        : { name: tax?.name ?? null, percent: tax?.percent ?? null, amount: formatMoney(taxAmount) },
    chargedSeconds: sale?.chargedSeconds ?? null,
    rate: rateJson(sale?.rate),
  }
}

const marginJson = (cdr: ListedCdr) => {
  if (cdr.callMargin !== undefined)
    return { amount: formatMoney(cdr.callMargin.amount), currency: cdr.callMargin.currency }
  return cdr.margin === undefined
    ? null
    : { amount: formatMoney(cdr.margin), currency: billingCurrencyOf(cdr) ?? null }
}
