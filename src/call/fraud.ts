/**
 * What rules against toll fraud said of a call: in its plan, for the trace, and for whoever counts and tells it. And
 * what a caller's channel carries while he is asked for his PIN.
 */
import { EngineError } from '../base/errors.ts'
import type { FraudAction, FraudKind, PrefixRisk } from '../telephony/fraud-kind.ts'

export const FRAUD_BLOCKED = 'FRAUD_BLOCKED'
export const PIN_REQUIRED = 'PIN_REQUIRED'

/** A rule that the call breaks. */
export type FraudFinding = {
  /** Undefined: not a rule's, a block that stands. */
  readonly ruleId: number | undefined
  readonly kind: FraudKind | 'blocked' | 'wrong-pin'
  readonly action: FraudAction
  /** Whose calls were counted; undefined: all of the organisation's. */
  readonly userId: number | undefined
  /** A sentence. */
  readonly why: string
}

/** What is judged, and counted when it is made. */
export type FraudCall = {
  readonly callId: string
  readonly organizationId: number
  readonly userId: number | undefined
  readonly digits: string
  readonly country: string | undefined
  readonly isInternational: boolean
  readonly risk: PrefixRisk | undefined
  /** What a minute costs the organisation, or the carrier's price where nothing is sold; 10^-8 units. */
  readonly pricePerMinute: number | undefined
  /** ISO 4217, of the price. */
  readonly currency: string | undefined
}

export type FraudVerdict = {
  /** The strictest of the findings that act: undefined lets the call go. */
  readonly outcome: 'block' | 'require-pin' | undefined
  readonly findings: readonly FraudFinding[]
}

/** Of a plan: what was judged, and what came of it. */
export type PlannedFraud = FraudVerdict & {
  readonly call: FraudCall
  /** The caller keyed his PIN for this call. */
  readonly pinGiven: boolean
}

/** Reads only. `pinGiven`: what requires a PIN is satisfied. */
export type FraudCheck = (call: FraudCall, now: number, pinGiven: boolean) => FraudVerdict

/** On the caller's channel while he keys his PIN: what the engine needs to ask, and to go on. */
export const ASK_PIN_VARIABLE = 'strowger_ask_pin'
/** On the caller's channel for the next plan: `<channel>/<number as dialled>`. */
export const PIN_GIVEN_VARIABLE = 'strowger_pin_given'

export type AskPin = {
  readonly organizationId: number
  readonly userId: number
  /** As it is dialled once more when the PIN is right: digits, *, # and a leading plus. */
  readonly dialled: string
  readonly why: string
}

export const pinGivenFor = (channelUuid: string, dialled: string): string => `${channelUuid}/${dialled}`

export const encodeAskPin = (value: AskPin): string =>
  Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')

/** Throws CALL_BAD_CARRIED: a channel variable may hold anything. */
export const decodeAskPin = (text: string): AskPin => {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (fault) {
    throw new EngineError('CALL_BAD_CARRIED', `${ASK_PIN_VARIABLE} is not base64url of JSON`, {}, fault)
  }
  if (typeof value === 'object' && value !== null) {
    const { organizationId, userId, dialled, why }: Readonly<Record<string, unknown>> = { ...value }
    if (
      typeof organizationId === 'number' &&
      typeof userId === 'number' &&
      typeof dialled === 'string' &&
      /^\+?[0-9*#]{1,40}$/.test(dialled)
    )
      return { organizationId, userId, dialled, why: typeof why === 'string' ? why : '' }
  }
  throw new EngineError('CALL_BAD_CARRIED', `${ASK_PIN_VARIABLE} does not say whom to ask`)
}
