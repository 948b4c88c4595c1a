/**
 * Which of a US carrier's prices a call pays: intrastate where both ends are in one state, interstate where they
 * are in two. Intrastate is usually the dearer one and the one that is disputed, so it is said only when both
 * states are known; whatever is not known is `indeterminate`, for which a deck has a price of its own. (mod_lcr
 * bills an unknown one as intrastate.)
 */
import type { E164 } from './e164.ts'
import { npaOf, type NpaStates } from './north-america.ts'

export type Jurisdiction = 'interstate' | 'intrastate' | 'indeterminate'

/**
 * The jurisdiction of a call, or undefined where the called number is not of +1 and there is none. Both ends go
 * by their area codes; a ported number goes by its location routing number, where `lrn` gives one, because its own
 * area code only tells where it was first. Indeterminate: no caller or one from outside of the US, toll-free and
 * other codes of no place, codes that the table does not have, and the other countries of +1.
 */
export const jurisdictionOf = (
  from: E164 | undefined,
  to: E164,
  tables: NpaStates,
  lrn?: E164,
): Jurisdiction | undefined => {
  if (!to.startsWith('+1')) return undefined
  const caller = from === undefined ? undefined : stateOf(from, tables)
  const called = stateOf(lrn ?? to, tables)
  if (caller === undefined || called === undefined) return 'indeterminate'
  return caller === called ? 'intrastate' : 'interstate'
}

const stateOf = (number: E164, tables: NpaStates): string | undefined => {
  const npa = npaOf(number)
  const place = npa === undefined ? undefined : tables.get(npa)
  return place?.country === 'US' ? place.state : undefined
}
