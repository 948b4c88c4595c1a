/**
 * The engine's hold on PostgreSQL: migrations, the snapshot and its changes. A database that is away is waited
 * for, never a reason to end: calls go on from the last snapshot, records wait in the spool.
 */
import { createBackoff } from '../base/backoff.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Snapshot } from '../directory/records.ts'
import { watchChanges, type ChangeWatch } from '../store/changes.ts'
import type { Database } from '../store/database.ts'
import { migrate } from '../store/migrations.ts'
import { loadSnapshot } from '../store/snapshot.ts'

export type DatabaseLink = {
  /** Resolves when the first snapshot is in; goes on trying until then. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly state: () => { readonly ok: boolean; readonly detail: string }
  /** Reads the tables now; for whoever has just written and wants to read it back. */
  readonly reload: () => Promise<void>
}

export type DatabaseLinkOptions = {
  readonly database: Database
  readonly url: string
  readonly sqlFolder: string
  /** All that may open a secret. */
  readonly masterKeys: readonly Buffer[]
  readonly clock: Clock
  readonly logger: Logger
  /** Between the migrations and the first snapshot: the trial seeds here. */
  readonly onMigrated: () => Promise<void>
  readonly onSnapshot: (snapshot: Snapshot) => void
  /** After each snapshot: who may call the API. */
  readonly loadAccess: () => Promise<void>
  /** After each snapshot: rates are read where they changed. */
  readonly loadRates: () => Promise<void>
}

/** How often the database is asked whether it is there, for /ready and for the log. */
const PING_INTERVAL_MS = 5_000

export const createDatabaseLink = (options: DatabaseLinkOptions): DatabaseLink => {
  const { database, url, clock, logger } = options
  const stopping = new AbortController()
  let watch: ChangeWatch | undefined
  let ok = false
  let detail = 'not connected yet'

  const reload = async (): Promise<void> => {
    const { snapshot, problems } = await loadSnapshot(database, options.masterKeys)
    for (const problem of problems) logger.error({ ...problem }, 'a row is left out')
    ok = true
    detail = `${snapshot.organizations.length} organisations and ${snapshot.gateways.length} gateways`
    options.onSnapshot(snapshot)
    await options.loadAccess()
    await options.loadRates()
  }

  const connect = async (): Promise<void> => {
    const backoff = createBackoff({ firstMs: 250, maxMs: 5_000 })
    while (!stopping.signal.aborted) {
      try {
        await migrate({ url, folder: options.sqlFolder, logger })
        await options.onMigrated()
        await reload()
        return
      } catch (fault) {
        const message = asError(fault).message
        // Said once per reason: a database that is away for a night would fill the log.
        if (detail !== message)
          logger.warn({ err: fault }, 'the database cannot be used yet; tried again until it can')
        detail = message
        await sleep(clock, backoff.next(), stopping.signal)
      }
    }
  }

  const keepPinging = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(clock, PING_INTERVAL_MS, stopping.signal)
      try {
        await database.ping()
        if (!ok) {
          logger.info('the database is back')
          await reload()
        }
      } catch (fault) {
        if (ok)
          logger.warn(
            { err: fault },
            'the database is away: calls go on from the last snapshot, records wait in the spool',
          )
        ok = false
        detail = `away: ${asError(fault).message}`
      }
    }
  }

  return {
    start: async () => {
      await connect()
      if (stopping.signal.aborted) return
      watch = watchChanges({ url, logger, clock, onChange: reload })
      void keepPinging()
    },
    stop: async () => {
      stopping.abort()
      await watch?.stop()
    },
    state: () => ({ ok, detail }),
    reload,
  }
}
