/** Rows that say which number is shown to whom, as operators keep them. Faults name the field. */
import {
  CALLER_ID_RULE_KINDS,
  type CallerIdRule,
  type CarrierNumber,
} from '../directory/caller-id-records.ts'
import {
  CALLER_ID_RULE_COLUMNS,
  CARRIER_NUMBER_COLUMNS,
  toCallerIdRule,
  toCarrierNumber,
  type CallerIdRuleRow,
  type CarrierNumberRow,
} from './caller-id-rows.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, country, e164, id, matching, oneOf } from './input.ts'
import type { RecordReads } from './record-reads.ts'
import {
  given,
  insertRow,
  removeRow,
  updateOwned,
  updateRow,
  type Changes,
  type Columns,
} from './row-writes.ts'

export type NewCallerIdRule = {
  readonly organizationId: number
  /** `override`, `default` or `local-presence`. */
  readonly kind: string
  /** One of the two; null: the other. */
  readonly country?: string | null | undefined
  readonly prefix?: string | null | undefined
  readonly numbers: readonly string[]
  readonly replacesRequested?: boolean | undefined
  readonly enabled?: boolean | undefined
}

export const addCallerIdRule = async (on: Queryable, record: NewCallerIdRule): Promise<number> =>
  insertRow(on, 'caller_id_rules', {
    organization_id: id('organizationId', record.organizationId),
    ...ruleColumns(record),
  })

export const updateCallerIdRule = (
  on: Database | Queryable,
  ruleId: number,
  changes: Changes<NewCallerIdRule>,
): Promise<boolean> =>
  updateOwned(on, { table: 'caller_id_rules', id: ruleId }, changes.organizationId, ruleColumns(changes))

export const removeCallerIdRule = (on: Database | Queryable, ruleId: number): Promise<boolean> =>
  removeRow(on, 'caller_id_rules', ruleId)

const ruleColumns = (record: Changes<NewCallerIdRule>): Columns => ({
  kind: given(record.kind, (value) => oneOf('kind', value, CALLER_ID_RULE_KINDS)),
  country: given(record.country, (value) => country('country', value)),
  prefix: given(record.prefix, (value) =>
    matching('prefix', value, /^[0-9]{1,15}$/, 'it is 1 to 15 digits, without plus'),
  ),
  numbers: given(record.numbers, (values) => {
    if (values.length === 0 || values.length > 50) throw badInput('numbers', 'a rule has 1 to 50 numbers')
    return [...new Set(values.map((value) => e164('numbers', value)))]
  }),
  replaces_requested: record.replacesRequested,
  enabled: record.enabled,
})

export const callerIdRuleReads: RecordReads<CallerIdRule> = {
  list: async (on, organizationId) =>
    (
      await on.query<CallerIdRuleRow>(
        `SELECT ${CALLER_ID_RULE_COLUMNS} FROM caller_id_rules
         WHERE $1::integer IS NULL OR organization_id = $1 ORDER BY id`,
        [organizationId ?? null],
      )
    ).map(toCallerIdRule),
  get: async (on, rowId) =>
    (
      await on.query<CallerIdRuleRow>(`SELECT ${CALLER_ID_RULE_COLUMNS} FROM caller_id_rules WHERE id = $1`, [
        id('id', rowId),
      ])
    ).map(toCallerIdRule)[0],
}

export type NewCarrierNumber = {
  readonly carrierId: number
  readonly organizationId: number
  readonly number: string
  /** Default false: it does not count yet. */
  readonly verified?: boolean | undefined
}

export const addCarrierNumber = async (on: Queryable, record: NewCarrierNumber): Promise<number> =>
  insertRow(on, 'carrier_caller_ids', carrierNumberColumns(record))

export const updateCarrierNumber = (
  on: Queryable,
  rowId: number,
  changes: Changes<NewCarrierNumber>,
): Promise<boolean> => updateRow(on, 'carrier_caller_ids', rowId, carrierNumberColumns(changes))

export const removeCarrierNumber = (on: Database | Queryable, rowId: number): Promise<boolean> =>
  removeRow(on, 'carrier_caller_ids', rowId)

const carrierNumberColumns = (record: Changes<NewCarrierNumber>): Columns => ({
  carrier_id: given(record.carrierId, (value) => id('carrierId', value)),
  organization_id: given(record.organizationId, (value) => id('organizationId', value)),
  number: given(record.number, (value) => e164('number', value)),
  verified: record.verified,
})

export const carrierNumberReads: RecordReads<CarrierNumber> = {
  list: async (on, organizationId) =>
    (
      await on.query<CarrierNumberRow>(
        `SELECT ${CARRIER_NUMBER_COLUMNS} FROM carrier_caller_ids
         WHERE $1::integer IS NULL OR organization_id = $1 ORDER BY id`,
        [organizationId ?? null],
      )
    ).map(toCarrierNumber),
  get: async (on, rowId) =>
    (
      await on.query<CarrierNumberRow>(
        `SELECT ${CARRIER_NUMBER_COLUMNS} FROM carrier_caller_ids WHERE id = $1`,
        [id('id', rowId)],
      )
    ).map(toCarrierNumber)[0],
}
