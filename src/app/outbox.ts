/**
 * The outbox: what happens to calls leaves the house. The board tells, the journal keeps (one fsync, off the call's
 * path), PostgreSQL has it next, and the job library wakes who delivers. Whoever is away in between is waited for by
 * the one before it.
 *
 * What holds: an event that the journal took is delivered at least once, in the order of its call. An event of the
 * last milliseconds before a kill may be lost, but for a call's end: that is told again from the call's record, which
 * has a journal of its own.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readNetworks } from '../access/outgoing-address.ts'
import type { OutgoingRules } from '../access/outgoing-url.ts'
import { createBackoff } from '../base/backoff.ts'
import { every, sleep, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { createOnce } from '../base/secret-file.ts'
import type { LiveEvent } from '../call/live-call.ts'
import type { CallCost, Cdr } from '../cdr/cdr.ts'
import type { WebhooksConfig } from '../config/webhooks.ts'
import { deliverTo, postSigned, type Attempt, type DeliveryStore } from '../deliver/deliver-lanes.ts'
import { bodyOf, decodeEvent, encodeEvent } from '../deliver/event-record.ts'
import { isWanted } from '../deliver/event-names.ts'
import { createPoster, type Resolve } from '../deliver/post.ts'
import { HOLD_BACK_MS } from '../deliver/retry.ts'
import { newSecret } from '../deliver/sign.ts'
import { createCallTeller, type OutgoingEvent, type StoredRecording } from '../deliver/tell-calls.ts'
import type { Board } from '../engine/board.ts'
import { drainJournal, type Drain, type Refusal } from '../spool/drain-journal.ts'
import { openJournal } from '../spool/journal.ts'
import type { Database } from '../store/database.ts'
import { cleanJobs, createDeliveryJobs, type DeliveryJobs } from '../store/delivery-jobs.ts'
import { countDeliveries, removeOldEvents, type DeliveryCounts } from '../store/delivery-log.ts'
import { putEvents, type PutRules } from '../store/delivery-queue.ts'
import {
  readDue,
  readEndpoint,
  readNextDue,
  recordAttempts,
  type SecretKeeper,
} from '../store/delivery-turns.ts'
import { decryptSecret, encryptSecret } from '../store/secret.ts'
import { listSubscriptions, type Subscription } from '../store/webhooks.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

export type Outbox = {
  readonly rules: OutgoingRules
  readonly secrets: SecretKeeper
  readonly put: PutRules<OutgoingEvent>
  /** Records of calls are stored: a call of which the board knows nothing is told from them. */
  readonly recorded: (cdrs: readonly Cdr[]) => Promise<void>
  /** Resolves when it is on the disk; throws where it could not be kept. */
  readonly tell: (event: OutgoingEvent) => Promise<void>
  /** A recording is stored: told from here where the board does not know its call any more. */
  readonly recordingStored: (stored: StoredRecording) => void
  /** Who subscribes may have changed. Never rejects. */
  readonly reload: () => Promise<void>
  /** The database is migrated: events go on from the journal. Does not wait. */
  readonly drain: () => void
  /** Forgets what is older than the log goes back; by the clock. */
  readonly clean: () => Promise<void>
  readonly state: () => OutboxState
  readonly stop: () => Promise<void>
}

export type OutboxState = DeliveryCounts & {
  /** In the journal. */
  readonly pending: number
  readonly lost: number
}

export type OutboxOptions = {
  readonly dataDir: string
  readonly database: Database
  readonly databaseUrl: string
  /** The first seals, all of them open. */
  readonly masterKeys: readonly [Buffer, ...Buffer[]]
  readonly config: WebhooksConfig
  readonly board: Pick<Board, 'watch' | 'call'>
  /** What a call cost, by its records. */
  readonly costOf: (callId: CallUuid) => Promise<CallCost | undefined>
  readonly onAttempt: (attempt: Attempt) => void
  /** A turn of a target, and when its next one is; undefined: the endpoint is a webhook's. */
  readonly deliverToTarget?: (
    endpointId: number,
    signal: AbortSignal,
  ) => Promise<{ readonly next: number | undefined } | undefined>
  readonly clock: Clock
  readonly logger: Logger
  readonly resolve?: Resolve | undefined
}

