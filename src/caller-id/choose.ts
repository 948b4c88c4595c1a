/**
 * The number that a callee sees. The first that is allowed wins: asked for with the call, the user's own, the
 * organisation's. A number is allowed when it is one of the organisation's.
 */
import type { Directory } from '../directory/directory.ts'
import type { Organization, User } from '../directory/records.ts'
import { parseNumber, type E164 } from '../telephony/e164.ts'

export type CallerIdChoice = { readonly number: E164 | undefined; readonly trace: readonly string[] }

/** What was asked for, as a number that may be shown, or the reason why not. */
export type RequestedCallerId =
  { readonly ok: true; readonly number: E164 } | { readonly ok: false; readonly why: string }

export const checkCallerId = (
  requested: string,
  organization: Organization,
  directory: Directory,
): RequestedCallerId => {
  const parsed = parseNumber(requested, organization.country)
  if (parsed === undefined)
    return { ok: false, why: `caller ID "${requested.slice(0, 40)}" is no telephone number` }
  if (!directory.ownsNumber(organization.id, parsed.number)) {
    return { ok: false, why: `caller ID ${parsed.number} is not a number of ${organization.name}` }
  }
  return { ok: true, number: parsed.number }
}

export const chooseCallerId = (
  organization: Organization,
  user: User | undefined,
  requested: E164 | undefined,
  directory: Directory,
): CallerIdChoice => {
  const candidates: readonly (readonly [E164 | undefined, string])[] = [
    [requested, 'asked for with the call'],
    [user?.callerId, `of user ${user?.extension ?? ''}`],
    [organization.defaultCallerId, `of ${organization.name}`],
  ]
  const trace: string[] = []
  for (const [number, whose] of candidates) {
    if (number === undefined) continue
    if (directory.ownsNumber(organization.id, number)) {
      return { number, trace: [...trace, `caller ID ${number} (${whose})`] }
    }
    trace.push(`caller ID ${number} (${whose}) is not a number of the organisation's: passed over`)
  }
  return { number: undefined, trace: [...trace, 'no caller ID: the organisation has no number of its own'] }
}
