/**
 * The writing half of the journal: one commit at a time, each shared by all that waited for it. It owns the
 * open segment; it never writes behind a failed write or sync (after a failed fsync the kernel may have
 * dropped the pages and call the next one a success), but begins a new segment.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { asError, EngineError } from '../base/errors.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { probeDisk, removeFile, spoolFault, syncFolder } from './disk.ts'
import { encodeFrame, MAX_RECORD_BYTES } from './frame.ts'
import { segmentPath, type Segment } from './segment.ts'

export type JournalState =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly since: number }

export type JournalWriter = {
  readonly append: (record: Buffer) => Promise<void>
  readonly state: () => JournalState
  readonly close: () => Promise<void>
}

export type WriterOptions = {
  readonly directory: string
  readonly logger: Logger
  readonly clock: Clock
  readonly segmentBytes: number
  readonly maxBytes: number
  readonly probeMs: number
  readonly firstId: number
  /** Bytes in the journal that nobody has taken. */
  readonly pendingBytes: () => number
  readonly onBegun: (segment: Segment) => void
  /** `segment` has grown by durable records, the first of which arrived at `arrivedAt`. */
  readonly onDurable: (segment: Segment, arrivedAt: number) => void
  /** `segment` will not grow any more; with a size of 0 its file is gone. */
  readonly onSealed: (segment: Segment) => void
}

/** One write and sync takes about this much at most, so that the first of many is not kept for the last. */
const COMMIT_BYTES = 4 * 1024 * 1024

type Waiter = {
  readonly frame: Buffer
  readonly arrivedAt: number
  readonly resolve: () => void
  readonly reject: (fault: Error) => void
}

export const createJournalWriter = (options: WriterOptions): JournalWriter => {
  const { directory, logger, clock } = options
  let waiting: Waiter[] = []
  let waitingBytes = 0
  let running: Promise<void> | undefined
  let current: { readonly segment: Segment; readonly handle: FileHandle } | undefined
  let nextId = options.firstId
  let state: JournalState = { ok: true }
  let cancelProbe: Cancel = () => undefined
  let closed = false

  const run = async (): Promise<void> => {
    // What comes in this turn shares the first commit.
    await Promise.resolve()
    while (waiting.length > 0) {
      const group = take()
      try {
        await commit(group)
      } catch (fault) {
        await abandon()
        const told = failed(fault)
        for (const { reject } of group) reject(told)
        continue
      }
      recovered()
      for (const { resolve } of group) resolve()
    }
    // In the same turn as the last look at what waits: an append that comes later starts a run of its own.
    running = undefined
  }

  /** Everything that waits, up to the size of one commit. */
  const take = (): Waiter[] => {
    let bytes = 0
    let count = 0
    while (count < waiting.length && (count === 0 || bytes < COMMIT_BYTES)) {
      bytes += waiting[count]?.frame.length ?? 0
      count += 1
    }
    const group = waiting.slice(0, count)
    waiting = waiting.slice(count)
    waitingBytes -= bytes
    return group
  }

  const commit = async (group: readonly Waiter[]): Promise<void> => {
    current ??= await begin()
    const { segment, handle } = current
    const bytes = Buffer.concat(group.map(({ frame }) => frame))
    await handle.appendFile(bytes)
    await handle.datasync()
    segment.size += bytes.length
    segment.records += group.length
    options.onDurable(segment, group[0]?.arrivedAt ?? clock.now())
    if (segment.size >= options.segmentBytes) await seal()
  }

  const begin = async (): Promise<{ segment: Segment; handle: FileHandle }> => {
    const id = nextId
    nextId += 1
    const path = segmentPath(directory, id)
    const handle = await open(path, 'ax', 0o640)
    try {
      await syncFolder(directory)
    } catch (fault) {
      await handle.close()
      throw fault
    }
    const segment: Segment = { id, path, size: 0, records: 0, sealed: false }
    options.onBegun(segment)
    return { segment, handle }
  }

  const seal = async (): Promise<void> => {
    if (current === undefined) return
    const { segment, handle } = current
    current = undefined
    segment.sealed = true
    options.onSealed(segment)
    await closeQuietly(handle)
  }

  /** After a fault: what was not made durable is cut off if the disk still lets us; readers would skip it anyhow. */
  const abandon = async (): Promise<void> => {
    if (current === undefined) return
    const { segment, handle } = current
    try {
      await handle.truncate(segment.size)
      if (segment.size === 0) await removeFile(segment.path)
    } catch (fault) {
      logger.warn(
        { path: segment.path, reason: asError(fault).message },
        'a failed write could not be cut off',
      )
    }
    await seal()
  }

  // What a segment holds was synced before: a failing close loses nothing, and must not fail what was durable.
  const closeQuietly = async (handle: FileHandle): Promise<void> => {
    try {
      await handle.close()
    } catch (fault) {
      logger.warn({ directory, reason: asError(fault).message }, 'a segment of the spool did not close')
    }
  }

  const failed = (fault: unknown): EngineError => {
    const told = spoolFault(fault, directory)
    if (state.ok) {
      logger.error({ code: told.code, ...told.details }, told.message)
      cancelProbe()
      cancelProbe = clock.after(options.probeMs, probe)
    }
    state = { ok: false, code: told.code, message: told.message, since: state.ok ? clock.now() : state.since }
    return told
  }

  const recovered = (): void => {
    if (state.ok) return
    logger.info({ directory, wasCode: state.code }, 'the spool takes records again')
    cancelProbe()
    state = { ok: true }
  }

  const probe = (): void => {
    const tried = overfull(0) ? Promise.reject(full()) : probeDisk(directory)
    tried.then(recovered, () => {
      // The fault was told when it began; here only the next try matters.
      if (!closed) cancelProbe = clock.after(options.probeMs, probe)
    })
  }

  const overfull = (bytes: number): boolean =>
    options.pendingBytes() + waitingBytes + bytes > options.maxBytes
  const full = (): EngineError =>
    new EngineError(
      'SPOOL_FULL',
      `the spool in ${directory} holds ${options.maxBytes} bytes and may not grow`,
      { directory },
    )

  const append = (record: Buffer): Promise<void> => {
    if (closed) return Promise.reject(new EngineError('SPOOL_CLOSED', 'the spool is closed', { directory }))
    if (record.length > MAX_RECORD_BYTES) {
      return Promise.reject(
        new EngineError('SPOOL_RECORD_SIZE', `a record of ${record.length} bytes is no CDR`, {
          bytes: record.length,
        }),
      )
    }
    const arrivedAt = clock.now()
    const frame = encodeFrame(record, arrivedAt)
    if (overfull(frame.length)) return Promise.reject(failed(full()))
    return new Promise((resolve, reject) => {
      waiting.push({ frame, arrivedAt, resolve, reject })
      waitingBytes += frame.length
      running ??= run()
    })
  }

  return {
    append,
    state: () => state,
    close: async () => {
      closed = true
      cancelProbe()
      while (running !== undefined) await running
      await seal()
    },
  }
}
