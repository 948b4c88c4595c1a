/** Numbers whose callee is paid by the caller: premium-rate numbers in the country's numbering plan. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { E164 } from './e164.ts'

/**
 * True for premium-rate numbers only: shared-cost numbers cost as much as a carrier's price list says, and a range that
 * libphonenumber does not know is none. About 10 µs.
 */
export const isPremiumRate = (number: E164): boolean =>
  parsePhoneNumberFromString(number)?.getType() === 'PREMIUM_RATE'
