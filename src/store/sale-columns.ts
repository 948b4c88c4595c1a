/** What a CDR keeps of its rating beyond the buy side's own columns: the sale, exchange rates, taxes, fees, the margin. */
import type { QuotedRate, QuotedSale } from '../call/carried.ts'
import type { Cdr, CdrAttempt } from '../cdr/cdr.ts'
import { billingCurrencyOf, type Sale } from '../cdr/sale.ts'
import { parseExchangeRate, type QuotedExchange } from '../telephony/exchange.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import { formatMoney, parseMoney, ZERO, type Money } from '../telephony/money.ts'
import { parsePercent } from '../telephony/percent.ts'
import { formatCharging, readCharging } from '../telephony/tariff.ts'

type Column<Row> = readonly [
  name: string,
  type: string,
  value: (row: Row) => string | number | boolean | null,
]

/** Of a tariff what its columns do not say, and whose price it is. */
export const chargingOf = (rate: QuotedRate | undefined): string | null => {
  if (rate === undefined) return null
  const words = [formatCharging(rate.tariff), rate.isRulePrice === true ? RULE_PRICE : undefined]
  const text = words.filter((word) => word !== undefined).join(' ')
  return text === '' ? null : text
}

const RULE_PRICE = 'price=rule'

export const SALE_COLUMNS: readonly Column<Cdr>[] = [
  ['rated_number', 'text', (cdr) => cdr.ratedNumber ?? null],
  ['jurisdiction', 'text', (cdr) => cdr.jurisdiction ?? null],
  ['rate_charging', 'text', (cdr) => chargingOf(cdr.rate)],
  ['billing_currency', 'text', (cdr) => word(billingCurrencyOf(cdr))],
  ['cost_exchange_rate', 'numeric', (cdr) => cdr.rate?.exchange?.rate ?? null],
  ['sell_deck_id', 'integer', (cdr) => cdr.sale?.rate.deckId ?? null],
  ['sell_prefix', 'text', (cdr) => word(cdr.sale?.rate.prefix)],
  ['sell_per_minute', 'numeric', (cdr) => money(cdr.sale?.rate.tariff.pricePerMinute)],
  ['sell_connection_fee', 'numeric', (cdr) => money(cdr.sale?.rate.tariff.connectionFee)],
  ['sell_minimum_seconds', 'integer', (cdr) => cdr.sale?.rate.tariff.minimumSeconds ?? null],
  ['sell_first_increment_seconds', 'integer', (cdr) => cdr.sale?.rate.tariff.firstIncrementSeconds ?? null],
  ['sell_next_increment_seconds', 'integer', (cdr) => cdr.sale?.rate.tariff.nextIncrementSeconds ?? null],
  ['sell_charging', 'text', (cdr) => chargingOf(cdr.sale?.rate)],
  ['sale_currency', 'text', (cdr) => word(cdr.sale?.rate.tariff.currency)],
  ['sale_exchange_rate', 'numeric', (cdr) => cdr.sale?.rate.exchange?.rate ?? null],
  ['sale_seconds', 'integer', (cdr) => cdr.sale?.chargedSeconds ?? null],
  ['sale_amount', 'numeric', (cdr) => money(cdr.sale?.amount)],
  ['tax_name', 'text', (cdr) => word(cdr.sale?.rate.tax?.name)],
  ['tax_percent', 'numeric', (cdr) => cdr.sale?.rate.tax?.percent ?? null],
  ['tax_amount', 'numeric', (cdr) => money(cdr.sale?.tax)],
  ['margin', 'numeric', (cdr) => money(cdr.margin)],
]

export const FEE_COLUMNS: readonly Column<{ readonly attempt: CdrAttempt }>[] = [
  ['rate_charging', 'text', ({ attempt }) => chargingOf(attempt.rate)],
  ['fee', 'numeric', ({ attempt }) => money(attempt.fee?.amount)],
  ['fee_currency', 'text', ({ attempt }) => word(attempt.fee?.currency)],
  ['fee_exchange_rate', 'numeric', ({ attempt }) => attempt.fee?.exchange?.rate ?? null],
]