/** More is refused: a disk that fills up with events would end the call records. */
const JOURNAL_BYTES = 1024 * 1024 * 1024
/** Events that wait for their fsync. At 1 kB each these are seconds of a disk that stands still. */
const MOST_IN_MEMORY = 20_000
const COUNT_MS = 30_000
const HOUR_MS = 3_600_000

export const openOutbox = async (options: OutboxOptions): Promise<Outbox> => {
  const { database, config, board, clock, logger } = options
  const directory = join(options.dataDir, 'outbox')
  const journal = await openJournal({ directory, logger, clock, maxBytes: JOURNAL_BYTES })
  const engineId = await readEngineId(directory)
  const teller = createCallTeller(randomBytes(6).toString('hex'))
  const rules = outgoingRules(config)
  const secrets = keeperOf(options.masterKeys)
  const put: PutRules<OutgoingEvent> = { isWanted, bodyOf }
  const poster = createPoster({
    rules,
    clock,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  })
  const stopping = new AbortController()
  /** Undefined: not known yet, and then everything is kept. */
  let subscriptions: readonly Subscription[] | undefined
  let counts: DeliveryCounts = { waiting: 0, oldestAgeSeconds: 0, paused: 0 }
  let inMemory = 0
  let lost = 0
  let drain: Drain | undefined
  let jobs: DeliveryJobs | undefined
  let starting: Promise<void> | undefined

  const lose = (reason: string): void => {
    lost += 1
    // Once, and then now and then: a full disk would fill the log.
    if (lost === 1 || lost % 1_000 === 0) logger.error({ lost, reason }, 'outgoing events were lost')
  }
  /** Resolves when it is on the disk, or lost. */
  const keep = async (event: OutgoingEvent): Promise<void> => {
    if (!isHeard(event, subscriptions)) return
    if (inMemory >= MOST_IN_MEMORY) {
      lose('too many wait for the disk')
      return
    }
    inMemory += 1
    try {
      await journal.append(encodeEvent(event))
    } catch (fault) {
      lose(asError(fault).message)
    } finally {
      inMemory -= 1
    }
  }
  const unwatch = board.watch(undefined, (event: LiveEvent) => {
    for (const outgoing of teller.happened(event)) void keep(outgoing)
  })
  const costOf = async (callId: CallUuid): Promise<CallCost | undefined> => {
    try {
      return await options.costOf(callId)
    } catch (fault) {
      logger.debug({ err: asError(fault) }, 'what a call cost could not be read for its event')
      return undefined
    }
  }

  const store: DeliveryStore = {
    endpoint: (endpointId) => readEndpoint(database, endpointId, secrets),
    due: (endpointId, now, limit) => readDue(database, endpointId, { now, limit, holdBackMs: HOLD_BACK_MS }),
    record: (endpointId, attempts, endpoint) =>
      recordAttempts(database, endpointId, attempts, endpoint, HOLD_BACK_MS),
    nextDueAt: (endpointId, now) => readNextDue(database, endpointId, now, HOLD_BACK_MS),
  }
  const onAttempt = (attempt: Attempt): void => {
    options.onAttempt(attempt)
    const { delivery, outcome, became } = attempt
    if (became !== 'failed' && became !== 'gone') return
    logger.warn(
      { delivery: delivery.id, type: delivery.type, attempts: delivery.attempts + 1, reason: outcome.fault },
      became === 'gone' ? 'a receiver wants no more events (410)' : 'an event was given up: nobody took it',
    )
  }

  const start = async (): Promise<void> => {
    jobs = createDeliveryJobs({
      url: options.databaseUrl,
      database,
      engineId,
      deliver: async (endpointId, signal) => {
        const target = await options.deliverToTarget?.(endpointId, signal)
        if (target !== undefined) return target.next
        return deliverTo(endpointId, {
          store,
          send: postSigned(poster),
          clock,
          giveUpMs: config.giveUpHours * HOUR_MS,
          random: Math.random,
          onAttempt,
          signal,
        })
      },
      clock,
      logger,
    })
    const backoff = createBackoff({ firstMs: 250, maxMs: 10_000 })
    while (!stopping.signal.aborted) {
      try {
        await jobs.start()
        drain = drainJournal({
          journal,
          directory,
          logger,
          clock,
          deliver: (records) => take(database, records, put),
        })
        return
      } catch (fault) {
        logger.warn(
          { err: asError(fault) },
          'outgoing events cannot be delivered yet; tried again until they can',
        )
        await sleep(clock, backoff.next(), stopping.signal)
      }
    }
  }

  const stopCounting = every(clock, COUNT_MS, async () => {
    try {
      if (drain !== undefined) counts = await countDeliveries(database)
    } catch (fault) {
      logger.debug({ err: asError(fault) }, 'waiting deliveries could not be counted')
    }
  })

  return {
    rules,
    secrets,
    put,
    recorded: async (cdrs) => {
      // What the board knows it tells itself.
      const unseen = cdrs.filter(
        ({ leg, organizationId, callId }) =>
          leg === 'A' && organizationId !== undefined && board.call(callId) === undefined,
      )
      for (const cdr of unseen) {
        const events = teller.recorded(cdr, cdr.wish, await costOf(cdr.callId))
        await Promise.all(events.map(keep))
      }
    },
    tell: async (event) => {
      if (isHeard(event, subscriptions)) await journal.append(encodeEvent(event))
    },
    recordingStored: (stored) => {
      if (board.call(stored.callId) === undefined) void keep(teller.recordingStored(stored))
    },
    reload: async () => {
      try {
        subscriptions = await listSubscriptions(database)
      } catch (fault) {
        logger.warn({ err: asError(fault) }, 'who wants to hear events could not be read; everything is kept')
        subscriptions = undefined
      }
    },
    drain: () => {
      starting ??= start()
    },
    clean: async () => {
      const now = clock.now()
      const removed = await removeOldEvents(database, {
        before: now - config.logDays * 24 * HOUR_MS,
        // One that is tried gives up by itself; what is left waits for a webhook that is disabled.
        giveUpBefore: now - Math.max(config.giveUpHours, config.logDays * 24) * HOUR_MS,
      })
      await cleanJobs(options.databaseUrl, logger)
      if (removed > 0) logger.info({ removed }, 'old deliveries were forgotten')
    },
    state: () => ({ ...counts, pending: journal.stats().pendingRecords, lost }),
    stop: async () => {
      unwatch()
      stopCounting()
      stopping.abort()
      await starting
      await drain?.stop()
      await jobs?.stop()
      await journal.close()
      await poster.close()
    },
  }
}

