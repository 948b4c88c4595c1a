/**
 * The loop that empties the journal into the store, in the order of arrival, skipping nothing: a record leaves
 * the journal when it was delivered, or when it was refused and stands in `quarantine/`.
 */
import { join } from 'node:path'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import { createBackoff, type Backoff } from '../base/backoff.ts'
import { sleep, type Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Journal, JournalRecord } from './journal.ts'
import { openQuarantine, type Quarantine } from './quarantine.ts'

export type Refusal = { readonly index: number; readonly why: string }

/**
 * Stores the records and names those that it never will. A throw means that none counts as delivered: it is
 * tried again, unless it is an EngineError with `details.retryable === false`, which no repetition would mend.
 */
export type Deliver = (records: readonly JournalRecord[]) => Promise<{ readonly refused: readonly Refusal[] }>

export type DrainOptions = {
  readonly journal: Journal
  readonly deliver: Deliver
  /** The journal's folder; refused records go into `quarantine/` in it. */
  readonly directory: string
  /** The one on that folder, where somebody has it open already. */
  readonly quarantine?: Quarantine
  readonly logger: Logger
  readonly clock: Clock
  readonly maxRecords?: number
  readonly maxBytes?: number
  /** After a batch while few wait, to let the next one gather: a transaction and its sync are shared by more. Default 0. */
  readonly gatherMs?: number
  readonly backoff?: Backoff
}

export type Drain = {
  /** Finishes the batch under way and ends; what waits is kept for the next start. */
  readonly stop: () => Promise<void>
  /** Why nothing was delivered lately, or undefined. */
  readonly trouble: () => string | undefined
  /** Records put in quarantine since the start. */
  readonly refusedCount: () => number
}

/** So many are worth a transaction of their own. */
const FEW_RECORDS = 50
/** A transaction's worth; more gains nothing. */
const MAX_RECORDS = 500
/** Some 200 records of the usual 20 kB. They are read and checked in one go: calls wait meanwhile. */
const MAX_BYTES = 4 * 1024 * 1024

export const drainJournal = (options: DrainOptions): Drain => {
  const { journal, deliver, logger, clock, gatherMs = 0 } = options
  const backoff = options.backoff ?? createBackoff({ firstMs: 200, maxMs: 10_000 })
  const stopping = new AbortController()
  let trouble: string | undefined
  let refusedCount = 0
  let quarantine = options.quarantine

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const batch = await journal.read(options.maxRecords ?? MAX_RECORDS, options.maxBytes ?? MAX_BYTES)
        if (batch === undefined) {
          await journal.readable(stopping.signal)
          continue
        }
        await takeBatch(batch.records)
        await journal.acknowledge(batch)
        if (trouble !== undefined) logger.info({}, 'the spool is being drained again')
        trouble = undefined
        backoff.reset()
        if (gatherMs > 0 && journal.stats().pendingRecords < FEW_RECORDS)
          await sleep(clock, gatherMs, stopping.signal)
      } catch (fault) {
        const message = asError(fault).message
        const delayMs = backoff.next()
        logger.warn(
          { code: codeOf(fault), reason: message, delayMs },
          'the spool was not drained; the same records are tried again',
        )
        trouble = message
        await sleep(clock, delayMs, stopping.signal)
      }
    }
  }

  const takeBatch = async (records: readonly JournalRecord[]): Promise<void> => {
    let refused: readonly Refusal[]
    try {
      refused = (await deliver(records)).refused
    } catch (fault) {
      if (!isHopeless(fault)) throw fault
      if (records.length > 1) {
        // One of them is to blame: each alone, so that it does not take the others with it.
        for (const record of records) await takeBatch([record])
        return
      }
      refused = [{ index: 0, why: asError(fault).message }]
    }
    for (const { index, why } of refused) {
      const record = records[index]
      if (record === undefined) {
        throw new EngineError(
          'SPOOL_BAD_REFUSAL',
          `record ${index} was refused of ${records.length} delivered`,
        )
      }
      quarantine ??= await openQuarantine(join(options.directory, 'quarantine'), clock.now)
      const path = await quarantine.keep(record, why)
      refusedCount += 1
      logger.error({ path, why }, 'a record was refused and stands in quarantine')
    }
  }

  const running = run()
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
    trouble: () => trouble,
    refusedCount: () => refusedCount,
  }
}

const isHopeless = (fault: unknown): boolean =>
  fault instanceof EngineError && fault.details['retryable'] === false
