/**
 * Rules, risky prefixes, PINs and blocks, written. Every write is bound: `within` is the organisation whose rows may be
 * touched, undefined touches any, the platform's own included.
 */
import type { FraudRule, RiskyPrefix } from '../directory/fraud-records.ts'
import {
  FRAUD_ACTIONS,
  FRAUD_COUNTS,
  FRAUD_KINDS,
  PREFIX_RISKS,
  type FraudKind,
} from '../telephony/fraud-kind.ts'
import { parseTimeWindows } from '../telephony/time-window.ts'
import { isTimeZone } from '../telephony/time-zone.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, country, guarded, id, madeId, matching, name, oneOf, price, whole } from './input.ts'
import { hashPin } from './pin-hash.ts'
import { given, inTransaction } from './row-writes.ts'
import { listPrefixes, RULE_COLUMNS, toRule, type FraudRuleRow } from './fraud-rows.ts'

/** What is undefined stays, or is the default; null empties. */
export type FraudRuleFields = {
  readonly userId?: number | null | undefined
  readonly name?: string | undefined
  readonly kind?: string | undefined
  readonly action?: string | undefined
  readonly counts?: string | undefined
  readonly countries?: readonly string[] | undefined
  readonly prefixes?: readonly string[] | undefined
  readonly international?: boolean | undefined
  readonly highRisk?: boolean | undefined
  readonly limitCount?: number | null | undefined
  readonly limitAmount?: string | null | undefined
  readonly windowMinutes?: number | null | undefined
  readonly pricePerMinute?: string | null | undefined
  readonly businessHours?: readonly string[] | undefined
  readonly timeZone?: string | null | undefined
  readonly blockHours?: number | null | undefined
  readonly enforced?: boolean | undefined
  readonly enabled?: boolean | undefined
}

/** The organisation's own and the platform's. */
export const listRules = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly FraudRule[]> =>
  (
    await on.query<FraudRuleRow>(
      `SELECT ${RULE_COLUMNS} FROM fraud_rules
       WHERE $1::int IS NULL OR organization_id IS NULL OR organization_id = $1 ORDER BY organization_id NULLS FIRST, id`,
      [organizationId ?? null],
    )
  ).map(toRule)

