/** What carriers charge: decks of rates. A deck is written once; what comes later is another deck. */
import type { Database, Queryable } from './database.ts'
import { badInput, currency, guarded, id, matching, moment, name, price, whole } from './input.ts'
import { insertRow, inTransaction, lockRow, stays, type Changes } from './row-writes.ts'

/** A deck as it is handed in. Prices are text: a float would lose what the carrier wrote. */
export type NewRateDeck = {
  readonly carrierId: number
  readonly name: string
  readonly currency: string
  readonly rates: readonly NewRate[]
}

export type NewRate = {
  /** Leading digits without plus. */
  readonly prefix: string
  readonly pricePerMinute: string
  readonly connectionFee?: string | undefined
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
  /** Milliseconds since the epoch. */
  readonly effectiveFrom: number
  readonly effectiveTo?: number | undefined
}

/**
 * Writes a deck with all its rates and publishes it: seen whole, or not at all. Returns the deck's id. A fault
 * names the row: `rates[17].prefix`. Pass a transaction's Queryable to make it part of one.
 */
export const addRates = async (on: Database | Queryable, deck: NewRateDeck): Promise<number> => {
  const columns = {
    carrier_id: id('carrierId', deck.carrierId),
    name: name('name', deck.name, 255),
    currency: currency('currency', deck.currency),
  }
  if (deck.rates.length === 0) throw badInput('rates', 'a deck has at least one rate')
  const rows = deck.rates.map(rowOf)
  return inTransaction(on, async (transaction) => {
    const deckId = await insertRow(transaction, 'rate_decks', columns)
    for (let first = 0; first < rows.length; first += ROWS_A_STATEMENT) {
      const block = rows.slice(first, first + ROWS_A_STATEMENT)
      await transaction.query(INSERT_RATES, [
        deckId,
        ...RATE_FIELDS.map((field) => block.map((row) => row[field])),
      ])
    }
    await transaction.query('UPDATE rate_decks SET published_at = now() WHERE id = $1', [deckId])
    return deckId
  })
}

const ROWS_A_STATEMENT = 5_000

const RATE_FIELDS = ['prefix', 'price', 'fee', 'first', 'next', 'from', 'to'] as const

const INSERT_RATES = `INSERT INTO rates (deck_id, prefix, price_per_minute, connection_fee, first_increment_seconds,
    next_increment_seconds, effective_from, effective_to)
  SELECT $1::integer, given.* FROM unnest($2::text[], $3::numeric[], $4::numeric[], $5::integer[], $6::integer[],
    $7::timestamptz[], $8::timestamptz[]) AS given`

type RateRow = Readonly<Record<(typeof RATE_FIELDS)[number], string | number | null>>

const rowOf = (rate: NewRate, index: number): RateRow => {
  const at = (field: string): string => `rates[${index}].${field}`
  if (rate.effectiveTo !== undefined && !(rate.effectiveTo > rate.effectiveFrom)) {
    throw badInput(at('effectiveTo'), 'it must be after effectiveFrom')
  }
  return {
    prefix: matching(at('prefix'), rate.prefix, /^[0-9]{1,15}$/, 'a prefix is 1 to 15 digits, without plus'),
    price: price(at('pricePerMinute'), rate.pricePerMinute),
    fee: price(at('connectionFee'), rate.connectionFee ?? '0'),
    // No carrier counts in steps beyond an hour; a greater one is a column that slipped.
    first: whole(at('firstIncrementSeconds'), rate.firstIncrementSeconds, 1, 3_600),
    next: whole(at('nextIncrementSeconds'), rate.nextIncrementSeconds, 1, 3_600),
    from: moment(at('effectiveFrom'), rate.effectiveFrom),
    to: rate.effectiveTo === undefined ? null : moment(at('effectiveTo'), rate.effectiveTo),
  }
}

