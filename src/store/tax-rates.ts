/** Taxes on what is sold. A rate is ended and another added; records keep the one that they were made with. */
import type { TaxRate } from '../directory/tax-rates.ts'
import { parsePercent } from '../telephony/percent.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, country, id, moment, name } from './input.ts'
import { inTransaction, insertRow, removeRow } from './row-writes.ts'

export const TAX_RATES = `SELECT id, organization_id AS "organizationId", country, name, percent,
    nullif(effective_from, '-infinity') AS "effectiveFrom", nullif(effective_to, 'infinity') AS "effectiveTo"
  FROM tax_rates ORDER BY id`

export type TaxRateRow = {
  readonly id: number
  readonly organizationId: number | null
  readonly country: string | null
  readonly name: string
  readonly percent: string
  readonly effectiveFrom: number | null
  readonly effectiveTo: number | null
}

export const toTaxRate = (row: TaxRateRow): TaxRate => ({
  id: row.id,
  organizationId: row.organizationId ?? undefined,
  country: row.country ?? undefined,
  name: row.name,
  percent: parsePercent(row.percent),
  effectiveFrom: row.effectiveFrom ?? undefined,
  effectiveTo: row.effectiveTo ?? undefined,
})

/** Moments in milliseconds since the epoch. */
export type NewTaxRate = {
  readonly organizationId?: number | null | undefined
  readonly country?: string | null | undefined
  readonly name: string
  readonly percent: string
  readonly effectiveFrom?: number | null | undefined
  readonly effectiveTo?: number | null | undefined
}

/** Of the organisation and of everybody; undefined: all. */
export const listTaxRates = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly TaxRate[]> =>
  (await on.query<TaxRateRow>(TAX_RATES))
    .map(toTaxRate)
    .filter(
      (row) =>
        organizationId === undefined ||
        row.organizationId === undefined ||
        row.organizationId === organizationId,
    )

/** Throws STORE_BAD_INPUT naming the field. */
export const addTaxRate = async (on: Queryable, tax: NewTaxRate): Promise<TaxRate> => {
  const from = tax.effectiveFrom ?? undefined
  const to = tax.effectiveTo ?? undefined
  if (from !== undefined && to !== undefined && to <= from)
    throw badInput('effectiveTo', 'it has to be after effectiveFrom')
  const made = await insertRow(on, 'tax_rates', {
    organization_id:
      typeof tax.organizationId === 'number' ? id('organizationId', tax.organizationId) : undefined,
    country: typeof tax.country === 'string' ? country('country', tax.country) : undefined,
    name: name('name', tax.name, 64),
    percent: percentText(tax.percent),
    effective_from: from === undefined ? undefined : moment('effectiveFrom', from),
    effective_to: to === undefined ? undefined : moment('effectiveTo', to),
  })
  const [row] = await on.query<TaxRateRow>(`SELECT * FROM (${TAX_RATES}) AS rates WHERE id = $1`, [made])
  if (row === undefined) throw badInput('id', 'the tax rate was removed at the same moment')
  return toTaxRate(row)
}

/** Undefined: there is none. */
export const endTaxRate = (on: Database, taxId: number, atMs: number): Promise<TaxRate | undefined> =>
  inTransaction(on, async (within) => {
    const until = moment('effectiveTo', atMs)
    const [row] = await within.query<TaxRateRow>(`SELECT * FROM (${TAX_RATES}) AS rates WHERE id = $1`, [
      id('id', taxId),
    ])
    if (row === undefined) return undefined
    if (row.effectiveFrom !== null && row.effectiveFrom >= atMs)
      throw badInput('effectiveTo', 'it has to be after the rate begins: remove it instead')
    await within.query('UPDATE tax_rates SET effective_to = $2 WHERE id = $1', [taxId, until])
    return toTaxRate({ ...row, effectiveTo: atMs })
  })

export const removeTaxRate = (on: Database | Queryable, taxId: number): Promise<boolean> =>
  removeRow(on, 'tax_rates', taxId)

const percentText = (text: string): string => {
  try {
    return parsePercent(text)
  } catch {
    throw badInput('percent', 'it takes a percentage from 0 to 999 with at most 4 decimals, such as 7.7')
  }
}
