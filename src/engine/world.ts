/**
 * What decisions read: the last snapshot and the last rates, compiled, and the switch and the carriers as they are.
 * Replaced whole, never changed: a decision that has begun reads one world to its end.
 */
import {
  createDirectory,
  EMPTY_SNAPSHOT,
  type Directory,
  type DirectorySettings,
} from '../directory/directory.ts'
import type { Snapshot } from '../directory/records.ts'
import type { Surroundings } from '../routing/hunt.ts'
import { createRateIndexBuilder } from '../routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../routing/rate-lookup.ts'
import { createRoutingTable } from '../routing/routing-table.ts'

export type World = {
  readonly directory: () => Directory
  readonly surroundings: () => Surroundings
  readonly replace: (snapshot: Snapshot) => void
  readonly replaceRates: (rates: RateIndex) => void
  /** False until the first snapshot and the first rates came. */
  readonly isKnown: () => boolean
  readonly rateCount: () => number
}

/** What surrounds a decision and is not in the database. */
export type State = Omit<Surroundings, 'directory' | 'routing' | 'rates'>

export const createWorld = (state: State, settings: DirectorySettings = {}): World => {
  let known = { snapshot: false, rates: false }
  let current = compile(
    createDirectory(EMPTY_SNAPSHOT, settings),
    openRateIndex(createRateIndexBuilder().build()),
    state,
  )
  return {
    directory: () => current.directory,
    surroundings: () => current,
    replace: (snapshot) => {
      current = compile(createDirectory(snapshot, settings), current.rates, state)
      known = { ...known, snapshot: true }
    },
    replaceRates: (rates) => {
      current = compile(current.directory, rates, state)
      known = { ...known, rates: true }
    },
    isKnown: () => known.snapshot && known.rates,
    rateCount: () => current.rates.size,
  }
}

const compile = (directory: Directory, rates: RateIndex, state: State): Surroundings => ({
  directory,
  routing: createRoutingTable(directory, rates),
  rates,
  ...state,
})
