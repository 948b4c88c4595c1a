/** What is found while a deck is read: faults that refuse it, warnings that do not, and rows that are no rates. */
import { EngineError } from '../base/errors.ts'
import type { DeckWarning } from './read-rate.ts'
import { visible } from './visible.ts'

/** Why a row is no rate. `title` stands above the header, `header` repeats it further down. */
export const SKIPPED_KINDS = ['blank', 'title', 'header', 'comment', 'total', 'note'] as const
export type SkippedKind = (typeof SKIPPED_KINDS)[number]

export type SkippedRows = Readonly<Record<SkippedKind, number>> & {
  /** The first ones that have text in them, so that nobody loses a price among them. */
  readonly examples: readonly { readonly line: number; readonly kind: SkippedKind; readonly text: string }[]
}

export const WARNING_SENTENCES = {
  duplicate: (count: number) =>
    `${count} rates are in the file twice with the same price and terms, and are kept once`,
  'overlapping-dates': (count: number) =>
    `${count} rates are in force at the same time as another of their prefix: the later start counts`,
  'no-indeterminate-price': (count: number) =>
    `${count} rates have no price for calls of unknown jurisdiction: the dearer of interstate and intrastate is used`,
  'jurisdiction-outside-1': (count: number) =>
    `${count} rates have an interstate or intrastate price and a prefix outside +1: does the list lack its country code (option countryCode)?`,
} as const
export type WarningCode = keyof typeof WARNING_SENTENCES

export type Findings = {
  readonly fault: (line: number, column: string, value: string, why: string) => void
  readonly warn: (code: WarningCode, example: string) => void
  readonly skip: (line: number, kind: SkippedKind, cells: readonly string[]) => void
  readonly errorCount: () => number
  /** DECK_BAD_ROW each, the first ones in the order of the file. */
  readonly errors: () => readonly EngineError[]
  readonly warnings: () => readonly DeckWarning[]
  readonly skipped: () => SkippedRows
}

const MOST_EXAMPLES = 20

export const createFindings = (mostErrors: number): Findings => {
  const errors: EngineError[] = []
  let errorCount = 0
  const warnings = new Map<WarningCode, { count: number; examples: string[] }>()
  const counts: Record<SkippedKind, number> = { blank: 0, title: 0, header: 0, comment: 0, total: 0, note: 0 }
  const examples: { line: number; kind: SkippedKind; text: string }[] = []
  return {
    fault: (line, column, value, why) => {
      errorCount += 1
      // Beyond the limit they are only counted: an error each would take longer than the file.
      if (errors.length >= mostErrors) return
      const [name, shown] = [visible(column, 60), visible(value, 60)]
      errors.push(
        new EngineError(
          'DECK_BAD_ROW',
          `line ${line}, column "${name}": ${shown === '' ? 'the cell' : JSON.stringify(shown)} ${why}`,
          { line, column: name, value: shown },
        ),
      )
    },
    warn: (code, example) => {
      const known = warnings.get(code)
      if (known === undefined) warnings.set(code, { count: 1, examples: [example] })
      else {
        known.count += 1
        if (known.examples.length < MOST_EXAMPLES) known.examples.push(example)
      }
    },
    skip: (line, kind, cells) => {
      counts[kind] += 1
      if (kind === 'blank' || examples.length >= MOST_EXAMPLES) return
      const text = cells
        .map((cell) => cell.trim())
        .filter((cell) => cell !== '')
        .join(' ')
      examples.push({ line, kind, text: visible(text, 100) })
    },
    errorCount: () => errorCount,
    errors: () => errors,
    warnings: () =>
      [...warnings].map(([code, { count, examples: some }]) => ({
        code,
        message: WARNING_SENTENCES[code](count),
        count,
        examples: some,
      })),
    skipped: () => ({ ...counts, examples }),
  }
}
