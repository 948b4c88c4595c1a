import type { Money } from '../telephony/money.ts'

/** One price of a carrier's deck as a file said it. A row with a list of prefixes becomes several of these. */
export type ReadRate = {
  /** Where its row begins in the file, 1-based, counted by line ends. */
  readonly line: number
  /** 1 to 15 digits in international form; never begins with 0. */
  readonly prefix: string
  /** The carrier's name of it, in one line, trimmed; may be empty. */
  readonly destination: string
  /** Of a call whose jurisdiction is unknown (US: indeterminate). */
  readonly pricePerMinute: Money
  readonly interstatePrice?: Money | undefined
  readonly intrastatePrice?: Money | undefined
  readonly connectionFee: Money
  /** Seconds that every answered call pays for at least; 0: none beyond the first increment. */
  readonly minimumSeconds: number
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
  /** Milliseconds since the epoch; undefined: neither the row nor the format says. */
  readonly effectiveFrom: number | undefined
  /** Until before this moment; undefined: for good. */
  readonly effectiveTo: number | undefined
  /** ISO 4217; undefined: neither the file nor the format says. */
  readonly currency: string | undefined
}

/** ITU-T E.164: a number has at most 15 digits, so a prefix has too. */
export const MOST_PREFIX_DIGITS = 15
/** No carrier counts in steps beyond an hour; a greater one is a column that slipped. */
export const MOST_INCREMENT_SECONDS = 3_600
/** The first moment that is too late for any date: the year 10000. */
export const END_OF_TIME = Date.UTC(10_000, 0, 1)

/** Something that a person should look at, and that does not refuse the deck. */
export type DeckWarning = {
  readonly code: string
  /** One sentence with the count in it. */
  readonly message: string
  readonly count: number
  /** The first few, each a sentence or a prefix. */
  readonly examples: readonly string[]
}
