/**
 * Rating periods again, one period at a time, batch by batch: what is done is in PostgreSQL, so an engine that is killed
 * goes on after its start where it was, and nothing is rated or booked twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sleep, type Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Cdr } from '../cdr/cdr.ts'
import { createExchangeRates } from '../directory/exchange-rates.ts'
import { createTaxRates } from '../directory/tax-rates.ts'
import { rerate, type RerateRules } from '../engine/rerate.ts'
import { createRerateTally, EMPTY_REPORT, type RerateReport } from '../engine/rerate-report.ts'
import type { RatingDoors, ToldRerating } from '../http/rating-doors.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import type { Database, Queryable } from '../store/database.ts'
import { exchangeRatesBetween } from '../store/exchange-rates.ts'
import { badInput, conflict } from '../store/input.ts'
import type { PastRates } from '../store/rates-past.ts'
import type { RerateCompanion, ReratedCdr } from '../store/rerate-companion.ts'
import * as rows from '../store/rerate-rows.ts'
import type { Rerating } from '../store/rerate-rows.ts'
import { listTaxRates } from '../store/tax-rates.ts'
import { isE164, parseNumber } from '../telephony/e164.ts'

export type ReratingsOptions = {
  readonly database: Database
  readonly companions: readonly RerateCompanion[]
  readonly indexOfPast: (past: PastRates, signal: AbortSignal) => Promise<RateIndex>
  readonly exchangeMostDays: number
  readonly clock: Clock
  readonly logger: Logger
  /** Records a transaction. */
  readonly batchSize?: number
}

export type Reratings = Pick<
  RatingDoors,
  'rerate' | 'undoRerating' | 'cancelRerating' | 'findRerating' | 'listReratings'
> & {
  /** Goes on with what an engine left running, as soon as the database is there. */
  readonly resume: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** More hold the rows of live calls for longer, and the event loop. */
const BATCH_SIZE = 250
const RETRY_MS = 5_000
const LOOK_MS = 200

export const createReratings = (options: ReratingsOptions): Reratings => {
  const { database, companions, clock, logger, batchSize = BATCH_SIZE } = options
  const stopping = new AbortController()
  let queue: Promise<void> = Promise.resolve()

  const isStopping = (): boolean => stopping.signal.aborted

  const enqueue = (reratingId: number): void => {
    queue = queue.then(() => perform(reratingId))
  }

  const perform = async (reratingId: number): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const rerating = await rows.findRerating(database, reratingId)
        if (rerating?.state !== 'running') return
        await run(rerating)
        return
      } catch (fault) {
        if (isStopping()) return
        if (codeOf(fault) !== 'STORE_UNAVAILABLE' && codeOf(fault) !== 'APP_RATES_LOST') {
          logger.error({ reratingId, err: asError(fault) }, 'a period could not be rated again')
          await rows.endRerating(database, reratingId, 'failed', asError(fault).message).catch(() => false)
          return
        }
        logger.warn({ reratingId, why: asError(fault).message }, 'rating again waits')
        await sleep(clock, RETRY_MS, stopping.signal)
      }
    }
  }

  const run = async (rerating: Rerating): Promise<void> => {
    const { id: reratingId, dryRun, undoes, criteria } = rerating
    const { names, rules } = await rulesOf(rerating)
    for (;;) {
      stopping.signal.throwIfAborted()
      const outcome = await database.transaction(async (on) => {
        const held = await rows.holdRerating(on, reratingId)
        if (held === undefined) return 'over'
        const tally = createRerateTally(reportIn(held.report), (organizationId) => names.get(organizationId))
        const legs =
          undoes === undefined
            ? await rows.nextLegs(on, criteria, held.cursor, batchSize, !dryRun)
            : await rows.nextChanged(on, undoes, held.cursor, batchSize)
        const last = legs.at(-1)
        if (last === undefined) return 'done'
        const rerated =
          undoes === undefined
            ? await rateBatch(on, reratingId, legs, rules, tally, dryRun)
            : await undoBatch(on, reratingId, undoes, legs, tally)
        if (!dryRun) for (const companion of companions) if (rerated.length > 0) await companion(on, rerated)
        await rows.moveRerating(on, reratingId, last.at, tally.report())
        return 'more'
      })
      if (outcome === 'over') return
      if (outcome === 'done') break
      await nextTurn()
    }
    await rows.endRerating(database, reratingId, 'done')
    const done = await rows.findRerating(database, reratingId)
    const { examined, changed } = reportIn(done?.report)
    logger.info(
      { reratingId, by: rerating.createdBy, dryRun, undoes, examined, changed },
      'a period was rated again',
    )
  }

  /** What is looked up again: nothing, where it is only taken back. */
  const rulesOf = async ({ criteria, undoes }: Rerating): Promise<Rules> => {
    const organizations = await database.query<{ id: number; name: string; currency: string }>(
      'SELECT id, name, currency FROM organizations',
    )
    const names = new Map(organizations.map((row) => [row.id, row.name]))
    if (undoes !== undefined) return { names, rules: undefined }
    const { since, until, deckId, side } = criteria
    const currencies = new Map(organizations.map((row) => [row.id, row.currency]))
    const [rates, exchangeRates, taxes] = await Promise.all([
      options.indexOfPast({ since, deckId }, stopping.signal),
      exchangeRatesBetween(database, since, until),
      listTaxRates(database, undefined),
    ])
    return {
      names,
      rules: {
        rates,
        exchange: createExchangeRates(exchangeRates, options.exchangeMostDays).quote,
        taxOf: createTaxRates(taxes).taxOf,
        currencyOf: (organizationId) => currencies.get(organizationId),
        countryOf: countryOf(),
        side,
      },
    }
  }

  const start = async (added: Parameters<typeof rows.addRerating>[1]): Promise<number> => {
    const reratingId = await rows.addRerating(database, added)
    enqueue(reratingId)
    return reratingId
  }

  return {
    rerate: async ({ criteria, dryRun, by }) => {
      const { deckId, organizationId } = criteria
      if (deckId !== undefined && !(await exists(database, 'rate_decks', deckId)))
        throw badInput('deckId', `there is no rate deck ${deckId}`)
      if (organizationId !== undefined && !(await exists(database, 'organizations', organizationId)))
        throw badInput('organizationId', `there is no organisation ${organizationId}`)
      return start({ criteria, dryRun, createdBy: by, undoes: undefined })
    },
    undoRerating: async (undone, by) => {
      const rerating = await rows.findRerating(database, undone)
      if (rerating === undefined) throw new EngineError('STORE_NOT_FOUND', `there is no rerating ${undone}`)
      if (rerating.state === 'running') throw conflict('id', 'it is still running: cancel it first')
      if (rerating.dryRun) throw conflict('id', 'it was a dry run: it changed nothing')
      return start({ criteria: rerating.criteria, dryRun: false, createdBy: by, undoes: undone })
    },
    cancelRerating: (reratingId) => rows.endRerating(database, reratingId, 'cancelled'),
    findRerating: async (reratingId, waitMs) => {
      const until = clock.monotonic() + waitMs
      for (;;) {
        const found = await rows.findRerating(database, reratingId)
        if (found?.state !== 'running' || clock.monotonic() >= until)
          return found === undefined ? undefined : told(found)
        await sleep(clock, LOOK_MS, stopping.signal)
      }
    },
    listReratings: async (limit) => (await rows.listReratings(database, limit)).map(told),
    resume: async () => {
      while (!stopping.signal.aborted) {
        const left = await rows.runningReratings(database).catch(() => undefined)
        if (left !== undefined) {
          left.forEach(enqueue)
          return
        }
        // PostgreSQL is away, or has no tables yet.
        await sleep(clock, RETRY_MS, stopping.signal)
      }
    },
    stop: async () => {
      stopping.abort(new EngineError('APP_STOPPING', 'the engine stops'))
      await queue
    },
  }
}

