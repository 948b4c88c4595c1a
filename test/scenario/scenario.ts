/**
 * A scenario: who does what when a number is called, and what must come of it. Plain values: one driver makes SIPp
 * files of them for the real switch (test/live), another scripts the simulator (test/integration). The cast is
 * always the same: the users of one organisation with their phones, carriers A, B and C which every number may
 * leave through, in this order, and the number of 1002.
 */
import type { FailoverPolicy } from '../../src/telephony/failover-policy.ts'
import type { HangupCause } from '../../src/telephony/hangup-cause.ts'
import type { CdrAttempt, Disposition } from '../../src/cdr/cdr.ts'

export const DOMAIN = 'house.strowger.test'
/** Rings 1002. */
export const OWN_NUMBER = '+442079460102'
/** What all the calls of a phone show, since it is the organisation's. */
export const SHOWN_NUMBER = '+442079460100'
export const CARRIERS = ['A', 'B', 'C'] as const
export type CarrierName = (typeof CARRIERS)[number]
/** Each user's devices, in the order in which they were added. A user is known by his extension. */
export const USERS = {
  '1001': ['1001'],
  '1002': ['1002'],
  '1003': ['1003'],
  '1004': ['1004', '1004-mobile'],
  '1005': ['1005-mobile', '1005'],
  '1006': ['1006', '1006-mobile'],
} as const
export type UserName = keyof typeof USERS
export const USER_NAMES = Object.keys(USERS) as readonly UserName[]
export type PhoneName = (typeof USERS)[UserName][number]
export const PHONES: readonly PhoneName[] = USER_NAMES.flatMap((user): readonly PhoneName[] => USERS[user])
const AWAY: readonly PhoneName[] = ['1003', '1005-mobile', '1006-mobile']
/** Phones that are there; the others have never registered. */
export const REGISTERED: readonly PhoneName[] = PHONES.filter((phone) => !AWAY.includes(phone))

/** Times in milliseconds: `ringAfterMs` and `afterMs` from the INVITE, `hangupAfterMs` from the answer. */
export type Party = {
  /** 180, or 183 with SDP where `earlyMedia`; with `thenRings` a 180 follows it. */
  readonly ringAfterMs?: number
  readonly earlyMedia?: boolean
  readonly thenRings?: boolean
  readonly outcome:
    | { readonly kind: 'answer'; readonly afterMs: number; readonly hangupAfterMs?: number }
    /** `reason`: the cause of a Q.850 Reason header. */
    | { readonly kind: 'refuse'; readonly status: number; readonly reason?: string; readonly afterMs: number }
    /** Not even a 100. */
    | { readonly kind: 'silent' }
    | { readonly kind: 'ring-forever' }
}

export type ScenarioCall = {
  readonly from: PhoneName | 'carrier A' | 'a stranger'
  readonly to: string
  /** From the answer; absent: the called party hangs up. */
  readonly hangupAfterMs?: number
  /** From the INVITE, before anybody answered. */
  readonly cancelAfterMs?: number
}

export type GatewayRules = {
  readonly failover?: Partial<FailoverPolicy>
  readonly maxCallsPerSecond?: number
}

export type Scenario = {
  readonly name: string
  readonly carriers?: Partial<Readonly<Record<CarrierName, Party>>>
  readonly phones?: Partial<Readonly<Record<PhoneName, Party>>>
  /** The switch's own gateway for emergency calls. */
  readonly emergency?: Party
  /** What the carriers' gateways are given for this scenario; absent: nothing. */
  readonly gateways?: Partial<Readonly<Record<CarrierName, GatewayRules>>>
  /** The carriers whose gateways carry emergency calls; absent: none. */
  readonly emergencyOver?: readonly CarrierName[]
  /** A user who is disabled before the call, long after his phone registered. */
  readonly disabled?: UserName
  /** The engine is away. */
  readonly withoutEngine?: boolean
  readonly call: ScenarioCall
  readonly expect: {
    /** The final answer to the caller's INVITE. */
    readonly status: number
    /** Who gets an INVITE, in order; `emergency` is the switch's own gateway. */
    readonly invited: readonly (CarrierName | PhoneName | 'emergency')[]
    /** They are called at once: their order says nothing. */
    readonly atOnce?: boolean
    readonly attempts?: readonly {
      readonly carrier: CarrierName
      readonly outcome: CdrAttempt['outcome']
      readonly cause?: HangupCause
      readonly sipStatus?: number
    }[]
    /** The record of every leg but the caller's; each leg is a channel of its own. */
    readonly legs?: readonly {
      readonly phone: PhoneName
      readonly disposition: Disposition
      readonly cause: HangupCause
      readonly sipStatus?: number
    }[]
    /** Of the caller's leg; absent: the caller never had a channel. */
    readonly disposition?: Disposition
    /** The carrier whose word ends the hunt gave a Reason, and a switch may pass it on (from 1.11.1). */
    readonly passesReason?: boolean
    /** How long it may take from the INVITE to the final answer. */
    readonly withinMs?: number
  }
}
