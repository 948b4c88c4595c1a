/**
 * The fsynced journal between a hangup and PostgreSQL. It owns the promise that FreeSWITCH relies on: what was
 * acknowledged is on the disk, whole, and is read in the order of its arrival until somebody has taken it.
 * It must never acknowledge before fdatasync (journal-writer.ts) and never delete a segment that was not
 * drained to its end.
 *
 * A crash between a delivery and its acknowledgement delivers again: at least once; the store keys on the leg.
 */
import { mkdir } from 'node:fs/promises'
import { asError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { removeFile, spoolFault } from './disk.ts'
import { createJournalWriter, type JournalState } from './journal-writer.ts'
import { lockFolder } from './lock.ts'
import { readPosition, writePosition, type Position } from './position.ts'
import { listSegments, readSlice, scanSegment, type Damage, type Segment } from './segment.ts'

export type JournalOptions = {
  readonly directory: string
  readonly logger: Logger
  readonly clock: Clock
  /** A segment that has grown to this is closed and the next begins. */
  readonly segmentBytes?: number
  /** What waits may take up this much; more is SPOOL_FULL. Default: as much as the disk holds. */
  readonly maxBytes?: number
  /** After a failed write the disk is tried again this often, so that /ready recovers without a call. */
  readonly probeMs?: number
}

export type JournalRecord = { readonly bytes: Buffer; readonly arrivedAt: number }

export type JournalBatch = {
  readonly records: readonly JournalRecord[]
  /** For `acknowledge`. */
  readonly end: Position
}

export type JournalStats = {
  readonly pendingRecords: number
  readonly pendingBytes: number
  /** Of the oldest record that waits; 0 where none does. */
  readonly oldestAgeMs: number
  readonly segments: number
}

export type Journal = {
  /**
   * Resolves when the record is durable. Rejects with SPOOL_FULL, SPOOL_UNWRITABLE, SPOOL_RECORD_SIZE or
   * SPOOL_CLOSED: then the caller may not count on it (after a crash it may be found all the same).
   */
  readonly append: (record: Buffer) => Promise<void>
  /** The oldest records that are not acknowledged, or undefined. Asked again, it answers the same again. */
  readonly read: (maxRecords: number, maxBytes: number) => Promise<JournalBatch | undefined>
  /** The batch was taken: this process does not read it again, and neither does the next once it is on disk. */
  readonly acknowledge: (batch: JournalBatch) => Promise<void>
  /** Resolves when there is something to read, or the signal aborts. */
  readonly readable: (signal: AbortSignal) => Promise<void>
  /** Whether appends are taken; told by /ready. */
  readonly state: () => JournalState
  readonly stats: () => JournalStats
  /** Waits for the appends under way, refuses new ones. What waits stays on the disk. */
  readonly close: () => Promise<void>
}

const SEGMENT_BYTES = 16 * 1024 * 1024
const PROBE_MS = 5000

/** Opens the journal in `directory`, which is made if need be. Throws SPOOL_IN_USE, SPOOL_UNWRITABLE or SPOOL_FULL. */
export const openJournal = async (options: JournalOptions): Promise<Journal> => {
  let unlock: () => Promise<void> = () => Promise.resolve()
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o750 })
    unlock = await lockFolder(options.directory, options.logger)
    return await loadJournal(options, unlock)
  } catch (fault) {
    await unlock()
    throw spoolFault(fault, options.directory)
  }
}

