/** What decisions read: the last snapshot, indexed, and the switch as it is. Replaced whole, never changed. */
import { createDirectory, EMPTY_SNAPSHOT, type Directory } from '../directory/directory.ts'
import type { Snapshot } from '../directory/records.ts'
import { expectedCost } from '../rating/expected-cost.ts'
import type { Surroundings } from '../routing/hunt.ts'
import { createRateTable, type RateTable } from '../routing/rate-table.ts'

export type World = {
  readonly directory: () => Directory
  readonly surroundings: () => Surroundings
  readonly replace: (snapshot: Snapshot) => void
  /** False until the first snapshot came. */
  readonly isKnown: () => boolean
  readonly rateCount: () => number
}

export const createWorld = (switchState: Pick<Surroundings, 'isUp' | 'channelsInUse'>): World => {
  let directory = createDirectory(EMPTY_SNAPSHOT)
  let rates: RateTable = createRateTable([])
  let known = false
  return {
    directory: () => directory,
    surroundings: () => ({
      directory,
      rates,
      ...switchState,
      expectedCost: ({ tariff }) => expectedCost(tariff),
    }),
    replace: (snapshot) => {
      directory = createDirectory(snapshot)
      rates = createRateTable(snapshot.rates)
      known = true
    },
    isKnown: () => known,
    rateCount: () => rates.size,
  }
}
