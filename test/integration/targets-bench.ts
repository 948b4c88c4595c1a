/** Targets over a real PostgreSQL: records are stored as the engine stores them, and deliveries go by the outbox. */
import { randomBytes } from 'node:crypto'
import { createCdrCompanions } from '../../src/app/cdr-companions.ts'
import { createTargets, type Targets } from '../../src/app/targets.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import type { StoredTarget, TargetDelivery } from '../../src/http/target-doors.ts'
import { createCdrPartitions, insertCdrs } from '../../src/store/cdr-writes.ts'
import { wakeTargets } from '../../src/store/target-deliveries.ts'
import { asCallUuid, newCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { targetOf } from '../support/target-fields.ts'
import { startVendors, type Vendors } from '../support/target-vendors.ts'
import { openOutboxBench, until, type OutboxBench } from './outbox-bench.ts'

export type TargetsBench = {
  readonly outbox: OutboxBench
  readonly vendors: Vendors
  readonly targets: Targets
  readonly masterKey: Buffer
  readonly attempts: readonly string[]
  readonly add: (
    kind: Parameters<typeof targetOf>[0],
    changes?: {
      readonly name?: string
      readonly settings?: Record<string, unknown>
      readonly credentials?: Record<string, unknown>
      readonly mapping?: Record<string, unknown>
      readonly organizationId?: number
    },
  ) => Promise<StoredTarget>
  /** Stores records, and has the targets woken as the engine does. */
  readonly store: (...cdrs: readonly Cdr[]) => Promise<void>
  readonly deliveries: (target: StoredTarget) => Promise<readonly TargetDelivery[]>
  /** Everything that was put down for the target is over; what it became. */
  readonly settled: (target: StoredTarget, timeoutMs?: number) => Promise<readonly TargetDelivery[]>
  /** What waits is due now. */
  readonly hurry: () => Promise<void>
  /** Another engine takes over: nothing is in memory. */
  readonly restart: () => void
  readonly close: () => Promise<void>
}

export const openTargetsBench = async (): Promise<TargetsBench> => {
  const vendors = await startVendors()
  const masterKey = randomBytes(32)
  const attempts: string[] = []
  const late: { targets: Targets | undefined } = { targets: undefined }
  const outbox = await openOutboxBench({
    deliverToTarget: async (endpointId, signal) => late.targets?.deliver(endpointId, signal),
  })
  const { database } = outbox
  const open = (): Targets =>
    createTargets({
      database,
      masterKeys: [masterKey],
      config: { allowNetworks: ['127.0.0.0/8'], allowHttp: true, giveUpHours: 72, logDays: 30 },
      onAttempt: (kind, became) => attempts.push(`${kind} ${became}`),
      clock: systemClock,
      logger: silentLogger,
    })
  const targets = open()
  const opened = [targets]
  late.targets = targets
  await createCdrPartitions(database, Date.now())
  const deliveries = async ({ id }: StoredTarget): Promise<readonly TargetDelivery[]> =>
    (await targets.doors.deliveries(undefined, id, { limit: 500 }))?.deliveries ?? []
  return {
    outbox,
    vendors,
    targets,
    masterKey,
    attempts,
    add: async (kind, { name = kind, settings = {}, credentials, mapping = {}, organizationId } = {}) => {
      const fields = targetOf(kind, vendors)
      const { target } = await targets.doors.add(organizationId ?? outbox.organizationId, {
        ...fields,
        name,
        settings: { ...fields.settings, ...settings },
        credentials: credentials ?? fields.credentials,
        mapping,
        enabled: true,
      })
      return target
    },
    store: async (...cdrs) => {
      await insertCdrs(database, cdrs, createCdrCompanions())
      targets.stored()
    },
    deliveries,
    settled: async (target, timeoutMs = 20_000) => {
      let found: readonly TargetDelivery[] = []
      await until(
        'its deliveries are over',
        async () => {
          found = await deliveries(target)
          return found.length > 0 && found.every(({ state }) => state !== 'waiting')
        },
        timeoutMs,
      )
      return found
    },
    hurry: async () => {
      await database.query(
        `UPDATE webhook_deliveries SET next_try_at = now() WHERE state = 'waiting';
         UPDATE webhook_endpoints SET paused_until = now() WHERE paused_until IS NOT NULL`,
      )
      await wakeTargets(database)
    },
    restart: () => {
      late.targets = open()
      opened.push(late.targets)
    },
    close: async () => {
      await outbox.close()
      for (const one of opened) await one.stop()
      await vendors.close()
    },
  }
}

/** An answered call that went out by a carrier: the caller's leg and the one that was answered. */
export const callOf = (
  organizationId: number,
  changes: Partial<Cdr> = {},
): { readonly callId: CallUuid; readonly a: Cdr; readonly b: Cdr } => {
  const callId = newCallUuid()
  const now = Math.floor(Date.now() / 1_000) * 1_000 - 60_000
  const base: Partial<Cdr> = {
    callId,
    organizationId,
    startTime: now,
    progressTime: now + 1_000,
    answerTime: now + 3_000,
    endTime: now + 45_000,
    ...changes,
  }
  return {
    callId,
    a: cdrOf({ ...base, legUuid: callId, cost: undefined, rate: undefined, chargedSeconds: undefined }),
    b: cdrOf({ ...base, legUuid: asCallUuid(newCallUuid()), parentUuid: callId, leg: 'B', attempts: [] }),
  }
}
