/**
 * The longest prefix of each owner by itself. Comparing prefixes across carriers (mod_lcr) lets a dear carrier with a
 * longer prefix beat a cheap one with a shorter, so each is judged by its own longest prefix that has a rate in force.
 * Dates are compared at the lookup: rates begin and end at their millisecond with nothing to reload.
 */
import type { Money } from '../telephony/money.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { Tariff } from '../telephony/tariff.ts'
import { openRateNodes } from './rate-nodes.ts'
import { jurisdictionBit, type RateIndexParts, type RateOwnerKind } from './rate-parts.ts'

/**
 * Digits are 1 to 15 digits without plus; anything else finds nothing. Moments are ms. An entry, an owner slot and a
 * node are numbers that mean something to this index only; -1 is none. The functions `...Of(entry)` must be given
 * an entry that this index gave.
 */
export type RateIndex = {
  /** Rows. A row with prices by jurisdiction has an entry for each price. */
  readonly size: number
  readonly entryCount: number
  /** All of its buffers. */
  readonly byteLength: number
  readonly ownerSlotOf: (kind: RateOwnerKind, id: number) => number
  /** Every owner's rate for the number. The answer is one object, good until the next call of `match`. */
  readonly match: (digits: string, now: number, jurisdiction?: Jurisdiction) => RateMatch
  /** One owner's rate for the number. */
  readonly rateOf: (
    kind: RateOwnerKind,
    id: number,
    digits: string,
    now: number,
    jurisdiction?: Jurisdiction,
  ) => number
  /** The node of the longest prefix that anybody has, in force or not. */
  readonly longestPrefixOf: (digits: string) => number
  readonly prefixOfNode: (node: number) => string
  /** A search back from the entry; where the digits are at hand, `RateMatch.prefixLengthOf` costs nothing. */
  readonly prefixOf: (entry: number) => string
  readonly deckIdOf: (entry: number) => number
  readonly pricePerMinuteOf: (entry: number) => Money
  readonly connectionFeeOf: (entry: number) => Money
  readonly tariffOf: (entry: number) => Tariff
  /** Why an owner has nothing in force for the number: when its next rate begins, and when its last one ended. */
  readonly datesOf: (
    ownerSlot: number,
    digits: string,
    now: number,
  ) => { readonly nextFrom: number | undefined; readonly lastTo: number | undefined }
  readonly effectiveFromOf: (entry: number) => number
  readonly effectiveToOf: (entry: number) => number | undefined
  /** What an owner has in force, one entry for each prefix, in dialling order: `1`, `12`, `2`. */
  readonly inForce: (
    kind: RateOwnerKind,
    id: number,
    now: number,
    jurisdiction?: Jurisdiction,
  ) => IterableIterator<{ readonly prefix: string; readonly entry: number }>
}

export type RateMatch = {
  readonly entryOf: (ownerSlot: number) => number
  /** How many of the digits the owner's prefix has; -1 without an entry. */
  readonly prefixLengthOf: (ownerSlot: number) => number
}

