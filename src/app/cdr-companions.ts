/** Everything that is written in the transaction of a CDR, in the order in which it is written. */
import type { CdrCompanion } from '../store/cdr-companion.ts'

export const createCdrCompanions = (): readonly CdrCompanion[] => []
