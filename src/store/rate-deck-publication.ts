/**
 * A deck's way from draft to published to withdrawn. Each step is one row changed in one statement: the engine sees
 * the whole deck from then on, or none of it. Only the newest version of an owner is taken back step by step.
 */
import type { Database, Queryable } from './database.ts'
import { conflict, id } from './input.ts'
import { findOwner, lockOwner, ownerColumn, ownerOfDeck, type OwnerName } from './rate-deck-owner.ts'

/** False: there is no such deck. STORE_CONFLICT where it was withdrawn; publishing twice does no harm. */
export const publishDeck = (on: Database, deckId: number): Promise<boolean> =>
  withLockedDeck(on, deckId, async (transaction, deck) => {
    if (deck.withdrawn)
      throw conflict('id', 'it was withdrawn; import its file again, which makes a new version of it')
    if (deck.published) return
    // Not now(): that is when the transaction began, and another deck may have been published since.
    await transaction.query('UPDATE rate_decks SET published_at = clock_timestamp() WHERE id = $1', [deckId])
  })

/** False: there is no such deck. STORE_CONFLICT where it was never published; withdrawing twice does no harm. */
export const withdrawDeck = (on: Database, deckId: number): Promise<boolean> =>
  withLockedDeck(on, deckId, async (transaction, deck) => {
    if (!deck.published) throw conflict('id', 'it was never published; remove it')
    if (!deck.withdrawn)
      await transaction.query('UPDATE rate_decks SET withdrawn_at = clock_timestamp() WHERE id = $1', [
        deckId,
      ])
  })

export type Rollback = {
  /** The deck that was the newest. */
  readonly withdrawnId: number
  /** The newest one now; undefined: the owner has no rates any more. */
  readonly currentId: number | undefined
}

/** Withdraws the newest published deck of the owner. STORE_CONFLICT where there is none. */
export const rollbackDeck = (on: Database, owner: OwnerName): Promise<Rollback> =>
  on.transaction(async (transaction) => {
    const known = await findOwner(transaction, owner)
    await lockOwner(transaction, known)
    const [newest, before] = await transaction.query<{ id: number }>(
      `SELECT id FROM rate_decks WHERE ${ownerColumn(known.kind)} = $1 AND published_at IS NOT NULL
         AND withdrawn_at IS NULL ORDER BY published_at DESC, id DESC LIMIT 2`,
      [known.id],
    )
    if (newest === undefined) throw conflict(owner.kind, 'it has no published rate deck to take back')
    await transaction.query('UPDATE rate_decks SET withdrawn_at = clock_timestamp() WHERE id = $1', [
      newest.id,
    ])
    return { withdrawnId: newest.id, currentId: before?.id }
  })

type DeckState = { readonly published: boolean; readonly withdrawn: boolean }

const withLockedDeck = (
  on: Database,
  deckId: number,
  act: (transaction: Queryable, deck: DeckState) => Promise<void>,
): Promise<boolean> =>
  on.transaction(async (transaction) => {
    const [row] = await transaction.query<{
      readonly carrierId: number | null
      readonly organizationId: number | null
    }>(
      'SELECT carrier_id AS "carrierId", organization_id AS "organizationId" FROM rate_decks WHERE id = $1',
      [id('id', deckId)],
    )
    if (row === undefined) return false
    await lockOwner(transaction, ownerOfDeck(row))
    // Read again: it may have changed while we waited for the lock.
    const [deck] = await transaction.query<DeckState>(
      `SELECT published_at IS NOT NULL AS published, withdrawn_at IS NOT NULL AS withdrawn FROM rate_decks
       WHERE id = $1 FOR UPDATE`,
      [deckId],
    )
    if (deck === undefined) return false
    await act(transaction, deck)
    return true
  })
