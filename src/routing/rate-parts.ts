/**
 * The shapes of the rate index that its builder and its reader share. Everything large is a SharedArrayBuffer, so
 * a worker builds an index and posts it: no copy, and no pause where it arrives.
 */
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { Charging } from '../telephony/tariff.ts'

/** Whom a rate is with: a carrier that we buy from, or a customer (an organisation) that we sell to. */
export type RateOwner = { readonly kind: RateOwnerKind; readonly id: number }
export type RateOwnerKind = 'carrier' | 'customer'

/** Survives structuredClone and postMessage, and is only ever read once it is made. */
export type RateIndexParts = {
  /** Rows that were added. A row with other prices by jurisdiction has up to three entries. */
  readonly rowCount: number
  readonly entryCount: number
  readonly nodeCount: number
  /** Nodes of prefixes of up to five digits: they come first. */
  readonly shortNodeCount: number
  /** By slot: carriers first, then customers, each by id. */
  readonly owners: readonly RateOwner[]
  readonly carrierCount: number
  readonly decks: readonly {
    readonly deckId: number
    readonly currency: string
    readonly charging?: Charging | undefined
  }[]
  readonly buffers: { readonly [name in RateColumn]: SharedArrayBuffer }
}

/**
 * - `shorts` Int32 by the rank of up to five digits: the node of their longest prefix, -1.
 * - `heads` Int32 by the first six digits, and one more: the first node below them; the next one's is the end.
 * - `tails` Int32 by node, the nodes sorted by prefix: the rank of the digits after the head; of a short prefix, its
 *   rank.
 * - `lengths` Uint8 by node: how many digits its prefix has. Apart from the rest, so that a lookup reads little memory.
 * - `samples` Int32: the tail of every sixteenth node, so that a search among many reads one line of the tails.
 * - `nodes` Int32, two for each node and two more: the node of its longest shorter prefix (-1: none), and where its
 *   entries begin; the next node's is their end.
 * - `prices` Float64 by entry: Money per minute.
 * - `entryTerms` Int32 by entry: its terms. A node's entries lie by owner slot, and of one owner the first that is
 *   in force counts.
 * - `ownerTerms` Int32 by owner slot, and one more: the first of its terms.
 * - `term...` by terms: owner slot, deck, TermJurisdictions, dates in ms (to: until before, Infinity: for good),
 *   Money and seconds.
 */
export type RateColumn = (typeof RATE_COLUMNS)[number]
export const RATE_COLUMNS = [
  'shorts',
  'heads',
  'tails',
  'lengths',
  'samples',
  'nodes',
  'prices',
  'entryTerms',
  'ownerTerms',
  'termOwner',
  'termDeck',
  'termJurisdictions',
  'termFrom',
  'termTo',
  'termFee',
  'termMinimum',
  'termFirst',
  'termNext',
] as const

/** Sixteen tails are a line of 64 bytes, which is what a processor reads of memory at once. */
export const SAMPLE_SHIFT = 4
export const SAMPLE_EVERY = 1 << SAMPLE_SHIFT

/** The bit of a jurisdiction. What an entry's terms serve is a sum of them; plain rates serve all. */
export const EVERY_JURISDICTION = 7
export const jurisdictionBit = (jurisdiction: Jurisdiction | undefined): number =>
  // Whatever is unknown is indeterminate: guessing intrastate bills a dear call as a cheap one (mod_lcr).
  jurisdiction === 'interstate' ? INTERSTATE : jurisdiction === 'intrastate' ? INTRASTATE : INDETERMINATE

export const INTERSTATE = 1
export const INTRASTATE = 2
export const INDETERMINATE = 4
