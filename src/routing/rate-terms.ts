/**
 * The dictionary of what many rates have in common: deck, fee, increments, dates, jurisdictions. A deck of a million
 * rates has a handful of such terms, so an entry of the index is a price and a number. The order of the terms is the
 * order in which one prefix's entries are asked, and nothing else may decide between them.
 */
import { EngineError } from '../base/errors.ts'
import type { Charging } from '../telephony/tariff.ts'
import { EVERY_JURISDICTION, type RateIndexParts, type RateOwner } from './rate-parts.ts'

export type RateDeck = {
  readonly owner: RateOwner
  readonly deckId: number
  /** Order of publication: higher is newer. */
  readonly sequence: number
  /** ISO 4217. */
  readonly currency: string
  /** Of all its rates; undefined: none says more than its row. */
  readonly charging?: Charging | undefined
}

export type TermsBook = {
  /** A number for the deck, the same for the same deck. */
  readonly deckOf: (deck: RateDeck) => number
  /**
   * A number for these terms, the same for the same terms. No object and no text, since it is asked for each row.
   * `effectiveTo` is Infinity for good. Throws ROUTING_BAD_RATE.
   */
  readonly termsOf: (
    deck: number,
    connectionFee: number,
    minimumSeconds: number,
    firstIncrementSeconds: number,
    nextIncrementSeconds: number,
    effectiveFrom: number,
    effectiveTo: number,
  ) => number
  /** The same terms for some jurisdictions only, a sum of their bits. */
  readonly within: (terms: number, jurisdictions: number) => number
  readonly has: (terms: number) => boolean
  readonly arrange: () => ArrangedTerms
}

/** Terms in their order: owner slot, later effectiveFrom, newer deck. */
export type ArrangedTerms = Pick<RateIndexParts, 'owners' | 'carrierCount' | 'decks'> & {
  /** By the number that the book gave: the one in order. */
  readonly numbers: Int32Array
  /** By the number that the book gave: its place in the order; terms between which nothing decides share one. */
  readonly places: Int32Array
  readonly buffers: Pick<RateIndexParts['buffers'], TermColumn>
}

type TermColumn = Extract<keyof RateIndexParts['buffers'], `term${string}` | 'ownerTerms'>

export const createTermsBook = (): TermsBook => {
  const decks: RateDeck[] = []
  const deckNumbers = new Map<string, number>()
  const columns: Columns = {
    deck: [],
    jurisdictions: [],
    from: [],
    to: [],
    fee: [],
    minimum: [],
    first: [],
    next: [],
  }
  // Open addressing; 0 is free, otherwise terms + 1.
  let slots = new Int32Array(1_024)
  const variants = new Map<number, number>()

  const find: Find = (deck, jurisdictions, fee, minimum, first, next, from, to) => {
    const mask = slots.length - 1
    let slot = mix(deck, jurisdictions, fee, minimum, first, next, from, to) & mask
    for (;;) {
      const terms = (slots[slot] ?? 0) - 1
      if (terms < 0) break
      if (
        columns.from[terms] === from &&
        columns.to[terms] === to &&
        columns.deck[terms] === deck &&
        columns.fee[terms] === fee &&
        columns.minimum[terms] === minimum &&
        columns.first[terms] === first &&
        columns.next[terms] === next &&
        columns.jurisdictions[terms] === jurisdictions
      ) {
        return terms
      }
      slot = (slot + 1) & mask
    }
    checkTerms(deck < decks.length ? deck : -1, fee, minimum, first, next, from, to)
    const terms = columns.deck.push(deck) - 1
    columns.jurisdictions.push(jurisdictions)
    columns.fee.push(fee)
    columns.minimum.push(minimum)
    columns.first.push(first)
    columns.next.push(next)
    columns.from.push(from)
    columns.to.push(to)
    slots[slot] = terms + 1
    if (terms * 2 > slots.length) slots = spread(columns, slots.length * 4)
    return terms
  }

  return {
    deckOf: (deck) => {
      const { owner, deckId, sequence, currency, charging } = deck
      const key = `${owner.kind} ${owner.id} ${deckId} ${sequence} ${currency}`
      const known = deckNumbers.get(key)
      if (known !== undefined) return known
      for (const [field, value] of Object.entries({ id: owner.id, deckId, sequence })) {
        if (!Number.isSafeInteger(value)) throw badRate(field, value)
      }
      deckNumbers.set(key, decks.length)
      return decks.push({ owner, deckId, sequence, currency, charging }) - 1
    },
    termsOf: (deck, fee, minimum, first, next, from, to) =>
      find(deck, EVERY_JURISDICTION, fee, minimum, first, next, from, to),
    within: (terms, jurisdictions) => {
      if (jurisdictions === EVERY_JURISDICTION) return terms
      const key = terms * 8 + jurisdictions
      const known = variants.get(key)
      if (known !== undefined) return known
      const of = (column: keyof Columns): number => columns[column][terms] ?? NaN
      const found = find(
        of('deck'),
        jurisdictions,
        of('fee'),
        of('minimum'),
        of('first'),
        of('next'),
        of('from'),
        of('to'),
      )
      variants.set(key, found)
      return found
    },
    has: (terms) => columns.deck[terms] !== undefined,
    arrange: () => arrange(decks, columns),
  }
}