type Rules = { readonly names: ReadonlyMap<number, string>; readonly rules: RerateRules | undefined }
type Tally = ReturnType<typeof createRerateTally>

const rateBatch = async (
  on: Queryable,
  reratingId: number,
  legs: readonly rows.RatedLeg[],
  rules: RerateRules | undefined,
  tally: Tally,
  dryRun: boolean,
): Promise<readonly ReratedCdr[]> => {
  if (rules === undefined) return []
  const changes: { readonly leg: rows.RatedLeg; readonly after: Cdr }[] = []
  for (const leg of legs) {
    const { after, withoutRate } = rerate(leg.cdr, leg.number, rules)
    tally.look({ unknownNumber: leg.number === undefined, withoutRate })
    if (isSame(leg.cdr, after)) continue
    tally.change(leg.cdr, after)
    changes.push({ leg, after })
  }
  if (!dryRun) await rows.writeRerated(on, reratingId, changes)
  return changes.map(({ leg, after }) => ({ before: leg.cdr, after }))
}

const undoBatch = async (
  on: Queryable,
  reratingId: number,
  undone: number,
  legs: readonly rows.RatedLeg[],
  tally: Tally,
): Promise<readonly ReratedCdr[]> => {
  const restored = await rows.restoreRerated(on, reratingId, undone, legs)
  return legs.flatMap(({ cdr: before }) => {
    tally.look({ unknownNumber: false, withoutRate: false })
    const after = restored.get(before.legUuid)
    if (after === undefined) return []
    tally.change(before, after)
    return [{ before, after }]
  })
}

/** By what would be written: then the same rating twice changes nothing the second time. */
const isSame = (before: Cdr, after: Cdr): boolean =>
  JSON.stringify(rows.figuresOf(before)) === JSON.stringify(rows.figuresOf(after))

/** Destinations repeat. */
const countryOf = (): RerateRules['countryOf'] => {
  const known = new Map<string, string | undefined>()
  return (digits) => {
    if (!known.has(digits)) {
      if (known.size > MOST_KNOWN) known.clear()
      const number = `+${digits}`
      known.set(digits, isE164(number) ? parseNumber(number, 'US')?.country : undefined)
    }
    return known.get(digits)
  }
}

const MOST_KNOWN = 100_000

const exists = async (
  on: Queryable,
  table: 'rate_decks' | 'organizations',
  rowId: number,
): Promise<boolean> => (await on.query(`SELECT id FROM ${table} WHERE id = $1`, [rowId])).length > 0

/** Written by ourselves, or nothing yet. */
const reportIn = (stored: unknown): RerateReport =>
  typeof stored === 'object' && stored !== null ? (stored as RerateReport) : EMPTY_REPORT

const told = (rerating: Rerating): ToldRerating => ({ ...rerating, report: reportIn(rerating.report) })
