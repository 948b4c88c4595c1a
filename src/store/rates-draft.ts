/**
 * The rates in force as they would be if a draft were published this moment: its own date may lie ahead, and then it
 * counts from now on all the same, since what is asked is what it would change. Rates in it that have later dates of
 * their own keep them. Runs in a worker.
 */
import { EngineError } from '../base/errors.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { countingDecks } from './rate-deck-versions.ts'
import type { RatesConnection } from './rates-connection.ts'
import { indexOf, readDecks, readRates } from './rates-decks.ts'

/** `now` in ms. Throws STORE_NOT_FOUND and STORE_UNAVAILABLE. */
export const loadRatesWithDraft = async (
  on: RatesConnection,
  deckId: number,
  now: number,
): Promise<RateIndexParts> => {
  await on.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const known = await readDecks(on, 'id = $1 OR (published_at <= now() AND withdrawn_at IS NULL)', [deckId])
  const draft = known.find((deck) => deck.deckId === deckId)
  if (draft === undefined) throw new EngineError('STORE_NOT_FOUND', `there is no rate deck ${deckId}`)
  const others = known.filter((deck) => deck !== draft)
  const effectiveFrom = Math.min(draft.effectiveFrom, now)
  const decks = countingDecks([...others, { ...draft, effectiveFrom }], now)
  const rates = await readRates(on, decks)
  await on.query('COMMIT')
  return indexOf(decks, rates)
}
