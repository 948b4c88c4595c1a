/**
 * Decks as they are handed in whole, in one request: what carriers charge us, and what we charge customers. A deck
 * is written once; what comes later is another deck. Files of any size come through rate-deck-import.ts.
 */
import type { Database, Queryable } from './database.ts'
import { badInput, currency, guarded, id, matching, moment, name, price, whole } from './input.ts'
import { chargingColumns, type GivenCharging } from './deck-charging.ts'
import { findOwner, lockOwner, ownerColumn, type KnownOwner } from './rate-deck-owner.ts'
import { inTransaction, insertRow, lockRow, stays, type Changes } from './row-writes.ts'

/** A deck as it is handed in. Prices are text: a float would lose what the carrier wrote. */
export type NewRateDeck = DeckOwner &
  GivenCharging & {
    readonly name: string
    readonly currency: string
    /** Ends what its owner published before, from the first moment on at which one of its rates counts. */
    readonly replaces?: boolean | undefined
    readonly rates: readonly NewRate[]
  }

/** One of the two: the carrier that charges it, or the customer whom we charge it. */
type DeckOwner = {
  readonly carrierId?: number | undefined
  readonly organizationId?: number | undefined
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
    name: name('name', deck.name, 255),
    currency: currency('currency', deck.currency),
    replaces: deck.replaces ?? false,
    ...chargingColumns(deck),
  }
  if (deck.rates.length === 0) throw badInput('rates', 'a deck has at least one rate')
  const rows = deck.rates.map(rowOf)
  const [from, to] = datesOf(rows)
  return inTransaction(on, async (transaction) => {
    const owner = await ownerOf(transaction, deck)
    await lockOwner(transaction, owner)
    const deckId = await insertRow(transaction, 'rate_decks', {
      ...columns,
      [ownerColumn(owner.kind)]: owner.id,
      effective_from: from,
      effective_to: to,
      rate_count: rows.length,
    })
    for (let first = 0; first < rows.length; first += ROWS_A_STATEMENT) {
      const block = rows.slice(first, first + ROWS_A_STATEMENT)
      await transaction.query(INSERT_RATES, [
        deckId,
        from,
        to,
        ...RATE_FIELDS.map((field) => block.map((row) => row[field])),
      ])
    }
    // Not now(): that is when the transaction began, and another deck may have been published since.
    await transaction.query('UPDATE rate_decks SET published_at = clock_timestamp() WHERE id = $1', [deckId])
    return deckId
  })
}

const ownerOf = async (on: Queryable, { carrierId, organizationId }: DeckOwner): Promise<KnownOwner> => {
  if (carrierId !== undefined && organizationId !== undefined)
    throw badInput('organizationId', 'a deck is for one carrier or for one customer, not for both')
  if (organizationId !== undefined) {
    const customer = id('organizationId', organizationId)
    return findOwner(on, { kind: 'customer', name: String(customer) }, 'organizationId')
  }
  if (carrierId === undefined) throw badInput('carrierId', 'a deck is for a carrier, or for a customer')
  return findOwner(on, { kind: 'carrier', name: String(id('carrierId', carrierId)) }, 'carrierId')
}

/** What its rates have in common are the deck's dates, which can be changed: the first start, and an end of all. */
const datesOf = (rows: readonly RateRow[]): readonly [from: string, to: string | null] => {
  const [first, ...rest] = rows
  let from = first?.from ?? ''
  let to = first?.to ?? null
  for (const row of rest) {
    if (row.from < from) from = row.from
    if (row.to !== to) to = null
  }
  return [from, to]
}

const ROWS_A_STATEMENT = 5_000

const RATE_FIELDS = ['prefix', 'price', 'fee', 'first', 'next', 'from', 'to'] as const

const INSERT_RATES = `INSERT INTO rates (deck_id, prefix, price_per_minute, connection_fee, first_increment_seconds,
    next_increment_seconds, effective_from, effective_to)
  SELECT $1::integer, prefix, price, fee, first, next, nullif(starts, $2::timestamptz), nullif(ends, $3::timestamptz)
  FROM unnest($4::text[], $5::numeric[], $6::numeric[], $7::integer[], $8::integer[],
    $9::timestamptz[], $10::timestamptz[]) AS given (prefix, price, fee, first, next, starts, ends)`

/** Moments in ISO 8601 and UTC, which sort as they follow one another. */
type RateRow = {
  readonly prefix: string
  readonly price: string
  readonly fee: string
  readonly first: number
  readonly next: number
  readonly from: string
  readonly to: string | null
}

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

/** Its name, and when its rates count that have no dates of their own: the rest stays, calls were rated by it. */
export const updateRateDeck = (
  on: Database | Queryable,
  deckId: number,
  changes: Changes<DatedRateDeck>,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const current = await lockRow<CurrentDeck>(
      transaction,
      'rate_decks',
      deckId,
      `carrier_id, organization_id, currency, replaces, coalesce(effective_from, created_at) AS effective_from,
       effective_to`,
    )
    if (current === undefined) return false
    stays('carrierId', changes.carrierId, current.carrier_id)
    stays('organizationId', changes.organizationId, current.organization_id)
    stays('currency', changes.currency, current.currency)
    if (changes.replaces !== undefined && changes.replaces !== current.replaces)
      throw badInput('replaces', 'it stays as it was added; add another deck, and withdraw this one')
    if (changes.rates !== undefined)
      throw badInput('rates', 'they stay as they were added; add another deck, and end or remove this one')
    const { effectiveFrom: from, effectiveTo: to } = changes
    if (from !== undefined || to !== undefined)
      checkTimes(from ?? current.effective_from, to === undefined ? current.effective_to : to)
    const charging = chargingColumns(changes)
    await transaction.query(
      `UPDATE rate_decks SET name = coalesce($2, name), effective_from = coalesce($3::timestamptz, effective_from),
         effective_to = CASE WHEN $4::boolean THEN $5::timestamptz ELSE effective_to END,
         grace_seconds = coalesce($6, grace_seconds), free_seconds = coalesce($7, free_seconds),
         rounding = CASE WHEN $8::boolean THEN $9 ELSE rounding END WHERE id = $1`,
      [
        deckId,
        changes.name === undefined ? null : name('name', changes.name, 255),
        from === undefined ? null : moment('effectiveFrom', from),
        to !== undefined,
        to === undefined || to === null ? null : moment('effectiveTo', to),
        charging['grace_seconds'] ?? null,
        charging['free_seconds'] ?? null,
        charging['rounding'] !== undefined,
        charging['rounding'] ?? null,
      ],
    )
    return true
  })

type CurrentDeck = {
  readonly carrier_id: number | null
  readonly organization_id: number | null
  readonly currency: string
  readonly replaces: boolean
  readonly effective_from: number
  readonly effective_to: number | null
}

const checkTimes = (from: number, to: number | null): void => {
  // Infinite is what a hand wrote into the table: no beginning, no end.
  if (from !== Number.NEGATIVE_INFINITY) moment('effectiveFrom', from)
  if (to === null) return
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
