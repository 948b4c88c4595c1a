/**
 * Rates as they were, for calls of the past: of every deck that is published now, the versions that counted then; or one
 * deck as if it had always counted, whatever its dates (its rates keep dates of their own). Runs in a worker.
 */
import { EngineError } from '../base/errors.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { countingDecks, type CountingDeck } from './rate-deck-versions.ts'
import type { RatesConnection } from './rates-connection.ts'
import { indexOf, readDecks, readRates } from './rates-decks.ts'

export type PastRates = {
  /** Milliseconds since the epoch: of calls that began at or after it. */
  readonly since: number
  /** Undefined: all that are published. */
  readonly deckId: number | undefined
}

/** Throws STORE_NOT_FOUND and STORE_UNAVAILABLE. */
export const loadPastRates = async (
  on: RatesConnection,
  { since, deckId }: PastRates,
): Promise<RateIndexParts> => {
  await on.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const known =
    deckId === undefined
      ? await readDecks(on, 'withdrawn_at IS NULL AND published_at <= now()')
      : await readDecks(on, 'withdrawn_at IS NULL AND id = $1', [deckId])
  const decks =
    deckId === undefined
      ? countingDecks(known, since)
      : known.map((deck): CountingDeck => ({
          ...deck,
          effectiveFrom: Math.min(deck.effectiveFrom, since),
          effectiveTo: Infinity,
          sequence: 0,
          endsAt: Infinity,
        }))
  if (deckId !== undefined && decks.length === 0)
    throw new EngineError('STORE_NOT_FOUND', `there is no rate deck ${deckId}, or it was withdrawn`)
  const rates = await readRates(on, decks, since)
  await on.query('COMMIT')
  return indexOf(decks, rates)
}
