/** What the routes of quotas need, as shapes. */
import type { Quota } from '../directory/quota.ts'
import type { Money } from '../telephony/money.ts'

export type QuotaOwnerId =
  | { readonly kind: 'organization'; readonly id: number }
  /** `organizationId`: the one that the user has to be of; undefined: of any. */
  | { readonly kind: 'user'; readonly id: number; readonly organizationId: number | undefined }

/** A quota, and how much of it is in use now. */
export type ToldQuota = {
  readonly quota: Quota
  readonly usage: {
    readonly callsInLastSecond: number
    readonly concurrentCalls: number
    readonly spentToday: Money
  }
}

/** What is undefined stays, null takes a limit away. */
export type QuotaSettings = {
  readonly callsPerSecond?: number | null | undefined
  readonly concurrentCalls?: number | null | undefined
  readonly dailySpend?: string | null | undefined
  /** `allow` or `block`. */
  readonly premiumRate?: string | null | undefined
}

/** Undefined and false: there is no such organisation or user, or no quota of it. */
export type QuotaDoors = {
  readonly list: (organizationId: number | undefined) => Promise<readonly ToldQuota[]>
  readonly find: (owner: QuotaOwnerId) => Promise<ToldQuota | undefined>
  readonly set: (owner: QuotaOwnerId, settings: QuotaSettings) => Promise<ToldQuota | undefined>
  readonly remove: (owner: QuotaOwnerId) => Promise<boolean>
}
