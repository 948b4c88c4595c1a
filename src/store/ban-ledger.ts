/**
 * Who may not register any more: failures are counted by source address within a window, and an address with
 * too many is banned until a moment. Two ledgers of one shape: in memory for one engine, in Redis for several.
 */
import { isIP, isIPv4, SocketAddress } from 'node:net'
import { systemClock, type Clock } from '../base/clock.ts'
import { EngineError } from '../base/errors.ts'

export type Ban = {
  readonly address: string
  /** Milliseconds since the epoch; from this moment on it may try again. */
  readonly until: number
  /** That led to the ban. */
  readonly failures: number
}

/** Addresses are IPv4 or IPv6; anything else throws STORE_BAD_INPUT. */
export type BanLedger = {
  /** One failure at `at`, milliseconds since the epoch. `banned`: it is now, or was already. */
  readonly note: (address: string, at: number) => Promise<'counted' | 'banned'>
  readonly isBanned: (address: string) => Promise<boolean>
  /** Bans in force at `now`, those that last longest first. */
  readonly list: (now: number) => Promise<readonly Ban[]>
  /** Forgets the ban and the failures. True: there was a ban. */
  readonly lift: (address: string) => Promise<boolean>
}

export type BanOptions = {
  /** Within the window, that lead to a ban. Default 10. */
  readonly failures?: number | undefined
  /** Default 300. */
  readonly windowSeconds?: number | undefined
  /** Default 3,600. */
  readonly banSeconds?: number | undefined
  readonly clock?: Clock | undefined
}

export type BanLimits = {
  readonly failures: number
  readonly windowMs: number
  readonly banMs: number
  readonly clock: Clock
}

export const banLimitsOf = (options: BanOptions): BanLimits => ({
  failures: options.failures ?? 10,
  windowMs: (options.windowSeconds ?? 300) * 1_000,
  banMs: (options.banSeconds ?? 3_600) * 1_000,
  clock: options.clock ?? systemClock,
})

/** Addresses that are remembered at most: a scan with forged sources must not fill the memory. */
const MOST_ADDRESSES = 100_000

export const createMemoryBanLedger = (options: BanOptions = {}): BanLedger => {
  const { failures, windowMs, banMs, clock } = banLimitsOf(options)
  // In the order of their last failure, so that the first is the one to forget.
  const tries = new Map<string, readonly number[]>()
  const bans = new Map<string, Ban>()

  const banOf = (address: string, now: number): Ban | undefined => {
    const ban = bans.get(address)
    if (ban === undefined || ban.until > now) return ban
    bans.delete(address)
    return undefined
  }
  const forgetOld = (now: number): void => {
    for (const [address, times] of tries) {
      if (tries.size <= MOST_ADDRESSES && (times.at(-1) ?? 0) > now - windowMs) break
      tries.delete(address)
    }
    // All bans last as long: the oldest comes first.
    for (const [address, ban] of bans) {
      if (ban.until > now && bans.size <= MOST_ADDRESSES) break
      bans.delete(address)
    }
  }

  return {
    note: async (given, at) => {
      const address = addressOf(given)
      forgetOld(at)
      if (banOf(address, at) !== undefined) return Promise.resolve('banned')
      const recent = [...(tries.get(address) ?? []).filter((time) => time > at - windowMs), at]
      tries.delete(address)
      if (recent.length < failures) {
        tries.set(address, recent)
        return Promise.resolve('counted')
      }
      bans.set(address, { address, until: at + banMs, failures: recent.length })
      return Promise.resolve('banned')
    },
    isBanned: async (given) => Promise.resolve(banOf(addressOf(given), clock.now()) !== undefined),
    list: async (now) =>
      Promise.resolve(
        [...bans.values()].filter(({ until }) => until > now).sort((a, b) => b.until - a.until),
      ),
    lift: async (given) => {
      const address = addressOf(given)
      const ban = banOf(address, clock.now())
      bans.delete(address)
      tries.delete(address)
      return Promise.resolve(ban !== undefined)
    },
  }
}

/** One spelling an address: `::FFFF:192.0.2.1` is `192.0.2.1`, `2001:DB8:0:0::1` is `2001:db8::1`. */
export const addressOf = (given: string): string => {
  const family = isIP(given)
  if (family === 0 || given.includes('%')) {
    throw new EngineError('STORE_BAD_INPUT', `address: "${given.slice(0, 60)}" is not an IP address`, {
      field: 'address',
    })
  }
  if (family === 4) return given
  const { address } = new SocketAddress({ address: given, family: 'ipv6' })
  const mapped = address.replace(/^::ffff:/, '')
  return isIPv4(mapped) ? mapped : address
}