/** A deck whose rates all count for the same time, as the API takes it. */
export type DatedRateDeck = Omit<NewRateDeck, 'rates'> & {
  /** Milliseconds since the epoch. */
  readonly effectiveFrom: number
  readonly effectiveTo?: number | null | undefined
  readonly rates: readonly {
    readonly prefix: string
    readonly pricePerMinute: string
    readonly connectionFee?: string | undefined
    /** By the minute where neither increment is given; the next is as long as the first. */
    readonly firstIncrementSeconds?: number | undefined
    readonly nextIncrementSeconds?: number | undefined
  }[]
}

export const addRateDeck = async (on: Database | Queryable, deck: DatedRateDeck): Promise<number> => {
  const { effectiveFrom, effectiveTo = null, rates, ...rest } = deck
  checkTimes(effectiveFrom, effectiveTo)
  return addRates(on, {
    ...rest,
    rates: rates.map(({ firstIncrementSeconds = 60, ...rate }) => ({
      ...rate,
      firstIncrementSeconds,
      nextIncrementSeconds: rate.nextIncrementSeconds ?? firstIncrementSeconds,
      effectiveFrom,
      effectiveTo: effectiveTo ?? undefined,
    })),
  })
}

/** Its name, and when its rates count: the rest stays, calls were rated by it. */
export const updateRateDeck = (
  on: Database | Queryable,
  deckId: number,
  changes: Changes<DatedRateDeck>,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const current = await lockRow<{ carrier_id: number; currency: string }>(
      transaction,
      'rate_decks',
      deckId,
      'carrier_id, currency',
    )
    if (current === undefined) return false
    stays('carrierId', changes.carrierId, current.carrier_id)
    stays('currency', changes.currency, current.currency)
    if (changes.rates !== undefined)
      throw badInput('rates', 'they stay as they were added; add another deck, and end or remove this one')
    if (changes.name !== undefined)
      await transaction.query('UPDATE rate_decks SET name = $2 WHERE id = $1', [
        deckId,
        name('name', changes.name, 255),
      ])
    if (changes.effectiveFrom !== undefined || changes.effectiveTo !== undefined)
      await dateRates(transaction, deckId, changes.effectiveFrom, changes.effectiveTo)
    return true
  })

const dateRates = async (
  on: Queryable,
  deckId: number,
  from: number | undefined,
  to: number | null | undefined,
): Promise<void> => {
  const [span] = await on.query<{ earliest: number | null; latest: number | null }>(
    'SELECT min(effective_from) AS earliest, max(effective_to) AS latest FROM rates WHERE deck_id = $1',
    [deckId],
  )
  checkTimes(from ?? span?.earliest ?? 0, to === undefined ? (span?.latest ?? null) : to)
  await on.query(
    `UPDATE rates SET effective_from = coalesce($2::timestamptz, effective_from),
       effective_to = CASE WHEN $3::boolean THEN $4::timestamptz ELSE effective_to END WHERE deck_id = $1`,
    [
      deckId,
      from === undefined ? null : moment('effectiveFrom', from),
      to !== undefined,
      to === undefined || to === null ? null : moment('effectiveTo', to),
    ],
  )
}

const checkTimes = (from: number, to: number | null): void => {
  moment('effectiveFrom', from)
  if (to === null) return
  // Infinity is what a hand wrote into the table: no end.
  if (to !== Number.POSITIVE_INFINITY) moment('effectiveTo', to)
  if (!(to > from)) throw badInput('effectiveTo', 'it must be after effectiveFrom')
}

/** With its rates. False: there is no such deck. Nothing refers to it: CDRs keep what was quoted. */
export const removeRateDeck = (on: Database | Queryable, deckId: number): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const gone = await guarded(() =>
      transaction.query('DELETE FROM rate_decks WHERE id = $1 RETURNING id', [id('id', deckId)]),
    )
    if (gone.length === 0) return false
    await transaction.query('DELETE FROM rates WHERE deck_id = $1', [deckId])
    return true
  })
