/** For whom a switch asks, and which of its customers' numbers it says is calling. Pure. */
import type { Directory } from '../directory/directory.ts'
import type { Organization } from '../directory/records.ts'
import { isE164, parseNumber, type E164 } from '../telephony/e164.ts'
import type { RedirectAsk } from './redirect-answer.ts'

/**
 * The organisation whose SIP domain the ask names; else that of the header; else the only one that there is.
 * Undefined: refused, for nobody is to call at another's cost.
 */
export const organizationOf = (
  { organizationDomains, organizationId }: Pick<RedirectAsk, 'organizationDomains' | 'organizationId'>,
  directory: Pick<Directory, 'organization' | 'organizationOfDomain' | 'organizations'>,
): Organization | undefined => {
  for (const domain of organizationDomains) {
    const organization = directory.organizationOfDomain(domain)
    if (organization !== undefined) return organization
  }
  if (organizationId !== undefined) return directory.organization(organizationId)
  const all = directory.organizations()
  return all.length === 1 ? all[0] : undefined
}

/** The caller's number: E.164, national as in the organisation's country, or international without its plus sign. */
export const callerOf = (
  { callerNumber }: Pick<RedirectAsk, 'callerNumber'>,
  { country }: Pick<Organization, 'country'>,
): E164 | undefined => {
  if (callerNumber === undefined) return undefined
  if (isE164(callerNumber)) return callerNumber
  return (parseNumber(callerNumber, country) ?? parseNumber(`+${callerNumber}`, country))?.number
}
