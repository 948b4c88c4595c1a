/**
 * Which decks count, and until when. This file owns the rule of versions and nothing else: a deck that replaces
 * ends the rates of every deck of the same owner that was published before it, from its effectiveFrom on. One that
 * was withdrawn ends nothing, so whoever reads the decks leaves it out.
 */
import type { RateOwner } from '../routing/rate-parts.ts'
import type { Charging } from '../telephony/tariff.ts'

export type PublishedDeck = {
  readonly deckId: number
  readonly owner: RateOwner
  readonly currency: string
  readonly replaces: boolean
  /** Milliseconds since the epoch; of rates that have no dates of their own. */
  readonly effectiveFrom: number
  /** Until before this moment; Infinity: for good. */
  readonly effectiveTo: number
  /** Of all its rates. */
  readonly charging?: Charging | undefined
}

export type CountingDeck = PublishedDeck & {
  /** Order of publication: higher is newer. */
  readonly sequence: number
  /** From this moment on none of its rates counts: a newer deck took its place. Infinity: none did. */
  readonly endsAt: number
}

/** Calls of the last day may still be looked up; what ended before is of no use to anybody. */
export const KEPT_AFTER_END_MS = 86_400_000

/** `published` in the order of publication. Decks that ended more than KEPT_AFTER_END_MS before `now` are left out. */
export const countingDecks = (published: readonly PublishedDeck[], now: number): readonly CountingDeck[] => {
  const ends = new Map<string, number>()
  const counting: CountingDeck[] = []
  for (const [at, deck] of [...published.entries()].reverse()) {
    const owner = `${deck.owner.kind} ${deck.owner.id}`
    const endsAt = ends.get(owner) ?? Infinity
    if (endsAt > now - KEPT_AFTER_END_MS) counting.push({ ...deck, sequence: at, endsAt })
    if (deck.replaces) ends.set(owner, Math.min(endsAt, deck.effectiveFrom))
  }
  return counting.reverse()
}
