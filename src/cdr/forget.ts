/**
 * A person's number taken out of what is kept of calls. Pure: given a value, the value without the number. `erase` leaves
 * nothing of it, `mask` its leading digits, so that what is counted by destination stays countable.
 *
 * It is only asked about calls in which the number took part. There the national form means the same number, and a
 * name that stood beside the number in one place is the same person in another.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { digitsOf, type E164 } from '../telephony/e164.ts'

export const ERASURE_MODES = ['erase', 'mask'] as const
export type ErasureMode = (typeof ERASURE_MODES)[number]

export type Forget = {
  /** A field that is a number and nothing else. */
  readonly isNumber: (text: string | null) => boolean
  /** That field without it: null where nothing is left. */
  readonly number: (text: string | null) => string | null
  /** Text in which it may stand, among other things; `names` are replaced where they are the whole text. */
  readonly text: (text: string, names?: ReadonlySet<string>) => string
  /** Whatever JSON can hold. The same value comes back where nothing was found. */
  readonly json: (value: unknown, names?: ReadonlySet<string>) => unknown
}

/** What stands where something was that must not be missing. */
export const ERASED = 'erased'

export const createForget = (number: E164, mode: ErasureMode): Forget => {
  const digits = digitsOf(number)
  const national = nationalOf(number)
  const whole = new Set([digits, `00${digits}`, `011${digits}`, ...(national === undefined ? [] : national)])
  const inside = insideOf(digits, national ?? [])
  const left = (found: string): string => (mode === 'mask' ? masked(found) : ERASED)

  const isNumber = (text: string | null): boolean =>
    text !== null && /^\+?[\d ().-]{1,60}$/.test(text) && whole.has(text.replace(/\D/g, ''))
  const inText = (text: string, names?: ReadonlySet<string>): string =>
    names?.has(text) === true
      ? ERASED
      : text.replace(inside, (found, uuid: string | undefined) => (uuid === undefined ? left(found) : found))
  const inJson = (value: unknown, names?: ReadonlySet<string>): unknown => {
    if (typeof value === 'string') return inText(value, names)
    if (typeof value === 'number') return String(value) === digits ? left(String(value)) : value
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value
      const changed = items.map((item) => inJson(item, names))
      return changed.some((item, at) => item !== items[at]) ? changed : value
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
    const beside = namesBeside(entries, isNumber)
    const changed = entries.map(
      ([key, item]) =>
        [inText(key), beside.has(key) && typeof item === 'string' ? ERASED : inJson(item, names)] as const,
    )
    return changed.some(([key, item], at) => key !== entries[at]?.[0] || item !== entries[at][1])
      ? Object.fromEntries(changed)
      : value
  }
  return {
    isNumber,
    number: (text) => (!isNumber(text) || text === null ? text : mode === 'mask' ? masked(text) : null),
    text: inText,
    json: inJson,
  }
}

/** Keys that stand for the name of whoever the number is of: `callerName` beside `callerNumber`, `name` beside `number`. */
const namesBeside = (
  entries: readonly (readonly [key: string, item: unknown])[],
  isNumber: Forget['isNumber'],
): ReadonlySet<string> =>
  new Set(
    entries.flatMap(([key, item]) =>
      typeof item === 'string' && isNumber(item) && /number$/i.test(key)
        ? [key.replace(/number$/i, (word) => (word.startsWith('N') ? 'Name' : 'name'))]
        : [],
    ),
  )

/** With and without the digit that leads national numbers; undefined: the plan is not known. */
const nationalOf = (number: E164): readonly string[] | undefined => {
  const parsed = parsePhoneNumberFromString(number)
  if (parsed === undefined) return undefined
  const dialled = parsed.formatNational().replace(/\D/g, '')
  const significant: string = parsed.nationalNumber
  return significant.length < LEAST_NATIONAL ? undefined : [...new Set([dialled, significant])]
}

/** Shorter ones are found in what is no number. */
const LEAST_NATIONAL = 7

/** People write numbers in groups. Bounded, so that it stays linear in what strangers wrote. */
const insideOf = (digits: string, national: readonly string[]): RegExp => {
  const spaced = (text: string): string => text.replace(/\d(?=\d)/g, '$&[ ().-]{0,2}')
  const forms = [`(?:\\+|00|011)?${spaced(digits)}`, ...national.map(spaced)]
  // A uuid may hold the digits by chance; it is matched first, and stays.
  return new RegExp(`(?<uuid>${UUID})|(?<!\\d)(?:${forms.join('|')})(?!\\d)`, 'g')
}

const UUID = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

const HIDDEN_DIGITS = 6

/** `+442079460123` as `+442079xxxxxx`: at most half of a short number. */
const masked = (text: string): string => {
  const count = text.replace(/\D/g, '').length
  let left = count - Math.min(HIDDEN_DIGITS, Math.ceil(count / 2))
  return text.replace(/\d/g, (digit) => (left-- > 0 ? digit : 'x'))
}
