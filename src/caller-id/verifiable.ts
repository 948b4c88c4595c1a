/** Which numbers may be proved to be somebody's: those that a person answers, and that nobody is paid for being called. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { parseNumber, type Country, type E164 } from '../telephony/e164.ts'

export type Verifiable =
  { readonly ok: true; readonly number: E164 } | { readonly ok: false; readonly why: string }

/** Calls and messages to these earn their owner money, or reach no person. */
const REFUSED: readonly string[] = ['PREMIUM_RATE', 'SHARED_COST', 'PAGER', 'VOICEMAIL', 'UAN']

export const verifiable = (given: string, country: Country): Verifiable => {
  const parsed = parseNumber(given, country)
  if (parsed === undefined) return { ok: false, why: 'it is no telephone number' }
  if (!parsed.valid) return { ok: false, why: 'the numbering plan has no such number' }
  const type = parsePhoneNumberFromString(parsed.number)?.getType()
  if (type !== undefined && REFUSED.includes(type))
    return { ok: false, why: 'such a number cannot be shown to a callee' }
  return { ok: true, number: parsed.number }
}
