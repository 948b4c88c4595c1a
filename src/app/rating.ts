/** Exchange rates, taxes, and rating a period again, joined. */
import type { Clock } from '../base/clock.ts'
import type { Lifecycle } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { RatingDoors } from '../http/rating-doors.ts'
import type { Database } from '../store/database.ts'
import { listExchangeRates, removeExchangeRate, writeExchangeRates } from '../store/exchange-rates.ts'
import { addTaxRate, endTaxRate, listTaxRates, removeTaxRate } from '../store/tax-rates.ts'
import { createRerateCompanions } from './cdr-companions.ts'
import { indexOfPast } from './draft-rates.ts'
import { createReratings } from './reratings.ts'

export const createRating = async ({
  database,
  databaseUrl,
  exchangeMostDays,
  lifecycle,
  clock,
  logger,
}: {
  readonly database: Database
  readonly databaseUrl: string
  readonly exchangeMostDays: number
  readonly lifecycle: Pick<Lifecycle, 'add'>
  readonly clock: Clock
  readonly logger: Logger
}): Promise<RatingDoors> => {
  const { resume, stop, ...reratings } = createReratings({
    database,
    companions: createRerateCompanions(),
    indexOfPast: (past, signal) => indexOfPast(databaseUrl, past, signal),
    exchangeMostDays,
    clock,
    logger,
  })
  await lifecycle.add({ name: 'reratings', start: () => void resume(), stop })
  return {
    ...reratings,
    writeExchangeRates: (rates) => writeExchangeRates(database, rates),
    listExchangeRates: (query) => listExchangeRates(database, query),
    removeExchangeRate: (rate) => removeExchangeRate(database, rate),
    listTaxRates: (organizationId) => listTaxRates(database, organizationId),
    addTaxRate: (tax) => database.transaction((on) => addTaxRate(on, tax)),
    endTaxRate: (taxId, atMs) => endTaxRate(database, taxId, atMs),
    removeTaxRate: (taxId) => removeTaxRate(database, taxId),
  }
}
