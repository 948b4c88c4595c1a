/**
 * How a gateway wants the called number, and nothing else about it. A form is compiled once per gateway
 * (`createNumberForm`) and holds nothing of another's, so one attempt's prefix can never stand in the next one's
 * number. What FreeSWITCH could not dial is an error here, never a guess. The rules for patterns stand in
 * number-pattern.ts.
 *
 * The steps run from the number outwards, always in this order:
 *
 * 1. format: `plus` +442079460123, `digits` 442079460123, `national` as dialled in `country`;
 * 2. strip: so many leading digits off, by the operator's own count. Never "as long as the prefix that matched":
 *    mod_lcr cuts by the matched prefix, and the number then changes whenever the carrier loads a finer deck;
 * 3. pattern: it is written for the number as the two steps before show it;
 * 4. prefix: the route at the carrier, which the carrier reads in front of the number;
 * 5. techPrefix: whose account it is; a carrier's switch reads it first and cuts it off, so it stands outermost.
 */
import { getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { EngineError } from '../base/errors.ts'
import { asE164, isCountry, type Country, type E164 } from './e164.ts'
import { compileNumberPattern, type RewriteNumber } from './number-pattern.ts'

export type NumberForm = {
  readonly format: NumberFormat
  /** Whose national form, for `national`. */
  readonly country: Country | undefined
  /** Leading digits taken off after formatting; the plus sign goes with the first of them. */
  readonly strip: number
  /** A regular expression (see number-pattern.ts); its first match is replaced. A number without one stays. */
  readonly pattern: string | undefined
  /** What stands in for the match: digits, +, *, # and $1 to $9. Without one the match is taken out. */
  readonly replacement: string | undefined
  readonly prefix: string
  readonly techPrefix: string
}

export const NUMBER_FORMATS = ['plus', 'digits', 'national'] as const
export type NumberFormat = (typeof NUMBER_FORMATS)[number]

export const DEFAULT_NUMBER_FORM: NumberForm = {
  format: 'plus',
  country: undefined,
  strip: 0,
  pattern: undefined,
  replacement: undefined,
  prefix: '',
  techPrefix: '',
}

/** Throws TELEPHONY_BAD_NUMBER_FORM where the result could not be dialled (`+?[0-9*#]`, 1 to 32 of them). */
export type FormNumber = (number: E164) => string

/** Compiles a form; throws TELEPHONY_BAD_NUMBER_FORM as `numberFormOf` does. */
export const createNumberForm = (form: NumberForm): FormNumber => {
  const { format, country, strip, pattern, replacement, prefix, techPrefix } = numberFormOf(form)
  const front = techPrefix + prefix
  const formatted = formatter(format, country)
  const rewrite = pattern === undefined ? undefined : compileNumberPattern(pattern, replacement ?? '')
  if (rewrite === undefined && strip === 0 && front === '') return formatted
  return (number) => finish(front, rewritten(stripped(formatted(number), strip), rewrite))
}

/** One number in one form. Compiles the form each time: for explaining and checking, not for routing. */
export const formNumber = (number: E164, form: NumberForm): string => createNumberForm(form)(number)

/**
 * A form as an operator or a row gives it; what is left out (or null) is as in DEFAULT_NUMBER_FORM. Throws
 * TELEPHONY_BAD_NUMBER_FORM naming the field.
 */
export const numberFormOf = (given: unknown): NumberForm => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw bad('form', 'is no object with format, country, strip, pattern, replacement, prefix, techPrefix')
  const fields = new Map<string, unknown>(Object.entries(given))
  for (const name of fields.keys()) if (!FIELDS.includes(name)) throw bad(name, 'is no part of a number form')
  const form: NumberForm = {
    format: formatOf(fields.get('format') ?? DEFAULT_NUMBER_FORM.format),
    country: countryOf(fields.get('country') ?? undefined),
    strip: stripOf(fields.get('strip') ?? 0),
    pattern: textOf('pattern', fields.get('pattern') ?? undefined),
    replacement: textOf('replacement', fields.get('replacement') ?? undefined),
    prefix: prefixOf('prefix', fields.get('prefix') ?? ''),
    techPrefix: prefixOf('techPrefix', fields.get('techPrefix') ?? ''),
  }
  checkTogether(form)
  return form
}

const FIELDS: readonly string[] = Object.keys(DEFAULT_NUMBER_FORM)

const checkTogether = ({
  format,
  country,
  strip,
  pattern,
  replacement,
  prefix,
  techPrefix,
}: NumberForm): void => {
  if (format === 'national' && country === undefined)
    throw bad('country', 'is missing: the national format is one of a country')
  if (pattern === undefined && replacement !== undefined)
    throw bad('replacement', 'is given without a pattern')
  if (pattern !== undefined) compileNumberPattern(pattern, replacement ?? '')
  if (techPrefix !== '' && prefix.startsWith('+'))
    throw bad('prefix', 'begins with +, which cannot stand behind the tech prefix')
  if (prefix + techPrefix !== '' && format === 'plus' && strip === 0 && pattern === undefined)
    throw bad('format', 'is plus, and a prefix cannot stand before a +: take digits')
}

