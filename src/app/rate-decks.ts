/** Rate decks as files, joined: the worker takes them in and gives them out, the tables keep their state. */
import { sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { DeckDoors } from '../http/deck-doors.ts'
import type { Database } from '../store/database.ts'
import { publishDeck, rollbackDeck, withdrawDeck } from '../store/rate-deck-publication.ts'
import { rateDeckReads, type RateDeckRow } from '../store/rate-deck-reads.ts'
import { seenBy } from '../store/tenancy.ts'
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

  /** False: to the organisation there is no such deck. */
  const mayChange = async (deckId: number, boundTo: number | undefined): Promise<boolean> => {
    if (boundTo === undefined) return true
    const standing = (await seenBy(database, 'rate_decks', [deckId], boundTo)).get(deckId)
    if (standing !== 'offered') return standing === 'own'
    throw new EngineError('ACCESS_FORBIDDEN', "this is the platform's: the organisation may only see it", {
      field: 'id',
    })
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
    publish: async (deckId, boundTo) =>
      (await mayChange(deckId, boundTo)) && (await publishDeck(database, deckId)) ? find(deckId) : undefined,
    withdraw: async (deckId, boundTo) =>
      (await mayChange(deckId, boundTo)) && (await withdrawDeck(database, deckId)) ? find(deckId) : undefined,
    rollback: async (owner) => {
      const { withdrawnId, currentId } = await rollbackDeck(database, owner)
      logger.info({ withdrawnId, currentId, owner }, 'the newest rate deck was taken back')
      return {
        withdrawn: await findThere(withdrawnId),
        current: currentId === undefined ? undefined : await find(currentId),
      }
    },
    exportDeck: async (deckId, boundTo) => {
      const isSeen =
        boundTo === undefined || (await seenBy(database, 'rate_decks', [deckId], boundTo)).has(deckId)
      const deck = isSeen ? await find(deckId) : undefined
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
