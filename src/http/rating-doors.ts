/** What the routes of rating need, as shapes; `app` gives them. */
import type { TaxRate } from '../directory/tax-rates.ts'
import type { RerateReport } from '../engine/rerate-report.ts'
import type { ExchangeRateQuery, NewExchangeRate } from '../store/exchange-rates.ts'
import type { RerateCriteria, Rerating } from '../store/rerate-rows.ts'
import type { NewTaxRate } from '../store/tax-rates.ts'

export type { ExchangeRateQuery, NewExchangeRate, NewTaxRate, RerateCriteria, RerateReport, TaxRate }

export type ToldRerating = Omit<Rerating, 'report'> & { readonly report: RerateReport }

export type RatingDoors = {
  /** Returns how many rates were new or other than before. Throws STORE_BAD_INPUT. */
  readonly writeExchangeRates: (rates: readonly NewExchangeRate[]) => Promise<number>
  readonly listExchangeRates: (query: ExchangeRateQuery) => Promise<readonly NewExchangeRate[]>
  readonly removeExchangeRate: (rate: Omit<NewExchangeRate, 'rate'>) => Promise<boolean>
  /** Of the organisation, and those of everybody; undefined: all. */
  readonly listTaxRates: (organizationId: number | undefined) => Promise<readonly TaxRate[]>
  readonly addTaxRate: (tax: NewTaxRate) => Promise<TaxRate>
  /** From that moment on, in ms, it is not taken. Undefined: there is none. */
  readonly endTaxRate: (id: number, atMs: number) => Promise<TaxRate | undefined>
  readonly removeTaxRate: (id: number) => Promise<boolean>
  /** Begins it and gives its id. Throws STORE_NOT_FOUND for a deck that is not there, STORE_BAD_INPUT. */
  readonly rerate: (request: {
    readonly criteria: RerateCriteria
    readonly dryRun: boolean
    readonly by: string
  }) => Promise<number>
  /** Takes back what it changed, in all records that nobody has rated since. Throws STORE_CONFLICT, STORE_NOT_FOUND. */
  readonly undoRerating: (id: number, by: string) => Promise<number>
  /** What was changed so far stays, and can be taken back. False: it is not running. */
  readonly cancelRerating: (id: number) => Promise<boolean>
  /** As soon as it is over, or after so long as it is then. */
  readonly findRerating: (id: number, waitMs: number) => Promise<ToldRerating | undefined>
  readonly listReratings: (limit: number) => Promise<readonly ToldRerating[]>
}
