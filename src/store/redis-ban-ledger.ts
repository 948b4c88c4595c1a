/**
 * The ban ledger that several engines share. Every act is one Lua script: two engines that see the tenth failure
 * at the same moment ban once. Keys carry the prefix and end by themselves; `{}` keeps them on one node of a
 * cluster.
 *
 *   <prefix>{bans}:tries:<address>   sorted set of failures, by time; lives as long as the window
 *   <prefix>{bans}:until             sorted set of addresses, by the end of their ban
 *   <prefix>{bans}:failures          hash of address to the failures that led to it
 */
import type { Redis } from 'ioredis'
import { randomUUID } from 'node:crypto'
import { asError, EngineError } from '../base/errors.ts'
import { addressOf, banLimitsOf, type Ban, type BanLedger, type BanOptions } from './ban-ledger.ts'

export type RedisBanOptions = BanOptions & {
  readonly redis: Redis
  /** Default `strowger:`. */
  readonly prefix?: string | undefined
}

/** Faults of Redis are STORE_UNAVAILABLE (details.retryable); whether to admit or refuse then is the caller's. */
export const createRedisBanLedger = (options: RedisBanOptions): BanLedger => {
  const { redis, prefix = 'strowger:' } = options
  const { failures, windowMs, banMs, clock } = banLimitsOf(options)
  const untilKey = `${prefix}{bans}:until`
  const failuresKey = `${prefix}{bans}:failures`
  const triesKey = (address: string): string => `${prefix}{bans}:tries:${address}`

  const ask = async (work: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await work()
    } catch (fault) {
      throw new EngineError(
        'STORE_UNAVAILABLE',
        `no Redis: ${asError(fault).message}`,
        { retryable: true },
        fault,
      )
    }
  }

  return {
    note: async (given, at) => {
      const address = addressOf(given)
      const keys = [triesKey(address), untilKey, failuresKey]
      const values = [address, at, windowMs, failures, banMs, randomUUID()]
      const banned = await ask(() => redis.eval(NOTE, keys.length, ...keys, ...values))
      return banned === 1 ? 'banned' : 'counted'
    },
    isBanned: async (given) => {
      const address = addressOf(given)
      const until = await ask(() => redis.zscore(untilKey, address))
      return typeof until === 'string' && Number(until) > clock.now()
    },
    list: async (now) => {
      const flat = await ask(() => redis.eval(LIST, 2, untilKey, failuresKey, now))
      return Array.isArray(flat) ? bansOf(flat) : []
    },
    lift: async (given) => {
      const address = addressOf(given)
      const keys = [triesKey(address), untilKey, failuresKey]
      return (await ask(() => redis.eval(LIFT, keys.length, ...keys, address, clock.now()))) === 1
    },
  }
}

/** `address, until, failures, address, ...` */
const bansOf = (flat: readonly unknown[]): readonly Ban[] => {
  const bans: Ban[] = []
  for (let at = 0; at + 2 < flat.length; at += 3) {
    bans.push({ address: String(flat[at]), until: Number(flat[at + 1]), failures: Number(flat[at + 2]) })
  }
  return bans
}

// Ends of bans that passed are swept with every failure: nothing else would.
const NOTE = `
local address, at, window, limit, ban, id = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', at, 'LIMIT', 0, 100)
for _, old in ipairs(over) do
  redis.call('ZREM', KEYS[2], old)
  redis.call('HDEL', KEYS[3], old)
end
if redis.call('ZSCORE', KEYS[2], address) then return 1 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - window)
redis.call('ZADD', KEYS[1], at, id)
redis.call('PEXPIRE', KEYS[1], window)
local count = redis.call('ZCARD', KEYS[1])
if count < limit then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[2], at + ban, address)
redis.call('HSET', KEYS[3], address, count)
redis.call('PEXPIRE', KEYS[2], ban)
redis.call('PEXPIRE', KEYS[3], ban)
return 1`

const LIST = `
local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', '(' .. ARGV[1], 'WITHSCORES')
local list = {}
for i = 1, #found, 2 do
  list[#list + 1] = found[i]
  list[#list + 1] = found[i + 1]
  list[#list + 1] = redis.call('HGET', KEYS[2], found[i]) or '0'
end
return list`

const LIFT = `
local untilMs = redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
if untilMs and tonumber(untilMs) > tonumber(ARGV[2]) then return 1 end
return 0`
