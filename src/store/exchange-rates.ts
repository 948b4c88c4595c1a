/** Exchange rates by day. A day's rate may be corrected: records keep the one that they were made with. */
import { DAY_MS, type ExchangeRate } from '../directory/exchange-rates.ts'
import { parseExchangeRate } from '../telephony/exchange.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, currency } from './input.ts'

export type NewExchangeRate = {
  /** `2026-11-20` */
  readonly day: string
  readonly base: string
  readonly currency: string
  readonly rate: string
}

export type ExchangeRateQuery = {
  readonly base?: string | undefined
  readonly currency?: string | undefined
  /** Days, included. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly limit: number
}

/** What is told for a day twice is told last. Returns how many rows were written. Throws STORE_BAD_INPUT, nothing written. */
export const writeExchangeRates = async (
  on: Queryable,
  rates: readonly NewExchangeRate[],
): Promise<number> => {
  const last = new Map<string, readonly [string, string, string, string]>()
  rates.forEach((given, index) => {
    const where = rates.length === 1 ? '' : `rates[${index}].`
    const base = currency(`${where}base`, given.base)
    const other = currency(`${where}currency`, given.currency)
    if (base === other) throw badInput(`${where}currency`, 'a currency is worth one of itself')
    const day = dayText(`${where}day`, given.day)
    last.set(`${base} ${other} ${day}`, [base, other, day, rateText(`${where}rate`, given.rate)])
  })
  if (last.size === 0) return 0
  const rows = [...last.values()]
  const written = await on.query(
    `INSERT INTO exchange_rates (base, currency, day, rate)
     SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::numeric[])
     ON CONFLICT (base, currency, day) DO UPDATE SET rate = excluded.rate, updated_at = now()
     WHERE exchange_rates.rate <> excluded.rate RETURNING base`,
    [0, 1, 2, 3].map((column) => rows.map((row) => row[column])),
  )
  return written.length
}

export const removeExchangeRate = async (
  on: Database | Queryable,
  { day, base, currency: other }: Omit<NewExchangeRate, 'rate'>,
): Promise<boolean> =>
  (
    await on.query(
      'DELETE FROM exchange_rates WHERE base = $1 AND currency = $2 AND day = $3 RETURNING base',
      [currency('base', base), currency('currency', other), dayText('day', day)],
    )
  ).length > 0

/** The newest days first. */
export const listExchangeRates = async (
  on: Queryable,
  query: ExchangeRateQuery,
): Promise<readonly NewExchangeRate[]> => {
  const rows = await on.query<StoredRate>(
    `SELECT base, currency, (day - date '1970-01-01') AS day, rate FROM exchange_rates
     WHERE ($1::text IS NULL OR base = $1) AND ($2::text IS NULL OR currency = $2)
       AND ($3::date IS NULL OR day >= $3) AND ($4::date IS NULL OR day <= $4)
     ORDER BY day DESC, base, currency LIMIT $5`,
    [
      query.base === undefined ? null : currency('base', query.base),
      query.currency === undefined ? null : currency('currency', query.currency),
      query.since === undefined ? null : dayText('since', query.since),
      query.until === undefined ? null : dayText('until', query.until),
      query.limit,
    ],
  )
  return rows.map((row) => ({ ...toRate(row), day: new Date(row.day * DAY_MS).toISOString().slice(0, 10) }))
}

/** Rates of calls of these moments, and of so many days before: what the calls of a period may need. */
export const exchangeRatesBetween = async (
  on: Queryable,
  sinceMs: number,
  untilMs: number,
): Promise<readonly ExchangeRate[]> => {
  const rows = await on.query<StoredRate>(
    `SELECT base, currency, (day - date '1970-01-01') AS day, rate FROM exchange_rates
     WHERE day BETWEEN $1::date - ${LONGEST_AGE_DAYS} AND $2::date`,
    [new Date(sinceMs).toISOString().slice(0, 10), new Date(untilMs).toISOString().slice(0, 10)],
  )
  return rows.map(toRate)
}

/** Those that a call of today may need. */
export const currentExchangeRates = async (on: Queryable): Promise<readonly ExchangeRate[]> =>
  (
    await on.query<StoredRate>(
      `SELECT base, currency, (day - date '1970-01-01') AS day, rate FROM exchange_rates
       WHERE day > CURRENT_DATE - ${LONGEST_AGE_DAYS + 2}`,
    )
  ).map(toRate)

/** EXCHANGE_RATE_MAX_DAYS takes no more. */
export const LONGEST_AGE_DAYS = 31

type StoredRate = {
  readonly base: string
  readonly currency: string
  readonly day: number
  readonly rate: string
}

const toRate = ({ base, currency: other, day, rate }: StoredRate): ExchangeRate => ({
  base,
  currency: other,
  day,
  rate: parseExchangeRate(rate),
})

export const dayText = (field: string, text: string): string => {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text)
    throw badInput(field, 'it takes a day such as 2026-11-20')
  return text
}

const rateText = (field: string, text: string): string => {
  try {
    return parseExchangeRate(text)
  } catch {
    throw badInput(field, 'it takes a decimal above 0 with at most 12 decimals, such as 1.0862')
  }
}
