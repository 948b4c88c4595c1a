/**
 * Finds rates of one prefix that repeat, contradict or overlap one another, while a deck goes by. Some 40 bytes a
 * rate in typed arrays, since a deck has millions: a Map of objects would take a gigabyte.
 */
import type { ReadRate } from './read-rate.ts'

export type Clash = {
  /**
   * same: says the same again. different: another price or other terms from the same moment. overlap: both are in
   * force at one time, and the later start counts. many: more dated rates than a prefix can sanely have.
   */
  readonly kind: 'same' | 'different' | 'overlap' | 'many'
  /** Of the rate that was there before. */
  readonly line: number
}

export type Duplicates = {
  /** Undefined: nothing of the kind. A rate that is `same`, `different` or `many` is not kept. */
  readonly add: (rate: ReadRate) => Clash | undefined
  readonly size: () => number
}

/** The chain of one prefix is walked for each of its rates: bounded, lest a file of one prefix takes hours. */
const MOST_DATES_OF_A_PREFIX = 100

export const createDuplicates = (): Duplicates => {
  let slots = new Int32Array(1 << 12)
  let rows = rowsOf(1 << 11)
  let size = 0
  const terms = createTerms()

  const grow = (): void => {
    rows = rowsOf(rows.prefix.length * 2, rows)
    slots = new Int32Array(slots.length * 2)
    // Newest last, so that each chain's head is found where its first rate was put.
    for (let row = 1; row <= size; row += 1) {
      if (at(rows.isHead, row) === 1) slots[slotOf(slots, rows.prefix, at(rows.prefix, row))] = row
    }
  }

  return {
    add: (rate) => {
      if (size + 2 >= rows.prefix.length) grow()
      // No prefix begins with 0, so that its digits are its number, and 15 of them are exact.
      const prefix = Number(rate.prefix)
      const term = terms.of(rate)
      const slot = slotOf(slots, rows.prefix, prefix)
      const head = slots[slot] ?? 0
      let clash: Clash | undefined
      let chained = 0
      for (let row = head; row !== 0; row = at(rows.next, row)) {
        const other = at(rows.terms, row)
        chained += 1
        if (terms.from(other) === terms.from(term)) {
          const isSame =
            other === term &&
            at(rows.price, row) === rate.pricePerMinute &&
            at(rows.interstate, row) === (rate.interstatePrice ?? -1) &&
            at(rows.intrastate, row) === (rate.intrastatePrice ?? -1)
          return { kind: isSame ? 'same' : 'different', line: at(rows.line, row) }
        }
        if (terms.from(other) < terms.to(term) && terms.from(term) < terms.to(other))
          clash ??= { kind: 'overlap', line: at(rows.line, row) }
      }
      if (chained >= MOST_DATES_OF_A_PREFIX) return { kind: 'many', line: at(rows.line, head) }
      size += 1
      rows.prefix[size] = prefix
      rows.price[size] = rate.pricePerMinute
      rows.interstate[size] = rate.interstatePrice ?? -1
      rows.intrastate[size] = rate.intrastatePrice ?? -1
      rows.line[size] = rate.line
      rows.terms[size] = term
      if (head === 0) {
        slots[slot] = size
        rows.isHead[size] = 1
      } else {
        rows.next[size] = at(rows.next, head)
        rows.next[head] = size
      }
      return clash
    },
    size: () => size,
  }
}

type Rows = {
  readonly prefix: Float64Array
  readonly price: Float64Array
  readonly interstate: Float64Array
  readonly intrastate: Float64Array
  readonly line: Int32Array
  readonly terms: Int32Array
  /** The next rate of the same prefix; 0: none. Row 0 is nobody's. */
  readonly next: Int32Array
  readonly isHead: Uint8Array
}

const rowsOf = (length: number, old?: Rows): Rows => ({
  prefix: copy(new Float64Array(length), old?.prefix),
  price: copy(new Float64Array(length), old?.price),
  interstate: copy(new Float64Array(length), old?.interstate),
  intrastate: copy(new Float64Array(length), old?.intrastate),
  line: copy(new Int32Array(length), old?.line),
  terms: copy(new Int32Array(length), old?.terms),
  next: copy(new Int32Array(length), old?.next),
  isHead: copy(new Uint8Array(length), old?.isHead),
})

const copy = <Column extends Float64Array | Int32Array | Uint8Array>(
  to: Column,
  from: Column | undefined,
): Column => {
  if (from !== undefined) to.set(from)
  return to
}

const at = (column: Float64Array | Int32Array | Uint8Array, index: number): number => column[index] ?? 0

/** Linear probing in a table that is at most half full. */
const slotOf = (slots: Int32Array, prefixes: Float64Array, prefix: number): number => {
  const mask = slots.length - 1
  let hash =
    Math.imul((prefix % 4_294_967_296) | 0, 0x9e3779b1) ^
    Math.imul(Math.trunc(prefix / 4_294_967_296), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  let slot = (hash ^ (hash >>> 13)) & mask
  for (let row = at(slots, slot); row !== 0 && prefixes[row] !== prefix; row = at(slots, slot))
    slot = (slot + 1) & mask
  return slot
}

/** What few rates differ in: dates, increments, fee, currency. Numbered, as most decks have a handful. */
const createTerms = (): {
  readonly of: (rate: ReadRate) => number
  readonly from: (term: number) => number
  readonly to: (term: number) => number
} => {
  const known = new Map<string, number>()
  const froms: number[] = []
  const tos: number[] = []
  let last: ReadRate | undefined
  let lastTerm = 0
  return {
    of: (rate) => {
      if (last !== undefined && haveSameTerms(last, rate)) return lastTerm
      const key = [
        rate.effectiveFrom,
        rate.effectiveTo,
        rate.connectionFee,
        rate.minimumSeconds,
        rate.firstIncrementSeconds,
        rate.nextIncrementSeconds,
        rate.currency,
      ].join()
      let term = known.get(key)
      if (term === undefined) {
        term = froms.length
        known.set(key, term)
        froms.push(rate.effectiveFrom ?? 0)
        tos.push(rate.effectiveTo ?? Number.POSITIVE_INFINITY)
      }
      last = rate
      lastTerm = term
      return term
    },
    from: (term) => froms[term] ?? 0,
    to: (term) => tos[term] ?? 0,
  }
}

const haveSameTerms = (a: ReadRate, b: ReadRate): boolean =>
  a.effectiveFrom === b.effectiveFrom &&
  a.effectiveTo === b.effectiveTo &&
  a.connectionFee === b.connectionFee &&
  a.minimumSeconds === b.minimumSeconds &&
  a.firstIncrementSeconds === b.firstIncrementSeconds &&
  a.nextIncrementSeconds === b.nextIncrementSeconds &&
  a.currency === b.currency
