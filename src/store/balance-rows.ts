/**
 * Balances and their entries as rows. What a balance holds is the sum of its entries: they are only added, and the
 * database adds them up (sql/0018). What calls take is booked with their records (balance-charges.ts).
 */
import { parseMoney, type Money } from '../telephony/money.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, guarded, id, plain, price } from './input.ts'
import { inTransaction } from './row-writes.ts'

export type Balance = {
  readonly id: number
  readonly organizationId: number
  /** Undefined: the whole organisation's. */
  readonly userId: number | undefined
  readonly currency: string
  readonly amount: Money
  readonly lowThreshold: Money | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export const ENTRY_KINDS = ['top-up', 'call', 'correction', 'adjustment', 'refund'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

export type BalanceEntry = {
  readonly id: number
  readonly kind: EntryKind
  readonly amount: Money
  readonly key: string | undefined
  readonly legUuid: string | undefined
  readonly callId: string | undefined
  readonly note: string | undefined
  readonly bookedBy: string | undefined
  readonly at: number
}

export type BalanceOwner =
  | { readonly organizationId: number }
  /** `within`: the user has to be of this organisation; undefined: of any. */
  | { readonly userId: number; readonly within: number | undefined }

type BalanceRow = {
  readonly id: number
  readonly organization_id: number
  readonly user_id: number | null
  readonly currency: string
  readonly amount: string
  readonly low_threshold: string | null
  readonly created_at: number
}

const COLUMNS =
  'balances.id, balances.organization_id, balances.user_id, balances.currency, balances.amount, balances.low_threshold, balances.created_at'

const toBalance = (row: BalanceRow): Balance => ({
  id: row.id,
  organizationId: row.organization_id,
  userId: row.user_id ?? undefined,
  currency: row.currency,
  amount: parseMoney(row.amount),
  lowThreshold: row.low_threshold === null ? undefined : parseMoney(row.low_threshold),
  createdAt: row.created_at,
})

/** Those that are open. */
export const listBalances = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly Balance[]> =>
  (
    await on.query<BalanceRow>(
      `SELECT ${COLUMNS} FROM balances WHERE closed_at IS NULL AND ($1::int IS NULL OR organization_id = $1)
       ORDER BY organization_id, user_id NULLS FIRST`,
      [organizationId ?? null],
    )
  ).map(toBalance)

/** The one that is open; undefined: there is none, and calls are not paid for in advance. */
export const findBalance = async (on: Queryable, owner: BalanceOwner): Promise<Balance | undefined> => {
  const [row] = await openOf(on, owner, '')
  return row === undefined ? undefined : toBalance(row)
}

const openOf = (
  on: Queryable,
  owner: BalanceOwner,
  lock: '' | 'FOR UPDATE',
): Promise<readonly BalanceRow[]> =>
  'userId' in owner
    ? on.query<BalanceRow>(
        `SELECT ${COLUMNS} FROM balances
         WHERE user_id = $1 AND ($2::int IS NULL OR organization_id = $2) AND closed_at IS NULL ${lock}`,
        [id('userId', owner.userId), owner.within ?? null],
      )
    : on.query<BalanceRow>(
        `SELECT ${COLUMNS} FROM balances WHERE organization_id = $1 AND user_id IS NULL AND closed_at IS NULL ${lock}`,
        [id('organizationId', owner.organizationId)],
      )

export type BalanceSettings = { readonly lowThreshold?: string | null | undefined }

/**
 * Opens a balance where there is none, and changes its settings. From then on its owner's calls are paid for in advance.
 * False: there is no such organisation or user.
 */
export const openBalance = (
  on: Database | Queryable,
  owner: BalanceOwner,
  { lowThreshold }: BalanceSettings,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const threshold =
      lowThreshold === undefined || lowThreshold === null ? lowThreshold : price('lowThreshold', lowThreshold)
    // The owner's row is locked: two that open it make one.
    const [found] =
      'userId' in owner
        ? await transaction.query<{ organization_id: number; currency: string }>(
            `SELECT users.organization_id, organizations.currency
             FROM users JOIN organizations ON organizations.id = users.organization_id
             WHERE users.id = $1 AND ($2::int IS NULL OR users.organization_id = $2) FOR UPDATE OF users`,
            [id('userId', owner.userId), owner.within ?? null],
          )
        : await transaction.query<{ organization_id: number; currency: string }>(
            'SELECT id AS organization_id, currency FROM organizations WHERE id = $1 FOR UPDATE',
            [id('organizationId', owner.organizationId)],
          )
    if (found === undefined) return false
    const [open] = await openOf(transaction, owner, 'FOR UPDATE')
    if (open === undefined) {
      await transaction.query(
        'INSERT INTO balances (organization_id, user_id, currency, low_threshold) VALUES ($1, $2, $3, $4)',
        [found.organization_id, 'userId' in owner ? owner.userId : null, found.currency, threshold ?? null],
      )
    } else if (threshold !== undefined)
      await transaction.query(
        'UPDATE balances SET low_threshold = $2, low_told = amount < $2::numeric WHERE id = $1',
        [open.id, threshold],
      )
    return true
  })

/** From now on its owner pays afterwards; the entries stay. False: there was none. */
export const closeBalance = async (on: Queryable, owner: BalanceOwner): Promise<boolean> => {
  const found = await findBalance(on, owner)
  if (found === undefined) return false
  const rows = await on.query(
    'UPDATE balances SET closed_at = now() WHERE id = $1 AND closed_at IS NULL RETURNING id',
    [found.id],
  )
  return rows.length > 0
}

export type Booking = {
  readonly kind: 'top-up' | 'adjustment' | 'refund'
  /** A decimal; an adjustment may be negative. */
  readonly amount: string
  /** The same key is booked once. */
  readonly key: string | undefined
  readonly note: string | undefined
  readonly bookedBy: string | undefined
}

export type Booked =
  | { readonly kind: 'booked'; readonly entry: BalanceEntry; readonly balance: Balance }
  /** The key was booked before, with what is told here. */
  | { readonly kind: 'booked-before'; readonly entry: BalanceEntry; readonly balance: Balance }
  /** The key was booked before, as something else. */
  | { readonly kind: 'other-booking'; readonly entry: BalanceEntry }
  | { readonly kind: 'no-balance' }

export const book = (on: Database | Queryable, owner: BalanceOwner, booking: Booking): Promise<Booked> =>
  inTransaction(on, async (transaction) => {
    const amount = amountOf(booking)
    const key = booking.key === undefined ? null : plain('key', booking.key, 255)
    const note = booking.note === undefined ? null : plain('note', booking.note, 500)
    const [open] = await openOf(transaction, owner, 'FOR UPDATE')
    if (open === undefined) return { kind: 'no-balance' }
    const [before] =
      key === null
        ? []
        : await transaction.query<EntryRow>(`${ENTRIES} WHERE balance_id = $1 AND key = $2`, [open.id, key])
    if (before !== undefined) {
      const entry = toEntry(before)
      return entry.kind === booking.kind && entry.amount === parseMoney(amount)
        ? { kind: 'booked-before', entry, balance: toBalance(open) }
        : { kind: 'other-booking', entry }
    }
    const [row] = await guarded(() =>
      transaction.query<EntryRow>(
        `INSERT INTO balance_entries (balance_id, kind, amount, key, note, booked_by)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${ENTRY_COLUMNS}`,
        [open.id, booking.kind, amount, key, note, booking.bookedBy ?? null],
      ),
    )
    // What was told of an empty balance may be told again.
    const [after] = await transaction.query<BalanceRow>(
      `UPDATE balances SET low_told = low_told AND amount < coalesce(low_threshold, 0),
         exhausted_told = exhausted_told AND amount <= 0
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [open.id],
    )
    if (row === undefined || after === undefined) return { kind: 'no-balance' }
    return { kind: 'booked', entry: toEntry(row), balance: toBalance(after) }
  })

const amountOf = ({ kind, amount }: Booking): string => {
  const isNegative = amount.startsWith('-')
  if (isNegative && kind !== 'adjustment') throw badInput('amount', 'it must be above 0')
  const checked = price('amount', isNegative ? amount.slice(1) : amount)
  if (parseMoney(checked) === 0) throw badInput('amount', 'it must not be 0')
  return isNegative ? `-${checked}` : checked
}

const ENTRY_COLUMNS = 'id, kind, amount, key, leg_uuid, call_id, note, booked_by, created_at'
const ENTRIES = `SELECT ${ENTRY_COLUMNS} FROM balance_entries`

type EntryRow = {
  readonly id: number
  readonly kind: EntryKind
  readonly amount: string
  readonly key: string | null
  readonly leg_uuid: string | null
  readonly call_id: string | null
  readonly note: string | null
  readonly booked_by: string | null
  readonly created_at: number
}

const toEntry = (row: EntryRow): BalanceEntry => ({
  id: row.id,
  kind: row.kind,
  amount: parseMoney(row.amount),
  key: row.key ?? undefined,
  legUuid: row.leg_uuid ?? undefined,
  callId: row.call_id ?? undefined,
  note: row.note ?? undefined,
  bookedBy: row.booked_by ?? undefined,
  at: row.created_at,
})

/** Newest first, before the entry `before`; undefined: there is no open balance. */
export const listEntries = async (
  on: Queryable,
  owner: BalanceOwner,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<readonly BalanceEntry[] | undefined> => {
  const [open] = await openOf(on, owner, '')
  if (open === undefined) return undefined
  const rows = await on.query<EntryRow>(
    `${ENTRIES} WHERE balance_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [open.id, before ?? null, limit],
  )
  return rows.map(toEntry)
}
