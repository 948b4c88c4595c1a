/**
 * A plan: what shall happen to a call, decided once, with the alternatives that were rejected and why. It is
 * rendered as dialplan XML, as an originate command, or as an explanation; never decided a second time.
 */
import type { FailoverPolicy } from '../telephony/failover-policy.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { NumberClass } from '../telephony/number-class.ts'
import type { OnAnswer } from './on-answer.ts'
import type { PlannedPrepaid } from './prepaid.ts'
import type { CallProgress } from './progress.ts'
import type { AttemptCallerId } from './caller-id.ts'
import type { CarriedAttempt, CarriedCall, CarriedDevice, QuotedSale } from './carried.ts'
import type { RecordingDecision } from './recording.ts'
import type { AskPin, PlannedFraud } from './fraud.ts'
import type { Granted } from './granted.ts'
import type { Verstat } from './verstat.ts'

/** An attempt with what its INVITE needs beyond what the channel carries. */
export type PlannedAttempt = {
  readonly carried: CarriedAttempt
  /** sofia's name: `gw<id>`. */
  readonly gateway: string
  readonly codecs: readonly string[]
  /** Simultaneous calls over the gateway; undefined: no limit. */
  readonly maxChannels: number | undefined
  /** New calls over the gateway in any second; undefined: no limit. */
  readonly maxCallsPerSecond: number | undefined
  /** What its failures mean for the hunt. */
  readonly policy: FailoverPolicy
  /** Seconds without a provisional response but 100 after which the next attempt begins. */
  readonly progressTimeoutSeconds: number
  /** Seconds from the INVITE after which a ringing callee counts as no answer. */
  readonly ringTimeoutSeconds: number
  /** Seconds after which a call over this route is ended. */
  readonly maxDurationSeconds: number
  /** Of a call that a balance pays for: when the switch ends it by itself (call/prepaid). */
  readonly prepaidLimitSeconds?: number | undefined
  /** What is done with whoever answers before he is connected. */
  readonly onAnswer?: OnAnswer | undefined
  /** `continue_on_fail` of the attempt, where an answer may turn out to be none. */
  readonly goOnAfter?: string | undefined
  /** Undefined: whoever dials decides what is shown. */
  readonly callerId?: AttemptCallerId | undefined
}

export type Target =
  | {
      readonly kind: 'carriers'
      readonly attempts: readonly PlannedAttempt[]
      readonly callerId: CallerId
      /** An emergency call ends at the switch's own static gateway when every other failed. */
      readonly emergency: boolean
      /** Of an emergency call: where the caller is, by reference (RFC 6442). */
      readonly locationUri?: string | undefined
      /** No attempt is started after so many seconds of the hunt; undefined: whenever the one before failed. */
      readonly postDialDelayBudgetSeconds?: number | undefined
    }
  | {
      readonly kind: 'devices'
      readonly domain: string
      readonly devices: readonly CarriedDevice[]
      readonly callerId: CallerId
      readonly ringTimeoutSeconds: number
    }
  /** The engine talks with the caller over an outbound event socket. */
  | { readonly kind: 'conversation'; readonly flow: FlowName }
  | {
      readonly kind: 'refuse'
      readonly cause: HangupCause
      readonly why: string
      /** Stable, for programs, where no route was found: `NO_PREFIX`, `OVER_CAPACITY`, `BLOCKED` ... */
      readonly refusal?: string
      /** Where waiting may help. */
      readonly retryAfterSeconds?: number | undefined
    }

export type FlowName = 'echo-test' | 'ask-pin'

export type CallerId = { readonly number: string | undefined; readonly name: string | undefined }

/** A candidate that was not taken. */
export type Rejection = {
  readonly gatewayId: number
  readonly gateway: string
  readonly carrierId: number
  readonly carrier: string
  /** Stable, for programs: `NO_RATE`, `GATEWAY_DOWN`, `GATEWAY_FULL` ... */
  readonly reason: string
  /** A sentence, for people. */
  readonly why: string
}

export type Plan = {
  /** What the caller hears until he is connected. */
  readonly progress?: CallProgress | undefined
  readonly call: CarriedCall
  readonly numberClass: NumberClass
  readonly target: Target
  readonly rejected: readonly Rejection[]
  /** Whose turns decided the order: taken when the plan is used. */
  readonly shares?: readonly (readonly { readonly id: number; readonly weight: number }[])[]
  /** One line a decision, in order. */
  readonly trace: readonly string[]
  readonly recording?: RecordingDecision | undefined
  /** What the organisation pays for the call; undefined: nothing is sold (internal, emergency), or no deck has it. */
  readonly sell?: QuotedSale | undefined
  /** Where a balance pays for the call. */
  readonly prepaid?: PlannedPrepaid | undefined
  /** Seconds after which an answered call is ended, as a safety. */
  readonly maxDurationSeconds: number
  /** What was asked for with the call, where it was. */
  readonly granted?: Granted | undefined
  /** What rules against toll fraud said of a call that would leave the house. */
  readonly fraud?: PlannedFraud | undefined
  /** With the flow `ask-pin`: of whom, and what is dialled then. */
  readonly askPin?: AskPin | undefined
  /** Of a call that a carrier brings, where signatures are checked. */
  readonly verstat?: Verstat | undefined
}
