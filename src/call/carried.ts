/**
 * What a channel carries about its call, in channel variables of ours, so that a CDR can be built and rated
 * by any engine, at any time, from what FreeSWITCH posts and nothing else. Values are base64url of JSON:
 * letters that no dial string, no XML and no preprocessor reads.
 */
import { EngineError } from '../base/errors.ts'
import type { E164 } from '../telephony/e164.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import type { QuotedExchange } from '../telephony/exchange.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { Money } from '../telephony/money.ts'
import type { QuotedTax } from '../telephony/percent.ts'
import type { Tariff } from '../telephony/tariff.ts'
import type { CarriedPrepaid } from './prepaid.ts'

export const CALL_VARIABLE = 'strowger_call'
export const ATTEMPT_VARIABLE = 'strowger_attempt'
/** `true` on every channel that the simulator made. */
export const SIMULATED_VARIABLE = 'strowger_simulated'
/** Set by the directory on what a phone of ours starts. */
export const ORGANIZATION_VARIABLE = 'strowger_organization_id'
export const USER_VARIABLE = 'strowger_user_id'
export const DEVICE_VARIABLE = 'strowger_device_id'
/** After attempt n: the cause and SIP status with which it failed, `CAUSE/status`. */
export const attemptResultVariable = (n: number): string => `strowger_result_${n}`

export type Direction = 'inbound' | 'outbound' | 'internal'

/** The rate by which an attempt would be charged, as it was when the plan was made. */
export type QuotedRate = {
  readonly deckId: number | undefined
  readonly prefix: string
  readonly tariff: Tariff
  /** Where the tariff's currency is not the organisation's. */
  readonly exchange?: QuotedExchange | undefined
  /** The price per minute is the routing rule's, not the deck's. */
  readonly isRulePrice?: boolean | undefined
}

/** What the organisation pays for the call, as it was when the plan was made. */
export type QuotedSale = QuotedRate & { readonly tax?: QuotedTax | undefined }

/** What the carrier charges for trying, answered or not. */
export type QuotedFee = {
  readonly amount: Money
  readonly currency: string
  readonly exchange?: QuotedExchange | undefined
}

/** One attempt toward one gateway, as planned; on its B leg, and in the list on the A leg. */
export type CarriedAttempt = {
  readonly n: number
  readonly callId: CallUuid
  /** The uuid that the attempt's channel gets, if one is made. */
  readonly legUuid: CallUuid
  readonly organizationId: number
  readonly userId: number | undefined
  readonly gatewayId: number
  readonly gatewayName: string
  readonly carrierId: number
  readonly carrierName: string
  /** The LCR route; undefined for an emergency call, which asks none. */
  readonly routeId?: number | undefined
  readonly number: string
  readonly rate: QuotedRate | undefined
  /** On the B leg alone: the list on the A leg leaves it out. */
  readonly sell?: QuotedSale | undefined
  readonly fee?: QuotedFee | undefined
  /** Paid for out of a balance; on the B leg alone, as `sell` is. */
  readonly prepaid?: CarriedPrepaid | undefined
  /** The digits whose rates counted: the destination's, or its LRN's. */
  readonly ratedAs?: string | undefined
  readonly jurisdiction?: Jurisdiction | undefined
}

/** A phone of ours that was rung: on its B leg, and in the list on the A leg. */
export type CarriedDevice = {
  readonly callId: CallUuid
  readonly legUuid: CallUuid
  readonly organizationId: number
  readonly userId: number
  readonly deviceId: number
  readonly username: string
}

/** The call, on its A leg. */
export type CarriedCall = {
  readonly callId: CallUuid
  /** Of a plan for another leg than the caller's: whose channel it is, and whose record has the attempts. */
  readonly channelUuid?: CallUuid | undefined
  readonly organizationId: number
  readonly direction: Direction
  readonly userId: number | undefined
  readonly dialled: string
  readonly destination: E164 | undefined
  readonly callerNumber: string | undefined
  readonly lcrProfileId: number | undefined
  readonly attempts: readonly CarriedAttempt[]
  readonly devices: readonly CarriedDevice[]
  /** Of a call to carriers: the organisation pays for it. */
  readonly isSold?: boolean | undefined
}

/** The channel that runs the plan. */
export const dialsFrom = ({ channelUuid, callId }: CarriedCall): CallUuid => channelUuid ?? callId

export const encodeCarried = (value: CarriedCall | CarriedAttempt | CarriedDevice): string =>
  Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')

/** Reads what `encodeCarried` wrote. Throws CALL_BAD_CARRIED: a channel variable may hold anything. */
export const decodeCall = (text: string): CarriedCall => {
  const value = decode(text, CALL_VARIABLE)
  if (!Array.isArray(value['attempts']) || !Array.isArray(value['devices']))
    throw bad(CALL_VARIABLE, 'it has no attempts')
  // Written by encodeCarried and only readable to our own channels; the shape was checked where it can differ.
  return value as unknown as CarriedCall
}

export const decodeAttempt = (text: string): CarriedAttempt | CarriedDevice => {
  const value = decode(text, ATTEMPT_VARIABLE)
  if (typeof value['legUuid'] !== 'string') throw bad(ATTEMPT_VARIABLE, 'it has no leg')
  return value as unknown as CarriedAttempt | CarriedDevice
}

export const isDeviceLeg = (carried: CarriedAttempt | CarriedDevice): carried is CarriedDevice =>
  'deviceId' in carried

const decode = (text: string, variable: string): Record<string, unknown> => {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (fault) {
    throw bad(variable, 'it is not base64url of JSON', fault)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(variable, 'it is not an object')
  const record = value as Record<string, unknown>
  if (typeof record['callId'] !== 'string' || !isCallUuid(record['callId']))
    throw bad(variable, 'it has no call id')
  if (!Number.isSafeInteger(record['organizationId'])) throw bad(variable, 'it has no organisation')
  return record
}

const bad = (variable: string, why: string, cause?: unknown): EngineError =>
  new EngineError(
    'CALL_BAD_CARRIED',
    `channel variable ${variable} cannot be read: ${why}`,
    { variable },
    cause,
  )
