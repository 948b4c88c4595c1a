/**
 * Takes finished recordings from the folder of the switch into the store, for as long as it takes: a store that is away
 * holds everything back and loses nothing. It is woken when the switch says that a recording stopped, and looks into the
 * folder by itself in case that nobody said so.
 *
 * A file is finished when the switch closed it, or when its call is gone and it did not change for a while. Where the
 * switch cannot be asked, only when it is older than any call can be.
 */
import { createBackoff } from '../base/backoff.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { asError, codeOf } from '../base/errors.ts'
import type { RecordingFile } from '../recording/file-name.ts'
import {
  findRecordings,
  listQuarantine,
  quarantineRecording,
  removeOldFolders,
  type FoundRecording,
  type Quarantined,
} from './recording-folder.ts'
import { takeIn, type TakeInOptions, type TakenIn } from './take-in.ts'

export type IntakeOptions = TakeInOptions & {
  /** Into which the switch records. */
  readonly folder: string
  readonly livenessOf: (callId: RecordingFile['callId']) => 'live' | 'gone' | 'unknown'
  /** No call is longer. */
  readonly maxCallMs: number
  readonly onStored: (taken: TakenIn & { readonly durationMs: number }) => void
  readonly clock: Clock
  /** Between two looks into the folder. Default 30 s. */
  readonly scanMs?: number
  /** So long a file of a call that is gone does not change. Default 10 s; 2 s where the switch said that it stopped. */
  readonly quietMs?: number
  readonly stoppedQuietMs?: number
  readonly atOnce?: number
}

export type Pending = {
  readonly organizationId: number
  readonly recordingId: string
  readonly callId: string
  readonly part: string
  readonly bytes: number
  readonly ageMs: number
  /** It was tried: `why` is a fault's, and may name places that are not everybody's business. */
  readonly isHeldUp: boolean
  readonly why: string
}

export type IntakeState = {
  /** Finished files that are not in the store yet, and the age of the oldest of them. */
  readonly pending: number
  readonly oldestAgeMs: number
  readonly quarantined: number
  /** Undefined: nothing holds it up. */
  readonly trouble: string | undefined
}

export type Intake = {
  readonly start: () => void
  /** The switch closed the recording's file. */
  readonly stopped: (recordingId: string) => void
  readonly state: () => IntakeState
  readonly pending: () => Promise<readonly Pending[]>
  readonly quarantined: () => Promise<readonly Quarantined[]>
  /** Looks now, and resolves when what was finished then is handled. */
  readonly run: () => Promise<void>
  /** Resolves when what is being done is done; looks for nothing new. */
  readonly idle: () => Promise<void>
  /** What is being taken in comes to its end or is done again at the next start. */
  readonly stop: () => Promise<void>
}

const SCAN_MS = 30_000
const QUIET_MS = 10_000
const STOPPED_QUIET_MS = 2_000
const AT_ONCE = 2
/** The switch may be older than its last call by this much where nobody can say whether it lives. */
const UNKNOWN_MARGIN_MS = 3_600_000
/** A hint that no file ever follows is forgotten after so many: a stopped recording of another host's switch. */
const MOST_HINTS = 10_000
/** A file that ends the worker thread so often is at fault itself. */
const WORKER_DEATHS = 3

/** The store, the database or the disk is at fault, not the file: everything waits. */
const HOLDS_UP = new Set([
  'MEDIA_STORE_UNAVAILABLE',
  'MEDIA_DISK_FULL',
  'MEDIA_NOT_READY',
  'STORE_UNAVAILABLE',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
])