const formatOf = (given: unknown): NumberFormat => {
  const format = NUMBER_FORMATS.find((known) => known === given)
  if (format === undefined) throw bad('format', `is none of ${NUMBER_FORMATS.join(', ')}`)
  return format
}

const countryOf = (given: unknown): Country | undefined => {
  if (given === undefined) return undefined
  if (typeof given !== 'string' || !isCountry(given)) throw bad('country', 'is no country such as GB')
  return given
}

const MOST_STRIPPED = 15 // E.164 has no more digits
const stripOf = (given: unknown): number => {
  if (typeof given !== 'number' || !Number.isInteger(given) || given < 0 || given > MOST_STRIPPED)
    throw bad('strip', `is no whole number from 0 to ${MOST_STRIPPED}`)
  return given
}

const textOf = (field: string, given: unknown): string | undefined => {
  if (given !== undefined && typeof given !== 'string') throw bad(field, 'is no text')
  return given
}

const prefixOf = (field: string, given: unknown): string => {
  if (typeof given !== 'string' || !/^\+?[\d*#]{0,20}$/.test(given) || given.length > 20)
    throw bad(field, 'is not made of at most 20 of 0-9, * and #, with a + only in front')
  return given
}

/** A formatter that needs the least: the plain ones are one slice, or nothing at all. */
const formatter = (format: NumberFormat, country: Country | undefined): FormNumber => {
  if (format === 'plus') return (number) => number
  if (format === 'digits' || country === undefined) return (number) => number.slice(1)
  return nationalFormatter(country)
}

const stripped = (text: string, count: number): string =>
  count === 0 ? text : text.slice(text.startsWith('+') ? count + 1 : count)

const rewritten = (text: string, rewrite: RewriteNumber | undefined): string =>
  rewrite === undefined ? text : rewrite(text)

const finish = (front: string, text: string): string => {
  // A front alone would dial the carrier's own number.
  const sent = text === '' ? '' : front + text
  if (!DIALABLE.test(sent))
    throw new EngineError(
      'TELEPHONY_BAD_NUMBER_FORM',
      text === ''
        ? 'the number form leaves nothing of this number to dial'
        : 'the number form makes of this number what cannot be dialled',
      { digits: text.length },
    )
  return sent
}

/** As telephony/dial-string takes it. */
const DIALABLE = /^\+?[\d*#]{1,32}$/

/**
 * Numbers under `country`'s calling code as libphonenumber writes them nationally (a Canadian number from the US
 * and one of Guernsey from GB are dialled like domestic ones); others behind the international prefix.
 * libphonenumber takes 17 µs for one and looks at the leading digits and the length, so a number is written as the
 * first one of its ten thousand is, and that is kept. Always the first: what is sent never depends on what was
 * asked before.
 */
const nationalFormatter = (country: Country): FormNumber => {
  const own = `+${getCountryCallingCode(country)}`
  const international = internationalPrefix(country)
  const heads = new Map<string, string | undefined>()
  return (number) => {
    if (!number.startsWith(own)) return international + number.slice(1)
    if (number.length < own.length + SHORTEST_IN_BLOCK) return national(number, international)
    const block = `${number.length}${number.slice(0, -4)}`
    let head = heads.get(block)
    if (head === undefined && !heads.has(block)) {
      head = headOf(national(`${number.slice(0, -4)}0000`, international))
      if (heads.size >= MOST_BLOCKS) heads.clear()
      heads.set(block, head)
    }
    return head === undefined ? national(number, international) : head + number.slice(-4)
  }
}

/** Undefined where the last four digits are not the number's own: the block has no common head. */
const headOf = (digits: string): string | undefined =>
  digits.endsWith('0000') ? digits.slice(0, -4) : undefined

/** Shorter national numbers are told apart by later digits (Germany, China: measured), so each is asked for. */
const SHORTEST_IN_BLOCK = 9
const MOST_BLOCKS = 4096

const national = (number: string, international: string): string =>
  parsePhoneNumberFromString(number)?.formatNational().replace(/\D/g, '') ?? international + number.slice(1)

/** 011 from the US, 0011 from Australia. Countries that choose the carrier by it have no single one: 00 (E.164). */
const internationalPrefix = (country: Country): string => {
  const abroad = asE164(getCountryCallingCode(country) === '44' ? '+12133734253' : '+442079460123')
  const dialled = parsePhoneNumberFromString(abroad)?.format('IDD', { fromCountry: country })
  return dialled?.replace(/\D/g, '').slice(0, 1 - abroad.length) ?? '00'
}

const bad = (field: string, why: string): EngineError =>
  new EngineError('TELEPHONY_BAD_NUMBER_FORM', `${field} ${why}`, { field })
