/**
 * A record rated again: what its sides come to by other decks, exchange rates and taxes, as of the moment when the call
 * began. Pure; the same arithmetic as the first rating. What cannot be looked up stays as it is, and is counted.
 */
import type { QuotedRate, QuotedSale } from '../call/carried.ts'
import type { Cdr } from '../cdr/cdr.ts'
import { marginOfLeg, saleOf } from '../cdr/sale.ts'
import { codeOf } from '../base/errors.ts'
import type { ExchangeRates } from '../directory/exchange-rates.ts'
import type { TaxRates } from '../directory/tax-rates.ts'
import { bill } from '../rating/bill.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import type { RateOwnerKind } from '../routing/rate-parts.ts'

export type RerateRules = {
  readonly rates: RateIndex
  readonly exchange: ExchangeRates['quote']
  readonly taxOf: TaxRates['taxOf']
  /** The organisation's, where the record does not say; undefined: it is gone. */
  readonly currencyOf: (organizationId: number) => string | undefined
  /** Of digits; undefined: of none that is known. */
  readonly countryOf: (digits: string) => string | undefined
  readonly side: 'buy' | 'sell' | 'both'
}

export type RerateVerdict = {
  readonly after: Cdr
  /** A side whose owner has rates, and none for the call. */
  readonly withoutRate: boolean
}

/** `digits`: those whose rates count; undefined: nobody knows them any more. */
export const rerate = (cdr: Cdr, digits: string | undefined, rules: RerateRules): RerateVerdict => {
  const { organizationId, carrierId, rate } = cdr
  const currency =
    rate?.exchange?.to ??
    cdr.sale?.rate.exchange?.to ??
    (organizationId === undefined ? undefined : rules.currencyOf(organizationId)) ??
    rate?.tariff.currency
  // What nobody ever quoted, an emergency call for one, is neither bought nor sold by a deck.
  if (digits === undefined || currency === undefined || rate === undefined)
    return { after: cdr, withoutRate: false }
  let withoutRate = false
  const look = (kind: RateOwnerKind, owner: number): QuotedRate | undefined => {
    if (rules.rates.ownerSlotOf(kind, owner) < 0) return undefined
    const entry = rules.rates.rateOf(kind, owner, digits, cdr.startTime, cdr.jurisdiction)
    if (entry < 0) withoutRate = true
    return entry < 0 ? undefined : quoted(entry, currency, cdr.startTime, rules)
  }
  const buy = rules.side === 'sell' || carrierId === undefined ? undefined : look('carrier', carrierId)
  const sell =
    rules.side === 'buy' || organizationId === undefined ? undefined : look('customer', organizationId)
  const bought = buy === undefined ? undefined : charged(cdr, buy)
  const sold =
    sell === undefined || organizationId === undefined
      ? undefined
      : saleOf(
          taxed(sell, rules.taxOf(organizationId, rules.countryOf(digits), cdr.startTime)),
          cdr.billableSeconds,
        )
  const sides = { ...cdr, ...bought, ...(sold !== undefined && { sale: sold }) }
  return { after: { ...sides, margin: marginOfLeg(sides) }, withoutRate }
}

const quoted = (
  entry: number,
  currency: string,
  atMs: number,
  { rates, exchange }: RerateRules,
): QuotedRate => {
  const tariff = rates.tariffOf(entry)
  const led = exchange(tariff.currency, currency, atMs)
  return {
    deckId: rates.deckIdOf(entry),
    prefix: rates.prefixOf(entry),
    tariff,
    ...(led !== undefined && { exchange: led }),
  }
}

/** The price of a routing rule stands above every deck. Undefined: it cannot be billed exactly. */
const charged = (
  { rate: old, billableSeconds }: Cdr,
  found: QuotedRate,
): Pick<Cdr, 'rate' | 'chargedSeconds' | 'cost'> | undefined => {
  const rate: QuotedRate =
    old?.isRulePrice === true
      ? {
          ...found,
          tariff: { ...found.tariff, pricePerMinute: old.tariff.pricePerMinute },
          isRulePrice: true,
        }
      : found
  try {
    return { rate, ...bill(rate.tariff, billableSeconds) }
  } catch (fault) {
    if (codeOf(fault) === 'TELEPHONY_MONEY_RANGE' || codeOf(fault) === 'RATING_BAD_TARIFF') return undefined
    throw fault
  }
}

const taxed = (rate: QuotedRate, tax: QuotedSale['tax']): QuotedSale =>
  tax === undefined ? rate : { ...rate, tax }
