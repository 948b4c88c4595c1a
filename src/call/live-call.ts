/** Calls as they are now, and what is told of them while they live. Pure: built from inputs, never from a socket. */
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { Direction } from './carried.ts'
import type { LegState } from './leg-state.ts'
import type { LegPrepaid } from './prepaid.ts'
import type { CallWish } from './wish.ts'

export type LiveLeg = {
  readonly legUuid: CallUuid
  readonly leg: 'A' | 'B'
  readonly state: LegState
  /** Who is at its end: `1001`, or the number as dialled. */
  readonly party: string
  /** With a device of ours that is rung: whose it is. */
  readonly userId?: number | undefined
  /** What it says is heard by nobody. */
  readonly muted?: boolean | undefined
  /** With an attempt toward a carrier. */
  readonly attempt: number | undefined
  readonly gateway: string | undefined
  readonly gatewayId: number | undefined
  readonly carrier: string | undefined
  readonly startedAt: number
  readonly answeredAt: number | undefined
  readonly endedAt: number | undefined
  readonly hangupCause: HangupCause | undefined
  readonly sipStatus: number | undefined
  /** With an attempt that is paid for out of a balance. */
  readonly prepaid?: LegPrepaid | undefined
}

export type CallState = 'initiated' | 'ringing' | 'answered' | 'talking' | 'ended'

export type LiveCall = {
  readonly callId: CallUuid
  readonly organizationId: number | undefined
  readonly userId: number | undefined
  readonly direction: Direction
  readonly state: CallState
  readonly from: string
  readonly to: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly answeredAt: number | undefined
  readonly endedAt: number | undefined
  readonly hangupCause: HangupCause | undefined
  readonly simulated: boolean
  /** What was asked for with it over the API. */
  readonly wish?: CallWish | undefined
  readonly legs: readonly LiveLeg[]
}

/** What may happen to a call besides the states of its legs. */
export type Noted =
  | 'muted'
  | 'unmuted'
  | 'dtmf'
  | 'played'
  | 'transferred'
  | 'joined'
  | 'parked'
  | 'conferenced'
  | 'supervised'
  | 'confirmed'
  | 'machine-detection'
  | 'recording-started'
  | 'recording-paused'
  | 'recording-resumed'
  | 'recording-stopped'
  | 'recording-stored'
  | 'recording-consent'
  | 'emergency'
  | 'identity-checked'
  | 'pin-asked'
  | 'pin-keyed'
  | 'fraud-alert'
  | 'cdr-corrected'
  | 'balance-low'
  | 'balance-exhausted'

export type EventDetail = Readonly<Record<string, string | number | boolean | null>>

/**
 * One thing that happened, in the order in which it happened. `leg` is the leg as it is after it.
 * `cdr` comes once, when the records of all legs of an ended call are stored, with the sum of what they cost.
 */
export type LiveEvent = {
  readonly id: number
  readonly at: number
  readonly kind:
    | 'initiated'
    | 'leg-started'
    | 'ringing'
    | 'early-media'
    | 'answered'
    | 'talking'
    | 'held'
    | 'unheld'
    | 'leg-ended'
    | 'call-ended'
    | 'cdr'
    | Noted
  readonly call: LiveCall
  readonly leg: LiveLeg | undefined
  /** With what is noted: the digits, the verdict, the recording. */
  readonly detail?: EventDetail | undefined
  readonly cost: { readonly amount: string; readonly currency: string } | undefined
}
