/**
 * What a call takes from a balance, and how long money lasts. Pure; never a float. The balance is in the organisation's
 * currency and pays taxes too, so a charge is the sale with its tax, exchanged at the rate that was quoted with the call.
 */
import type { QuotedSale } from '../call/carried.ts'
import { bill } from '../rating/bill.ts'
import { exchanged } from '../telephony/exchange.ts'
import { addMoney, type Money } from '../telephony/money.ts'
import { percentOf } from '../telephony/percent.ts'

/** Taxed, then exchanged: each is rounded once, as the record of the call does. */
export const chargeOf = ({ tariff, tax, exchange }: QuotedSale, billableSeconds: number): Money => {
  const { cost } = bill(tariff, billableSeconds)
  const gross = tax === undefined ? cost : addMoney(cost, percentOf(cost, tax.percent))
  return exchange?.rate === undefined ? gross : exchanged(gross, exchange.rate)
}

/** In the currency of the balance, or in one whose worth was quoted. */
export const isChargeable = ({ tariff, exchange }: QuotedSale, currency: string): boolean =>
  exchange === undefined
    ? tariff.currency === currency
    : exchange.to === currency && exchange.rate !== undefined

/** What has to be there before anybody is dialled: the first seconds that cost anything, connection fee and all. */
export const firstChargeOf = (sale: QuotedSale): Money => {
  const { graceSeconds = 0, freeSeconds = 0 } = sale.tariff
  return chargeOf(sale, Math.max(graceSeconds, freeSeconds) + 1)
}

/**
 * The longest call of at most `most` seconds that costs no more than `money`: whole increments. 0 where not even its
 * first second is paid.
 */
export const secondsFor = (sale: QuotedSale, money: Money, most: number): number => {
  let paid = 0
  let unpaid = most + 1
  while (unpaid - paid > 1) {
    const middle = Math.floor((paid + unpaid) / 2)
    if (chargeOf(sale, middle) <= money) paid = middle
    else unpaid = middle
  }
  return paid
}
