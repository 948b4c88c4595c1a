import { createRateIndexBuilder, type RateRow } from '../../src/routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../../src/routing/rate-lookup.ts'
import type { RateIndexParts, RateOwner } from '../../src/routing/rate-parts.ts'
import { moneyOf } from '../../src/telephony/money.ts'

export const CARRIER: RateOwner = { kind: 'carrier', id: 1 }

export const rate = (
  carrierId: number,
  prefix: string,
  price: number,
  given: Partial<RateRow> = {},
): RateRow => ({
  owner: { kind: 'carrier', id: carrierId },
  deckId: 1,
  sequence: 1,
  currency: 'USD',
  prefix,
  pricePerMinute: moneyOf(price),
  connectionFee: moneyOf(0),
  minimumSeconds: 0,
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  effectiveFrom: 0,
  effectiveTo: undefined,
  ...given,
})

export const partsOf = (rows: readonly RateRow[]): RateIndexParts => {
  const builder = createRateIndexBuilder()
  for (const row of rows) builder.add(row)
  return builder.build()
}

export const indexOf = (rows: readonly RateRow[]): RateIndex => openRateIndex(partsOf(rows))

/** Prefix and price. */
export const describe = (index: RateIndex, entry: number): string | undefined =>
  entry < 0 ? undefined : `${index.prefixOf(entry)} ${index.pricePerMinuteOf(entry)}`

export const find = (
  index: RateIndex,
  { kind, id }: RateOwner,
  digits: string,
  now = 0,
  jurisdiction?: 'interstate' | 'intrastate',
): string | undefined => describe(index, index.rateOf(kind, id, digits, now, jurisdiction))
