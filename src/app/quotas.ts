/** Quotas, joined: the counters, the plans and calls that they count, the records that say what was spent. */
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { Cdr } from '../cdr/cdr.ts'
import type { Directory } from '../directory/directory.ts'
import type { Board } from '../engine/board.ts'
import { createQuotaFeed, type QuotaFeed } from '../engine/quota-feed.ts'
import type { QuotaDoors, QuotaOwnerId, ToldQuota } from '../http/quota-doors.ts'
import { createQuotaCounters, type QuotaCounters } from '../limits/quota-counters.ts'
import type { Quota } from '../directory/quota.ts'
import type { Database, Queryable } from '../store/database.ts'
import {
  findQuota,
  listQuotas,
  removeQuota,
  setQuota,
  spentSince,
  type QuotaOwner,
} from '../store/quota-rows.ts'
import { settled } from '../telephony/exchange.ts'
import { EMERGENCY_ANYWHERE, emergencyNumbers } from '../telephony/number-class.ts'

export type Quotas = {
  readonly counters: QuotaCounters
  readonly feed: QuotaFeed
  /** Records that were stored. */
  readonly stored: (cdrs: readonly Cdr[]) => void
}

export const createQuotas = (
  directory: () => Directory,
  board: Pick<Board, 'call'>,
  now: () => number,
): Quotas => {
  const counters = createQuotaCounters({
    organization: (id) => directory().quotaOf(id),
    user: (id) => directory().quotaOfUser(id),
  })
  const isEmergency = (organizationId: number, dialled: string): boolean => {
    const organization = directory().organization(organizationId)
    return (
      EMERGENCY_ANYWHERE.includes(dialled) ||
      (organization !== undefined && emergencyNumbers(organization.country).includes(dialled))
    )
  }
  return {
    counters,
    feed: createQuotaFeed({
      counters,
      isEmergency,
      isOver: (callId) => board.call(callId)?.state === 'ended',
    }),
    stored: (cdrs) => {
      for (const { organizationId, callerUserId: userId, cost, rate, startTime } of cdrs) {
        const amount = cost === undefined ? undefined : settled(cost, rate?.exchange)
        if (organizationId === undefined || amount === undefined) continue
        const { currency } = directory().organization(organizationId) ?? {}
        // The organisation may have changed its currency since.
        if ((rate?.exchange?.to ?? rate?.tariff.currency) !== currency) continue
        counters.spent({ organizationId, userId, amount }, startTime, now())
      }
    },
  }
}

/** What other engines stored counts here after so long. */
const REFRESH_MS = 30_000
const DAY_MS = 86_400_000

/** What records of today say: at the start, and again and again, for there may be other engines. */
export const keepSpendCounted = ({
  database,
  counters,
  clock,
  logger,
}: {
  readonly database: Queryable
  readonly counters: Pick<QuotaCounters, 'replaceSpent'>
  readonly clock: Clock
  readonly logger: Logger
}): Part => {
  let stop: (() => void) | undefined
  const refresh = async (): Promise<void> => {
    const now = clock.now()
    try {
      counters.replaceSpent(await spentSince(database, now - (now % DAY_MS)), clock.now())
    } catch (fault) {
      logger.debug({ err: asError(fault) }, 'what was spent today cannot be read; read again later')
    }
  }
  return {
    name: 'spend of the day',
    start: () => {
      void refresh()
      stop = every(clock, REFRESH_MS, () => void refresh())
    },
    stop: () => stop?.(),
  }
}

export const createQuotaDoors = (
  database: Database,
  counters: Pick<QuotaCounters, 'usage'>,
  now: () => number,
): QuotaDoors => {
  const told = (quota: Quota): ToldQuota => ({
    quota,
    usage: counters.usage(quota.organizationId, quota.userId, now()),
  })
  const find = async (owner: QuotaOwner): Promise<ToldQuota | undefined> => {
    const quota = await findQuota(database, owner)
    return quota === undefined ? undefined : told(quota)
  }
  return {
    list: async (organizationId) => (await listQuotas(database, organizationId)).map(told),
    find: (owner) => find(rowOf(owner)),
    set: async (owner, changes) =>
      (await setQuota(database, rowOf(owner), changes)) ? find(rowOf(owner)) : undefined,
    remove: (owner) => removeQuota(database, rowOf(owner)),
  }
}

const rowOf = (owner: QuotaOwnerId): QuotaOwner =>
  owner.kind === 'organization'
    ? { organizationId: owner.id }
    : { userId: owner.id, within: owner.organizationId }
