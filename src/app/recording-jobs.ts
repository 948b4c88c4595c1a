/**
 * The nightly work on recordings: what is due is deleted and nothing else, what is old moves to its archive, and objects
 * to which no row points are removed. Objects go first and rows after them, so whatever interrupts it, the next run
 * goes on from there.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { RecordingStore, StoredAt } from '../media/recording-store.ts'
import type { Database } from '../store/database.ts'
import { asOnlyEngine } from '../store/one-engine.ts'
import {
  claimDue,
  filesOf,
  forgetLeftover,
  listDue,
  listLeftovers,
  listToArchive,
  markPurged,
  markRemoved,
  moveFile,
  type FileToArchive,
} from '../store/recording-due.ts'
import { fillCallFacts } from '../store/recording-writes.ts'

export type RecordingJobs = {
  /** Undefined: another engine is at it. */
  readonly run: () => Promise<JobReport | undefined>
}

export type JobReport = {
  readonly purged: number
  readonly archived: number
  readonly leftovers: number
  readonly failed: number
}

export type RecordingJobsOptions = {
  readonly database: Database
  readonly storeAt: (place: Pick<StoredAt, 'store' | 'bucket'>) => RecordingStore
  /** Of new recordings. */
  readonly place: Pick<StoredAt, 'store' | 'bucket'>
  /** For a file on its way from one place to the other. */
  readonly workFolder: string
  readonly purgeDays: number
  readonly clock: Clock
  readonly logger: Logger
}

const BATCH = 200
/** No upload takes a day. */
const STALE_UPLOAD_MS = 86_400_000
/** Whoever began to listen before a file moved listens to its end. */
const LEFTOVER_MS = 3_600_000

export const createRecordingJobs = (options: RecordingJobsOptions): RecordingJobs => {
  const { database, storeAt, clock, logger, purgeDays } = options

  const purge = async (): Promise<{ readonly purged: number; readonly failed: number }> => {
    let [purged, failed] = [0, 0]
    let after: string | undefined
    for (;;) {
      const due = await listDue(database, clock.now(), purgeDays, BATCH, after)
      for (const recording of due) {
        try {
          if (!(await claimDue(database, recording.recordingId, clock.now(), purgeDays))) continue
          for (const file of await filesOf(database, recording.recordingId)) {
            await storeAt(file.at).remove(file.at.key)
            await markRemoved(database, file)
          }
          await markPurged(database, recording)
          purged += 1
        } catch (fault) {
          failed += 1
          tell(fault, recording.recordingId, 'a recording that is due was not deleted; it is tried again')
        }
      }
      after = due.at(-1)?.recordingId
      if (due.length < BATCH) return { purged, failed }
    }
  }

  const archive = async (): Promise<{ readonly archived: number; readonly failed: number }> => {
    let [archived, failed] = [0, 0]
    const files = await listToArchive(database, clock.now(), BATCH)
    for (const file of files) {
      try {
        if (await move(file)) archived += 1
      } catch (fault) {
        failed += 1
        tell(fault, file.recordingId, 'a recording was not moved to its archive; it is tried again')
      }
    }
    // What fails stays in the list: only one that was emptied goes on.
    if (files.length < BATCH || failed > 0) return { archived, failed }
    const more = await archive()
    return { archived: archived + more.archived, failed: more.failed }
  }

  const move = async (file: FileToArchive): Promise<boolean> => {
    const to: StoredAt =
      file.target === 'folder'
        ? { store: 'disk', bucket: undefined, key: `archive/${file.folder ?? ''}/${file.at.key}` }
        : { store: 's3', bucket: file.bucket, key: `archive/${file.at.key}` }
    await mkdir(options.workFolder, { recursive: true, mode: 0o750 })
    const path = join(options.workFolder, `${file.recordingId}.${file.part}.archive`)
    try {
      const bytes = Readable.from(storeAt(file.at).read(file.at.key, 0, file.storedBytes - 1))
      await pipeline(bytes, createWriteStream(path, { mode: 0o640 }))
      const target = storeAt(to)
      await target.put(to.key, path, {
        contentType: file.contentType,
        metadata: { 'x-nb-org-id': String(file.organizationId) },
        storageClass: file.storageClass,
      })
      const size = await target.size(to.key)
      if (size !== file.storedBytes)
        throw new EngineError(
          'MEDIA_STORE_UNAVAILABLE',
          `the archive has ${size ?? 'no'} bytes of ${file.storedBytes}`,
        )
      return await moveFile(database, file, to)
    } finally {
      await rm(path, { force: true })
    }
  }

  const sweep = async (): Promise<{ readonly leftovers: number; readonly failed: number }> => {
    let [leftovers, failed] = [0, 0]
    for (const { id, at } of await listLeftovers(database, LEFTOVER_MS)) {
      try {
        await storeAt(at).remove(at.key)
        await forgetLeftover(database, id)
        leftovers += 1
      } catch (fault) {
        failed += 1
        tell(fault, at.key, 'what a recording left over was not removed; it is tried again')
      }
    }
    return { leftovers, failed }
  }

  /** A store that cannot say which uploads are open is left to its own rules. */
  const dropUploads = async (): Promise<void> => {
    try {
      const dropped = await storeAt(options.place).sweep(clock.now() - STALE_UPLOAD_MS)
      if (dropped > 0) logger.info({ dropped }, 'uploads that never ended were dropped')
    } catch (fault) {
      logger.debug({ why: asError(fault).message }, 'the store does not list its uploads')
    }
  }

  const tell = (fault: unknown, what: string, message: string): void =>
    logger.warn({ what, code: codeOf(fault), why: asError(fault).message }, message)

  return {
    run: () =>
      asOnlyEngine(database, 'recording retention', async () => {
        await fillCallFacts(database)
        const { purged, failed } = await purge()
        const moved = await archive()
        const swept = await sweep()
        await dropUploads()
        const report = {
          purged,
          archived: moved.archived,
          leftovers: swept.leftovers,
          failed: failed + moved.failed + swept.failed,
        }
        if (Object.values(report).some((count) => count > 0))
          logger.info(report, 'recordings that were due are dealt with')
        return report
      }),
  }
}
