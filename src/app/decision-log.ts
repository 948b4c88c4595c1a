/**
 * Keeps what was decided for calls, behind the calls: a decision is put into memory and written with others a little
 * later. No call ever waits for it, and a database that is away costs the oldest decisions, never a call.
 */
import { sleep, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { CarriedCall } from '../call/carried.ts'
import { decisionFrom, type Decision } from '../engine/decision.ts'
import type { InsertedDecisions, NewDecision } from '../store/decision-writes.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

export type DecisionLog = {
  readonly decided: (call: CarriedCall, decision: Decision) => void
  /** What was decided last for the call, if it is of the organisation; undefined: nothing is kept. Throws STORE_UNAVAILABLE. */
  readonly find: (callId: CallUuid, boundTo?: number) => Promise<Decision | undefined>
  readonly state: () => DecisionLogState
  readonly start: () => void
  /** Writes what is left, once: a database that is away is not waited for. */
  readonly stop: () => Promise<void>
}

export type DecisionLogState = {
  readonly waiting: number
  /** Since the start: pushed out by newer ones, or refused by the database. */
  readonly lost: number
}

export type DecisionLogOptions = {
  /** `refused`: only of calls that got no route. */
  readonly keeps: 'all' | 'refused' | 'none'
  readonly write: (batch: readonly NewDecision[]) => Promise<InsertedDecisions>
  readonly read: (callId: CallUuid, boundTo?: number) => Promise<unknown>
  readonly clock: Clock
  readonly logger: Logger
  /** So many wait at most; the oldest go first. */
  readonly capacity?: number
}

const CAPACITY = 10_000
const WRITE_EVERY_MS = 200
/** Between tries while the database is away. */
const TRY_AGAIN_MS = 2_000
/** About 2 kB each. */
const ROWS_A_BATCH = 500

export const createDecisionLog = (options: DecisionLogOptions): DecisionLog => {
  const { keeps, clock, logger, capacity = CAPACITY } = options
  const stopping = new AbortController()
  /** Oldest first. Those of the batch under way stand at the front until they are written. */
  const waiting: Kept[] = []
  /** How many at the front are being written. */
  let writing = 0
  /** Of those, pushed out meanwhile: lost should they not be written. */
  let pushedOut = 0
  let lost = 0
  let isAway = false
  let running: Promise<void> = Promise.resolve()

  /** False: the database is away. */
  const writeOnce = async (): Promise<boolean> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, ROWS_A_BATCH)
      writing = batch.length
      pushedOut = 0
      try {
        const { refused } = await options.write(batch)
        if (refused.length > 0) {
          lost += refused.length
          logger.warn({ count: refused.length, why: refused[0] }, 'decisions could not be stored')
        }
        waiting.splice(0, writing)
        if (isAway) logger.info('decisions are written again')
        isAway = false
      } catch (fault) {
        if (!isAway)
          logger.warn({ why: asError(fault).message }, 'decisions wait in memory: they cannot be written')
        isAway = true
        lost += pushedOut
        return false
      } finally {
        writing = 0
      }
    }
    return true
  }

  const isStopping = (): boolean => stopping.signal.aborted
  const run = async (): Promise<void> => {
    while (!isStopping()) {
      await sleep(clock, isAway ? TRY_AGAIN_MS : WRITE_EVERY_MS, stopping.signal)
      if (!isStopping()) await writeOnce()
    }
  }

  return {
    decided: ({ callId, organizationId }, decision) => {
      if (keeps === 'none' || (keeps === 'refused' && decision.refusal === undefined)) return
      waiting.push({ callId, organizationId, at: decision.at, destination: decision.destination, decision })
      if (waiting.length <= capacity) return
      waiting.shift()
      if (writing === 0) lost += 1
      else {
        writing -= 1
        pushedOut += 1
      }
    },
    find: async (callId, boundTo) => {
      const kept = waiting.findLast((one) => one.callId === callId)
      if (kept === undefined) return decisionFrom(await options.read(callId, boundTo))
      return boundTo === undefined || kept.organizationId === boundTo ? kept.decision : undefined
    },
    state: () => ({ waiting: waiting.length, lost }),
    start: () => {
      running = run()
    },
    stop: async () => {
      stopping.abort()
      await running
      if (await writeOnce()) return
      logger.warn({ count: waiting.length }, 'decisions are lost: the database is away')
    },
  }
}

type Kept = NewDecision & { readonly decision: Decision }
