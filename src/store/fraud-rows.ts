/** Rules against toll fraud, blocks, risky prefixes and PINs, as the snapshot and the API read them. */
import type {
  FraudBlock,
  FraudDestinations,
  FraudRows,
  FraudRule,
  RiskyPrefix,
} from '../directory/fraud-records.ts'
import type { FraudAction, FraudCounts, FraudKind, PrefixRisk } from '../telephony/fraud-kind.ts'
import { asError } from '../base/errors.ts'
import { parseMoney } from '../telephony/money.ts'
import { parseTimeWindows } from '../telephony/time-window.ts'
import type { Queryable } from './database.ts'

type DestinationRow = {
  readonly countries: readonly string[]
  readonly prefixes: readonly string[]
  readonly international: boolean
  readonly high_risk: boolean
}

export type FraudRuleRow = DestinationRow & {
  readonly id: number
  readonly organization_id: number | null
  readonly user_id: number | null
  readonly name: string
  readonly kind: FraudKind
  readonly action: FraudAction
  readonly counts: FraudCounts
  readonly limit_count: number | null
  readonly limit_amount: string | null
  readonly window_minutes: number | null
  readonly price_per_minute: string | null
  readonly business_hours: readonly string[]
  readonly time_zone: string | null
  readonly block_hours: number | null
  readonly enforced: boolean
  readonly enabled: boolean
}

export const RULE_COLUMNS =
  'id, organization_id, user_id, name, kind, action, counts, countries, prefixes, international, high_risk, limit_count, limit_amount, window_minutes, price_per_minute, business_hours, time_zone, block_hours, enforced, enabled'

export const BLOCK_COLUMNS =
  'id, organization_id, user_id, rule_id, reason, countries, prefixes, international, high_risk, ends_at, created_at, released_at, released_by'

export type FraudBlockRow = DestinationRow & {
  readonly id: number
  readonly organization_id: number
  readonly user_id: number | null
  readonly rule_id: number | null
  readonly reason: string
  readonly ends_at: number | null
  readonly created_at: number
  readonly released_at: number | null
  readonly released_by: string | null
}

type PrefixRow = {
  readonly id: number
  readonly organization_id: number | null
  readonly prefix: string
  readonly risk: PrefixRisk
  readonly note: string
  readonly source: string
  readonly enabled: boolean
}

export const toRule = (row: FraudRuleRow): FraudRule => ({
  id: row.id,
  organizationId: row.organization_id ?? undefined,
  userId: row.user_id ?? undefined,
  name: row.name,
  kind: row.kind,
  action: row.action,
  counts: row.counts,
  ...destinationsOf(row),
  limitCount: row.limit_count ?? undefined,
  limitAmount: row.limit_amount === null ? undefined : parseMoney(row.limit_amount),
  windowMinutes: row.window_minutes ?? undefined,
  pricePerMinute: row.price_per_minute === null ? undefined : parseMoney(row.price_per_minute),
  businessHours: parseTimeWindows(row.business_hours),
  timeZone: row.time_zone ?? undefined,
  blockHours: row.block_hours ?? undefined,
  enforced: row.enforced,
  enabled: row.enabled,
})

export const toBlock = (row: FraudBlockRow): FraudBlock => ({
  id: row.id,
  organizationId: row.organization_id,
  userId: row.user_id ?? undefined,
  ruleId: row.rule_id ?? undefined,
  reason: row.reason,
  ...destinationsOf(row),
  endsAt: row.ends_at ?? undefined,
})

export const toPrefix = (row: PrefixRow): RiskyPrefix & { readonly source: string } => ({
  id: row.id,
  organizationId: row.organization_id ?? undefined,
  prefix: row.prefix,
  risk: row.risk,
  note: row.note,
  source: row.source,
  enabled: row.enabled,
})

const destinationsOf = (row: DestinationRow): FraudDestinations => ({
  countries: row.countries,
  prefixes: row.prefixes,
  international: row.international,
  highRisk: row.high_risk,
})

export const listPrefixes = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly (RiskyPrefix & { readonly source: string })[]> =>
  (
    await on.query<PrefixRow>(
      `SELECT id, organization_id, prefix, risk, note, source, enabled FROM fraud_prefixes
       WHERE $1::int IS NULL OR organization_id IS NULL OR organization_id = $1 ORDER BY prefix, id`,
      [organizationId ?? null],
    )
  ).map(toPrefix)

/** A row that cannot become a value is left out and told: one bad rule must not take the others away. */
export const loadFraudRows = async (
  on: Queryable,
  tell: (problem: { readonly table: string; readonly id: number; readonly why: string }) => void,
): Promise<FraudRows> => {
  const rules: FraudRule[] = []
  for (const row of await on.query<FraudRuleRow>(`SELECT ${RULE_COLUMNS} FROM fraud_rules ORDER BY id`)) {
    try {
      rules.push(toRule(row))
    } catch (fault) {
      tell({ table: 'fraud_rules', id: row.id, why: asError(fault).message })
    }
  }
  const blocks = await on.query<FraudBlockRow>(
    `SELECT ${BLOCK_COLUMNS} FROM fraud_blocks WHERE released_at IS NULL AND (ends_at IS NULL OR ends_at > now()) ORDER BY id`,
  )
  const pins = await on.query<{ organization_id: number; user_id: number | null; pin_hash: string }>(
    'SELECT organization_id, user_id, pin_hash FROM fraud_pins',
  )
  return {
    rules,
    blocks: blocks.map(toBlock),
    prefixes: await listPrefixes(on, undefined),
    pins: pins.map((row) => ({
      organizationId: row.organization_id,
      userId: row.user_id ?? undefined,
      hash: row.pin_hash,
    })),
  }
}
