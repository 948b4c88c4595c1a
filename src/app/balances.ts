/** The doors of balances: whoever changes one is heard by the calls that it pays for at once. */
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { BalanceDoors, ToldBalance } from '../http/balance-doors.ts'
import {
  book,
  closeBalance,
  findBalance,
  listBalances,
  listEntries,
  openBalance,
  type Balance,
} from '../store/balance-rows.ts'
import type { Database } from '../store/database.ts'
import type { Prepaid } from './prepaid.ts'

export const createBalanceDoors = (
  database: Database,
  { accounts, refresh }: Pick<Prepaid, 'accounts' | 'refresh'>,
  logger: Logger,
): BalanceDoors => {
  const told = (balance: Balance): ToldBalance => ({ balance, reserved: accounts.reservedOf(balance.id) })
  /** What was written stands, whether it can be read back now or in two seconds. */
  const heard = (): Promise<void> =>
    refresh(database).catch((fault: unknown) => {
      logger.warn({ err: asError(fault) }, 'a changed balance was not read; read again soon')
    })
  return {
    list: async (organizationId) => (await listBalances(database, organizationId)).map(told),
    find: async (owner) => {
      const found = await findBalance(database, owner)
      return found === undefined ? undefined : told(found)
    },
    open: async (owner, settings) => {
      if (!(await openBalance(database, owner, settings))) return undefined
      await heard()
      const found = await findBalance(database, owner)
      return found === undefined ? undefined : told(found)
    },
    close: async (owner) => {
      const closed = await closeBalance(database, owner)
      await heard()
      return closed
    },
    book: async (owner, booking) => {
      const outcome = await book(database, owner, booking)
      if (outcome.kind === 'booked') await heard()
      return outcome
    },
    entries: (owner, page) => listEntries(database, owner, page),
  }
}
