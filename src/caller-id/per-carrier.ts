/**
 * The caller ID of one attempt: what this carrier takes, in the form and the header that its gateway wants. A carrier
 * that does not take the chosen number gets the organisation's default, or one of its own list, or none: what is shown
 * is never a number that nobody vouches for at this carrier.
 */
import type { AttemptCallerId } from '../call/caller-id.ts'
import type { Directory } from '../directory/directory.ts'
import type { Carrier, Gateway, Organization, User } from '../directory/records.ts'
import type { Attestation } from '../telephony/caller-identity.ts'
import type { E164 } from '../telephony/e164.ts'
import { standingOf } from './choose.ts'

export type CarriedBy = {
  readonly number: E164 | undefined
  /** Why it is not the one that was chosen. */
  readonly why: string | undefined
}

/** Whether the carrier takes the number from this organisation. */
export const isTaken = (
  number: E164,
  carrier: Pick<Carrier, 'id' | 'callerIdPolicy'>,
  organization: Pick<Organization, 'id'>,
  user: Pick<User, 'id'> | undefined,
  directory: Directory,
): boolean => {
  const { callerIdPolicy = 'any' } = carrier
  if (directory.callerIds.isListedAt(carrier.id, organization.id, number)) return true
  if (callerIdPolicy === 'listed') return false
  const standing = standingOf(number, organization, user, directory)
  return standing === 'owned' || (standing === 'verified' && callerIdPolicy === 'any')
}

export const callerIdOver = (
  chosen: E164 | undefined,
  carrier: Pick<Carrier, 'id' | 'name' | 'callerIdPolicy'>,
  organization: Organization,
  user: User | undefined,
  directory: Directory,
): CarriedBy => {
  if (chosen === undefined || isTaken(chosen, carrier, organization, user, directory))
    return { number: chosen, why: undefined }
  const instead = [
    organization.defaultCallerId,
    organization.mainNumber,
    ...directory.callerIds.listedAt(carrier.id, organization.id),
  ].find((number) => number !== undefined && isTaken(number, carrier, organization, user, directory))
  return {
    number: instead,
    why: `${carrier.name} does not take ${chosen}: ${instead ?? 'no number'} is shown over it`,
  }
}

export type AttemptAsk = {
  readonly number: E164 | undefined
  readonly withheld: boolean
  readonly gateway: Gateway
  readonly organization: Organization
  readonly user: User | undefined
  readonly directory: Directory
  readonly locationUri?: string | undefined
}

export const attemptCallerId = (ask: AttemptAsk): AttemptCallerId => {
  const { number, withheld, gateway, organization, directory, locationUri } = ask
  return {
    number,
    sent: number === undefined ? undefined : directory.callerIds.formOf(gateway)(number),
    withheld,
    header: gateway.identityHeader ?? 'pai',
    trusted: gateway.trustsIdentity ?? false,
    // An address of IPv6 needs brackets, which a dial string cannot carry.
    host: gateway.hostname.includes(':') ? organization.sipDomain : gateway.hostname,
    ...(locationUri === undefined ? {} : { locationUri }),
    ...(gateway.signsIdentity === true && number !== undefined ? { attestation: attestationOf(ask) } : {}),
  }
}

/** RFC 8588: who calls is a user of ours in any case; the number is his where it is owned or proved. */
const attestationOf = ({ number, organization, user, directory }: AttemptAsk): Attestation => {
  const standing = number === undefined ? undefined : standingOf(number, organization, user, directory)
  if (user === undefined) return 'C'
  return standing === 'owned' || standing === 'verified' ? 'A' : 'B'
}
