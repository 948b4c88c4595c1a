/**
 * Replays of past calls, one at a time: reading a month of calls is work enough. A replay goes on when who asked for it
 * has gone, and its report can be fetched for a while.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { replay } from '../engine/replay.ts'
import type { World } from '../engine/world.ts'
import type { ReplayDoors, ReplayRequest, ReplayRun } from '../http/replay-doors.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import type { Database } from '../store/database.ts'
import { pastCalls } from '../store/replay-reads.ts'
import type { NpaStates } from '../telephony/north-america.ts'

export type ReplayOptions = {
  readonly world: World
  readonly database: Database
  /** The rates in force with the deck in place of what its owner has published. Throws STORE_NOT_FOUND. */
  readonly indexWithDraft: (deckId: number, signal: AbortSignal) => Promise<RateIndex>
  readonly npaStates: NpaStates
  readonly clock: Clock
  readonly logger: Logger
  readonly mostCalls?: number
}

export type Replays = ReplayDoors & { readonly stop: () => Promise<void> }

/** Reports are small; who wants one later replays again. */
const KEPT_RUNS = 20

export const createReplays = (options: ReplayOptions): Replays => {
  const { world, database, clock, logger } = options
  const runs = new Map<number, Run>()
  const stopping = new AbortController()
  let last = 0
  let running: Run | undefined

  const perform = async (run: Run): Promise<void> => {
    const { request } = run
    const begun = clock.monotonic()
    try {
      const after = await options.indexWithDraft(request.deckId, stopping.signal)
      stopping.signal.throwIfAborted()
      const { rates, directory, failoverStrategy } = world.surroundings()
      const report = await replay({
        calls: pastCalls(database, request),
        directory,
        before: rates,
        after,
        failoverStrategy,
        npaStates: options.npaStates,
        now: clock.now(),
        monotonic: clock.monotonic,
        breathe: async () => {
          await nextTurn()
          stopping.signal.throwIfAborted()
        },
        onProgress: (calls) => {
          run.state = { kind: 'running', calls }
        },
        ...(options.mostCalls !== undefined && { mostCalls: options.mostCalls }),
      })
      const tookMs = clock.monotonic() - begun
      run.state = { kind: 'done', report, tookMs }
      logger.info(
        { deckId: request.deckId, calls: report.calls, tookMs: Math.round(tookMs) },
        'calls were replayed',
      )
    } catch (fault) {
      run.state = { kind: 'failed', fault }
      if (!stopping.signal.aborted)
        logger.warn({ deckId: request.deckId, why: asError(fault).message }, 'a replay failed')
    }
  }

  return {
    start: (request) => {
      if (running !== undefined)
        throw new EngineError('APP_REPLAY_RUNNING', `replay ${running.id} is running: one at a time`, {
          replayId: running.id,
        })
      last += 1
      const run: Run = { id: last, request, state: { kind: 'running', calls: 0 }, over: Promise.resolve() }
      runs.set(run.id, run)
      const [oldest] = runs.size > KEPT_RUNS ? runs.keys() : []
      if (oldest !== undefined) runs.delete(oldest)
      running = run
      run.over = perform(run).finally(() => {
        running = undefined
      })
      return run.id
    },
    find: async (id, waitMs) => {
      const run = runs.get(id)
      if (run === undefined) return undefined
      const waited = new AbortController()
      await Promise.race([run.over, sleep(clock, waitMs, waited.signal)])
      waited.abort()
      return { id: run.id, request: run.request, state: run.state }
    },
    stop: async () => {
      stopping.abort(new EngineError('APP_STOPPING', 'the engine stops'))
      await running?.over
    },
  }
}

type Run = {
  readonly id: number
  readonly request: ReplayRequest
  state: ReplayRun['state']
  over: Promise<void>
}
