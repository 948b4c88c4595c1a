/** What is said of a file: why it was refused, or what to look at before it is trusted. Decides, and writes nothing. */
import { EngineError } from '../base/errors.ts'
import type { DeckWarning, ReadRate } from '../deck/read-rate.ts'

/** Nothing was changed. */
export type DeckRefused = {
  readonly outcome: 'refused'
  /** DECK_REFUSED where rows are at fault; otherwise what is wrong with the whole file, DECK_NO_HEADER and so on. */
  readonly code: string
  readonly message: string
  /** The first hundred, in the order of the file. */
  readonly errors: readonly DeckError[]
  /** All of them. */
  readonly errorCount: number
}

export type DeckError = {
  /** 1-based; undefined where the whole file is meant. */
  readonly line: number | undefined
  /** Its header, or its number. */
  readonly column: string | undefined
  readonly value: string | undefined
  /** A sentence with all of this in it. */
  readonly message: string
}

/** The fault of a deck; whatever else was thrown is no verdict. */
export const isDeckFault = (fault: unknown): fault is EngineError =>
  fault instanceof EngineError && fault.code.startsWith('DECK_')

export const refusalOf = (fault: EngineError): DeckRefused => {
  const { code, message, details } = fault
  const listed: readonly unknown[] = Array.isArray(details['errors']) ? details['errors'] : []
  const errors = listed.length > 0 ? listed.map(errorOf) : [errorOf({ ...details, message })]
  const count = details['errorCount']
  return {
    outcome: 'refused',
    code,
    message,
    errors,
    errorCount: typeof count === 'number' ? count : errors.length,
  }
}

const errorOf = (given: unknown): DeckError => {
  const fields = new Map<string, unknown>(Object.entries(given ?? {}))
  const line = fields.get('line')
  return {
    line: typeof line === 'number' ? line : undefined,
    column: textOf(fields.get('column')),
    value: textOf(fields.get('value')),
    message: textOf(fields.get('message')) ?? 'it cannot be read',
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined

/** Each sort once: the reader and the comparison both find repeated prefixes. */
export const joinWarnings = (...lists: readonly (readonly DeckWarning[])[]): readonly DeckWarning[] =>
  [
    ...new Map(
      lists
        .flat()
        .reverse()
        .map((one) => [one.code, one]),
    ).values(),
  ].reverse()

/**
 * Prefixes whose first price begins later than the deck, which ends the price that they have today: in between they
 * cost what a shorter prefix costs, or are not reached.
 */
export const lateStarts = (
  batches: readonly (readonly ReadRate[])[],
  deckFrom: number,
): readonly DeckWarning[] => {
  const isLate = ({ effectiveFrom }: ReadRate): boolean =>
    effectiveFrom !== undefined && effectiveFrom > deckFrom
  const late = new Set<string>()
  for (const batch of batches) for (const rate of batch) if (isLate(rate)) late.add(rate.prefix)
  if (late.size === 0) return []
  for (const batch of batches) for (const rate of batch) if (!isLate(rate)) late.delete(rate.prefix)
  if (late.size === 0) return []
  return [
    {
      code: 'late-start',
      message: `${late.size} prefixes have no rate yet when the deck begins and ends the one before it: until theirs begins they cost what a shorter prefix costs, or are not reached`,
      count: late.size,
      examples: [...late].slice(0, MOST_EXAMPLES),
    },
  ]
}

export const notCompared = (rateCount: number): DeckWarning => ({
  code: 'not-compared',
  message: `${rateCount} rates are too many to compare with today's`,
  count: rateCount,
  examples: [],
})

const MOST_EXAMPLES = 20
