/** Rows that say which way calls go and what it costs: profiles, their routes, rate decks. */
import type { Database, Queryable } from './database.ts'
import {
  badInput,
  currency,
  guarded,
  id,
  madeId,
  matching,
  moment,
  name,
  oneOf,
  price,
  whole,
} from './input.ts'

export type NewLcrProfile = {
  /** Undefined: the platform's. */
  readonly organizationId?: number | undefined
  readonly name: string
  readonly strategy: string
}

export const addLcrProfile = async (on: Queryable, given: NewLcrProfile): Promise<number> => {
  const values = [
    given.organizationId === undefined ? null : id('organizationId', given.organizationId),
    name('name', given.name, 255),
    oneOf('strategy', given.strategy, ['LOWEST_COST', 'PRIORITY']),
  ]
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        'INSERT INTO lcr_profiles (organization_id, name, strategy) VALUES ($1, $2, $3) RETURNING id',
        values,
      ),
    ),
  )
}

export type NewLcrRoute = {
  readonly profileId: number
  readonly gatewayId: number
  /** Leading digits without plus; empty: every number. */
  readonly prefix: string
  readonly priority?: number | undefined
  /** Per minute, as text: `0.0085`. */
  readonly priceOverride?: string | undefined
}

export const addLcrRoute = async (on: Queryable, given: NewLcrRoute): Promise<number> => {
  const profileId = id('profileId', given.profileId)
  const gatewayId = id('gatewayId', given.gatewayId)
  const prefix = matching(
    'prefix',
    given.prefix,
    /^[0-9]{0,15}$/,
    'a prefix is at most 15 digits, without plus',
  )
  const priority = whole('priority', given.priority ?? 0, -1_000_000, 1_000_000)
  const override = given.priceOverride === undefined ? null : price('priceOverride', given.priceOverride)
  const [profile] = await on.query<{ owner: number | null }>(
    'SELECT organization_id AS owner FROM lcr_profiles WHERE id = $1',
    [profileId],
  )
  if (profile === undefined) throw badInput('profileId', 'there is no such profile')
  const [gateway] = await on.query<{ owner: number | null }>(
    'SELECT carriers.organization_id AS owner FROM gateways JOIN carriers ON carriers.id = carrier_id WHERE gateways.id = $1',
    [gatewayId],
  )
  if (gateway === undefined) throw badInput('gatewayId', 'there is no such gateway')
  // One organisation's calls must not leave through, and be paid by, another's trunk.
  if (gateway.owner !== null && gateway.owner !== profile.owner) {
    throw badInput('gatewayId', "it is the gateway of another organisation's carrier")
  }
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO lcr_routes (profile_id, gateway_id, prefix, priority, price_override)
         VALUES ($1, $2, $3, $4, $5) RETURNING id`,
        [profileId, gatewayId, prefix, priority, override],
      ),
    ),
  )
}

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
export const addRates = async (on: Database | Queryable, given: NewRateDeck): Promise<number> => {
  const deck = [
    id('carrierId', given.carrierId),
    name('name', given.name, 255),
    currency('currency', given.currency),
  ]
  if (given.rates.length === 0) throw badInput('rates', 'a deck has at least one rate')
  const rows = given.rates.map(rowOf)
  const write = async (transaction: Queryable): Promise<number> => {
    const deckId = await guarded(async () =>
      madeId(
        await transaction.query<{ id: number }>(
          'INSERT INTO rate_decks (carrier_id, name, currency) VALUES ($1, $2, $3) RETURNING id',
          deck,
        ),
      ),
    )
    for (let first = 0; first < rows.length; first += ROWS_A_STATEMENT) {
      const block = rows.slice(first, first + ROWS_A_STATEMENT)
      await transaction.query(INSERT_RATES, [
        deckId,
        ...RATE_FIELDS.map((field) => block.map((row) => row[field])),
      ])
    }
    await transaction.query('UPDATE rate_decks SET published_at = now() WHERE id = $1', [deckId])
    return deckId
  }
  return 'transaction' in on ? on.transaction(write) : write(on)
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