export const createIntake = (options: IntakeOptions): Intake => {
  const { folder, clock, logger, staging, atOnce = AT_ONCE } = options
  const backoff = createBackoff({ firstMs: 1_000, maxMs: 60_000 })
  /** How a file looked, and since when it looks so. */
  const looks = new Map<string, { readonly look: string; readonly since: number }>()
  const hints = new Set<string>()
  /** Files that failed by themselves: why, how often, and when they are tried again. */
  const failures = new Map<
    string,
    { readonly why: string; readonly times: number; readonly nextAt: number }
  >()
  let waiting = { count: 0, oldest: 0 }
  let quarantinedCount = 0
  let trouble: string | undefined
  let running: Promise<void> | undefined
  let again = false
  let isSwept = false
  let isSoon = false
  let stopped = false
  let cancel: Cancel = () => undefined

  /** `isSoon`: only quiet is missing, or the switch's answer, as after a start. */
  const finished = (
    found: FoundRecording,
  ): { readonly isReady: boolean; readonly isSoon: boolean; readonly why: string } => {
    const since = looks.get(found.path)?.since ?? clock.monotonic()
    const quiet = clock.monotonic() - since
    const wait = (ms: number, why: string) => ({ isReady: quiet >= ms, isSoon: quiet < ms, why })
    if (hints.has(found.file.recordingId))
      return wait(options.stoppedQuietMs ?? STOPPED_QUIET_MS, 'it stopped just now')
    const liveness = options.livenessOf(found.file.callId)
    if (liveness === 'gone') return wait(options.quietMs ?? QUIET_MS, 'its call ended just now')
    if (liveness === 'live') return { isReady: false, isSoon: false, why: 'its call goes on' }
    const isOld = clock.now() - found.writtenAt > options.maxCallMs + UNKNOWN_MARGIN_MS
    return { isReady: isOld, isSoon: !isOld, why: 'the switch cannot be asked whether its call goes on' }
  }

  const look = (found: readonly FoundRecording[]): void => {
    const there = new Set(found.map(({ path }) => path))
    for (const path of looks.keys()) if (!there.has(path)) looks.delete(path)
    for (const path of failures.keys()) if (!there.has(path)) failures.delete(path)
    // Both sides of a split recording need it: it goes when none of its files is left.
    const named = new Set(found.map(({ file }) => file.recordingId as string))
    for (const hint of hints) if (!named.has(hint)) hints.delete(hint)
    for (const { path, bytes, writtenAt } of found) {
      const as = `${bytes}@${writtenAt}`
      if (looks.get(path)?.look !== as) looks.set(path, { look: as, since: clock.monotonic() })
    }
  }

  const handle = async (file: RecordingFile, source: FoundRecording | undefined): Promise<void> => {
    const key = source?.path ?? `${file.recordingId}.${file.part}`
    try {
      const taken = await takeIn(file, source, options)
      failures.delete(key)
      const { durationMs } = taken
      if (durationMs === undefined) return
      logger.info({ recordingId: file.recordingId, part: file.part, durationMs }, 'a recording is stored')
      options.onStored({ ...taken, durationMs })
    } catch (fault) {
      const why = asError(fault).message
      if (HOLDS_UP.has(codeOf(fault) ?? '')) throw fault
      const times = (failures.get(key)?.times ?? 0) + 1
      const isHopeless =
        codeOf(fault) === 'MEDIA_BAD_WAV' || (codeOf(fault) === 'MEDIA_WORKER_LOST' && times >= WORKER_DEATHS)
      if (isHopeless && source !== undefined) {
        await quarantineRecording(folder, source, why, clock.now())
        await staging.drop(file)
        failures.delete(key)
        quarantinedCount += 1
        logger.error(
          { recordingId: file.recordingId, why },
          'a recording cannot be used and was put into quarantine',
        )
        return
      }
      failures.set(key, {
        why,
        times,
        nextAt: clock.monotonic() + Math.min(600_000, 5_000 * 2 ** Math.min(times, 7)),
      })
      logger.warn(
        { recordingId: file.recordingId, why, code: codeOf(fault) },
        'a recording was not stored; it is tried again',
      )
    }
  }

  const scan = async (): Promise<void> => {
    if (!isSwept) await staging.sweep()
    isSwept = true
    const found = await findRecordings(folder)
    look(found)
    const staged = await staging.list()
    const withSource = new Set(found.map(({ file }) => `${file.recordingId}.${file.part}`))
    const orphans = staged.filter(({ file }) => !withSource.has(`${file.recordingId}.${file.part}`))
    const states = found.map((one) => ({ one, ...finished(one) }))
    isSoon = states.some((state) => state.isSoon)
    const ready = states.flatMap(({ one, isReady }) => (isReady ? [one] : []))
    const oldest = Math.min(...ready.map(({ writtenAt }) => writtenAt))
    waiting = { count: ready.length + orphans.length, oldest }
    const due = ready.filter(({ path }) => (failures.get(path)?.nextAt ?? 0) <= clock.monotonic())
    const work: (readonly [RecordingFile, FoundRecording | undefined])[] = [
      ...orphans.map(({ file }) => [file, undefined] as const),
      ...due.map((source) => [source.file, source] as const),
    ]
    const next = async (): Promise<void> => {
      for (let item = work.shift(); item !== undefined && !stopped; item = work.shift()) {
        try {
          await handle(...item)
        } catch (fault) {
          work.length = 0
          throw fault
        }
        waiting = { ...waiting, count: Math.max(0, waiting.count - 1) }
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: atOnce }, next))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
    await removeOldFolders(folder, [
      day(clock.now() - 86_400_000),
      day(clock.now()),
      day(clock.now() + 86_400_000),
    ])
  }

  const runOnce = async (): Promise<void> => {
    try {
      await scan()
      if (trouble !== undefined) logger.info('recordings are stored again')
      trouble = undefined
      backoff.reset()
      arm(isSoon ? (options.stoppedQuietMs ?? STOPPED_QUIET_MS) : (options.scanMs ?? SCAN_MS))
    } catch (fault) {
      const why = asError(fault).message
      if (why !== trouble)
        logger.warn({ why, code: codeOf(fault) }, 'recordings cannot be stored just now; they wait')
      trouble = why
      arm(backoff.next())
    }
  }

  const arm = (delayMs: number): void => {
    cancel()
    if (!stopped) cancel = clock.after(delayMs, () => void run())
  }

  const run = (): Promise<void> => {
    again = true
    running ??= (async () => {
      await Promise.resolve()
      while (again && !stopped) {
        again = false
        await runOnce()
      }
      // In the same turn as the last look at `again`.
      running = undefined
    })()
    return running
  }

  return {
    start: () => void run(),
    stopped: (recordingId) => {
      if (hints.size >= MOST_HINTS) hints.clear()
      hints.add(recordingId)
      if (trouble === undefined)
        arm(Math.min(options.stoppedQuietMs ?? STOPPED_QUIET_MS, options.scanMs ?? SCAN_MS))
    },
    state: () => ({
      pending: waiting.count,
      oldestAgeMs:
        waiting.count === 0 || !Number.isFinite(waiting.oldest)
          ? 0
          : Math.max(0, clock.now() - waiting.oldest),
      quarantined: quarantinedCount,
      trouble,
    }),
    pending: async () => {
      const found = await findRecordings(folder)
      return found.map((one) => {
        const { file, path, bytes, writtenAt } = one
        const { isReady, why } = finished(one)
        const fault = isReady ? (failures.get(path)?.why ?? trouble) : undefined
        const { organizationId, recordingId, callId, part } = file
        return {
          organizationId,
          recordingId,
          callId,
          part,
          bytes,
          ageMs: Math.max(0, Math.round(clock.now() - writtenAt)),
          isHeldUp: fault !== undefined,
          why: fault ?? (isReady ? 'it is next' : why),
        }
      })
    },
    quarantined: () => listQuarantine(folder),
    run,
    idle: () => running ?? Promise.resolve(),
    stop: async () => {
      stopped = true
      cancel()
      if (running !== undefined) await running
    },
  }
}
