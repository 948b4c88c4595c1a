/** Calls as they are now, and what is told of them while they live. Pure: built from inputs, never from a socket. */
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { Direction } from './carried.ts'
import type { LegState } from './leg-state.ts'

export type LiveLeg = {
  readonly legUuid: CallUuid
  readonly leg: 'A' | 'B'
  readonly state: LegState
  /** Who is at its end: `1001`, or the number as dialled. */
  readonly party: string
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
  readonly legs: readonly LiveLeg[]
}

/**
 * One thing that happened, in the order in which it happened. `leg` is the leg as it is after it.
 * `cdr` comes once, when the records of all legs of an ended call are stored, with the sum of what they cost.
 */
export type LiveEvent = {
  readonly id: number
  readonly at: number
  readonly kind:
    'leg-started' | 'ringing' | 'early-media' | 'answered' | 'talking' | 'leg-ended' | 'call-ended' | 'cdr'
  readonly call: LiveCall
  readonly leg: LiveLeg | undefined
  readonly cost: { readonly amount: string; readonly currency: string } | undefined
}
