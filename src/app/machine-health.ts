/** What the engine stands on and cannot mend: a disk that fills up or takes nothing, a clock that jumps. Told, never guessed at. */
import { statfs } from 'node:fs/promises'
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import { probeDisk, spoolFault } from '../spool/disk.ts'

export type MachineHealth = Part & {
  readonly state: () => MachineState
  /** Looks now; by itself every few seconds. */
  readonly look: () => Promise<void>
}

export type MachineState = {
  /** Undefined: not known. */
  readonly diskFreeBytes: number | undefined
  /** What is wrong with the disk; undefined: it takes what is written. */
  readonly diskFault: string | undefined
  readonly diskLow: boolean
  readonly clockJumps: number
  /** The last jump, as long as it is news. */
  readonly clockJump: string | undefined
}

export type MachineHealthOptions = {
  readonly dataDir: string
  readonly clock: Clock
  readonly logger: Logger
  readonly lowBytes?: number
}

const LOOK_MS = 5_000
/** 64 kB, synced: often enough that a disk that turned read-only is known before the next call ends. */
const PROBE_MS = 15_000
/** Records of a busy hour, with their journal. */
const LOW_BYTES = 512 * 1024 * 1024
/** A clock that is being set slowly (adjtime) moves by half a millisecond a second. */
const JUMP_MS = 2_000
const NEWS_MS = 600_000

export const createMachineHealth = (options: MachineHealthOptions): MachineHealth => {
  const { dataDir, clock, logger, lowBytes = LOW_BYTES } = options
  let diskFreeBytes: number | undefined
  let diskFault: string | undefined
  let diskLow = false
  let clockJumps = 0
  let jump: { readonly text: string; readonly at: number } | undefined
  let offset = clock.now() - clock.monotonic()
  let probedAt = Number.NEGATIVE_INFINITY
  let stop = (): void => undefined
  let looking: Promise<void> = Promise.resolve()

  const lookAtClock = (): void => {
    const current = clock.now() - clock.monotonic()
    const moved = current - offset
    offset = current
    if (Math.abs(moved) < JUMP_MS) return
    clockJumps += 1
    const seconds = Math.round(moved / 1_000)
    jump = { text: `the clock jumped by ${seconds > 0 ? '+' : ''}${seconds} s`, at: clock.monotonic() }
    logger.warn(
      { seconds },
      'the clock of this machine jumped; records keep the times of the switch, and waits are not measured by it',
    )
  }

  const lookAtDisk = async (): Promise<void> => {
    try {
      const { bavail, bsize } = await statfs(dataDir)
      diskFreeBytes = bavail * bsize
    } catch (fault) {
      diskFreeBytes = undefined
      logger.debug({ err: asError(fault) }, 'how much the disk has left is not known')
    }
    const low = diskFreeBytes !== undefined && diskFreeBytes < lowBytes
    if (low && !diskLow)
      logger.warn({ dataDir, diskFreeBytes }, 'the disk that keeps call records is nearly full')
    diskLow = low
    if (diskFault === undefined && clock.monotonic() - probedAt < PROBE_MS) return
    probedAt = clock.monotonic()
    try {
      await probeDisk(dataDir)
      if (diskFault !== undefined) logger.info({ dataDir }, 'the disk takes what is written again')
      diskFault = undefined
    } catch (fault) {
      const { code, message } = spoolFault(fault, dataDir)
      if (diskFault === undefined) logger.error({ dataDir, code }, message)
      diskFault = message
    }
  }

  const look = async (): Promise<void> => {
    lookAtClock()
    await lookAtDisk()
  }

  return {
    name: 'disk and clock',
    look,
    state: () => ({
      diskFreeBytes,
      diskFault,
      diskLow,
      clockJumps,
      clockJump: jump !== undefined && clock.monotonic() - jump.at < NEWS_MS ? jump.text : undefined,
    }),
    start: async () => {
      await look()
      stop = every(clock, LOOK_MS, () => {
        looking = look()
        return looking
      })
    },
    stop: async () => {
      stop()
      await looking
    },
  }
}
