/** The record of one channel, as it is stored, listed and billed. */
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { Money } from '../telephony/money.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { Direction, QuotedFee, QuotedRate } from '../call/carried.ts'
import type { CustomData } from './custom.ts'
import type { Quality } from './quality.ts'
import type { Sale } from './sale.ts'
import type { CarriedPrepaid } from '../call/prepaid.ts'
import type { CallWish } from '../call/wish.ts'

export type Disposition = 'ANSWERED' | 'NO_ANSWER' | 'BUSY' | 'CANCELLED' | 'FAILED'

/** Which end ended the leg: the party of this leg, or our side (the other party, the engine, a timer). */
export type HungUpBy = 'party' | 'switch'

export type Cdr = {
  readonly legUuid: CallUuid
  readonly callId: CallUuid
  /** The A leg's uuid on a B leg. */
  readonly parentUuid: CallUuid | undefined
  readonly leg: 'A' | 'B'
  /** Undefined: the channel was not ours (refused before it had an organisation). */
  readonly organizationId: number | undefined
  readonly direction: Direction
  /** Milliseconds since the epoch. */
  readonly startTime: number
  readonly progressTime: number | undefined
  readonly answerTime: number | undefined
  readonly endTime: number
  readonly durationSeconds: number
  /** Answered time in whole seconds, rounded up: what the tariff's increments are counted from. */
  readonly billableSeconds: number
  readonly ringSeconds: number
  readonly callerNumber: string | undefined
  readonly callerName: string | undefined
  readonly callerUserId: number | undefined
  readonly calleeNumber: string | undefined
  readonly calleeUserId: number | undefined
  readonly dialledNumber: string | undefined
  readonly gatewayId: number | undefined
  readonly gatewayName: string | undefined
  readonly carrierId: number | undefined
  readonly carrierName: string | undefined
  readonly lcrProfileId: number | undefined
  readonly hangupCause: HangupCause
  readonly hangupCauseQ850: number
  /** The SIP status with which the leg ended, where it ended by one. */
  readonly sipStatus: number | undefined
  readonly hungUpBy: HungUpBy
  readonly disposition: Disposition
  readonly rate: QuotedRate | undefined
  /** Seconds that were charged after increments; undefined without a rate. */
  readonly chargedSeconds: number | undefined
  /** What the carrier charges for this leg: on answered B legs only, so that every sum counts it once. */
  readonly cost: Money | undefined
  /** The digits whose rates counted, and the jurisdiction: what another rating looks up again. */
  readonly ratedNumber?: string | undefined
  readonly jurisdiction?: Jurisdiction | undefined
  /** What our customer pays, on the leg that has `cost`. */
  readonly sale?: Sale | undefined
  /** Of this leg, in the organisation's currency; on an A leg that tried carriers, less their fees. */
  readonly margin?: Money | undefined
  readonly simulated: boolean
  /** Written by the engine, because the switch sent nothing: from the hangup event, or when the switch was lost. */
  readonly estimate?: 'from-event' | 'switch-lost' | undefined
  /** With a sale that a balance pays for. It is read for the balance, and not stored. */
  readonly prepaid?: CarriedPrepaid | undefined
  /** How its party was heard; undefined: it was not answered, or too little came to say. */
  readonly quality?: Quality | undefined
  /** What is kept beside these fields (custom.ts). */
  readonly custom?: CustomData | undefined
  /** What was asked for with the call over the API. It is read for what leaves the engine, and not stored. */
  readonly wish?: CallWish | undefined
  /** On an A leg that went to carriers: every attempt of its plan. */
  readonly attempts: readonly CdrAttempt[]
}

/** What a whole call cost: the sum over its legs, told on its A leg when records are listed. */
export type CallCost = { readonly amount: Money; readonly currency: string }

/** What became of one planned attempt, as the A leg tells it. */
export type CdrAttempt = {
  readonly n: number
  readonly legUuid: CallUuid
  readonly gatewayId: number
  readonly gatewayName: string
  readonly carrierId: number
  readonly carrierName: string
  readonly number: string
  readonly rate: QuotedRate | undefined
  /** What the carrier charges for this attempt, which reached it. */
  readonly fee?: QuotedFee | undefined
  readonly outcome: 'ANSWERED' | 'FAILED' | 'NO_CHANNEL' | 'NOT_TRIED'
  /** With FAILED: its cause. With NO_CHANNEL: why none was made. */
  readonly cause: HangupCause | undefined
  readonly sipStatus: number | undefined
  /** A sentence: `not tried: attempt 2 was answered`. */
  readonly why: string
}
