import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/base/clock.ts'
import type { Logger } from '../../src/base/logger.ts'
import { silentLogger } from '../../src/base/logger.ts'

/** A folder for one test; `removeScratch` in a teardown takes away all of them. */
export const scratchFolder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'spool-'))
  made.push(path)
  return path
}

export const removeScratch = (): void => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
}

const made: string[] = []

/** Time that stands still until it is told to go. */
export type HandClock = Clock & { readonly advance: (ms: number) => void; readonly waiting: () => number }

export const handClock = (start = 1_700_000_000_000): HandClock => {
  let now = start
  let timers: { readonly at: number; readonly act: () => void }[] = []
  return {
    now: () => now,
    monotonic: () => now,
    after: (delayMs, act) => {
      const timer = { at: now + delayMs, act }
      timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
    advance: (ms) => {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { act } of due) act()
    },
    waiting: () => timers.length,
  }
}

/** A logger that keeps the messages of its warnings and errors. */
export const listeningLogger = (): { readonly logger: Logger; readonly lines: string[] } => {
  const lines: string[] = []
  const note = (_: unknown, message?: string): void => {
    lines.push(message ?? '')
  }
  const logger: Logger = {
    trace: silentLogger.trace,
    debug: silentLogger.debug,
    info: silentLogger.info,
    warn: note,
    error: note,
    fatal: note,
    child: () => logger,
  }
  return { logger, lines }
}

/** Waits in turns of the event loop, not in time, until `holds`. */
export const until = async (holds: () => boolean): Promise<void> => {
  for (let turn = 0; !holds(); turn += 1) {
    if (turn > 200_000) throw new Error('it did not come about')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
