import { parseNumber, type Country, type E164 } from './e164.ts'

/**
 * What was dialled, decided before anything is parsed to E.164: 112 must never become a London number, and
 * extension 2345 never a short code.
 */
export type NumberClass =
  | { readonly kind: 'emergency'; readonly number: string }
  | { readonly kind: 'extension'; readonly number: string }
  | { readonly kind: 'feature-code'; readonly number: string }
  | { readonly kind: 'short-code'; readonly number: string }
  | {
      readonly kind: 'e164'
      readonly number: E164
      readonly country: Country | undefined
      readonly valid: boolean
      readonly premium?: true
    }
  | { readonly kind: 'invalid'; readonly number: string; readonly why: string }

/** What the caller's organisation has: its extensions, and the country whose dial plan its phones use. */
export type DialPlan = {
  readonly country: Country
  readonly isExtension: (dialled: string) => boolean
}

/**
 * Emergency numbers that are routed whatever the country: 112 (ITU-T E.161.1 alternative, GSM), 911 and 999 by
 * habit. A country's own come on top.
 */
export const EMERGENCY_ANYWHERE: readonly string[] = ['112', '911', '999']
const EMERGENCY_BY_COUNTRY: Readonly<Partial<Record<Country, readonly string[]>>> = {
  AU: ['000', '106'],
  AT: ['122', '133', '144'],
  BR: ['190', '192', '193'],
  CH: ['117', '118', '144'],
  CN: ['110', '119', '120'],
  DE: ['110'],
  ES: ['061', '080', '091'],
  FR: ['15', '17', '18', '114'],
  IE: [],
  IN: ['100', '101', '102', '108'],
  IT: ['113', '115', '118'],
  JP: ['110', '118', '119'],
  NZ: ['111'],
  US: ['933'],
  ZA: ['10111', '10177'],
}

export const emergencyNumbers = (country: Country): readonly string[] => [
  ...EMERGENCY_ANYWHERE,
  ...(EMERGENCY_BY_COUNTRY[country] ?? []),
]

/** Order: emergency, extension, feature code, short code, E.164. */
export const classify = (dialled: string, plan: DialPlan): NumberClass => {
  const number = dialled.replace(/[\s().-]/g, '')
  if (emergencyNumbers(plan.country).includes(number)) return { kind: 'emergency', number }
  if (plan.isExtension(number)) return { kind: 'extension', number }
  if (/^[*#][\d*#]{1,19}$/.test(number)) return { kind: 'feature-code', number }
  if (number === '') return { kind: 'invalid', number: dialled, why: 'nothing was dialled' }
  if (!/^\+?\d{1,20}$/.test(number)) {
    return { kind: 'invalid', number: dialled, why: 'it has characters that are not dialled' }
  }
  const parsed = parseNumber(number, plan.country)
  // A valid number wins over a short code; the rest of what is short is the network's own service.
  if (parsed?.valid !== true && /^\d{2,6}$/.test(number)) return { kind: 'short-code', number }
  if (parsed === undefined) {
    return {
      kind: 'invalid',
      number: dialled,
      why: `it is no possible number in the dial plan of ${plan.country}`,
    }
  }
  return { kind: 'e164', ...parsed }
}
