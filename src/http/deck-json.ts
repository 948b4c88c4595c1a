/** Rate decks as our API tells them: what an import found, and why one was refused. */
import { Type } from '@sinclair/typebox'
import type { DeckWarning } from '../deck/read-rate.ts'
import type { Jump } from '../deck/jumps.ts'
import { formatMoney } from '../telephony/money.ts'
import type { DeckImported, DeckRefused, Live } from './deck-doors.ts'
import { iso, isoOrNull, nullable, time } from './fields.ts'

const count = (what: string) => Type.Integer({ description: what })
const string = Type.String()

const JumpJson = Type.Object({
  prefix: string,
  destination: string,
  oldPrefix: Type.String({ description: 'the prefix whose price counted until now' }),
  oldPrice: string,
  newPrice: string,
  of: Type.Union([Type.Literal('price'), Type.Literal('interstate'), Type.Literal('intrastate')]),
})

const jumpJson = ({ prefix, destination, oldPrefix, oldPrice, newPrice, of }: Jump) => ({
  prefix,
  destination,
  oldPrefix,
  oldPrice: formatMoney(oldPrice),
  newPrice: formatMoney(newPrice),
  of,
})

const DifferenceJson = Type.Object(
  {
    prefixes: count('of the file: the sum of the next six'),
    added: count('new ones'),
    dearer: count('at a higher price'),
    cheaper: count('at a lower price'),
    otherTerms: count('at the same price in other increments'),
    unchanged: count('as today'),
    otherCurrency: count('in another currency, and not compared'),
    closed: count('of today, which the file has no more'),
    firstClosed: Type.Array(Type.Object({ prefix: string, destination: string })),
    jumps: Type.Array(JumpJson, { description: 'the greatest rises first' }),
    drops: Type.Array(JumpJson, { description: 'the greatest falls first' }),
  },
  { description: 'against what is in force today' },
)

const WarningJson = Type.Object({
  code: string,
  message: string,
  count: Type.Integer(),
  examples: Type.Array(string),
})

const warningJson = ({ code, message, count: found, examples }: DeckWarning) => ({
  code,
  message,
  count: found,
  examples: [...examples],
})

export const DeckImportedJson = Type.Object({
  success: Type.Literal(true),
  deckId: nullable(Type.Integer({ description: 'null for a dry run' })),
  state: Type.Union([Type.Literal('dry-run'), Type.Literal('draft'), Type.Literal('published')]),
  owner: Type.Object({ kind: string, id: Type.Integer(), name: string }),
  name: string,
  currency: string,
  replaces: Type.Boolean(),
  effectiveFrom: time('from this moment'),
  effectiveTo: nullable(time('until before this one')),
  rateCount: Type.Integer(),
  difference: nullable(DifferenceJson),
  warnings: Type.Array(WarningJson),
  read: Type.Object(
    {
      lines: Type.Integer(),
      encoding: string,
      delimiter: nullable(string),
      headerLine: nullable(Type.Integer()),
      columns: Type.Record(string, Type.Union([string, Type.Integer()])),
      decimalMark: nullable(string),
      dateOrder: nullable(string),
      skippedLines: Type.Integer(),
    },
    { description: 'how the file was understood' },
  ),
  live: nullable(
    Type.Boolean({ description: 'whether calls go by it already; null where it is not published' }),
  ),
  liveAfterMs: nullable(Type.Integer()),
})

export const deckImportedJson = (deck: DeckImported, live: Live | undefined) => {
  const { encoding, delimiter, headerLine, columns, decimalMark, dateOrder, skipped, lines } = deck.read
  const { blank, title, header, comment, total, note } = skipped
  return {
    success: true,
    deckId: deck.deckId ?? null,
    state: deck.state,
    owner: { kind: deck.owner.kind, id: deck.owner.id, name: deck.owner.name },
    name: deck.name,
    currency: deck.currency,
    replaces: deck.replaces,
    effectiveFrom: iso(deck.effectiveFrom),
    effectiveTo: isoOrNull(deck.effectiveTo),
    rateCount: deck.rateCount,
    difference: deck.difference === undefined ? null : differenceJson(deck.difference),
    warnings: deck.warnings.map(warningJson),
    read: {
      lines,
      encoding,
      delimiter: delimiter ?? null,
      headerLine: headerLine ?? null,
      columns: { ...columns },
      decimalMark: decimalMark ?? null,
      dateOrder: dateOrder ?? null,
      skippedLines: blank + title + header + comment + total + note,
    },
    live: live?.live ?? null,
    liveAfterMs: live === undefined ? null : Math.round(live.afterMs),
  }
}

const differenceJson = (difference: NonNullable<DeckImported['difference']>) => ({
  prefixes: difference.prefixes,
  added: difference.added,
  dearer: difference.dearer,
  cheaper: difference.cheaper,
  otherTerms: difference.otherTerms,
  unchanged: difference.unchanged,
  otherCurrency: difference.otherCurrency,
  closed: difference.closed,
  firstClosed: difference.firstClosed.map(({ prefix, destination }) => ({ prefix, destination })),
  jumps: difference.jumps.map(jumpJson),
  drops: difference.drops.map(jumpJson),
})

export const DeckRefusedJson = Type.Object(
  {
    success: Type.Literal(false),
    error: Type.Object({
      code: Type.String({
        description: 'DECK_REFUSED where lines are at fault, otherwise what the whole file lacks',
      }),
      message: string,
      details: Type.Object({
        errorCount: Type.Integer({ description: 'of all; errors has the first hundred' }),
        errors: Type.Array(
          Type.Object({
            line: nullable(Type.Integer()),
            column: nullable(string),
            value: nullable(string),
            message: string,
          }),
        ),
      }),
    }),
  },
  { description: 'the file was refused, and nothing was changed' },
)

export const deckRefusedJson = ({ code, message, errors, errorCount }: DeckRefused) => ({
  success: false,
  error: {
    code,
    message,
    details: {
      errorCount,
      errors: errors.map((error) => ({
        line: error.line ?? null,
        column: error.column ?? null,
        value: error.value ?? null,
        message: error.message,
      })),
    },
  },
})
