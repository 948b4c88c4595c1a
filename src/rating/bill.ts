/**
 * What a call costs under a tariff. This file owns the arithmetic of increments and the one rounding of a
 * call; it must never see a float or round twice. A new way of charging is a field of Tariff and a line here.
 */
import { EngineError } from '../base/errors.ts'
import { divideHalfUp, divideUp, MONEY_DECIMALS, moneyOf, ZERO, type Money } from '../telephony/money.ts'
import type { Rounding, Tariff } from '../telephony/tariff.ts'

export type Bill = {
  /** Seconds after increments; 0 for a call that nobody answered, or whose seconds are all free. */
  readonly chargedSeconds: number
  readonly cost: Money
}

const SECONDS_PER_MINUTE = 60

/**
 * Charges `billableSeconds` whole seconds of answered time. 0 is a call that was never answered, which costs
 * nothing, not even the connection fee; an answered call is at least one second, since seconds are rounded up.
 *
 * In this order: a call within the grace costs nothing at all; the free seconds are taken off; what remains pays
 * for the minimum at least, and in increments; a call of which nothing remains pays the connection fee alone.
 *
 * The price is per minute and the product per second, so the quotient by 60 rarely ends at the eighth decimal:
 * it is rounded once, half away from zero, to the 10^-8 units that Money can hold. Rounding per increment or
 * per minute would add up; rounding to cents is the invoice's affair, of sums and not of calls. A tariff that rounds
 * each call otherwise says so, and then that is the one rounding: it is made from the exact quotient.
 *
 * Throws RATING_BAD_SECONDS, RATING_BAD_TARIFF, or TELEPHONY_MONEY_RANGE where the cost exceeds exact money.
 */
export const bill = (tariff: Tariff, billableSeconds: number): Bill => {
  if (!Number.isSafeInteger(billableSeconds) || billableSeconds < 0) {
    throw new EngineError('RATING_BAD_SECONDS', `${billableSeconds} is not a count of whole seconds`)
  }
  checkTariff(tariff)
  if (isFree(tariff, billableSeconds)) return { chargedSeconds: 0, cost: ZERO }
  const chargedSeconds = chargedSecondsOf(tariff, billableSeconds)
  return { chargedSeconds, cost: costOfCharged(tariff, chargedSeconds) }
}

/** The same for a tariff that was checked when it was taken in, and one or more whole seconds: no check again. */
export const costOf = (tariff: Tariff, billableSeconds: number): Money =>
  isFree(tariff, billableSeconds) ? ZERO : costOfCharged(tariff, chargedSecondsOf(tariff, billableSeconds))

const isFree = ({ graceSeconds = 0 }: Tariff, billableSeconds: number): boolean =>
  billableSeconds <= graceSeconds || billableSeconds === 0

/** The first increment whole, then as many of the next as are begun; never less than the minimum. */
const chargedSecondsOf = (tariff: Tariff, billableSeconds: number): number => {
  const { minimumSeconds = 0, freeSeconds = 0 } = tariff
  const { firstIncrementSeconds: first, nextIncrementSeconds: next } = tariff
  const counted = billableSeconds - freeSeconds
  if (counted <= 0) return 0
  const beyond = Math.max(counted, minimumSeconds) - first
  if (beyond <= 0) return first
  // Not Math.ceil of a quotient: beyond 2^53 / next it would round.
  const rest = beyond % next
  return first + (rest === 0 ? beyond : beyond - rest + next)
}

const costOfCharged = (tariff: Tariff, chargedSeconds: number): Money => {
  const { pricePerMinute, connectionFee, rounding } = tariff
  if (rounding !== undefined) return roundedAs(rounding, tariff, chargedSeconds)
  const product = pricePerMinute * chargedSeconds
  // Below 2^45 (350,000 units of currency) a quotient by 60 is told apart from the next whole number with room to
  // spare, so rounding it down is exact; nearly every call is there.
  if (product >= 0 && product < 2 ** 45 && connectionFee >= 0 && connectionFee < 2 ** 45)
    return (connectionFee + Math.floor((product + SECONDS_PER_MINUTE / 2) / SECONDS_PER_MINUTE)) as Money
  const exact = BigInt(pricePerMinute) * BigInt(chargedSeconds)
  return moneyOf(BigInt(connectionFee) + divideHalfUp(exact, BigInt(SECONDS_PER_MINUTE)))
}

/** Fee and seconds together, in sixtieths of a unit, to the step that the last decimal leaves. */
const roundedAs = (
  { mode, decimals }: Rounding,
  { pricePerMinute, connectionFee }: Tariff,
  chargedSeconds: number,
): Money => {
  const sixtieths =
    BigInt(connectionFee) * BigInt(SECONDS_PER_MINUTE) + BigInt(pricePerMinute) * BigInt(chargedSeconds)
  const step = 10n ** BigInt(MONEY_DECIMALS - decimals)
  const divide = mode === 'up' ? divideUp : divideHalfUp
  return moneyOf(divide(sixtieths, BigInt(SECONDS_PER_MINUTE) * step) * step)
}

/** A tariff comes out of a channel variable too: what it holds is checked where it becomes money. */
const checkTariff = (tariff: Tariff): void => {
  for (const field of ['firstIncrementSeconds', 'nextIncrementSeconds'] as const) {
    if (!Number.isSafeInteger(tariff[field]) || tariff[field] < 1) throw badTariff(field, tariff[field])
  }
  for (const field of ['pricePerMinute', 'connectionFee'] as const) {
    if (!Number.isSafeInteger(tariff[field])) throw badTariff(field, tariff[field])
  }
  for (const field of ['minimumSeconds', 'freeSeconds', 'graceSeconds'] as const) {
    const seconds = tariff[field] ?? 0
    if (!Number.isSafeInteger(seconds) || seconds < 0) throw badTariff(field, seconds)
  }
  const { decimals = 0 } = tariff.rounding ?? {}
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > MONEY_DECIMALS)
    throw badTariff('rounding', decimals)
}

const badTariff = (field: string, value: unknown): EngineError =>
  new EngineError(
    'RATING_BAD_TARIFF',
    `${field} of the tariff is no usable integer: ${String(value).slice(0, 40)}`,
    { field },
  )
