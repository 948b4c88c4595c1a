/**
 * Exchange rates from a CSV file: a line a rate (`date,currency,rate`, with `base` where the file has it), or a column a
 * currency, as the European Central Bank's history comes (`Date,USD,JPY,...`). Its reference rates are what one euro is
 * worth: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates
 */
import { parse } from 'csv-parse/sync'
import { CliFault, EXIT } from './fault.ts'

export type FileRate = {
  readonly day: string
  readonly base: string
  readonly currency: string
  readonly rate: string
}

/** Throws a CliFault that names the line. Days without a rate (`N/A`, nothing) are left out. */
export const readExchangeFile = (text: string, base: string): readonly FileRate[] => {
  const lines: readonly (readonly string[])[] = parse(text, {
    bom: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
  const [head = [], ...rows] = lines
  const names = head.map((name) => name.toLowerCase())
  const at = (...known: readonly string[]): number => names.findIndex((name) => known.includes(name))
  const [date, currency, rate] = [at('date', 'day'), at('currency', 'code'), at('rate', 'value')]
  if (date < 0) throw badInput('the first line names the columns: date,currency,rate, or Date,USD,JPY,...')
  if (currency >= 0 && rate >= 0) {
    const ofBase = at('base')
    return rows.flatMap((row, index) =>
      one(row, index, date, row[currency], rate, (ofBase < 0 ? undefined : row[ofBase]) ?? base),
    )
  }
  const wide = head.flatMap((name, column) => (/^[A-Z]{3}$/.test(name) ? [{ name, column }] : []))
  if (wide.length === 0) throw badInput('there is neither a column "rate" nor one for a currency such as USD')
  return rows.flatMap((row, index) =>
    wide.flatMap(({ name, column }) => one(row, index, date, name, column, base)),
  )
}

const one = (
  row: readonly string[],
  index: number,
  date: number,
  currency: string | undefined,
  column: number,
  base: string,
): readonly FileRate[] => {
  const rate = row[column] ?? ''
  if (/^(?:|n\/a|-)$/i.test(rate)) return []
  const line = index + 2
  const day = row[date] ?? ''
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day))
    throw badInput(`line ${line}: "${day.slice(0, 20)}" is no day such as 2026-11-20`)
  if (currency === undefined || !/^[A-Z]{3}$/.test(currency))
    throw badInput(`line ${line}: "${(currency ?? '').slice(0, 20)}" is no currency such as USD`)
  if (!/^\d{1,12}(?:\.\d{1,12})?$/.test(rate))
    throw badInput(`line ${line}: "${rate.slice(0, 20)}" is no rate such as 1.0862`)
  return currency === base ? [] : [{ day, base, currency, rate }]
}

const badInput = (why: string): CliFault => new CliFault(EXIT.badInput, 'BAD_INPUT', why)
