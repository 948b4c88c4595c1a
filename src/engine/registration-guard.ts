/**
 * Failed registrations, counted per address, and the addresses that are banned. The ledger counts (in memory
 * or in Redis); the guard keeps a copy of the bans, because a directory answer never waits.
 */
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

export type Ban = {
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly failures: number
}

export type Ledger = {
  readonly note: (address: string, at: number) => Promise<'counted' | 'banned'>
  readonly list: (now: number) => Promise<readonly Ban[]>
  readonly lift: (address: string) => Promise<boolean>
}

export type RegistrationGuard = {
  /** A registration from this address failed. */
  readonly failed: (address: string) => Promise<void>
  readonly isBanned: (address: string) => boolean
  /** Those that are banned, in order: FreeSWITCH keeps them in a list of its own, since it remembers users. */
  readonly addresses: () => readonly string[]
  readonly list: () => Promise<readonly Ban[]>
  readonly lift: (address: string) => Promise<boolean>
  /** Reads the bans that other engines made. */
  readonly refresh: () => Promise<void>
}

export const createRegistrationGuard = (
  ledger: Ledger,
  clock: Clock,
  logger: Logger,
  /** An address was banned, or is no more. */
  onChange: () => void = () => undefined,
): RegistrationGuard => {
  let bans: ReadonlyMap<string, number> = new Map()
  const addresses = (): readonly string[] => [...bans.keys()].sort()
  const refresh = async (): Promise<void> => {
    const before = addresses().join()
    bans = new Map((await ledger.list(clock.now())).map(({ address, until }) => [address, until]))
    if (addresses().join() !== before) onChange()
  }
  return {
    failed: async (address) => {
      try {
        const verdict = await ledger.note(address, clock.now())
        if (verdict === 'counted') return
        await refresh()
        logger.warn({ address }, 'address banned after too many failed registrations')
      } catch (fault) {
        logger.error({ err: asError(fault), address }, 'a failed registration could not be counted')
      }
    },
    isBanned: (address) => {
      const until = bans.get(address)
      return until !== undefined && clock.now() < until
    },
    addresses,
    list: () => ledger.list(clock.now()),
    lift: async (address) => {
      const lifted = await ledger.lift(address)
      await refresh()
      return lifted
    },
    refresh,
  }
}
