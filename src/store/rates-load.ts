/**
 * From the tables to an index: which decks count, their rates, the index. What is known of a deck is kept, since its
 * rates never change once it is published: a new deck costs its own rates and one build, however many the others
 * have. Runs in a worker.
 */
import { createRateIndexBuilder } from '../routing/rate-builder.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { DECK_CHARGING, withCharging, type DeckChargingRow } from './deck-charging.ts'
import { ownerOfDeck } from './rate-deck-owner.ts'
import { countingDecks, type CountingDeck, type PublishedDeck } from './rate-deck-versions.ts'
import { addDeckRates, copyOfRates, createRatesReader, type DeckRates } from './rates-columns.ts'
import type { RatesConnection } from './rates-connection.ts'

export type RatesReport = {
  readonly deckCount: number
  readonly rateCount: number
  /** Rows that are no rates: a hand wrote them. */
  readonly leftOut: readonly { readonly deckId: number; readonly count: number; readonly first: string }[]
  /** Of this load; rates that were known from an earlier one are not read again. */
  readonly readCount: number
  readonly readMs: number
  readonly buildMs: number
}

export type LoadedRates = { readonly parts: RateIndexParts; readonly report: RatesReport }

export type RatesLoader = {
  /** Undefined: nothing has changed since the last time. `now` in ms. Throws STORE_UNAVAILABLE. */
  readonly load: (on: RatesConnection, now: number) => Promise<LoadedRates | undefined>
}

export const createRatesLoader = (monotonic: () => number): RatesLoader => {
  const known = new Map<number, DeckRates>()
  let loaded: string | undefined

  return {
    load: async (on, now) => {
      const startedAt = monotonic()
      await on.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const decks = countingDecks(await readPublished(on), now)
      const fingerprint = JSON.stringify(decks)
      if (fingerprint === loaded) {
        await on.query('COMMIT')
        return undefined
      }
      const ids = new Set(decks.map(({ deckId }) => deckId))
      for (const deckId of known.keys()) if (!ids.has(deckId)) known.delete(deckId)
      const readCount = await readRates(
        on,
        decks.filter(({ deckId }) => !known.has(deckId)),
        known,
      )
      await on.query('COMMIT')
      const readAt = monotonic()
      const parts = build(decks, known)
      loaded = fingerprint
      return {
        parts,
        report: {
          deckCount: decks.length,
          rateCount: parts.rowCount,
          leftOut: leftOutOf(decks, known),
          readCount,
          readMs: Math.round(readAt - startedAt),
          buildMs: Math.round(monotonic() - readAt),
        },
      }
    },
  }
}

const build = (decks: readonly CountingDeck[], known: ReadonlyMap<number, DeckRates>): RateIndexParts => {
  const builder = createRateIndexBuilder()
  for (const deck of decks) {
    const rates = known.get(deck.deckId)
    if (rates !== undefined) addDeckRates(builder, deck, rates)
  }
  return builder.build()
}

const leftOutOf = (decks: readonly CountingDeck[], known: ReadonlyMap<number, DeckRates>) =>
  decks.flatMap(({ deckId }) => {
    const leftOut = known.get(deckId)?.leftOut
    return leftOut === undefined || leftOut.count === 0 ? [] : [{ deckId, ...leftOut }]
  })

/** How many rows there were. */
const readRates = async (
  on: RatesConnection,
  decks: readonly CountingDeck[],
  known: Map<number, DeckRates>,
): Promise<number> => {
  if (decks.length === 0) return 0
  const reader = createRatesReader()
  for await (const block of on.copyTo(copyOfRates(decks.map(({ deckId }) => deckId)))) reader.read(block)
  let count = 0
  for (const [deckId, rates] of reader.end()) {
    known.set(deckId, rates)
    count += rates.count + rates.leftOut.count
  }
  return count
}

type StoredDeck = Omit<PublishedDeck, 'owner' | 'effectiveTo' | 'charging'> & {
  readonly carrierId: number | null
  readonly organizationId: number | null
  readonly effectiveTo: number | null
} & DeckChargingRow

const readPublished = async (on: RatesConnection): Promise<readonly PublishedDeck[]> => {
  const rows = await on.query<StoredDeck>(
    `SELECT id AS "deckId", carrier_id AS "carrierId", organization_id AS "organizationId", currency, replaces,
       coalesce(effective_from, created_at) AS "effectiveFrom", effective_to AS "effectiveTo",
    ${DECK_CHARGING}
     FROM rate_decks WHERE published_at <= now() AND withdrawn_at IS NULL ORDER BY published_at, id`,
  )
  return rows.map(({ carrierId, organizationId, effectiveTo, ...row }) => ({
    ...withCharging(row),
    owner: ownerOfDeck({ carrierId, organizationId }),
    effectiveTo: effectiveTo ?? Number.POSITIVE_INFINITY,
  }))
}