const loadJournal = async (options: JournalOptions, unlock: () => Promise<void>): Promise<Journal> => {
  const { directory, logger, clock } = options
  const onDamage = (damage: Damage): void => {
    logger.warn(
      damage,
      'damage in the spool was skipped: the torn end of a write that was never acknowledged, or a bad disk',
    )
  }
  let position = await readPosition(directory, logger)
  let segments: Segment[] = []
  /** Arrival of the first record that waits. */
  let oldestAt: number | undefined
  let lastId = position.segment
  for (const id of await listSegments(directory)) {
    lastId = Math.max(lastId, id)
    const from = id === position.segment ? position.offset : 0
    const found = await scanSegment(directory, id, from, onDamage)
    if (id < position.segment || found.segment.records === 0) {
      await removeFile(found.segment.path)
      continue
    }
    segments.push(found.segment)
    oldestAt ??= found.oldest
  }

  let wake: (() => void)[] = []
  const writer = createJournalWriter({
    directory,
    logger,
    clock,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
    probeMs: options.probeMs ?? PROBE_MS,
    firstId: lastId + 1,
    pendingBytes: () => pendingBytes(),
    onBegun: (segment) => {
      segments.push(segment)
    },
    onDurable: (_, arrivedAt) => {
      oldestAt ??= arrivedAt
      const woken = wake
      wake = []
      for (const each of woken) each()
    },
    onSealed: (segment) => {
      if (segment.size === 0) segments = segments.filter((each) => each !== segment)
    },
  })

  const drainedIn = (segment: Segment): number =>
    segment.id === position.segment ? position.offset : segment.id < position.segment ? segment.size : 0
  const pendingBytes = (): number =>
    segments.reduce((sum, segment) => sum + segment.size - drainedIn(segment), 0)
  const unread = (): Segment | undefined => segments.find((segment) => drainedIn(segment) < segment.size)

  const read: Journal['read'] = async (maxRecords, maxBytes) => {
    for (let segment = unread(); segment !== undefined; segment = unread()) {
      const slice = await readSlice(segment, drainedIn(segment), maxRecords, maxBytes, onDamage)
      const end = { segment: segment.id, offset: slice.end }
      if (slice.frames.length > 0) {
        return { records: slice.frames.map(({ record, arrivedAt }) => ({ bytes: record, arrivedAt })), end }
      }
      // Nothing but damage: it is passed by as if it had been taken.
      await advance(end, 0)
    }
    return undefined
  }

  const advance = async (end: Position, records: number): Promise<void> => {
    if (end.segment < position.segment || (end.segment === position.segment && end.offset <= position.offset))
      return
    position = end
    for (const segment of segments) if (segment.id === end.segment) segment.records -= records
    try {
      await writePosition(directory, end)
    } catch (fault) {
      // Not a reason to stop draining, which is what frees a full disk. A crash now delivers again, no more.
      logger.warn(
        { directory, reason: asError(fault).message },
        'how far the spool was drained could not be written',
      )
    }
    const drained = segments.filter((segment) => segment.sealed && drainedIn(segment) >= segment.size)
    segments = segments.filter((segment) => !drained.includes(segment))
    // A position in a segment that is gone means the next one: deleting without a position on disk is safe.
    for (const segment of drained) await removeFile(segment.path)
    const next = unread()
    oldestAt = undefined
    if (next !== undefined) {
      const head = await readSlice(next, drainedIn(next), 1, 1, onDamage)
      oldestAt ??= head.frames[0]?.arrivedAt
    }
  }

  return {
    append: writer.append,
    read,
    acknowledge: (batch) => advance(batch.end, batch.records.length),
    readable: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted || unread() !== undefined) {
          resolve()
          return
        }
        const done = (): void => {
          signal.removeEventListener('abort', done)
          wake = wake.filter((each) => each !== done)
          resolve()
        }
        wake.push(done)
        signal.addEventListener('abort', done, { once: true })
      }),
    state: writer.state,
    stats: () => ({
      pendingRecords: segments.reduce((sum, segment) => sum + segment.records, 0),
      pendingBytes: pendingBytes(),
      oldestAgeMs: unread() === undefined || oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt),
      segments: segments.length,
    }),
    close: async () => {
      await writer.close()
      // The last segment was open until now: what was drained of it to its end leaves with us.
      for (const segment of segments) if (drainedIn(segment) >= segment.size) await removeFile(segment.path)
      await unlock()
    },
  }
}