/** Copies nothing large. */
export const openRateIndex = (parts: RateIndexParts): RateIndex => {
  const { buffers, nodeCount, carrierCount, owners, decks } = parts
  const { longestPrefixOf, prefixOfNode, nodesInOrder } = openRateNodes(parts)
  const lengths = new Uint8Array(buffers.lengths)
  const nodes = new Int32Array(buffers.nodes)
  const prices = new Float64Array(buffers.prices)
  const entryTerms = new Int32Array(buffers.entryTerms)
  const ownerTerms = new Int32Array(buffers.ownerTerms)
  const termOwner = new Int32Array(buffers.termOwner)
  const termDeck = new Int32Array(buffers.termDeck)
  const termJurisdictions = new Int32Array(buffers.termJurisdictions)
  const termFrom = new Float64Array(buffers.termFrom)
  const termTo = new Float64Array(buffers.termTo)
  const termFee = new Float64Array(buffers.termFee)
  const termMinimum = new Int32Array(buffers.termMinimum)
  const termFirst = new Int32Array(buffers.termFirst)
  const termNext = new Int32Array(buffers.termNext)

  const slotsByKind = { carrier: new Map<number, number>(), customer: new Map<number, number>() }
  for (const [slot, { kind, id }] of owners.entries()) slotsByKind[kind].set(id, slot)
  const ownerSlotOf = (kind: RateOwnerKind, id: number): number => slotsByKind[kind].get(id) ?? -1

  const isInForce = (terms: number, now: number, jurisdiction: number): boolean =>
    ((termJurisdictions[terms] ?? 0) & jurisdiction) !== 0 &&
    (termFrom[terms] ?? 0) <= now &&
    now < (termTo[terms] ?? 0)

  /** The node whose entry of the owner counts is left in `foundNode`. */
  let foundNode = -1
  const ownEntry = (from: number, slot: number, now: number, jurisdiction: number): number => {
    for (foundNode = from; foundNode >= 0; foundNode = nodes[2 * foundNode] ?? -1) {
      const entry = ownEntryAt(foundNode, slot, now, jurisdiction)
      if (entry >= 0) return entry
    }
    return -1
  }

  const ownEntryAt = (node: number, slot: number, now: number, jurisdiction: number): number => {
    const end = nodes[2 * node + 3] ?? 0
    const lastTerms = ownerTerms[slot + 1] ?? 0
    let entry = firstEntryFrom(nodes[2 * node + 1] ?? 0, end, ownerTerms[slot] ?? 0)
    for (; entry < end; entry += 1) {
      const terms = entryTerms[entry] ?? 0
      if (terms >= lastTerms) return -1
      if (isInForce(terms, now, jurisdiction)) return entry
    }
    return -1
  }

  const firstEntryFrom = (start: number, end: number, terms: number): number => {
    let low = start
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((entryTerms[middle] ?? 0) < terms) low = middle + 1
      else high = middle
    }
    return low
  }

  // The scratch of `match`. A slot whose stamp is not this match's holds what an earlier one found.
  const stamps = new Int32Array(owners.length)
  const matchedEntries = new Int32Array(owners.length)
  const matchedNodes = new Int32Array(owners.length)
  let stamp = 0
  let matchedNode = -1
  let matchedNow = 0
  let matchedJurisdiction = 0

  /** Carriers are all wanted at once. Of thousands of customers one is, and is looked up when it is asked for. */
  const matchCarriers = (from: number, now: number, jurisdiction: number): void => {
    let left = carrierCount
    for (let node = from; node >= 0; node = nodes[2 * node] ?? -1) {
      const end = nodes[2 * node + 3] ?? 0
      for (let entry = nodes[2 * node + 1] ?? 0; entry < end; entry += 1) {
        const terms = entryTerms[entry] ?? 0
        const slot = termOwner[terms] ?? 0
        if (slot >= carrierCount) break
        if (stamps[slot] === stamp || !isInForce(terms, now, jurisdiction)) continue
        stamps[slot] = stamp
        matchedEntries[slot] = entry
        matchedNodes[slot] = node
        left -= 1
        if (left === 0) return
      }
    }
  }

  const isMatched = (slot: number): boolean => {
    if (stamps[slot] === stamp) return matchedEntries[slot] !== -1
    if (!(slot >= carrierCount && slot < owners.length)) return false
    const entry = ownEntry(matchedNode, slot, matchedNow, matchedJurisdiction)
    stamps[slot] = stamp
    matchedEntries[slot] = entry
    matchedNodes[slot] = foundNode
    return entry >= 0
  }
  const matched: RateMatch = {
    entryOf: (slot) => (isMatched(slot) ? (matchedEntries[slot] ?? -1) : -1),
    prefixLengthOf: (slot) => (isMatched(slot) ? (lengths[matchedNodes[slot] ?? -1] ?? -1) : -1),
  }

  /** The node that an entry stands at: the last that begins at it or before. */
  const nodeOf = (entry: number): number => {
    let low = 0
    let high = nodeCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((nodes[2 * middle + 1] ?? 0) <= entry) low = middle + 1
      else high = middle
    }
    return low - 1
  }
  const termsOf = (entry: number): number => entryTerms[entry] ?? -1
  const pricePerMinuteOf = (entry: number): Money => (prices[entry] ?? 0) as Money
  const connectionFeeOf = (entry: number): Money => (termFee[termsOf(entry)] ?? 0) as Money

  function* inForce(slot: number, now: number, jurisdiction: number) {
    if (slot < 0) return
    for (const node of nodesInOrder()) {
      const entry = ownEntryAt(node, slot, now, jurisdiction)
      if (entry >= 0) yield { prefix: prefixOfNode(node), entry }
    }
  }

  const datesOf: RateIndex['datesOf'] = (ownerSlot, digits, now) => {
    let nextFrom = Infinity
    let lastTo = -Infinity
    for (let node = longestPrefixOf(digits); node >= 0; node = nodes[2 * node] ?? -1) {
      const end = nodes[2 * node + 3] ?? 0
      for (let entry = nodes[2 * node + 1] ?? 0; entry < end; entry += 1) {
        const terms = entryTerms[entry] ?? 0
        if (termOwner[terms] !== ownerSlot) continue
        const from = termFrom[terms] ?? 0
        const to = termTo[terms] ?? Infinity
        if (from > now) nextFrom = Math.min(nextFrom, from)
        else if (to <= now) lastTo = Math.max(lastTo, to)
      }
    }
    return {
      nextFrom: nextFrom === Infinity ? undefined : nextFrom,
      lastTo: lastTo === -Infinity ? undefined : lastTo,
    }
  }

  return {
    size: parts.rowCount,
    entryCount: parts.entryCount,
    byteLength: Object.values(buffers).reduce((sum, { byteLength }) => sum + byteLength, 0),
    ownerSlotOf,
    match: (digits, now, jurisdiction) => {
      // Stamps begin again before they could repeat.
      stamp = (stamp + 1) & 0x3fffffff
      if (stamp === 0) stamps.fill(-1)
      matchedNode = longestPrefixOf(digits)
      matchedNow = now
      matchedJurisdiction = jurisdictionBit(jurisdiction)
      matchCarriers(matchedNode, now, matchedJurisdiction)
      return matched
    },
    rateOf: (kind, id, digits, now, jurisdiction) => {
      const slot = ownerSlotOf(kind, id)
      return slot < 0 ? -1 : ownEntry(longestPrefixOf(digits), slot, now, jurisdictionBit(jurisdiction))
    },
    longestPrefixOf,
    prefixOfNode,
    datesOf,
    prefixOf: (entry) => prefixOfNode(nodeOf(entry)),
    deckIdOf: (entry) => decks[termDeck[termsOf(entry)] ?? -1]?.deckId ?? -1,
    pricePerMinuteOf,
    connectionFeeOf,
    tariffOf: (entry) => {
      const terms = termsOf(entry)
      const minimumSeconds = termMinimum[terms] ?? 0
      const deck = decks[termDeck[terms] ?? -1]
      const tariff: Tariff = {
        pricePerMinute: pricePerMinuteOf(entry),
        connectionFee: (termFee[terms] ?? 0) as Money,
        firstIncrementSeconds: termFirst[terms] ?? 0,
        nextIncrementSeconds: termNext[terms] ?? 0,
        currency: deck?.currency ?? '',
      }
      if (minimumSeconds === 0 && deck?.charging === undefined) return tariff
      return { ...tariff, ...(minimumSeconds > 0 && { minimumSeconds }), ...deck?.charging }
    },
    effectiveFromOf: (entry) => termFrom[termsOf(entry)] ?? NaN,
    effectiveToOf: (entry) => {
      const to = termTo[termsOf(entry)] ?? Infinity
      return to === Infinity ? undefined : to
    },
    inForce: (kind, id, now, jurisdiction) =>
      inForce(ownerSlotOf(kind, id), now, jurisdictionBit(jurisdiction)),
  }
}
