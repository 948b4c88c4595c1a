/**
 * From the tables to an index: which decks count, their rates, the index. What is known of a deck is kept, since its
 * rates never change once it is published: a new deck costs its own rates and one build, however many the others
 * have. Runs in a worker.
 */
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { countingDecks, type CountingDeck } from './rate-deck-versions.ts'
import type { DeckRates } from './rates-columns.ts'
import type { RatesConnection } from './rates-connection.ts'
import { indexOf, readDecks, readRates } from './rates-decks.ts'

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
      const decks = countingDecks(await readDecks(on, 'published_at <= now() AND withdrawn_at IS NULL'), now)
      const fingerprint = JSON.stringify(decks)
      if (fingerprint === loaded) {
        await on.query('COMMIT')
        return undefined
      }
      const ids = new Set(decks.map(({ deckId }) => deckId))
      for (const deckId of known.keys()) if (!ids.has(deckId)) known.delete(deckId)
      let readCount = 0
      const unknown = decks.filter(({ deckId }) => !known.has(deckId))
      for (const [deckId, rates] of await readRates(on, unknown)) {
        known.set(deckId, rates)
        readCount += rates.count + rates.leftOut.count
      }
      await on.query('COMMIT')
      const readAt = monotonic()
      const parts = indexOf(decks, known)
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

const leftOutOf = (decks: readonly CountingDeck[], known: ReadonlyMap<number, DeckRates>) =>
  decks.flatMap(({ deckId }) => {
    const leftOut = known.get(deckId)?.leftOut
    return leftOut === undefined || leftOut.count === 0 ? [] : [{ deckId, ...leftOut }]
  })
