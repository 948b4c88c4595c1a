/** What the engine knows of its customers and carriers: the rows of the database as domain values. */
import type { Country, E164 } from '../telephony/e164.ts'
import type { Money } from '../telephony/money.ts'
import type { Tariff } from '../telephony/tariff.ts'

export type Organization = {
  readonly id: number
  readonly name: string
  /** The SIP domain of its phones, unique. */
  readonly sipDomain: string
  /** The country whose dial plan its phones use. */
  readonly country: Country
  readonly currency: string
  readonly defaultCallerId: E164 | undefined
  readonly lcrProfileId: number | undefined
  /** Seeded by the trial; an organisation that is not the demo's ends the trial. */
  readonly isDemo: boolean
  readonly enabled: boolean
}

export type User = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  readonly extension: string
  readonly callerId: E164 | undefined
  readonly enabled: boolean
}

export type Device = {
  readonly id: number
  readonly userId: number
  /** What the phone registers as; unique in the organisation's domain, `[\w.-]+`. */
  readonly username: string
  /** md5(username:domain:password), lower-case hex (RFC 2617 HA1). */
  readonly a1Hash: string
  readonly enabled: boolean
}

/** A number of ours that rings a user. */
export type DdiNumber = {
  readonly id: number
  readonly organizationId: number
  readonly number: E164
  readonly userId: number
  readonly enabled: boolean
}

export type Carrier = {
  readonly id: number
  /** Undefined: the platform's, offered to every organisation. */
  readonly organizationId: number | undefined
  readonly code: string
  readonly name: string
  readonly enabled: boolean
}

export type GatewayTransport = 'udp' | 'tcp' | 'tls'

export type Gateway = {
  readonly id: number
  readonly carrierId: number
  readonly name: string
  /** Host name or address of the carrier's SIP edge; an IPv6 address without brackets. */
  readonly hostname: string
  readonly port: number
  readonly transport: GatewayTransport
  /** Undefined: the carrier knows us by our address. */
  readonly credentials:
    { readonly username: string; readonly password: string; readonly realm: string | undefined } | undefined
  readonly register: boolean
  /** FreeSWITCH codec names in order of preference; empty: the profile's. */
  readonly codecs: readonly string[]
  readonly maxChannels: number | undefined
  /** Seconds between OPTIONS pings, at least 5; undefined: not pinged. */
  readonly pingSeconds: number | undefined
  /** Addresses in CIDR form from which the carrier may call us. */
  readonly inboundCidrs: readonly string[]
  /** Emergency calls may leave through it. */
  readonly carriesEmergency: boolean
  readonly enabled: boolean
}

/** sofia's name of a gateway: an id never needs escaping and survives a rename. */
export const gatewayNameOf = (gatewayId: number): string => `gw${gatewayId}`

/** The id in `gw<id>`, or undefined for a gateway that is not ours. */
export const gatewayIdOf = (name: string): number | undefined => {
  const match = /^gw([1-9]\d{0,8})$/.exec(name)
  return match?.[1] === undefined ? undefined : Number(match[1])
}

export type LcrProfile = {
  readonly id: number
  readonly organizationId: number | undefined
  readonly name: string
  readonly strategy: 'LOWEST_COST' | 'PRIORITY'
  readonly enabled: boolean
}

/** The operator's rule: this profile may reach numbers with this prefix through this gateway. */
export type LcrRoute = {
  readonly id: number
  readonly profileId: number
  readonly gatewayId: number
  /** Leading digits without plus; empty: every number. */
  readonly prefix: string
  /** Lower is tried earlier where costs are equal (LOWEST_COST) or always (PRIORITY). */
  readonly priority: number
  readonly enabled: boolean
  /** Replaces the rate deck's price per minute. */
  readonly priceOverride: Money | undefined
}

/** One row of a carrier's dated price list. */
export type Rate = {
  readonly deckId: number
  readonly carrierId: number
  readonly prefix: string
  readonly tariff: Tariff
  /** Milliseconds since the epoch; the rate counts from this moment ... */
  readonly effectiveFrom: number
  /** ... until before this one. */
  readonly effectiveTo: number | undefined
}

/** Everything that a decision may read, as it was at one moment. Never changed, only replaced. */
export type Snapshot = {
  readonly organizations: readonly Organization[]
  readonly users: readonly User[]
  readonly devices: readonly Device[]
  readonly numbers: readonly DdiNumber[]
  readonly carriers: readonly Carrier[]
  readonly gateways: readonly Gateway[]
  readonly lcrProfiles: readonly LcrProfile[]
  readonly lcrRoutes: readonly LcrRoute[]
  readonly rates: readonly Rate[]
}
