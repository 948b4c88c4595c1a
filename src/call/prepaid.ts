/**
 * A call that is paid for out of a balance. What is here rides on the callee's leg, so that any engine can go on
 * counting, and the record of the leg says which balance is charged.
 */
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { QuotedSale } from './carried.ts'

/** Within the attempt that the B leg carries. */
export type CarriedPrepaid = {
  readonly balanceId: number
  /** Which engine holds the money that is reserved for the leg. */
  readonly engine: string
}

/** On the B leg: the engine that took it over from the one that planned it, and counts for it now. */
export const PREPAID_ENGINE_VARIABLE = 'strowger_prepaid_engine'

/** As it is known of a leg that lives. */
export type LegPrepaid = CarriedPrepaid & { readonly sale: QuotedSale }

export type PlannedPrepaid = LegPrepaid & {
  /**
   * Seconds after the answer at which the switch ends the call by itself, with an announcement: what is reserved, and
   * the time for which an engine may be away. The engine puts it off as long as there is money.
   */
  readonly limitSeconds: number
}

/** What is said of one more call before it is planned. */
export type PrepaidVerdict =
  /** Nobody pays for it in advance. */
  | { readonly kind: 'postpaid' }
  /** It is paid for in advance, and costs nothing. */
  | { readonly kind: 'free' }
  | ({ readonly kind: 'enough'; readonly limitSeconds: number } & CarriedPrepaid)
  | {
      readonly kind: 'refused'
      readonly refusal: typeof INSUFFICIENT_BALANCE | typeof NO_SELL_RATE
      /** A sentence. */
      readonly why: string
    }

export const INSUFFICIENT_BALANCE = 'INSUFFICIENT_BALANCE'
/** Nobody can say what the call would cost, so nobody can pay for it in advance. */
export const NO_SELL_RATE = 'NO_SELL_RATE'

/** Reads only: whoever makes the call takes the money. */
export type PrepaidCheck = (
  call: { readonly organizationId: number; readonly userId: number | undefined },
  sale: QuotedSale | undefined,
) => PrepaidVerdict

/** Extensions of the switch's own dialplan (freeswitch-conf/dialplan/prepaid.xml), which need no engine. */
export const PREPAID_CONTEXT = 'prepaid'
export const CREDIT_USED_UP = 'credit-used-up'
export const NO_CREDIT = 'no-credit'

/** For a partner that does not let go: the leg that costs ends so many seconds after its caller was told. */
const LAST_RESORT_SECONDS = 2

/** The switch's scheduler knows its tasks by group: each limit has one of its own, so that the next is set before. */
export const limitGroup = (legUuid: CallUuid, turn: number): string => `prepaid-${legUuid}-${turn}`
export const isLimitGroupOf = (legUuid: CallUuid, group: string): boolean =>
  group.startsWith(`prepaid-${legUuid}-`)
export const turnOfLimitGroup = (group: string): number => Number(/-(\d{1,9})$/.exec(group)?.[1] ?? 0)

/**
 * API commands by which the leg's caller is told and the leg is ended. `-bleg` is whoever the leg talks with at that
 * moment, or the leg itself where it talks with nobody (mod_commands.c, transfer_function).
 */
export const endCommands = (
  legUuid: CallUuid,
): readonly (readonly [afterSeconds: number, name: string, args: string])[] => [
  [0, 'uuid_transfer', `${legUuid} -bleg ${CREDIT_USED_UP} XML ${PREPAID_CONTEXT}`],
  [LAST_RESORT_SECONDS, 'uuid_kill', `${legUuid} ALLOTTED_TIMEOUT`],
]

/** The same, put off: arguments of `sched_api`. */
export const limitArguments = (legUuid: CallUuid, turn: number, seconds: number): readonly string[] =>
  endCommands(legUuid).map(
    ([after, name, args]) => `+${seconds + after} ${limitGroup(legUuid, turn)} ${name} ${args}`,
  )
