/**
 * The country of a number by its first digits, as a table that SQL can read: the longest key that the digits begin with
 * tells. Area codes of +1 have their own country, Kazakhstan its own part of +7; of the other codes that are shared, the
 * country of most numbers stands for all (+44 is GB also for Jersey: a price list does not tell them apart by country).
 */
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max'
import { NPA_STATES } from '../telephony/npa-states.ts'

/** No key is longer. */
export const LONGEST_CODE = 4

/** Digits without plus to ISO 3166-1: `44` to GB, `1876` to JM. */
export const countriesByCode = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    getCountries().flatMap((country) => {
      const code = getCountryCallingCode(country)
      return SHARED[code] === undefined ? [[code, country] as const] : []
    }),
  ),
  ...SHARED,
  ...Object.fromEntries([...NPA_STATES].map(([npa, { country }]) => [`1${npa}`, country])),
  '76': 'KZ',
  '77': 'KZ',
})

/** The main country of a calling code that has several (ITU-T E.164, Annex to Operational Bulletin 1114). */
const SHARED: Readonly<Record<string, string>> = {
  '1': 'US',
  '7': 'RU',
  '39': 'IT',
  '44': 'GB',
  '47': 'NO',
  '61': 'AU',
  '212': 'MA',
  '262': 'RE',
  '290': 'SH',
  '358': 'FI',
  '590': 'GP',
  '599': 'CW',
}
