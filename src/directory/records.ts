/** What the engine knows of its customers and carriers: the rows of the database as domain values. */
import type { Country, E164 } from '../telephony/e164.ts'
import type { Money } from '../telephony/money.ts'
import type { FailoverPolicy } from '../telephony/failover-policy.ts'
import type { NumberForm } from '../telephony/number-form.ts'
import type { ExchangeRate } from './exchange-rates.ts'
import type { FraudRows } from './fraud-records.ts'
import type { Quota } from './quota.ts'
import type { RecordingRows } from './recording-records.ts'
import type { TaxRate } from './tax-rates.ts'
import type {
  CallerIdRows,
  CarrierCallerId,
  GatewayCallerId,
  OrganizationCallerId,
  UserCallerId,
} from './caller-id-records.ts'

export type Organization = OrganizationCallerId & {
  readonly id: number
  readonly name: string
  /** The SIP domain of its phones, unique. */
  readonly sipDomain: string
  /** The country whose dial plan its phones use. */
  readonly country: Country
  readonly currency: string
  readonly defaultCallerId: E164 | undefined
  readonly lcrProfileId: number | undefined
  /** IANA: whose days and months its reports have; undefined: its LCR profile's. */
  readonly timeZone?: string | undefined
  /** Seeded by the trial; an organisation that is not the demo's ends the trial. */
  readonly isDemo: boolean
  readonly enabled: boolean
}

export type User = UserCallerId & {
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

export type Carrier = CarrierCallerId & {
  readonly id: number
  /** Undefined: the platform's, offered to every organisation. */
  readonly organizationId: number | undefined
  readonly code: string
  readonly name: string
  /** Calls at once over all of its gateways; undefined: no limit. */
  readonly maxChannels: number | undefined
  /** New calls in any second over all of its gateways; undefined: no limit. */
  readonly maxCallsPerSecond: number | undefined
  /** Shows the callee the caller ID that we send; false: it shows one of its own. */
  readonly carriesCallerId: boolean
  readonly supportsFax: boolean
  /** When its gateways are left alone after failures; undefined: the engine's figures. */
  readonly failover: {
    readonly enabled: boolean
    /** Failures in a row ... */
    readonly threshold: number | undefined
    /** ... within so many seconds. */
    readonly windowSeconds: number | undefined
  }
  /** What it charges for every attempt that reached it, answered or not. */
  readonly attemptFee?: { readonly amount: Money; readonly currency: string } | undefined
  readonly enabled: boolean
}

export type GatewayTransport = 'udp' | 'tcp' | 'tls'

export type Gateway = GatewayCallerId & {
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
  /** New calls in any second; undefined: no limit. */
  readonly maxCallsPerSecond: number | undefined
  /** How it wants the called number. */
  readonly numberForm: NumberForm
  /** What its failures mean. */
  readonly failover: FailoverPolicy
  /** Seconds of silence, and of ringing, after which the next attempt begins; undefined: the engine's. */
  readonly progressTimeoutSeconds: number | undefined
  readonly ringTimeoutSeconds: number | undefined
  /** Seconds between OPTIONS pings, at least 5; undefined: not pinged. */
  readonly pingSeconds: number | undefined
  /** Addresses in CIDR form from which the carrier may call us. */
  readonly inboundCidrs: readonly string[]
  /** Emergency calls may leave through it. */
  readonly carriesEmergency: boolean
  /** It answers calls that are busy or fail, and plays the tone: an analogue line, a mobile gateway. */
  readonly answersWithTones: boolean
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
  readonly strategy: Strategy
  /** IANA name; the time windows of its routes are in it. */
  readonly timeZone: string
  /** BALANCED: what cost and quality count for, 0 to 100 each. */
  readonly costWeight: number
  readonly qualityWeight: number
  /** Undefined: whatever it costs. */
  readonly maxPricePerMinute: Money | undefined
  /** A route on which we would lose money is not taken; needs rates for the organisation. */
  readonly protectsMargin: boolean
  /** A carrier that shows another caller ID than ours is not taken. */
  readonly requiresCallerId: boolean
  readonly enabled: boolean
}

export const STRATEGIES = ['LOWEST_COST', 'HIGHEST_QUALITY', 'PRIORITY', 'WEIGHTED', 'BALANCED'] as const
export type Strategy = (typeof STRATEGIES)[number]

/** The operator's rule: this profile may reach numbers with this prefix through this gateway. */
export type LcrRoute = {
  readonly id: number
  readonly profileId: number
  readonly gatewayId: number
  /** Leading digits without plus; empty: every number. */
  readonly prefix: string
  /** Lower is tried earlier where costs are equal (LOWEST_COST) or always (PRIORITY). */
  readonly priority: number
  /** WEIGHTED: its share of the calls, against the others' weights; 0: only when all others failed. */
  readonly weight: number
  readonly enabled: boolean
  /** Replaces the rate deck's price per minute. */
  readonly priceOverride: Money | undefined
  readonly maxChannels: number | undefined
  readonly maxCallDurationSeconds: number | undefined
  /** As parseTimeWindows reads them, in the profile's time zone; empty: always. */
  readonly timeRestrictions: readonly string[]
  /** What the carrier promises, until enough calls were measured. */
  readonly asrPercent: number | undefined
  readonly acdSeconds: number | undefined
  readonly pddMs: number | undefined
}

/** A number that must not be called, or may be within a range that must not. */
export type BlockedPrefix = {
  readonly id: number
  /** Undefined: the platform's, for every organisation. */
  readonly organizationId: number | undefined
  /** 1 to 15 digits, without plus. */
  readonly prefix: string
  readonly action: 'block' | 'allow'
  readonly note: string
  readonly enabled: boolean
}

/** Everything but rates that a decision may read, as it was at one moment. Never changed, only replaced. */
export type Snapshot = {
  readonly organizations: readonly Organization[]
  readonly users: readonly User[]
  readonly devices: readonly Device[]
  readonly numbers: readonly DdiNumber[]
  readonly carriers: readonly Carrier[]
  readonly gateways: readonly Gateway[]
  readonly lcrProfiles: readonly LcrProfile[]
  readonly lcrRoutes: readonly LcrRoute[]
  readonly blockedPrefixes: readonly BlockedPrefix[]
  readonly quotas?: readonly Quota[]
  readonly fraud?: FraudRows
  readonly recording?: RecordingRows
  readonly callerIds?: CallerIdRows
  readonly exchangeRates?: readonly ExchangeRate[]
  readonly taxRates?: readonly TaxRate[]
}
