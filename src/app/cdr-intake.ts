/** From FreeSWITCH's post to a row: durable in the journal before the reply, then built, rated and stored. */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { asError, codeOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { buildCdr, legUuidOf } from '../cdr/build.ts'
import type { Cdr } from '../cdr/cdr.ts'
import { documentOf, mayHoldCall } from '../cdr/post-body.ts'
import { openPost, readPost } from '../cdr/post.ts'
import { hasCdrFile, watchCdrFolder, type CdrFolder } from '../spool/cdr-folder.ts'
import { drainJournal, type Drain, type Refusal } from '../spool/drain-journal.ts'
import { openJournal, type Journal } from '../spool/journal.ts'
import { openQuarantine, type Quarantine } from '../spool/quarantine.ts'

export type CdrIntake = {
  /**
   * Resolves when the record is on the disk. Throws CDR_UNREADABLE, SPOOL_FULL, SPOOL_UNWRITABLE. What cannot be read but
   * may have been a call stands in quarantine then, for the case that nobody else has it.
   */
  readonly accept: (body: Buffer) => Promise<void>
  readonly quarantine: Pick<Quarantine, 'list' | 'read' | 'remove'> & {
    /** Takes it in again, or what was made of it by hand; it is gone from here when it is durable there. False: no such. */
    readonly retry: (id: string, mended: Buffer | undefined) => Promise<boolean>
  }
  readonly state: () => {
    readonly ok: boolean
    readonly detail: string
    readonly pending: number
    readonly refused: number
  }
  /** A record that the switch did not send, as a document. Resolves when it is on the disk; throws as `accept`. */
  readonly keepEstimate: (document: unknown) => Promise<void>
  /** Takes in what FreeSWITCH left as files, now. */
  readonly lookForFiles: () => Promise<void>
  /** FreeSWITCH left the record of this leg as a file, which is not taken in yet. */
  readonly isLeftAsFile: (legUuid: string) => Promise<boolean>
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
  /** FreeSWITCH's record of this leg is on the disk. */
  readonly onTaken?: (legUuid: string) => void
}

/** At hundreds of records a second one transaction takes tens of them; alone a record is stored at once. */
const GATHER_MS = 50
/** Records are built for so long without a pause. */
const SLICE_MS = 2

export const openCdrIntake = async (options: CdrIntakeOptions): Promise<CdrIntake> => {
  const { clock, logger } = options
  const directory = join(options.dataDir, 'spool')
  const journal: Journal = await openJournal({ directory, logger, clock })
  const quarantine = await openQuarantine(join(directory, 'quarantine'), clock.now)
  let drain: Drain | undefined
  let folder: CdrFolder | undefined

  const deliver = async (
    records: readonly { readonly bytes: Buffer }[],
  ): Promise<{ refused: readonly Refusal[] }> => {
    const refused: Refusal[] = []
    const built: { readonly cdr: Cdr; readonly index: number }[] = []
    let sliceAt = clock.monotonic()
    for (const [index, { bytes }] of records.entries()) {
      try {
        built.push({ cdr: buildCdr(readPost(bytes)), index })
      } catch (fault) {
        refused.push({ index, why: asError(fault).message })
      }
      // Calls are decided on this thread: a spool that is being drained must not keep them waiting.
      if (clock.monotonic() - sliceAt >= SLICE_MS) {
        await setImmediate()
        sliceAt = clock.monotonic()
      }
    }
    const outcome = await options.store(built.map(({ cdr }) => cdr))
    const lost = new Set(outcome.refused.map(({ index }) => index))
    for (const { index, why } of outcome.refused) refused.push({ index: built[index]?.index ?? index, why })
    await options.onStored(built.filter((_, index) => !lost.has(index)).map(({ cdr }) => cdr))
    return { refused }
  }

  /** Durable when it resolves. What is no CDR at all is refused; the rest is judged when it is built. */
  const take = async (body: Buffer): Promise<void> => {
    const document = documentOf(body)
    const legUuid = legUuidOf(openPost(readPost(document)))
    await journal.append(document)
    if (legUuid !== undefined) options.onTaken?.(legUuid)
  }

  const accept = async (body: Buffer): Promise<void> => {
    try {
      await take(body)
    } catch (fault) {
      if (codeOf(fault) === 'CDR_UNREADABLE' && mayHoldCall(body)) {
        const path = await quarantine.keepOnce(body, asError(fault).message)
        if (path !== undefined) logger.error({ path }, 'a record that cannot be read stands in quarantine')
      }
      throw fault
    }
  }

  const retry = async (id: string, mended: Buffer | undefined): Promise<boolean> => {
    const kept = await quarantine.read(id)
    if (kept === undefined) return false
    await take(mended ?? kept.bytes)
    await quarantine.remove(id)
    return true
  }

  return {
    accept,
    quarantine: { list: quarantine.list, read: quarantine.read, remove: quarantine.remove, retry },
    state: () => {
      const journalState = journal.state()
      const { pendingRecords, oldestAgeMs } = journal.stats()
      const trouble = drain?.trouble()
      const refused = quarantine.count()
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
    keepEstimate: (document) => journal.append(Buffer.from(JSON.stringify(document))),
    lookForFiles: async () => folder?.scan(),
    isLeftAsFile: async (legUuid) =>
      options.leftBySwitch !== undefined && hasCdrFile(options.leftBySwitch, legUuid),
    drain: async () => {
      drain = drainJournal({
        ...{ journal, deliver, directory, quarantine, logger, clock },
        gatherMs: GATHER_MS,
      })
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
