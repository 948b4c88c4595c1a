/**
 * What each engine holds of each balance. The sum of all leases is never more than the balance: money is given out under
 * the lock of the balance's row, by what is true at that moment. What no call has reserved is shared equally by the
 * engines that live; one engine has all of it. An engine that is silent for too long is dead, and loses its leases.
 */
import { formatMoney, moneyOf, parseMoney, ZERO, type Money } from '../telephony/money.ts'
import type { Database } from './database.ts'

export type ReadLease = {
  readonly id: number
  readonly organizationId: number
  readonly userId: number | undefined
  readonly currency: string
  readonly amount: Money
  /** Of this engine, as it stands now. */
  readonly leased: Money
  /** As this engine told it last; an earlier run of it, perhaps. */
  readonly reserved: Money
}

export type ReadLeases = {
  /** All balances that are open. */
  readonly balances: readonly ReadLease[]
  /** That live, this one included. */
  readonly engines: number
  /** Engines that were found dead by this reading, and by no other. */
  readonly dead: readonly string[]
  /** Balances that fell below their threshold: told once, to one engine. */
  readonly low: readonly LowBalance[]
}

export type LowBalance = {
  readonly id: number
  readonly organizationId: number
  readonly userId: number | undefined
  readonly amount: Money
  readonly currency: string
  readonly lowThreshold: Money
}

type Row = {
  readonly id: number
  readonly organization_id: number
  readonly user_id: number | null
  readonly currency: string
  readonly amount: string
  readonly leased: string | null
  readonly reserved: string | null
  readonly others_reserved: string
}

export const readLeases = (
  database: Database,
  {
    engine,
    ttlSeconds,
    reserved,
  }: {
    readonly engine: string
    /** For which the engine lives without a word. */
    readonly ttlSeconds: number
    /** By balance; undefined: this engine does not know yet what an earlier run had reserved. */
    readonly reserved: ReadonlyMap<number, Money> | undefined
  },
): Promise<ReadLeases> =>
  database.transaction(async (on) => {
    await on.query(
      `INSERT INTO balance_engines (engine, expires_at) VALUES ($1, now() + make_interval(secs => $2))
       ON CONFLICT (engine) DO UPDATE SET expires_at = excluded.expires_at`,
      [engine, ttlSeconds],
    )
    const dead = await on.query<{ engine: string }>(
      'DELETE FROM balance_engines WHERE expires_at < now() RETURNING engine',
    )
    const [count] = await on.query<{ engines: number }>(
      'SELECT count(*)::int AS engines FROM balance_engines',
    )
    const engines = count?.engines ?? 1
    const rows = await on.query<Row>(READ, [engine])
    const wanted = rows.flatMap((row): readonly Wanted[] => {
      const held = moneyIn(row.leased)
      const known = moneyIn(row.reserved)
      const own = reserved === undefined ? known : (reserved.get(row.id) ?? ZERO)
      const spare = Math.max(0, parseMoney(row.amount) - own - moneyIn(row.others_reserved))
      const lease = moneyOf(own + Math.floor(spare / engines))
      return row.leased !== null && lease === held && own === known
        ? []
        : [{ id: row.id, lease, reserved: own }]
    })
    const given = wanted.length === 0 ? [] : await give(on, engine, wanted)
    const leases = new Map(given.map((row) => [row.balance_id, row]))
    return {
      engines,
      balances: rows.map((row) => ({
        ...nameOf(row),
        amount: parseMoney(row.amount),
        leased: moneyIn(leases.get(row.id)?.amount ?? row.leased),
        reserved: moneyIn(leases.get(row.id)?.reserved ?? row.reserved),
      })),
      dead: dead.map((row) => row.engine),
      low: await lowOnes(on),
    }
  })

type Wanted = { readonly id: number; readonly lease: Money; readonly reserved: Money }
type Given = { readonly balance_id: number; readonly amount: string; readonly reserved: string }

const READ = `
SELECT balances.id, balances.organization_id, balances.user_id, balances.currency, balances.amount,
  mine.amount AS leased, mine.reserved,
  coalesce((SELECT sum(other.reserved) FROM balance_leases AS other
    WHERE other.balance_id = balances.id AND other.engine <> $1), 0) AS others_reserved
FROM balances LEFT JOIN balance_leases AS mine ON mine.balance_id = balances.id AND mine.engine = $1
WHERE balances.closed_at IS NULL`

/** The lock first, in one order for all; the statement after it sees what those before it committed. */
const give = async (
  on: Parameters<Parameters<Database['transaction']>[0]>[0],
  engine: string,
  wanted: readonly Wanted[],
): Promise<readonly Given[]> => {
  const ids = wanted.map(({ id }) => id)
  await on.query('SELECT id FROM balances WHERE id = ANY($1::int[]) ORDER BY id FOR UPDATE', [ids])
  return on.query<Given>(GIVE, [
    engine,
    ids,
    wanted.map(({ lease }) => formatMoney(lease)),
    wanted.map(({ reserved }) => formatMoney(reserved)),
  ])
}

const GIVE = `
INSERT INTO balance_leases (balance_id, engine, amount, reserved)
SELECT balances.id, $1,
  greatest(0, least(wanted.lease, balances.amount - coalesce(
    (SELECT sum(other.amount) FROM balance_leases AS other
     WHERE other.balance_id = balances.id AND other.engine <> $1), 0))),
  wanted.reserved
FROM unnest($2::int[], $3::numeric[], $4::numeric[]) AS wanted (id, lease, reserved)
  JOIN balances ON balances.id = wanted.id
ON CONFLICT (balance_id, engine) DO UPDATE SET amount = excluded.amount, reserved = excluded.reserved
RETURNING balance_id, amount, reserved`

const lowOnes = async (
  on: Parameters<Parameters<Database['transaction']>[0]>[0],
): Promise<readonly LowBalance[]> =>
  (
    await on.query<Row & { readonly low_threshold: string }>(
      `UPDATE balances SET low_told = true
       WHERE closed_at IS NULL AND NOT low_told AND amount < low_threshold
       RETURNING id, organization_id, user_id, currency, amount, low_threshold`,
    )
  ).map((row) => ({
    ...nameOf(row),
    amount: parseMoney(row.amount),
    lowThreshold: parseMoney(row.low_threshold),
  }))

const nameOf = (row: Row): Pick<ReadLease, 'id' | 'organizationId' | 'userId' | 'currency'> => ({
  id: row.id,
  organizationId: row.organization_id,
  userId: row.user_id ?? undefined,
  currency: row.currency,
})

const moneyIn = (text: string | null): Money => (text === null ? ZERO : parseMoney(text))

/** The engine ends, or is about to start again: what it holds is its own until another engine says that it is dead. */
export const leave = async (database: Database, engine: string): Promise<void> => {
  await database.query('UPDATE balance_engines SET expires_at = now() WHERE engine = $1', [engine])
}

/** Whether this is the first to say so since the last top-up. */
export const tellExhausted = async (database: Database, balanceId: number): Promise<boolean> => {
  const rows = await database.query(
    'UPDATE balances SET exhausted_told = true WHERE id = $1 AND NOT exhausted_told RETURNING id',
    [balanceId],
  )
  return rows.length > 0
}