export const outgoingRules = (
  config: Pick<WebhooksConfig, 'allowNetworks' | 'allowHttp'>,
): OutgoingRules => ({
  allowed: readNetworks(config.allowNetworks) ?? [],
  allowHttp: config.allowHttp,
})

const isHeard = (
  { callbackUrl, type, organizationId }: OutgoingEvent,
  subscriptions: readonly Subscription[] | undefined,
): boolean =>
  callbackUrl !== undefined ||
  subscriptions === undefined ||
  subscriptions.some((one) => one.organizationId === organizationId && isWanted(type, one.events))

const take = async (
  database: Database,
  records: readonly { readonly bytes: Buffer }[],
  put: PutRules<OutgoingEvent>,
): Promise<{ readonly refused: readonly Refusal[] }> => {
  const refused: Refusal[] = []
  const events: OutgoingEvent[] = []
  records.forEach(({ bytes }, index) => {
    try {
      events.push(decodeEvent(bytes))
    } catch (fault) {
      refused.push({ index, why: asError(fault).message })
    }
  })
  await putEvents(database, events, put)
  return { refused }
}

const keeperOf = (masterKeys: readonly [Buffer, ...Buffer[]]): SecretKeeper => ({
  make: newSecret,
  seal: (plain) => encryptSecret(masterKeys[0], plain),
  open: (sealed) => decryptSecret(masterKeys, sealed),
})

/** The same at every start with this data directory: what it had in hand is its own again. */
export const readEngineId = async (directory: string): Promise<string> => {
  const file = join(directory, 'engine-id')
  await mkdir(directory, { recursive: true, mode: 0o750 })
  await createOnce(file, `${randomUUID()}\n`)
  return (await readFile(file, 'utf8')).trim()
}
