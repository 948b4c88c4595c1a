/**
 * Writes a deck in the one canonical form that the reader reads back to the same rates. This file owns that form;
 * another column is a line of COLUMNS and a name in `header.ts`.
 */
import { EngineError } from '../base/errors.ts'
import { formatMoney, type Money } from '../telephony/money.ts'
import type { ReadRate } from './read-rate.ts'
import { MOST_CHARACTERS_IN_A_NAME } from './row-reader.ts'

export type WrittenRate = Omit<ReadRate, 'line'>

/**
 * A header and a line for each rate, comma and LF, in pieces of some 64 KiB; UTF-8 is the caller's to encode.
 * Times are UTC. Names lose control characters and outer spaces, which the reader would refuse or trim. Throws
 * DECK_BAD_RATE for a rate that no deck can hold.
 */
export function* writeDeckCsv(rates: Iterable<WrittenRate>): Generator<string, void, undefined> {
  let text = `${COLUMNS.map(([name]) => name).join(',')}\n`
  for (const rate of rates) {
    if (!/^[1-9]\d{0,14}$/.test(rate.prefix)) throw badRate(rate, 'its prefix is not 1 to 15 digits')
    text += `${COLUMNS.map(([, cell]) => quoted(cell(rate))).join(',')}\n`
    if (text.length < PIECE_CHARACTERS) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

const PIECE_CHARACTERS = 65_536

const COLUMNS: readonly (readonly [name: string, cell: (rate: WrittenRate) => string])[] = [
  ['prefix', ({ prefix }) => prefix],
  ['destination', ({ destination }) => harmless(destination)],
  ['price_per_minute', (rate) => amount(rate, rate.pricePerMinute)],
  ['connection_fee', (rate) => amount(rate, rate.connectionFee)],
  ['minimum_seconds', ({ minimumSeconds }) => String(minimumSeconds)],
  ['first_increment_seconds', ({ firstIncrementSeconds }) => String(firstIncrementSeconds)],
  ['next_increment_seconds', ({ nextIncrementSeconds }) => String(nextIncrementSeconds)],
  ['effective_from', ({ effectiveFrom }) => moment(effectiveFrom)],
  ['effective_to', ({ effectiveTo }) => moment(effectiveTo)],
  ['currency', ({ currency }) => currency ?? ''],
  ['interstate', (rate) => amount(rate, rate.interstatePrice)],
  ['intrastate', (rate) => amount(rate, rate.intrastatePrice)],
]

/**
 * A spreadsheet takes a cell that begins with one of these for a formula and runs it (OWASP, CSV injection). An
 * apostrophe makes it text; a name that begins with an apostrophe gets another, so that the reader knows which is ours.
 */
const harmless = (name: string): string => {
  const plain = name
    // eslint-disable-next-line no-control-regex -- they are what goes
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+|\p{Cs}/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS_IN_A_NAME)
    .trim()
  return /^['=+\-@＝＋－＠]/.test(plain) ? `'${plain}` : plain
}

const quoted = (cell: string): string => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

const amount = (rate: WrittenRate, price: Money | undefined): string => {
  if (price !== undefined && price < 0) throw badRate(rate, 'a price is negative')
  return price === undefined ? '' : formatMoney(price)
}

const moment = (at: number | undefined): string =>
  at === undefined ? '' : new Date(at).toISOString().replace('.000Z', 'Z')

const badRate = ({ prefix }: WrittenRate, why: string): EngineError =>
  new EngineError('DECK_BAD_RATE', `the rate of prefix "${prefix.slice(0, 20)}" cannot be written: ${why}`)
