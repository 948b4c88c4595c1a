/**
 * What looks like fraud, written down: alerts with the event that leaves the house, blocks, countries that were called
 * for the first time. And read back at the start, so that a restart forgets no burst.
 */
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { FraudCall } from '../call/fraud.ts'
import { idOf, type OutgoingEvent } from '../deliver/tell-calls.ts'
import type { FraudCounters } from '../limits/fraud-counters.ts'
import { countryKeyOf } from '../limits/fraud-rules.ts'
import type { Database } from '../store/database.ts'
import { putEvents, type PutRules } from '../store/delivery-queue.ts'
import { putAlerts, putBlocks, type FraudAlert, type NewAlert, type NewBlock } from '../store/fraud-alerts.ts'
import {
  addCalledCountries,
  listCalledCountries,
  readPastLegs,
  samplesOfPast,
  type CalledCountry,
} from '../store/fraud-history.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'

/** What waits for the database. */
export type FraudWaiting = {
  /** By subject: what is told again before it was written is one. */
  readonly alerts: Map<string, NewAlert>
  blocks: NewBlock[]
  countries: CalledCountry[]
  /** Blocks by subject, and when they were written. */
  readonly written: Map<string, number>
}

export type FraudStore = {
  readonly database: Database
  readonly put: PutRules<OutgoingEvent>
}

export type KeepFraudOptions = FraudStore & {
  readonly waiting: FraudWaiting
  readonly counters: Pick<FraudCounters, 'spent' | 'seen' | 'take' | 'ended' | 'called' | 'sweep'>
  readonly callOf: (
    organizationId: number,
    userId: number | undefined,
    number: string,
    callId: string,
  ) => FraudCall | undefined
  /** The first snapshot is in. */
  readonly isWorldKnown: () => boolean
  readonly currencyOf: (organizationId: number) => string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WRITE_MS = 250
const RETRY_MS = 5_000

export const keepFraud = (options: KeepFraudOptions): Part => {
  const { database, put, waiting, counters, callOf, clock, logger } = options
  const { alerts, written } = waiting
  let stops: readonly (() => void)[] = []
  let busy: Promise<void> | undefined
  let waitUntil = 0
  let isPastKnown = false

  const readPast = async (): Promise<void> => {
    const samples = await samplesOfPast(database)
    const seen = samples.flatMap(({ organizationId, number }) => {
      const call = callOf(organizationId, undefined, number, '')
      return call === undefined ? [] : [{ organizationId, country: countryKeyOf(call) }]
    })
    if (seen.length > 0) await addCalledCountries(database, seen)
    const now = clock.now()
    const legs = await readPastLegs(database, now - DAY_MS)
    // A carrier gets the number in a form of its own: the call's A leg has it as it is.
    const numbers = new Map(
      legs.flatMap(({ leg, callId, number }) => (leg === 'A' ? [[callId, number]] : [])),
    )
    for (const leg of legs) {
      const number = numbers.get(leg.callId) ?? leg.number
      const call = callOf(leg.organizationId, leg.userId, number, leg.callId)
      if (call === undefined) continue
      if (leg.cost !== undefined && leg.cost.currency === options.currencyOf(leg.organizationId))
        counters.spent(call, leg.cost.amount, leg.endedAt, now)
      // One that goes on is on the board.
      if (leg.leg !== 'A' || counters.seen(leg.callId)) continue
      counters.take(call, leg.startedAt)
      counters.ended(leg.callId)
    }
    counters.called(await listCalledCountries(database))
    isPastKnown = true
  }
  const eventOf = (told: FraudAlert): OutgoingEvent => ({
    id: idOf(`fraud alert ${told.id}`),
    type: 'fraud.alert',
    at: told.lastAt,
    organizationId: told.organizationId,
    callId: told.callId !== undefined && isCallUuid(told.callId) ? told.callId : undefined,
    callbackUrl: undefined,
    payload: {
      event: null,
      organizationId: told.organizationId,
      alert: {
        id: told.id,
        ruleId: told.ruleId ?? null,
        userId: told.userId ?? null,
        kind: told.kind,
        action: told.action,
        why: told.why,
        callId: told.callId ?? null,
        number: told.number ?? null,
        country: told.country ?? null,
        at: new Date(told.lastAt).toISOString(),
      },
    },
  })
  const write = async (): Promise<void> => {
    if (!isPastKnown && options.isWorldKnown()) await readPast()
    if (waiting.blocks.length > 0) {
      const batch = waiting.blocks
      await putBlocks(database, batch)
      waiting.blocks = waiting.blocks.slice(batch.length)
      for (const made of batch) written.set(subjectOf(made), clock.now())
    }
    if (alerts.size > 0) {
      const batch = [...alerts]
      await putAlerts(
        database,
        batch.map(([, one]) => one),
        async (on, made) => {
          await putEvents(on, [eventOf(made)], put)
        },
      )
      for (const [key, one] of batch) {
        const now = alerts.get(key)
        // What came in the meantime is told with the next.
        if (now === one) alerts.delete(key)
        else if (now !== undefined)
          alerts.set(key, { ...now, occurrences: now.occurrences - one.occurrences })
      }
    }
    if (waiting.countries.length > 0) {
      const batch = waiting.countries
      await addCalledCountries(database, batch)
      waiting.countries = waiting.countries.slice(batch.length)
    }
  }
  const tick = (): void => {
    if (busy !== undefined || clock.now() < waitUntil) return
    busy = write()
      .catch((fault: unknown) => {
        waitUntil = clock.now() + RETRY_MS
        logger.debug({ err: asError(fault) }, 'what looks like fraud cannot be written down yet')
      })
      .finally(() => {
        busy = undefined
      })
  }
  return {
    name: 'toll fraud',
    start: () => {
      stops = [every(clock, WRITE_MS, tick), every(clock, HOUR_MS, () => counters.sweep(clock.now()))]
    },
    stop: async () => {
      for (const stop of stops) stop()
      await busy
      // Once more: what a call did in the last moment is told too, where the database is there.
      await write().catch((fault: unknown) => {
        logger.warn(
          { err: asError(fault), alerts: alerts.size },
          'what looked like fraud was not written down',
        )
      })
    },
  }
}

export const subjectOf = ({
  organizationId,
  userId,
  ruleId,
}: Pick<NewBlock, 'organizationId' | 'userId' | 'ruleId'>): string =>
  `${organizationId}/${userId ?? ''}/${ruleId ?? ''}`
