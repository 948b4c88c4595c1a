/**
 * What a killed engine has to know again, as lines in one file. It is written behind what happens and never waited for:
 * a `kill -9` loses nothing that was written, and a power cut the last second. It owns the file; its owner knows
 * everything that is in it, and says so in the fewest lines when the file is to be written anew: at a start, when it
 * has grown to twice that, and after the disk refused a write.
 */
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Cancel, Clock } from '../base/clock.ts'
import { asError, codeOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { replaceFile, spoolFault } from './disk.ts'
import { encodeFrame } from './frame.ts'
import { framesOf } from './segment.ts'

export type LedgerOptions = {
  readonly directory: string
  readonly name: string
  /** Everything that the file has to say, now. */
  readonly lines: () => readonly unknown[]
  readonly clock: Clock
  readonly logger: Logger
  /** The file is not written anew below this size. */
  readonly smallestBytes?: number
}

export type Ledger = {
  /** Writes the file anew from `lines` and goes on from there. After what was found in it was taken in. */
  readonly begin: () => Promise<void>
  /** Returns at once. Before `begin` nothing is kept: `lines` has it. */
  readonly note: (lines: readonly unknown[]) => void
  /** Undefined: the last write was taken. */
  readonly trouble: () => string | undefined
  /** Resolves when what was noted so far is in the file, or was refused. */
  readonly idle: () => Promise<void>
  readonly close: () => Promise<void>
}

const SMALLEST_BYTES = 4 * 1024 * 1024
/** Between two syncs: what a power cut may take. */
const SYNC_MS = 1_000
/** A disk that refused a write is tried again. */
const RETRY_MS = 5_000
/** More waits for a disk that stands still: then the file is written anew instead. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024

const LINES_A_TURN = 500

/** The lines that an earlier engine left, in their order; a torn end and damage are passed by. */
export const readLedger = async (
  directory: string,
  name: string,
  logger: Logger,
): Promise<readonly unknown[]> => {
  const path = join(directory, name)
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return []
    throw spoolFault(fault, directory)
  }
  const lines: unknown[] = []
  const onDamage = (damage: object): void => {
    logger.warn(
      damage,
      'damage in the picture of live legs was skipped: the torn end of a write, or a bad disk',
    )
  }
  for (const { record } of framesOf(bytes, 0, path, onDamage)) {
    try {
      lines.push(JSON.parse(record.toString('utf8')))
    } catch (fault) {
      if (!(fault instanceof SyntaxError)) throw fault
      logger.warn({ path }, 'a line of the picture of live legs is unreadable')
    }
  }
  return lines
}

export const createLedger = (options: LedgerOptions): Ledger => {
  const { directory, clock, logger, smallestBytes = SMALLEST_BYTES } = options
  const path = join(directory, options.name)
  let handle: FileHandle | undefined
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let size = 0
  let limit = smallestBytes
  let anew = true
  let running: Promise<void> | undefined
  let trouble: string | undefined
  let cancelSync: Cancel | undefined
  let cancelRetry: Cancel = () => undefined
  let begun = false

  const run = async (): Promise<void> => {
    // What is noted in this turn shares the write.
    await Promise.resolve()
    try {
      while (anew || waiting.length > 0) {
        if (anew || size > limit) await writeAnew()
        else await writeWaiting()
      }
      if (trouble !== undefined) logger.info({ path }, 'the picture of live legs is kept again')
      trouble = undefined
    } catch (fault) {
      refused(fault)
    }
    running = undefined
  }

  const refused = (fault: unknown): void => {
    const reason = asError(fault).message
    if (trouble === undefined)
      logger.error(
        { path, code: spoolFault(fault, directory).code, reason },
        'the picture of live legs cannot be kept; an engine that starts now would not know it',
      )
    trouble = reason
    // What the file lacks now is in the next whole one.
    anew = true
    forget()
    cancelRetry()
    cancelRetry = clock.after(RETRY_MS, start)
  }

  const forget = (): void => {
    waiting = []
    waitingBytes = 0
  }

  const writeAnew = async (): Promise<void> => {
    anew = false
    forget()
    // What changes while this is written waits behind it: a line may say again what the file says, never less.
    const whole = await framesOfAll(options.lines())
    const old = handle
    handle = undefined
    await old?.close()
    await mkdir(directory, { recursive: true, mode: 0o750 })
    await replaceFile(path, whole)
    handle = await open(path, 'a', 0o640)
    size = whole.length
    limit = Math.max(smallestBytes, 2 * whole.length)
  }

  /** In slices: 20,000 legs are some 40 MB, and calls go on meanwhile. */
  const framesOfAll = async (lines: readonly unknown[]): Promise<Buffer> => {
    const frames: Buffer[] = []
    for (const line of lines) {
      frames.push(frameOf(line))
      if (frames.length % LINES_A_TURN === 0) await nextTurn()
    }
    return Buffer.concat(frames)
  }

  const writeWaiting = async (): Promise<void> => {
    const bytes = Buffer.concat(waiting)
    forget()
    await handle?.appendFile(bytes)
    size += bytes.length
    cancelSync ??= clock.after(SYNC_MS, sync)
  }

  const sync = (): void => {
    cancelSync = undefined
    handle?.datasync().catch((fault: unknown) => {
      // Closed meanwhile, because the file was written anew, and synced.
      if (codeOf(fault) !== 'EBADF') refused(fault)
    })
  }

  const frameOf = (line: unknown): Buffer =>
    encodeFrame(Buffer.from(JSON.stringify(line), 'utf8'), clock.now())

  const start = (): void => {
    running ??= run()
  }

  return {
    begin: async () => {
      begun = true
      start()
      await running
    },
    note: (lines) => {
      if (!begun || anew) return
      for (const line of lines) {
        const frame = frameOf(line)
        waiting.push(frame)
        waitingBytes += frame.length
      }
      if (waitingBytes > MOST_WAITING_BYTES) {
        anew = true
        forget()
      }
      if (waiting.length > 0 || anew) start()
    },
    trouble: () => trouble,
    idle: async () => {
      while (running !== undefined) await running
    },
    close: async () => {
      cancelRetry()
      while (running !== undefined) await running
      begun = false
      cancelSync?.()
      const open = handle
      handle = undefined
      if (open === undefined) return
      await open.datasync().catch((fault: unknown) => refused(fault))
      cancelRetry()
      await open.close()
    },
  }
}
