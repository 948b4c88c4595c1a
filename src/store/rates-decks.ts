/** Decks as rows, as every loading of rates reads them, and the index of those that count. Runs in a worker. */
import { createRateIndexBuilder } from '../routing/rate-builder.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { DECK_CHARGING, withCharging, type DeckChargingRow } from './deck-charging.ts'
import { ownerOfDeck } from './rate-deck-owner.ts'
import type { CountingDeck, PublishedDeck } from './rate-deck-versions.ts'
import { addDeckRates, copyOfRates, createRatesReader, type DeckRates } from './rates-columns.ts'
import type { RatesConnection } from './rates-connection.ts'

type DeckRow = Omit<PublishedDeck, 'owner' | 'effectiveTo' | 'charging'> & {
  readonly carrierId: number | null
  readonly organizationId: number | null
  readonly effectiveTo: number | null
} & DeckChargingRow

/** Those of a condition on `rate_decks`, in the order in which they were published. */
export const readDecks = async (
  on: RatesConnection,
  where: string,
  values: readonly unknown[] = [],
): Promise<readonly PublishedDeck[]> => {
  const rows = await on.query<DeckRow>(
    `SELECT id AS "deckId", carrier_id AS "carrierId", organization_id AS "organizationId", currency, replaces,
       coalesce(effective_from, created_at) AS "effectiveFrom", effective_to AS "effectiveTo", ${DECK_CHARGING}
     FROM rate_decks WHERE ${where} ORDER BY published_at, id`,
    [...values],
  )
  return rows.map(({ carrierId, organizationId, effectiveTo, ...row }) => ({
    ...withCharging(row),
    owner: ownerOfDeck({ carrierId, organizationId }),
    effectiveTo: effectiveTo ?? Infinity,
  }))
}

/** What the decks hold, by deck; those that ended before `since`, in milliseconds since the epoch, are left where they are. */
export const readRates = async (
  on: RatesConnection,
  decks: readonly CountingDeck[],
  since?: number,
): Promise<ReadonlyMap<number, DeckRates>> => {
  if (decks.length === 0) return new Map()
  const reader = createRatesReader()
  const ids = decks.map(({ deckId }) => deckId)
  for await (const block of on.copyTo(copyOfRates(ids, since))) reader.read(block)
  return reader.end()
}

export const indexOf = (
  decks: readonly CountingDeck[],
  rates: ReadonlyMap<number, DeckRates>,
): RateIndexParts => {
  const builder = createRateIndexBuilder()
  for (const deck of decks) {
    const found = rates.get(deck.deckId)
    if (found !== undefined) addDeckRates(builder, deck, found)
  }
  return builder.build()
}