/** Throws so: what a rate says is checked once, where it comes in. */
export const badRate = (field: string, value: unknown): EngineError =>
  new EngineError('ROUTING_BAD_RATE', `${field} of a rate cannot be ${String(value).slice(0, 40)}`, { field })

type Find = (
  deck: number,
  jurisdictions: number,
  fee: number,
  minimum: number,
  first: number,
  next: number,
  from: number,
  to: number,
) => number

type Columns = {
  readonly [name in 'deck' | 'jurisdictions' | 'from' | 'to' | 'fee' | 'minimum' | 'first' | 'next']: number[]
}

/** Int32 arithmetic: Math.imul takes the low 32 bits of whatever it is given. */
const mix: Find = (deck, jurisdictions, fee, minimum, first, next, from, to) => {
  let hash = Math.imul(deck * 8 + jurisdictions, 0x9e3779b1)
  hash = Math.imul(hash ^ fee, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ from, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13) ^ to, 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 15) ^ (minimum + first * 61 + next * 3_607), 0x165667b1)
  return hash ^ (hash >>> 14)
}

const spread = ({ deck, jurisdictions, fee, minimum, first, next, from, to }: Columns, size: number) => {
  const slots = new Int32Array(size)
  for (let terms = 0; terms < deck.length; terms += 1) {
    let slot =
      mix(
        deck[terms] ?? 0,
        jurisdictions[terms] ?? 0,
        fee[terms] ?? 0,
        minimum[terms] ?? 0,
        first[terms] ?? 0,
        next[terms] ?? 0,
        from[terms] ?? 0,
        to[terms] ?? 0,
      ) &
      (size - 1)
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
    slots[slot] = terms + 1
  }
  return slots
}

const MOST_SECONDS = 2 ** 31 - 1

const checkTerms = (
  deck: number,
  fee: number,
  minimum: number,
  first: number,
  next: number,
  from: number,
  to: number,
): void => {
  if (!(deck >= 0)) throw badRate('deck', deck)
  if (!Number.isSafeInteger(fee)) throw badRate('connectionFee', fee)
  if (!isSeconds(minimum, 0)) throw badRate('minimumSeconds', minimum)
  if (!isSeconds(first, 1)) throw badRate('firstIncrementSeconds', first)
  if (!isSeconds(next, 1)) throw badRate('nextIncrementSeconds', next)
  if (Number.isNaN(from)) throw badRate('effectiveFrom', from)
  if (Number.isNaN(to)) throw badRate('effectiveTo', to)
}

