/**
 * What a leg brings beside what it costs: the sale with its tax, and the margin in the organisation's currency. A sale
 * stands on the carrier's leg, beside the cost, so that every sum counts it once; what nobody carries is not sold. Nothing here refuses a record: what cannot be said exactly is left out.
 */
import { EngineError } from '../base/errors.ts'
import type { QuotedFee, QuotedRate, QuotedSale } from '../call/carried.ts'
import { bill } from '../rating/bill.ts'
import { settled } from '../telephony/exchange.ts'
import { addMoney, moneyOf, type Money } from '../telephony/money.ts'
import { percentOf } from '../telephony/percent.ts'

/** Amounts are in the currency of the tariff; `amount` is without tax. */
export type Sale = {
  readonly rate: QuotedSale
  readonly chargedSeconds: number
  readonly amount: Money
  /** Undefined: none is taken. */
  readonly tax: Money | undefined
}

/** What the sides of a leg come to. */
export type Sides = {
  readonly rate?: QuotedRate | undefined
  readonly cost?: Money | undefined
  readonly sale?: Sale | undefined
}

/** Undefined: nothing is sold, or it cannot be billed exactly. */
export const saleOf = (sell: QuotedSale | undefined, billableSeconds: number): Sale | undefined =>
  sell === undefined
    ? undefined
    : exactly(() => {
        const { chargedSeconds, cost: amount } = bill(sell.tariff, billableSeconds)
        const tax = sell.tax === undefined ? undefined : percentOf(amount, sell.tax.percent)
        return { rate: sell, chargedSeconds, amount, tax }
      })

/**
 * What a leg adds to the cost of its call, in the organisation's currency: the carrier's charge, and on the leg that
 * tried carriers their fees. Undefined: nothing, or its exchange rate is not known.
 */
export const costOfLeg = (
  cdr: Sides & Tried,
): { readonly amount: Money; readonly currency: string } | undefined =>
  exactly(() => {
    const fees = (cdr.attempts ?? []).flatMap(({ fee }) =>
      fee === undefined ? [] : [settled(fee.amount, fee.exchange)],
    )
    const own = cdr.cost === undefined ? [] : [settled(cdr.cost, cdr.rate?.exchange)]
    const amounts = [...own, ...fees].filter((amount) => amount !== undefined)
    const currency = billingCurrencyOf(cdr)
    return amounts.length === 0 || currency === undefined
      ? undefined
      : { amount: addMoney(...amounts), currency }
  })

/** What the customer owes, tax included, in the organisation's currency; undefined: its exchange rate is not known. */
export const owedFor = (sale: Sale): Money | undefined =>
  exactly(() =>
    settled(sale.tax === undefined ? sale.amount : addMoney(sale.amount, sale.tax), sale.rate.exchange),
  )

/** In the organisation's currency; undefined: only one side is known, or they do not compare. */
export const marginOfLeg = ({ rate, cost, sale }: Sides): Money | undefined =>
  exactly(() => {
    if (rate === undefined || cost === undefined || sale === undefined) return undefined
    const [earned, spent] = [settled(sale.amount, sale.rate.exchange), settled(cost, rate.exchange)]
    if (earned === undefined || spent === undefined) return undefined
    return moneyOf(BigInt(earned) - BigInt(spent))
  })

/** What trying carriers took from the margin of a call that is sold; undefined: nothing that can be said. */
export const marginOfFees = (fees: readonly QuotedFee[]): Money | undefined =>
  exactly(() => {
    let sum = 0n
    for (const { amount, exchange } of fees) {
      const spent = settled(amount, exchange)
      if (spent === undefined) return undefined
      sum += BigInt(spent)
    }
    return sum === 0n ? undefined : moneyOf(-sum)
  })

/** The organisation's currency, as the sides of the leg tell it, or what was tried from it. */
export const billingCurrencyOf = ({ rate, sale, attempts = [] }: Sides & Tried): string | undefined => {
  for (const side of [rate, sale?.rate, ...attempts.map((attempt) => attempt.rate)])
    if (side !== undefined) return side.exchange?.to ?? side.tariff.currency
  const fee = attempts.find((attempt) => attempt.fee !== undefined)?.fee
  return fee?.exchange?.to ?? fee?.currency
}

type Tried = {
  readonly attempts?: readonly {
    readonly rate: QuotedRate | undefined
    readonly fee?: QuotedFee | undefined
  }[]
}

const exactly = <Value>(work: () => Value): Value | undefined => {
  try {
    return work()
  } catch (fault) {
    if (fault instanceof EngineError) return undefined
    throw fault
  }
}
