/** Bans in memory for one engine, in Redis where several share them. */
import { Redis } from 'ioredis'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import { createMemoryBanLedger, type BanLedger } from '../store/ban-ledger.ts'
import { createRedisBanLedger } from '../store/redis-ban-ledger.ts'

export type ClosableLedger = BanLedger & { readonly close: () => void }

export const openBanLedger = (config: Config, clock: Clock, logger: Logger): ClosableLedger => {
  const limits = {
    failures: config.banFailures,
    windowSeconds: config.banWindowSeconds,
    banSeconds: config.banSeconds,
    clock,
  }
  if (config.redisUrl === undefined) return { ...createMemoryBanLedger(limits), close: () => undefined }
  // A command waits for no Redis that is away: the failure is not counted, and the next one is.
  const redis = new Redis(config.redisUrl, { maxRetriesPerRequest: 1, enableOfflineQueue: false })
  redis.on('error', (fault: Error) =>
    logger.warn({ err: fault }, 'Redis is away: bans are not shared meanwhile'),
  )
  return { ...createRedisBanLedger({ ...limits, redis }), close: () => redis.disconnect() }
}
