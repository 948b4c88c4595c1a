/** What the accounts of prepaid calls are asked, told, and order (prepaid-accounts.ts). */
import type { LegPrepaid, PlannedPrepaid, PrepaidCheck } from '../call/prepaid.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { Money } from '../telephony/money.ts'

/** A balance that is open, as the database told it last. */
export type HeldBalance = {
  readonly id: number
  readonly organizationId: number
  /** Undefined: the whole organisation's. */
  readonly userId: number | undefined
  readonly currency: string
  /** Of this engine. */
  readonly leased: Money
  /** Of its lease, what calls had reserved when it was told last: an earlier run of this engine may have. */
  readonly reserved: Money
}

export type PrepaidPlan = {
  readonly callId: CallUuid
  /** Any one of them may be answered, in this order. */
  readonly legUuids: readonly CallUuid[]
  readonly prepaid: PlannedPrepaid
}

/** A leg that costs, in the middle of its talk. */
export type PrepaidLeg = {
  readonly callId: CallUuid
  readonly legUuid: CallUuid
  readonly prepaid: LegPrepaid
  /** Milliseconds since the epoch. */
  readonly answeredAt: number
}

export type PrepaidOrder = {
  readonly callId: CallUuid
  readonly legUuid: CallUuid
  readonly balanceId: number
} & (
  | {
      readonly kind: 'limit'
      /** From now on, until the switch shall end the call by itself. */
      readonly seconds: number
      /** Set by another engine, or an earlier run of this one. */
      readonly isAdopted: boolean
    }
  /** The money is used up: now. */
  | { readonly kind: 'end' }
)

export type PrepaidRules = {
  /** Which engine this is, at every start the same. */
  readonly engine: string
  /** Seconds of talk that are reserved ahead, where there is money. */
  readonly aheadSeconds: number
  /** For which a call goes on without an engine when its reserved time is over. */
  readonly graceSeconds: number
}

export type PrepaidAccounts = {
  readonly check: PrepaidCheck
  /** The call is made by this plan. */
  readonly take: (plan: PrepaidPlan, now: number) => void
  /** Something was seen of the call, so it lives. */
  readonly seen: (callId: CallUuid) => void
  /** False: the leg is not one of those taken here. */
  readonly answered: (legUuid: CallUuid, now: number) => boolean
  /** A leg that talks and was not taken here: from now on it is. False: its balance is not known. */
  readonly adopt: (leg: PrepaidLeg, now: number) => boolean
  readonly legEnded: (legUuid: CallUuid, now: number) => void
  readonly callEnded: (callId: CallUuid, now: number) => void
  /** The record of the leg is stored, and what it cost is booked. */
  readonly recorded: (legUuid: CallUuid) => void
  /** What is to be told to the switch now; each order is given once. */
  readonly step: (now: number) => readonly PrepaidOrder[]
  /** The switch may not have the limit that it was told: it is told again, and what it has is looked at first. */
  readonly limitLost: (legUuid: CallUuid) => void
  /** True: another engine may have our leases by now, so nothing more is given out of them. */
  readonly suspend: (isSuspended: boolean) => void
  /** Before the leases are read: what is reserved of each balance, undefined where it is not known yet. */
  readonly beginReading: () => {
    readonly turn: number
    readonly reserved: ReadonlyMap<number, Money> | undefined
  }
  /** All that are open. */
  readonly replace: (balances: readonly HeldBalance[], turn: number, now: number) => void
  readonly reservedOf: (balanceId: number) => Money
  readonly balanceOf: (balanceId: number) => HeldBalance | undefined
  /** Who pays for the user's calls in advance. */
  readonly payerOf: (call: Parameters<PrepaidCheck>[0]) => HeldBalance | undefined
  readonly figures: () => { readonly balances: number; readonly calls: number; readonly reserved: Money }
}