export type SaleRow = {
  readonly rated_number: string | null
  readonly jurisdiction: Jurisdiction | null
  readonly rate_charging: string | null
  readonly billing_currency: string | null
  readonly cost_exchange_rate: string | null
  readonly currency: string | null
  readonly sell_deck_id: number | null
  readonly sell_prefix: string | null
  readonly sell_per_minute: string | null
  readonly sell_connection_fee: string | null
  readonly sell_minimum_seconds: number | null
  readonly sell_first_increment_seconds: number | null
  readonly sell_next_increment_seconds: number | null
  readonly sell_charging: string | null
  readonly sale_currency: string | null
  readonly sale_exchange_rate: string | null
  readonly sale_seconds: number | null
  readonly sale_amount: string | null
  readonly tax_name: string | null
  readonly tax_percent: string | null
  readonly tax_amount: string | null
  readonly margin: string | null
}

export type FeeRow = {
  readonly rate_charging: string | null
  readonly currency: string | null
  readonly fee: string | null
  readonly fee_currency: string | null
  readonly fee_exchange_rate: string | null
}

/** To be added to what is read of the rate's own columns. */
export const saleIn = (row: SaleRow): Pick<Cdr, 'ratedNumber' | 'jurisdiction' | 'sale' | 'margin'> => ({
  ...(row.rated_number !== null && { ratedNumber: row.rated_number }),
  ...(row.jurisdiction !== null && { jurisdiction: row.jurisdiction }),
  ...(row.sale_amount !== null && { sale: toSale(row, row.sale_amount) }),
  ...(row.margin !== null && { margin: parseMoney(row.margin) }),
})

/** What a tariff says beyond its columns, for `rate`. */
export const rateExtras = (
  charging: string | null,
  exchange: { readonly to: string | null; readonly from: string | null; readonly rate: string | null },
): {
  readonly tariff: ReturnType<typeof readCharging>
  readonly rate: Omit<QuotedRate, 'deckId' | 'prefix' | 'tariff'>
} => {
  const led = exchangeIn(exchange.from, exchange.to, exchange.rate)
  return {
    tariff: readCharging(charging ?? ''),
    rate: {
      ...((charging ?? '').split(' ').includes(RULE_PRICE) && { isRulePrice: true }),
      ...(led !== undefined && { exchange: led }),
    },
  }
}

/** `billing`: the organisation's currency, which the record of the leg has. */
export const feeIn = (row: FeeRow, billing: string | null): Pick<CdrAttempt, 'fee'> => {
  if (row.fee === null || row.fee_currency === null) return {}
  const exchange = exchangeIn(row.fee_currency, billing, row.fee_exchange_rate)
  return {
    fee: {
      amount: parseMoney(row.fee),
      currency: row.fee_currency,
      ...(exchange !== undefined && { exchange }),
    },
  }
}

const toSale = (row: SaleRow, amount: string): Sale => {
  const { tariff: charging, rate } = rateExtras(row.sell_charging, {
    from: row.sale_currency,
    to: row.billing_currency,
    rate: row.sale_exchange_rate,
  })
  const sold: QuotedSale = {
    deckId: row.sell_deck_id ?? undefined,
    prefix: row.sell_prefix ?? '',
    tariff: {
      pricePerMinute: moneyIn(row.sell_per_minute),
      connectionFee: moneyIn(row.sell_connection_fee),
      ...(row.sell_minimum_seconds !== null && { minimumSeconds: row.sell_minimum_seconds }),
      firstIncrementSeconds: row.sell_first_increment_seconds ?? 1,
      nextIncrementSeconds: row.sell_next_increment_seconds ?? 1,
      currency: row.sale_currency ?? '',
      ...charging,
    },
    ...rate,
    ...(row.tax_percent !== null && {
      tax: { name: row.tax_name ?? '', percent: parsePercent(row.tax_percent) },
    }),
  }
  return {
    rate: sold,
    chargedSeconds: row.sale_seconds ?? 0,
    amount: parseMoney(amount),
    tax: row.tax_amount === null ? undefined : parseMoney(row.tax_amount),
  }
}

const exchangeIn = (
  from: string | null,
  to: string | null,
  rate: string | null,
): QuotedExchange | undefined =>
  from === null || to === null || from === to
    ? undefined
    : { to, rate: rate === null ? undefined : parseExchangeRate(rate) }

const moneyIn = (text: string | null): Money => (text === null ? ZERO : parseMoney(text))

const money = (amount: Money | undefined): string | null =>
  amount === undefined ? null : formatMoney(amount)

/** A name that somebody typed: as cdr-columns keeps words. */
const word = (text: string | undefined): string | null =>
  text === undefined ? null : text.slice(0, 128).replace(/[\0\p{Cs}]/gu, '\uFFFD')
