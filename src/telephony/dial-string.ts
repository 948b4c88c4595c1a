/**
 * Dial strings: what `originate` and `bridge` eat. This file is the only place where one is put together.
 * FreeSWITCH reads a `{}` block in three passes (switch_ivr_originate.c, switch_event_create_brackets and
 * switch_separate_string); the escapes below undo all three, measured to round-trip every printable
 * character and UTF-8. What no escape can carry is refused.
 */
import { EngineError } from '../base/errors.ts'

/** Something that FreeSWITCH may dial, with nothing in it left to escape. */
export class DialString {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }

  /** `sofia/gateway/<name>/<number>`; sofia sends the number as it stands, so it is written as a URI wants it. */
  static gateway(name: string, number: string, variables: LegVariables = NO_VARIABLES): DialString {
    return new DialString(`${brackets(variables)}sofia/gateway/${gatewayName(name)}/${dialledNumber(number)}`)
  }

  /**
   * A registered phone, found by FreeSWITCH when it dials: one `sofia_contact` a device, each leg with its own
   * variables (a shared origination_uuid would be a "Duplicate UUID!").
   */
  static phones(
    profile: string,
    domain: string,
    devices: readonly { readonly username: string; readonly variables: LegVariables }[],
  ): DialString {
    if (devices.length === 0)
      throw new EngineError('TELEPHONY_EMPTY_DIAL_STRING', 'there is no device to dial')
    const contacts = devices.map(
      ({ username, variables }) =>
        `${brackets(variables)}\${sofia_contact(${word(profile, 'profile')}/${word(username, 'device')}@${word(domain, 'domain')})}`,
    )
    return new DialString(contacts.join(','))
  }

  /**
   * One phone for `originate`, which expands no `${...}`: the user endpoint asks the directory for the device's
   * dial-string and expands that (mod_dptools.c, user_outgoing_channel).
   */
  static user(username: string, domain: string, variables: LegVariables = {}): DialString {
    return new DialString(`${brackets(variables)}user/${word(username, 'device')}@${word(domain, 'domain')}`)
  }

  /** Several phones at once, for `originate`: the first that answers takes the call. */
  static users(
    domain: string,
    devices: readonly { readonly username: string; readonly variables: LegVariables }[],
  ): DialString {
    if (devices.length === 0)
      throw new EngineError('TELEPHONY_EMPTY_DIAL_STRING', 'there is no device to dial')
    return new DialString(
      devices.map(({ username, variables }) => DialString.user(username, domain, variables).#text).join(','),
    )
  }

  /**
   * The same target with call-wide variables in front, whose values may be free text. For the `originate`
   * command only: its arguments are separated at blanks first, a pass that `bridge` does not have.
   */
  withVariables(variables: Readonly<Record<string, string>>): DialString {
    const block = Object.entries(variables).map(
      ([name, value]) => `${variableName(name)}=${escapeValue(name, value)}`,
    )
    return block.length === 0 ? this : new DialString(`{${block.join(',')}}${this.#text}`)
  }
}

/** Variables of one leg (`[]`). FreeSWITCH cannot carry quotes, bars or brackets there: values are plain words. */
export type LegVariables = Readonly<Record<string, string | number>>

const NO_VARIABLES: LegVariables = {}

const brackets = (variables: LegVariables): string => {
  if (variables === NO_VARIABLES) return ''
  const pairs = Object.entries(variables).map(([name, value]) => {
    const text = String(value)
    // ^ for codec lists (^^:PCMA:PCMU): it changes the delimiter at the beginning of a block, where a name stands.
    if (!/^[\w.:@+<>;=~/^-]*$/.test(text) || text.includes(':_:')) {
      throw unsafe(name, text, 'a leg variable takes plain words only')
    }
    return `${variableName(name)}=${text}`
  })
  return pairs.length === 0 ? '' : `[${pairs.join(',')}]`
}

/** Escapes a value for a `{}` block so that it reads back as it was. Throws TELEPHONY_UNSAFE_VALUE. */
export const escapeValue = (name: string, value: string): string => {
  if (hasControls(value)) throw unsafe(name, value, 'it has control characters')
  if (value.includes('${')) throw unsafe(name, value, 'FreeSWITCH would expand ${')
  if (value.includes(':_:')) throw unsafe(name, value, ':_: separates dial strings')
  if (value.startsWith('^^')) throw unsafe(name, value, 'a leading ^^ changes the delimiter')
  if (!balanced(value)) throw unsafe(name, value, 'its braces do not match')
  return outermost(list(innermost(value)))
}

/** Control characters but tab, line feed and carriage return, which have escapes. */
const hasControls = (text: string): boolean =>
  Array.from(text).some(
    (character) => (character < ' ' && !'\t\n\r'.includes(character)) || character === '\u007f',
  )

const innermost = (text: string): string =>
  text
    .replace(/[\\']/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/^ +| +$/g, (spaces) => '\\s'.repeat(spaces.length))
const list = (text: string): string => text.replace(/[\\',]/g, '\\$&')
const outermost = (text: string): string => text.replace(/[\\']/g, '\\$&').replace(/ /g, '\\s')

const balanced = (text: string): boolean => {
  let depth = 0
  for (const character of text) {
    if (character === '{') depth += 1
    if (character === '}') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}

const variableName = (name: string): string => {
  if (!/^[A-Za-z][\w.-]{0,99}$/.test(name))
    throw unsafe('variable name', name, 'a variable is named in letters, digits, _ . and -')
  return name
}

/** Gateways are named `[\w.-]`; sofia ignores any other (sofia.c, parse_gateways). */
const gatewayName = (name: string): string => word(name, 'gateway')

const word = (text: string, what: string): string => {
  if (!/^[\w.-]{1,128}$/.test(text))
    throw unsafe(what, text, 'only letters, digits, _ . and - can be dialled')
  return text
}

const dialledNumber = (number: string): string => {
  if (!/^\+?[\d*#]{1,32}$/.test(number))
    throw unsafe('number', number, 'only digits, *, # and a leading + can be dialled')
  // RFC 3261, 25.1: a # stands in no user part; a strict carrier takes it for the end of the URI, or for none.
  return number.includes('#') ? number.replaceAll('#', '%23') : number
}

const unsafe = (field: string, value: string, why: string): EngineError =>
  new EngineError(
    'TELEPHONY_UNSAFE_VALUE',
    `${field}: ${JSON.stringify(value.slice(0, 60))} is refused: ${why}`,
    { field },
  )