/** Business hours as they were written. */
export const hoursOf = async (
  on: Queryable,
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> =>
  new Map(
    (
      await on.query<{ id: number; business_hours: readonly string[] }>(
        'SELECT id, business_hours FROM fraud_rules WHERE id = ANY($1::int[])',
        [ids],
      )
    ).map((row) => [row.id, row.business_hours]),
  )

export const findRule = async (
  on: Queryable,
  within: number | undefined,
  ruleId: number,
): Promise<FraudRule | undefined> => {
  const [row] = await on.query<FraudRuleRow>(
    `SELECT ${RULE_COLUMNS} FROM fraud_rules
     WHERE id = $1 AND ($2::int IS NULL OR organization_id IS NULL OR organization_id = $2)`,
    [id('id', ruleId), within ?? null],
  )
  return row === undefined ? undefined : toRule(row)
}

/** The new rule's id. Throws STORE_BAD_INPUT naming the field. */
export const addRule = async (
  on: Queryable,
  organizationId: number | undefined,
  fields: FraudRuleFields,
): Promise<number> => {
  if (fields.name === undefined) throw badInput('name', 'it is missing')
  if (fields.kind === undefined) throw badInput('kind', 'it is missing')
  if (fields.action === undefined) throw badInput('action', 'it is missing')
  if (organizationId === undefined && typeof fields.userId === 'number')
    throw badInput('userId', 'a rule of the platform is about no single user')
  if (organizationId !== undefined && fields.enforced === true)
    throw badInput('enforced', 'only a rule of the platform is enforced')
  const columns: Readonly<Record<string, unknown>> = {
    organization_id: organizationId ?? null,
    ...columnsOf(fields),
  }
  checkWhole(oneOf('kind', fields.kind, FRAUD_KINDS), fields)
  const set = Object.entries(columns).filter(([, value]) => value !== undefined)
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO fraud_rules (${set.map(([column]) => column).join(', ')})
         VALUES (${set.map((_, at) => `$${at + 1}`).join(', ')}) RETURNING id`,
        set.map(([, value]) => value),
      ),
    ),
  )
}

/** False: there is no such rule of those. */
export const changeRule = (
  on: Database | Queryable,
  within: number | undefined,
  ruleId: number,
  changes: FraudRuleFields,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const [row] = await transaction.query<FraudRuleRow>(
      `SELECT ${RULE_COLUMNS} FROM fraud_rules WHERE id = $1 AND ($2::int IS NULL OR organization_id = $2) FOR UPDATE`,
      [id('id', ruleId), within ?? null],
    )
    if (row === undefined) return false
    const set = Object.entries(columnsOf(changes)).filter(([, value]) => value !== undefined)
    if (set.length === 0) throw badInput('name', 'there is nothing to change')
    if (row.organization_id === null && (changes.userId ?? undefined) !== undefined)
      throw badInput('userId', 'a rule of the platform is about no single user')
    if (row.organization_id !== null && changes.enforced === true)
      throw badInput('enforced', 'only a rule of the platform is enforced')
    checkWhole((changes.kind as FraudKind | undefined) ?? row.kind, {
      limitAmount: row.limit_amount,
      ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
    })
    await guarded(() =>
      transaction.query(
        `UPDATE fraud_rules SET ${set.map(([column], at) => `${column} = $${at + 2}`).join(', ')}, updated_at = now() WHERE id = $1`,
        [ruleId, ...set.map(([, value]) => value)],
      ),
    )
    return true
  })

export const removeRule = async (
  on: Queryable,
  within: number | undefined,
  ruleId: number,
): Promise<boolean> =>
  (
    await on.query(
      'DELETE FROM fraud_rules WHERE id = $1 AND ($2::int IS NULL OR organization_id = $2) RETURNING id',
      [id('id', ruleId), within ?? null],
    )
  ).length > 0

const checkWhole = (kind: FraudKind, fields: FraudRuleFields): void => {
  const isSpend = kind === 'spend-per-hour' || kind === 'spend-per-day'
  if (isSpend && (fields.limitAmount ?? undefined) === undefined)
    throw badInput('limitAmount', `a rule of ${kind} needs the money that is still normal`)
}

const columnsOf = (fields: FraudRuleFields): Readonly<Record<string, unknown>> => ({
  user_id: given(fields.userId, (value) => id('userId', value)),
  name: given(fields.name, (value) => name('name', value, 255)),
  kind: given(fields.kind, (value) => oneOf('kind', value, FRAUD_KINDS)),
  action: given(fields.action, (value) => oneOf('action', value, FRAUD_ACTIONS)),
  counts: given(fields.counts, (value) => oneOf('counts', value, FRAUD_COUNTS)),
  countries: given(fields.countries, (value) => value.map((one) => country('countries', one))),
  prefixes: given(fields.prefixes, (value) => value.map((one) => prefixIn('prefixes', one))),
  international: fields.international,
  high_risk: fields.highRisk,
  limit_count: given(fields.limitCount, (value) => whole('limitCount', value, 0, 100_000)),
  limit_amount: given(fields.limitAmount, (value) => price('limitAmount', value)),
  window_minutes: given(fields.windowMinutes, (value) => whole('windowMinutes', value, 1, 1_440)),
  price_per_minute: given(fields.pricePerMinute, (value) => price('pricePerMinute', value)),
  business_hours: given(fields.businessHours, hours),
  time_zone: given(fields.timeZone, (value) => {
    if (!isTimeZone(value)) throw badInput('timeZone', 'it must be an IANA time zone, such as Europe/London')
    return value
  }),
  block_hours: given(fields.blockHours, (value) => whole('blockHours', value, 1, 8_760)),
  enforced: fields.enforced,
  enabled: fields.enabled,
})

const hours = (texts: readonly string[]): readonly string[] => {
  try {
    parseTimeWindows(texts)
  } catch (fault) {
    throw badInput('businessHours', 'it takes windows such as Mon-Fri 08:00-18:00', fault)
  }
  return texts
}

const prefixIn = (field: string, value: string): string =>
  matching(field, value, /^[0-9]{1,15}$/, 'it must be 1 to 15 leading digits without plus')

export type RiskyPrefixFields = {
  readonly prefix: string
  readonly risk: string
  readonly note?: string | undefined
  readonly source?: string | undefined
  readonly enabled?: boolean | undefined
}

export const addPrefix = (
  on: Queryable,
  organizationId: number | undefined,
  fields: RiskyPrefixFields,
): Promise<number> => {
  const values = [
    organizationId ?? null,
    prefixIn('prefix', fields.prefix),
    oneOf('risk', fields.risk, PREFIX_RISKS),
    given(fields.note === '' ? undefined : fields.note, (value) => name('note', value, 255)) ?? '',
    given(fields.source === '' ? undefined : fields.source, (value) => name('source', value, 255)) ?? '',
    fields.enabled ?? true,
  ]
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        'INSERT INTO fraud_prefixes (organization_id, prefix, risk, note, source, enabled) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id',
        values,
      ),
    ),
  )
}

export const removePrefix = async (
  on: Queryable,
  within: number | undefined,
  prefixId: number,
): Promise<boolean> =>
  (
    await on.query(
      'DELETE FROM fraud_prefixes WHERE id = $1 AND ($2::int IS NULL OR organization_id = $2) RETURNING id',
      [id('id', prefixId), within ?? null],
    )
  ).length > 0

export const findPrefix = async (
  on: Queryable,
  prefixId: number,
): Promise<(RiskyPrefix & { readonly source: string }) | undefined> =>
  (await listPrefixes(on, undefined)).find((one) => one.id === prefixId)

/** Whose PIN it is: a user's, or with no user the organisation's. `within`: see above. */
export type PinOwner =
  { readonly organizationId: number } | { readonly userId: number; readonly within: number | undefined }

/** Null takes it away. False: there is no such user or organisation. */
export const setPin = async (
  on: Database | Queryable,
  owner: PinOwner,
  pin: string | null,
): Promise<boolean> => {
  if (pin !== null) matching('pin', pin, /^[0-9]{4,10}$/, 'it must be 4 to 10 digits')
  const hash = pin === null ? undefined : await hashPin(pin)
  return inTransaction(on, async (transaction) => {
    const [row] =
      'userId' in owner
        ? await transaction.query<{ organization_id: number; user_id: number | null }>(
            `SELECT organization_id, id AS user_id FROM users
             WHERE id = $1 AND ($2::int IS NULL OR organization_id = $2) FOR UPDATE`,
            [id('userId', owner.userId), owner.within ?? null],
          )
        : await transaction.query<{ organization_id: number; user_id: number | null }>(
            'SELECT id AS organization_id, NULL::int AS user_id FROM organizations WHERE id = $1 FOR UPDATE',
            [id('organizationId', owner.organizationId)],
          )
    if (row === undefined) return false
    const of = [row.organization_id, row.user_id]
    await transaction.query(
      'DELETE FROM fraud_pins WHERE organization_id = $1 AND user_id IS NOT DISTINCT FROM $2',
      of,
    )
    if (hash !== undefined)
      await transaction.query(
        'INSERT INTO fraud_pins (organization_id, user_id, pin_hash) VALUES ($1, $2, $3)',
        [...of, hash],
      )
    return true
  })
}
