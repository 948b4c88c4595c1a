/** What the routes of balances need, as shapes. */
import type {
  Balance,
  BalanceEntry,
  BalanceOwner,
  BalanceSettings,
  Booked,
  Booking,
} from '../store/balance-rows.ts'
import type { Money } from '../telephony/money.ts'

/** A balance, and what calls that are up have reserved of it at this engine. */
export type ToldBalance = { readonly balance: Balance; readonly reserved: Money }

/** Undefined and false: there is no such organisation or user, or it has no balance. */
export type BalanceDoors = {
  readonly list: (organizationId: number | undefined) => Promise<readonly ToldBalance[]>
  readonly find: (owner: BalanceOwner) => Promise<ToldBalance | undefined>
  readonly open: (owner: BalanceOwner, settings: BalanceSettings) => Promise<ToldBalance | undefined>
  readonly close: (owner: BalanceOwner) => Promise<boolean>
  readonly book: (owner: BalanceOwner, booking: Booking) => Promise<Booked>
  readonly entries: (
    owner: BalanceOwner,
    page: { readonly before: number | undefined; readonly limit: number },
  ) => Promise<readonly BalanceEntry[] | undefined>
}
