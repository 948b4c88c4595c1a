/** Which tax comes on top of what is sold: the narrowest row that is in force speaks. */
import type { QuotedTax } from '../telephony/percent.ts'

export type TaxRate = {
  readonly id: number
  /** Undefined: of every organisation. */
  readonly organizationId: number | undefined
  /** Of the destination, ISO 3166-1; undefined: every. */
  readonly country: string | undefined
  readonly name: string
  /** A decimal. */
  readonly percent: string
  /** Milliseconds since the epoch; undefined: always, and for good. */
  readonly effectiveFrom: number | undefined
  readonly effectiveTo: number | undefined
}

export type TaxRates = {
  /** Undefined: none is taken. */
  readonly taxOf: (organizationId: number, country: string | undefined, atMs: number) => QuotedTax | undefined
}

export const createTaxRates = (rows: readonly TaxRate[]): TaxRates => {
  /** The narrowest first, then what begins latest. */
  const byOrganization = new Map<number | undefined, TaxRate[]>()
  for (const row of rows) {
    const list = byOrganization.get(row.organizationId) ?? []
    byOrganization.set(row.organizationId, list)
    list.push(row)
  }
  for (const list of byOrganization.values()) list.sort(narrowest)
  const find = (owner: number | undefined, country: string | undefined, atMs: number): TaxRate | undefined =>
    byOrganization
      .get(owner)
      ?.find(
        (row) =>
          (row.country === undefined || row.country === country) &&
          (row.effectiveFrom ?? -Infinity) <= atMs &&
          atMs < (row.effectiveTo ?? Infinity),
      )
  return {
    taxOf: (organizationId, country, atMs) => {
      const row = find(organizationId, country, atMs) ?? find(undefined, country, atMs)
      return row === undefined ? undefined : { name: row.name, percent: row.percent }
    },
  }
}

const narrowest = (a: TaxRate, b: TaxRate): number =>
  Number(a.country === undefined) - Number(b.country === undefined) ||
  (b.effectiveFrom ?? Number.MIN_SAFE_INTEGER) - (a.effectiveFrom ?? Number.MIN_SAFE_INTEGER) ||
  b.id - a.id
