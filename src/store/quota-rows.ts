/** Quotas as rows: one of each organisation and of each user at the most, and what was spent of them today. */
import type { Quota } from '../directory/quota.ts'
import { parseMoney, type Money } from '../telephony/money.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, guarded, id, oneOf, price, whole } from './input.ts'
import { given, inTransaction } from './row-writes.ts'

const COLUMNS = 'id, organization_id, user_id, calls_per_second, concurrent_calls, daily_spend, premium_rate'

export const QUOTAS = `SELECT ${COLUMNS} FROM quotas ORDER BY id`

export type QuotaRow = {
  readonly id: number
  readonly organization_id: number
  readonly user_id: number | null
  readonly calls_per_second: number | null
  readonly concurrent_calls: number | null
  readonly daily_spend: string | null
  readonly premium_rate: 'allow' | 'block' | null
}

export const toQuota = (row: QuotaRow): Quota => ({
  id: row.id,
  organizationId: row.organization_id,
  userId: row.user_id ?? undefined,
  callsPerSecond: row.calls_per_second ?? undefined,
  concurrentCalls: row.concurrent_calls ?? undefined,
  dailySpend: row.daily_spend === null ? undefined : parseMoney(row.daily_spend),
  premiumRate: row.premium_rate ?? undefined,
})

/** Whose quota it is. */
export type QuotaOwner =
  | { readonly organizationId: number }
  /** `within`: the user has to be of this organisation; undefined: of any. */
  | { readonly userId: number; readonly within: number | undefined }

/** What is undefined stays as it is, null takes the limit away. */
export type QuotaChanges = {
  readonly callsPerSecond?: number | null | undefined
  readonly concurrentCalls?: number | null | undefined
  /** A decimal: `250.00`. */
  readonly dailySpend?: string | null | undefined
  readonly premiumRate?: string | null | undefined
}

export const listQuotas = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly Quota[]> =>
  (
    await on.query<QuotaRow>(
      `SELECT ${COLUMNS} FROM quotas WHERE $1::int IS NULL OR organization_id = $1 ORDER BY organization_id, user_id NULLS FIRST`,
      [organizationId ?? null],
    )
  ).map(toQuota)

/** Undefined: there is no such organisation or user. One without a quota has one that limits nothing. */
export const findQuota = async (on: Queryable, owner: QuotaOwner): Promise<Quota | undefined> => {
  const found = await ownerOf(on, owner)
  if (found === undefined) return undefined
  const [row] = await on.query<QuotaRow>(
    `SELECT ${COLUMNS} FROM quotas WHERE organization_id = $1 AND user_id IS NOT DISTINCT FROM $2`,
    [found.organizationId, found.userId ?? null],
  )
  return row === undefined ? { ...UNLIMITED, ...found } : toQuota(row)
}

const UNLIMITED = {
  id: 0,
  callsPerSecond: undefined,
  concurrentCalls: undefined,
  dailySpend: undefined,
  premiumRate: undefined,
} as const

/** False: there is no such organisation or user. Throws STORE_BAD_INPUT naming the field. */
export const setQuota = async (
  on: Database | Queryable,
  owner: QuotaOwner,
  changes: QuotaChanges,
): Promise<boolean> => {
  const values = {
    calls_per_second: given(changes.callsPerSecond, (value) => whole('callsPerSecond', value, 0, 10_000)),
    concurrent_calls: given(changes.concurrentCalls, (value) => whole('concurrentCalls', value, 0, 100_000)),
    daily_spend: given(changes.dailySpend, (value) => price('dailySpend', value)),
    premium_rate: given(changes.premiumRate, (value) => oneOf('premiumRate', value, ['allow', 'block'])),
  }
  const set = Object.entries(values).filter(([, value]) => value !== undefined)
  if (set.length === 0) throw badInput('callsPerSecond', 'there is nothing to change')
  return inTransaction(on, async (transaction) => {
    const found = await ownerOf(transaction, owner, 'FOR UPDATE')
    if (found === undefined) return false
    await guarded(async () => {
      // The owner's row is locked: two writers make one quota.
      await transaction.query(
        `INSERT INTO quotas (organization_id, user_id) SELECT $1, $2
         WHERE NOT EXISTS (SELECT 1 FROM quotas WHERE organization_id = $1 AND user_id IS NOT DISTINCT FROM $2)`,
        [found.organizationId, found.userId ?? null],
      )
      const assignments = set.map(([name], at) => `${name} = $${at + 3}`)
      await transaction.query(
        `UPDATE quotas SET ${assignments.join(', ')}, updated_at = now()
         WHERE organization_id = $1 AND user_id IS NOT DISTINCT FROM $2`,
        [found.organizationId, found.userId ?? null, ...set.map(([, value]) => value)],
      )
    })
    return true
  })
}

/** False: there was none. */
export const removeQuota = async (on: Queryable, owner: QuotaOwner): Promise<boolean> => {
  const found = await ownerOf(on, owner)
  if (found === undefined) return false
  const rows = await on.query(
    'DELETE FROM quotas WHERE organization_id = $1 AND user_id IS NOT DISTINCT FROM $2 RETURNING id',
    [found.organizationId, found.userId ?? null],
  )
  return rows.length > 0
}

const ownerOf = async (
  on: Queryable,
  owner: QuotaOwner,
  lock: '' | 'FOR UPDATE' = '',
): Promise<{ readonly organizationId: number; readonly userId: number | undefined } | undefined> => {
  if (!('userId' in owner)) {
    const [row] = await on.query<{ id: number }>(`SELECT id FROM organizations WHERE id = $1 ${lock}`, [
      id('organizationId', owner.organizationId),
    ])
    return row === undefined ? undefined : { organizationId: row.id, userId: undefined }
  }
  const [row] = await on.query<{ organization_id: number }>(
    `SELECT organization_id FROM users WHERE id = $1 AND ($2::int IS NULL OR organization_id = $2) ${lock}`,
    [id('userId', owner.userId), owner.within ?? null],
  )
  return row === undefined ? undefined : { organizationId: row.organization_id, userId: owner.userId }
}

export type SpendRow = {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly amount: Money
}

/** What records say was spent by calls that started at this moment or later, in the organisation's currency. */
export const spentSince = async (on: Queryable, since: number): Promise<readonly SpendRow[]> =>
  (
    await on.query<{ organization_id: number; caller_user_id: number | null; total: string }>(
      `SELECT records.organization_id, records.caller_user_id, 
         sum(round(records.total_cost * coalesce(records.cost_exchange_rate, 1), 8)) AS total
       FROM call_detail_records AS records JOIN organizations ON organizations.id = records.organization_id
       WHERE records.start_time >= $1 AND records.total_cost IS NOT NULL
         AND CASE WHEN records.cost_exchange_rate IS NULL THEN records.currency ELSE records.billing_currency END
           = organizations.currency
       GROUP BY records.organization_id, records.caller_user_id`,
      [new Date(since).toISOString()],
    )
  ).map((row) => ({
    organizationId: row.organization_id,
    userId: row.caller_user_id ?? undefined,
    amount: parseMoney(row.total),
  }))
