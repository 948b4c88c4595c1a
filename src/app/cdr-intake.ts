/** From FreeSWITCH's post to a row: durable in the journal before the reply, then built, rated and stored. */
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { buildCdr } from '../cdr/build.ts'
import type { Cdr } from '../cdr/cdr.ts'
import { openPost, readPost } from '../cdr/post.ts'
import { watchCdrFolder, type CdrFolder } from '../spool/cdr-folder.ts'
import { drainJournal, type Drain, type Refusal } from '../spool/drain-journal.ts'
import { openJournal, type Journal } from '../spool/journal.ts'

export type CdrIntake = {
  /** Resolves when the record is on the disk. Throws CDR_UNREADABLE, SPOOL_FULL, SPOOL_UNWRITABLE. */
  readonly accept: (body: Buffer) => Promise<void>
  readonly state: () => {
    readonly ok: boolean
    readonly detail: string
    readonly pending: number
    readonly refused: number
  }
  /** Begins to hand records to `store`, and to take in the files that FreeSWITCH left. */
  readonly drain: () => Promise<void>
  readonly stop: () => Promise<void>
}

export type CdrIntakeOptions = {
  readonly dataDir: string
  /** mod_json_cdr's err-log-dir, where we can read it. */
  readonly leftBySwitch: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Stores what is not there yet; a throw means none of it. */
  readonly store: (cdrs: readonly Cdr[]) => Promise<{ readonly refused: readonly Refusal[] }>
  /** The records stay in the journal until it is done. */
  readonly onStored: (cdrs: readonly Cdr[]) => void | Promise<void>
}

export const openCdrIntake = async (options: CdrIntakeOptions): Promise<CdrIntake> => {
  const { clock, logger } = options
  const directory = join(options.dataDir, 'spool')
  const journal: Journal = await openJournal({ directory, logger, clock })
  let drain: Drain | undefined
  let folder: CdrFolder | undefined

  const deliver = async (
    records: readonly { readonly bytes: Buffer }[],
  ): Promise<{ refused: readonly Refusal[] }> => {
    const refused: Refusal[] = []
    const built: { readonly cdr: Cdr; readonly index: number }[] = []
    records.forEach(({ bytes }, index) => {
      try {
        built.push({ cdr: buildCdr(readPost(bytes)), index })
      } catch (fault) {
        refused.push({ index, why: asError(fault).message })
      }
    })
    const outcome = await options.store(built.map(({ cdr }) => cdr))
    const lost = new Set(outcome.refused.map(({ index }) => index))
    for (const { index, why } of outcome.refused) refused.push({ index: built[index]?.index ?? index, why })
    await options.onStored(built.filter((_, index) => !lost.has(index)).map(({ cdr }) => cdr))
    return { refused }
  }

  const accept = async (body: Buffer): Promise<void> => {
    // What is no CDR at all is refused while FreeSWITCH still has it; the rest is judged when it is built.
    openPost(readPost(body))
    await journal.append(body)
  }

  return {
    accept,
    state: () => {
      const journalState = journal.state()
      const { pendingRecords, oldestAgeMs } = journal.stats()
      const trouble = drain?.trouble()
      const refused = drain?.refusedCount() ?? 0
      const waiting =
        pendingRecords === 0
          ? 'nothing waits'
          : `${pendingRecords} records wait, the oldest for ${Math.round(oldestAgeMs / 1000)} s`
      const detail = [
        journalState.ok ? waiting : journalState.message,
        ...(trouble === undefined ? [] : [trouble]),
        ...(refused === 0 ? [] : [`${refused} in quarantine`]),
      ].join('; ')
      return { ok: journalState.ok, detail, pending: pendingRecords, refused }
    },
    drain: async () => {
      drain = drainJournal({ journal, deliver, directory, logger, clock })
      if (options.leftBySwitch !== undefined) {
        folder = await watchCdrFolder({ directory: options.leftBySwitch, accept, logger, clock })
      }
    },
    stop: async () => {
      await folder?.stop()
      await drain?.stop()
      await journal.close()
    },
  }
}
