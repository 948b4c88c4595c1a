/**
 * The rates in force as they would be if a draft were published this moment: its own date may lie ahead, and then it
 * counts from now on all the same, since what is asked is what it would change. Rates in it that have later dates of
 * their own keep them. Runs in a worker.
 */
import { EngineError } from '../base/errors.ts'
import { createRateIndexBuilder } from '../routing/rate-builder.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import { DECK_CHARGING, withCharging, type DeckChargingRow } from './deck-charging.ts'
import { ownerOfDeck } from './rate-deck-owner.ts'
import { countingDecks, type PublishedDeck } from './rate-deck-versions.ts'
import { addDeckRates, copyOfRates, createRatesReader } from './rates-columns.ts'
import type { RatesConnection } from './rates-connection.ts'

/** `now` in ms. Throws STORE_NOT_FOUND and STORE_UNAVAILABLE. */
export const loadRatesWithDraft = async (
  on: RatesConnection,
  deckId: number,
  now: number,
): Promise<RateIndexParts> => {
  await on.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const rows = await on.query<DeckRow>(DECKS, [deckId])
  const draft = rows.find((row) => row.deckId === deckId)
  if (draft === undefined) throw new EngineError('STORE_NOT_FOUND', `there is no rate deck ${deckId}`)
  const others = rows.filter((row) => row !== draft).map(toDeck)
  const { effectiveFrom, ...first } = toDeck(draft)
  const decks = countingDecks([...others, { ...first, effectiveFrom: Math.min(effectiveFrom, now) }], now)
  const reader = createRatesReader()
  for await (const block of on.copyTo(copyOfRates(decks.map((deck) => deck.deckId)))) reader.read(block)
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
    coalesce(effective_from, created_at) AS "effectiveFrom", effective_to AS "effectiveTo",
    ${DECK_CHARGING}
  FROM rate_decks WHERE id = $1 OR (published_at <= now() AND withdrawn_at IS NULL) ORDER BY published_at, id`

const toDeck = ({ carrierId, organizationId, effectiveTo, ...row }: DeckRow): PublishedDeck => ({
  ...withCharging(row),
  owner: ownerOfDeck({ carrierId, organizationId }),
  effectiveTo: effectiveTo ?? Infinity,
})
