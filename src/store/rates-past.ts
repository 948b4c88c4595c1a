/**
 * Rates as they were, for calls of the past: of every deck that is published now, the versions that counted then; or one
 * deck as if it had always counted, whatever its dates (its rates keep dates of their own). Runs in a worker.
 */
import { EngineError } from '../base/errors.ts'
import { createRateIndexBuilder } from '../routing/rate-builder.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { DECK_CHARGING, withCharging, type DeckChargingRow } from './deck-charging.ts'
import { ownerOfDeck } from './rate-deck-owner.ts'
import { countingDecks, type CountingDeck, type PublishedDeck } from './rate-deck-versions.ts'
import { addDeckRates, copyOfRates, createRatesReader } from './rates-columns.ts'
import type { RatesConnection } from './rates-connection.ts'

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
  const rows = await on.query<DeckRow>(DECKS, [deckId ?? null])
  const decks =
    deckId === undefined
      ? countingDecks(rows.map(toDeck), since)
      : rows.map(toDeck).map((deck): CountingDeck => ({
          ...deck,
          effectiveFrom: Math.min(deck.effectiveFrom, since),
          effectiveTo: Infinity,
          sequence: 0,
          endsAt: Infinity,
        }))
  if (deckId !== undefined && decks.length === 0)
    throw new EngineError('STORE_NOT_FOUND', `there is no rate deck ${deckId}, or it was withdrawn`)
  const reader = createRatesReader()
  if (decks.length > 0)
    for await (const block of on.copyTo(
      copyOfRates(
        decks.map((deck) => deck.deckId),
        since,
      ),
    ))
      reader.read(block)
  await on.query('COMMIT')
  const rates = reader.end()
  const builder = createRateIndexBuilder()
  for (const deck of decks) {
    const found = rates.get(deck.deckId)
    if (found !== undefined) addDeckRates(builder, deck, found)
  }
  return builder.build()
}

type DeckRow = Omit<PublishedDeck, 'owner' | 'effectiveTo' | 'charging'> & {
  readonly carrierId: number | null
  readonly organizationId: number | null
  readonly effectiveTo: number | null
} & DeckChargingRow

const DECKS = `
  SELECT id AS "deckId", carrier_id AS "carrierId", organization_id AS "organizationId", currency, replaces,
    coalesce(effective_from, created_at) AS "effectiveFrom", effective_to AS "effectiveTo", ${DECK_CHARGING}
  FROM rate_decks
  WHERE withdrawn_at IS NULL AND CASE WHEN $1::integer IS NULL THEN published_at <= now() ELSE id = $1 END
  ORDER BY published_at, id`

const toDeck = ({ carrierId, organizationId, effectiveTo, ...row }: DeckRow): PublishedDeck => ({
  ...withCharging(row),
  owner: ownerOfDeck({ carrierId, organizationId }),
  effectiveTo: effectiveTo ?? Infinity,
})
