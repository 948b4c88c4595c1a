/** How much an organisation, or one of its users, may call; and what is said of one more call. */
import type { Money } from '../telephony/money.ts'

/** Each limit that is undefined limits nothing. */
export type QuotaLimits = {
  /** New calls in any second. */
  readonly callsPerSecond: number | undefined
  /** Calls at once that its users make. */
  readonly concurrentCalls: number | undefined
  /** In the organisation's currency, of the day in UTC. */
  readonly dailySpend: Money | undefined
  /** Undefined: a user's as his organisation's, an organisation's blocked. */
  readonly premiumRate: 'allow' | 'block' | undefined
}

export type Quota = QuotaLimits & {
  readonly id: number
  readonly organizationId: number
  /** Undefined: of the whole organisation. */
  readonly userId: number | undefined
}

export const LIMITS = ['calls-per-second', 'concurrent-calls', 'daily-spend'] as const
export type Limit = (typeof LIMITS)[number]

export type QuotaVerdict =
  | { readonly kind: 'within' }
  | {
      readonly kind: 'over'
      readonly limit: Limit
      readonly of: 'organization' | 'user'
      /** A sentence. */
      readonly why: string
      /** From 1. */
      readonly retryAfterSeconds: number
    }

/** A call that is to be made, by whom. */
export type QuotaCall = {
  readonly callId: string
  readonly organizationId: number
  readonly userId: number | undefined
}

/** Reads only: whoever makes the call takes its place. A call that has its place is always within. */
export type QuotaCheck = (call: QuotaCall, now: number) => QuotaVerdict
