import { parsePhoneNumberFromString, isSupportedCountry, type CountryCode } from 'libphonenumber-js/max'
import { EngineError } from '../base/errors.ts'

/** A number in E.164 form with its plus sign: `+442079460123` (ITU-T E.164: at most 15 digits). */
export type E164 = string & { readonly __brand: 'E164' }

/** An ISO 3166 country that libphonenumber knows. */
export type Country = CountryCode

export const isCountry = (text: string): text is Country => isSupportedCountry(text)

/** Accepts only the canonical form; throws TELEPHONY_BAD_E164 naming the value. */
export const asE164 = (text: string): E164 => {
  if (!isE164(text))
    throw new EngineError(
      'TELEPHONY_BAD_E164',
      `"${clip(text)}" is not a number in E.164 form such as +442079460123`,
    )
  return text
}

export const isE164 = (text: string): text is E164 => /^\+[1-9]\d{5,14}$/.test(text)

/** The digits without the plus sign: what rate decks are keyed on. */
export const digitsOf = (number: E164): string => number.slice(1)

export type Parsed = {
  readonly number: E164
  readonly country: Country | undefined
  readonly valid: boolean
  /** A premium-rate number: its callee is paid by the caller. Shared-cost numbers are none. */
  readonly premium?: true
}

/**
 * What was dialled from a phone in `country`, as E.164, or undefined where it is no possible number. `valid`
 * says whether the numbering plan has such numbers; carriers know ranges before libphonenumber does, so an
 * invalid but possible number is still routed.
 */
export const parseNumber = (dialled: string, country: Country): Parsed | undefined => {
  // 011/00 and the like are read by libphonenumber from the country's plan; letters and extensions are not dialled.
  if (!/^\+?[\d\s().-]{1,40}$/.test(dialled)) return undefined
  const parsed = parsePhoneNumberFromString(dialled, { defaultCountry: country, extract: false })
  if (parsed === undefined || !parsed.isPossible() || !isE164(parsed.number)) return undefined
  // The type is what isValid looks for: asked once, it answers both.
  const type = parsed.getType()
  return {
    number: parsed.number,
    country: parsed.country,
    valid: type !== undefined || parsed.isValid(),
    ...(type === 'PREMIUM_RATE' ? { premium: true } : {}),
  }
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text)
