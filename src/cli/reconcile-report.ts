/** What a reconciliation found, for people, for programs and for a spreadsheet. */
import type { Difference, DifferenceKind, ReconciledCall } from '../cdr/reconcile.ts'
import { formatMoney, type Money } from '../telephony/money.ts'
import { dayTime } from './format.ts'
import { plain } from './json.ts'

export const MOST_TOLD = 20

export const firstOfKinds = <One extends { readonly kind: string }>(all: readonly One[]): readonly One[] => {
  const counts = new Map<string, number>()
  return all.filter(({ kind }) => {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return count <= MOST_TOLD
  })
}

export const LINE_HEAD = [
  'KIND',
  'STARTED',
  'NUMBER',
  'SECS',
  'THEIRS',
  'AMOUNT',
  'THEIRS',
  'DISPUTED',
  'LEG',
  'LINE',
]

export const lineOf = ({ kind, ours, theirs, disputed }: Difference): readonly string[] => [
  kind,
  dayTime(ours?.at ?? theirs?.at ?? 0),
  plain(ours?.number ?? theirs?.number ?? ''),
  ours === undefined ? '-' : String(ours.seconds),
  theirs === undefined ? '-' : String(theirs.seconds),
  amountText(ours),
  amountText(theirs),
  disputed === undefined ? '?' : formatMoney(disputed),
  plain(ours?.id ?? '-'),
  plain(theirs?.id ?? '-'),
]

const amountText = (call: ReconciledCall | undefined): string =>
  call?.amount === undefined ? '-' : formatMoney(call.amount)

export const differenceJson = (one: Difference) => ({
  kind: one.kind satisfies DifferenceKind,
  ours: callJson(one.ours),
  theirs: callJson(one.theirs),
  disputed: one.disputed === undefined ? null : formatMoney(one.disputed),
  why: one.why,
})

const callJson = (call: ReconciledCall | undefined) =>
  call === undefined
    ? null
    : {
        id: call.id,
        at: new Date(call.at).toISOString(),
        number: call.number,
        seconds: call.seconds,
        amount: call.amount === undefined ? null : formatMoney(call.amount),
        currency: call.currency ?? null,
      }

export const moneyJson = (sums: ReadonlyMap<string, Money>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...sums].map(([currency, amount]) => [currency === '' ? 'unknown' : currency, formatMoney(amount)]),
  )

export const disputedText = (sums: ReadonlyMap<string, Money>): string =>
  [...sums].map(([currency, amount]) => `${formatMoney(amount)} ${currency}`.trim()).join(', ') || '-'

export const CSV_HEAD = [
  'with',
  'kind',
  'started',
  'number',
  'our_seconds',
  'their_seconds',
  'our_amount',
  'their_amount',
  'disputed',
  'our_id',
  'their_id',
  'why',
]

export const csvOf = ({ kind, ours, theirs, disputed, why }: Difference): string[] => [
  kind,
  new Date(ours?.at ?? theirs?.at ?? 0).toISOString(),
  ours?.number ?? theirs?.number ?? '',
  String(ours?.seconds ?? ''),
  String(theirs?.seconds ?? ''),
  ours?.amount === undefined ? '' : formatMoney(ours.amount),
  theirs?.amount === undefined ? '' : formatMoney(theirs.amount),
  disputed === undefined ? '' : formatMoney(disputed),
  ours?.id ?? '',
  theirs?.id ?? '',
  why,
]

/** RFC 4180. What a spreadsheet would take for a formula is text; an amount below 0 stays one. */
export const csvLine = (cells: readonly string[]): string =>
  `${cells
    .map((cell) => (/^[=+@\t]|^-(?!\d)/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')}\r\n`