const isSeconds = (value: number, least: number): boolean =>
  Number.isInteger(value) && value >= least && value <= MOST_SECONDS

const arrange = (decks: readonly RateDeck[], columns: Columns): ArrangedTerms => {
  const owners = ownersOf(decks)
  const slotOf = new Map(owners.map(({ kind, id }, slot) => [`${kind} ${id}`, slot]))
  const deckSlots = decks.map(({ owner }) => slotOf.get(`${owner.kind} ${owner.id}`) ?? -1)
  const count = columns.deck.length
  const of = (column: keyof Columns, terms: number): number => columns[column][terms] ?? 0
  const slotOfTerms = (terms: number): number => deckSlots[of('deck', terms)] ?? -1
  const compare = (a: number, b: number): number => {
    const [deckA, deckB] = [decks[of('deck', a)], decks[of('deck', b)]]
    return (
      slotOfTerms(a) - slotOfTerms(b) ||
      down(of('from', a), of('from', b)) ||
      down(deckA?.sequence ?? 0, deckB?.sequence ?? 0) ||
      down(deckA?.deckId ?? 0, deckB?.deckId ?? 0)
    )
  }
  const order = Int32Array.from({ length: count }, (_, terms) => terms).sort((a, b) => compare(a, b) || a - b)

  const numbers = new Int32Array(count)
  const places = new Int32Array(count)
  const ownerTerms = sharedInt32(owners.length + 1)
  const [owner, deck, jurisdictions] = [sharedInt32(count), sharedInt32(count), sharedInt32(count)]
  const [minimum, first, next] = [sharedInt32(count), sharedInt32(count), sharedInt32(count)]
  const [from, to, fee] = [sharedFloat64(count), sharedFloat64(count), sharedFloat64(count)]
  let place = -1
  order.forEach((terms, number) => {
    if (number === 0 || compare(order[number - 1] ?? 0, terms) !== 0) place += 1
    numbers[terms] = number
    places[terms] = place
    owner[number] = slotOfTerms(terms)
    deck[number] = of('deck', terms)
    jurisdictions[number] = of('jurisdictions', terms)
    from[number] = of('from', terms)
    to[number] = of('to', terms)
    fee[number] = of('fee', terms)
    minimum[number] = of('minimum', terms)
    first[number] = of('first', terms)
    next[number] = of('next', terms)
  })
  for (let slot = 0, number = 0; slot <= owners.length; slot += 1) {
    while (number < count && (owner[number] ?? 0) < slot) number += 1
    ownerTerms[slot] = number
  }
  return {
    owners,
    carrierCount: owners.filter(({ kind }) => kind === 'carrier').length,
    decks: decks.map(({ deckId, currency, charging }) =>
      charging === undefined ? { deckId, currency } : { deckId, currency, charging },
    ),
    numbers,
    places,
    buffers: {
      ownerTerms: ownerTerms.buffer,
      termOwner: owner.buffer,
      termDeck: deck.buffer,
      termJurisdictions: jurisdictions.buffer,
      termFrom: from.buffer,
      termTo: to.buffer,
      termFee: fee.buffer,
      termMinimum: minimum.buffer,
      termFirst: first.buffer,
      termNext: next.buffer,
    },
  }
}

/** Carriers first: a hunt asks for all of them, and for one customer. */
const ownersOf = (decks: readonly RateDeck[]): readonly RateOwner[] =>
  [...new Map(decks.map(({ owner: { kind, id } }) => [`${kind} ${id}`, { kind, id }])).values()].sort(
    (a, b) => Number(a.kind === 'customer') - Number(b.kind === 'customer') || a.id - b.id,
  )

const down = (a: number, b: number): number => (a === b ? 0 : a < b ? 1 : -1)

export const sharedInt32 = (length: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))

export const sharedFloat64 = (length: number): Float64Array<SharedArrayBuffer> =>
  new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
