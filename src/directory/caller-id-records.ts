/** What says which number a callee sees: rules of organisations, numbers that were proved, lists of carriers. */
import type { IdentityHeader } from '../telephony/caller-identity.ts'
import type { Country, E164 } from '../telephony/e164.ts'
import type { NumberFormat } from '../telephony/number-form.ts'

export const PRESENTATIONS = ['allowed', 'withheld'] as const
export type Presentation = (typeof PRESENTATIONS)[number]

/** What help is told of who calls it. */
export type EmergencyIdentity = {
  /** Registered with the carrier for this place. */
  readonly emergencyCallerId?: E164 | undefined
  /** The street address, for people. */
  readonly emergencyAddress?: string | undefined
  /** A location by reference (RFC 6442): `https://lis.example.net/9f3c`. */
  readonly emergencyLocationUri?: string | undefined
}

/** Of an organisation. */
export type OrganizationCallerId = EmergencyIdentity & {
  /** Shown where there is no default caller ID. */
  readonly mainNumber?: E164 | undefined
}

/** Of a user. */
export type UserCallerId = EmergencyIdentity & {
  /** Default `allowed`. */
  readonly presentation?: Presentation | undefined
}

export const CALLER_ID_POLICIES = ['any', 'owned', 'listed'] as const
/** Which numbers a carrier takes: every one that may be shown; the organisation's own and its list; its list alone. */
export type CallerIdPolicy = (typeof CALLER_ID_POLICIES)[number]

/** Of a carrier. */
export type CarrierCallerId = {
  /** Default `any`. */
  readonly callerIdPolicy?: CallerIdPolicy | undefined
}

/** Of a gateway: how it wants to be told who calls. */
export type GatewayCallerId = {
  /** P-Asserted-Identity (RFC 3325, the default), Remote-Party-ID, or neither. */
  readonly identityHeader?: IdentityHeader | undefined
  /** True: it is told the number of who withholds it, and keeps it to itself. Default false. */
  readonly trustsIdentity?: boolean | undefined
  /** Of the number in From and in that header; default `plus`. */
  readonly callerIdFormat?: NumberFormat | undefined
  /** With `national`: whose. */
  readonly callerIdCountry?: Country | undefined
  /** Calls over it carry a signed Identity where the engine has a key. Default false. */
  readonly signsIdentity?: boolean | undefined
}

export const CALLER_ID_RULE_KINDS = ['override', 'default', 'local-presence'] as const
export type CallerIdRuleKind = (typeof CALLER_ID_RULE_KINDS)[number]

/** Which number is shown to destinations in `country`, or with the leading digits `prefix`: one of the two. */
export type CallerIdRule = {
  readonly id: number
  readonly organizationId: number
  readonly kind: CallerIdRuleKind
  readonly country: Country | undefined
  /** 1 to 15 digits, without plus. */
  readonly prefix: string | undefined
  /** At least one; several take turns. */
  readonly numbers: readonly E164[]
  /** Local presence stands in for a number that was asked for with the call, too. */
  readonly replacesRequested: boolean
  readonly enabled: boolean
}

/** A number that is not ours, and whose owner proved that it is his. */
export type VerifiedNumber = {
  readonly id: number
  readonly organizationId: number
  /** Who may show it; undefined: every user of the organisation. */
  readonly userId: number | undefined
  readonly number: E164
  /** Milliseconds since the epoch. */
  readonly verifiedAt: number
}

/** A number that a carrier takes from an organisation. */
export type CarrierNumber = {
  readonly id: number
  readonly carrierId: number
  readonly organizationId: number
  readonly number: E164
  readonly verified: boolean
}

export type CallerIdRows = {
  readonly rules: readonly CallerIdRule[]
  /** Those that count now. */
  readonly verified: readonly VerifiedNumber[]
  readonly carrierNumbers: readonly CarrierNumber[]
}
