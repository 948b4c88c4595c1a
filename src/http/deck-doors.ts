/** What the routes of rate decks need beyond a collection of records, as shapes; `app` gives them. */
import type { OwnerName } from '../store/rate-deck-owner.ts'
import type { DeckImport, DeckImported, DeckImportOutcome } from '../store/rate-deck-import.ts'
import type { RateDeckRow } from '../store/rate-deck-reads.ts'
import type { DeckRefused } from '../store/rate-deck-verdict.ts'

export type { DeckImport, DeckImported, DeckImportOutcome, DeckRefused, OwnerName, RateDeckRow }

/** `boundTo`: the organisation whose own decks, of carriers of its own, are changed; undefined: anybody's. */
export type DeckDoors = {
  /**
   * Takes a file in, of any size, as fast as it can be stored. Nothing is changed where it is refused, where `file`
   * fails or `signal` aborts. Throws STORE_BAD_INPUT (carrier, customer, name) and STORE_CONFLICT.
   */
  readonly importDeck: (
    request: DeckImport,
    file: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<DeckImportOutcome>
  /** Undefined: there is no such deck. STORE_CONFLICT where it was withdrawn. */
  readonly publish: (deckId: number, boundTo: number | undefined) => Promise<RateDeckRow | undefined>
  /** Undefined: there is no such deck. STORE_CONFLICT where it was never published. */
  readonly withdraw: (deckId: number, boundTo: number | undefined) => Promise<RateDeckRow | undefined>
  /** Withdraws the owner's newest deck: the one before counts again. */
  readonly rollback: (owner: OwnerName) => Promise<{
    readonly withdrawn: RateDeckRow
    /** Undefined: there is none before it. */
    readonly current: RateDeckRow | undefined
  }>
  /** The deck as a file that imports to the same rates; undefined: there is no such deck to see. */
  readonly exportDeck: (
    deckId: number,
    boundTo: number | undefined,
  ) => Promise<{ readonly deck: RateDeckRow; readonly file: AsyncIterable<Uint8Array> } | undefined>
  /** Waits until calls go by what was published, at most so long. */
  readonly untilLive: (waitMs: number) => Promise<Live>
}

export type Live = { readonly live: boolean; readonly afterMs: number }
