/** What the routes of toll fraud need, as shapes. `bound`: the organisation whose rows are seen; undefined: all. */
import type { FraudBlock, FraudDestinations, FraudRule, RiskyPrefix } from '../directory/fraud-records.ts'
import type { FraudAlert } from '../store/fraud-alerts.ts'
import type { FraudRuleFields } from '../store/fraud-writes.ts'

export type ToldFraudBlock = FraudBlock & {
  readonly createdAt: number
  readonly releasedAt: number | undefined
  readonly releasedBy: string | undefined
}

/** A rule with its business hours as they were written. */
export type ToldFraudRule = FraudRule & { readonly hours: readonly string[] }

export type ToldRiskyPrefix = RiskyPrefix & { readonly source: string }

export type NewFraudBlock = FraudDestinations & {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly reason: string
  readonly endsAt: number | undefined
}

export type FraudAlertFilter = {
  readonly organizationId: number | undefined
  readonly acknowledged: boolean | undefined
  readonly kind: string | undefined
  readonly limit: number
  readonly before: number | undefined
}

/** Whose PIN: a user's within the caller's organisation, or an organisation's. */
export type FraudPinOwner =
  { readonly userId: number; readonly within: number | undefined } | { readonly organizationId: number }

/** Undefined and false: there is none, or it is another's. */
export type FraudDoors = {
  readonly rules: {
    /** The organisation's own and the platform's. */
    readonly list: (organizationId: number | undefined) => Promise<readonly ToldFraudRule[]>
    readonly find: (bound: number | undefined, id: number) => Promise<ToldFraudRule | undefined>
    readonly add: (
      organizationId: number | undefined,
      settings: FraudRuleFields,
    ) => Promise<ToldFraudRule | undefined>
    readonly change: (
      bound: number | undefined,
      id: number,
      settings: FraudRuleFields,
    ) => Promise<ToldFraudRule | undefined>
    readonly remove: (bound: number | undefined, id: number) => Promise<boolean>
  }
  readonly prefixes: {
    readonly list: (organizationId: number | undefined) => Promise<readonly ToldRiskyPrefix[]>
    readonly add: (
      organizationId: number | undefined,
      prefix: {
        readonly prefix: string
        readonly risk: string
        readonly note?: string
        readonly source?: string
      },
    ) => Promise<ToldRiskyPrefix | undefined>
    readonly remove: (bound: number | undefined, id: number) => Promise<boolean>
  }
  readonly alerts: {
    readonly list: (filter: FraudAlertFilter) => Promise<readonly FraudAlert[]>
    readonly acknowledge: (
      bound: number | undefined,
      id: number,
      by: string,
      note: string | undefined,
    ) => Promise<FraudAlert | undefined>
  }
  readonly blocks: {
    readonly list: (
      organizationId: number | undefined,
      options: { readonly released: boolean; readonly limit: number },
    ) => Promise<readonly ToldFraudBlock[]>
    /** Undefined: such a block stands already, or there is no such user. */
    readonly add: (block: NewFraudBlock) => Promise<number | undefined>
    readonly release: (
      bound: number | undefined,
      id: number,
      by: string,
    ) => Promise<ToldFraudBlock | undefined>
  }
  /** Null takes the PIN away. */
  readonly setPin: (owner: FraudPinOwner, pin: string | null) => Promise<boolean>
}
