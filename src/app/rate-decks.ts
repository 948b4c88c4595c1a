/** Rate decks as files, joined: the worker takes them in and gives them out, the tables keep their state. */
import { sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { DeckDoors } from '../http/deck-doors.ts'
import type { Database } from '../store/database.ts'
import { publishDeck, rollbackDeck, withdrawDeck } from '../store/rate-deck-publication.ts'
import { rateDeckReads, type RateDeckRow } from '../store/rate-deck-reads.ts'
import type { RatesLink } from './rates-link.ts'

export type DeckDoorParts = {
  readonly database: Database
  readonly rates: Pick<RatesLink, 'importDeck' | 'exportDeck' | 'reload'>
  readonly clock: Clock
  readonly logger: Logger
}

export const createDeckDoors = ({ database, rates, clock, logger }: DeckDoorParts): DeckDoors => {
  const find = (deckId: number): Promise<RateDeckRow | undefined> => rateDeckReads.get(database, deckId)
  const findThere = async (deckId: number): Promise<RateDeckRow> => {
    const deck = await find(deckId)
    if (deck !== undefined) return deck
    throw new EngineError('STORE_NOT_FOUND', `rate deck ${deckId} was removed at the same moment`)
  }

  return {
    importDeck: async (request, file, signal) => {
      const outcome = await rates.importDeck(request, file, signal)
      if (outcome.outcome === 'imported') {
        const { deckId, state, owner, rateCount } = outcome
        logger.info({ deckId, state, owner, rateCount, source: request.source }, 'a rate deck was imported')
      }
      return outcome
    },
    publish: async (deckId) => ((await publishDeck(database, deckId)) ? find(deckId) : undefined),
    withdraw: async (deckId) => ((await withdrawDeck(database, deckId)) ? find(deckId) : undefined),
    rollback: async (owner) => {
      const { withdrawnId, currentId } = await rollbackDeck(database, owner)
      logger.info({ withdrawnId, currentId, owner }, 'the newest rate deck was taken back')
      return {
        withdrawn: await findThere(withdrawnId),
        current: currentId === undefined ? undefined : await find(currentId),
      }
    },
    exportDeck: async (deckId) => {
      const deck = await find(deckId)
      return deck === undefined ? undefined : { deck, file: rates.exportDeck(deckId) }
    },
    untilLive: async (waitMs) => {
      const startedAt = clock.monotonic()
      const over = new AbortController()
      const loaded = rates.reload().then(
        () => true,
        (fault: unknown) => {
          logger.warn({ why: asError(fault).message }, 'what was published is not in use yet')
          return false
        },
      )
      const live = await Promise.race([loaded, sleep(clock, waitMs, over.signal).then(() => false)])
      over.abort()
      return { live, afterMs: clock.monotonic() - startedAt }
    },
  }
}
