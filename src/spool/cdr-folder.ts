/**
 * The files that FreeSWITCH leaves when nobody took its post. They are taken into the journal and removed only
 * when they are durable there. Links, folders and the files of others are left alone.
 *
 * mod_json_cdr.c, backup_cdr: the file is opened under its final name and truncated, written in one or more
 * write() calls, then a newline, then closed; never synced, never renamed. So a file may be seen before it is
 * whole (it is JSON only when it is), and a switch that dies leaves a part.
 */
import { constants, watch, type FSWatcher } from 'node:fs'
import { lstat, mkdir, open, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import { every, type Cancel, type Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { documentOf } from '../cdr/post-body.ts'
import { readPost } from '../cdr/post.ts'
import { removeFile, syncFolder } from './disk.ts'
import { MAX_RECORD_BYTES } from './frame.ts'

/** Takes a document in; resolves when it is durable. */
export type Accept = (bytes: Buffer) => Promise<void>

export type FolderOptions = {
  readonly directory: string
  readonly accept: Accept
  readonly logger: Logger
  readonly clock: Clock
  /** In case that a notice of the file system was lost, or there are none (NFS). */
  readonly rescanMs?: number
  /** Between two looks at a file that is not whole. */
  readonly retryMs?: number
  /** Looks at an unchanged file that is not whole before it goes to `unreadable/`. */
  readonly tries?: number
}

export type CdrFolder = {
  /** Looks through the folder now; resolves when that is done. */
  readonly scan: () => Promise<void>
  readonly stats: () => { readonly taken: number; readonly unreadable: number }
  readonly stop: () => Promise<void>
}

const RESCAN_MS = 30_000
const RETRY_MS = 500
const TRIES = 10
/** Files taken at the same time: they share the journal's syncs. */
const AT_ONCE = 32
const NAME = /^[^.].*\.cdr\.(?:json|xml)$/

export const watchCdrFolder = async (options: FolderOptions): Promise<CdrFolder> => {
  const { directory, accept, logger, clock, retryMs = RETRY_MS, tries = TRIES } = options
  /** Of files that are not whole: how they looked and how often they looked so. */
  const partial = new Map<string, { readonly look: string; readonly seen: number; readonly at: number }>()
  /** Taken in, but could not be removed: not taken in again. */
  const durable = new Map<string, string>()
  let watcher: FSWatcher | undefined
  let running: Promise<void> | undefined
  let again = false
  let stopped = false
  let trouble: string | undefined
  let taken = 0
  let unreadable = 0
  let cancelRetry: Cancel = () => undefined

  const scanOnce = async (): Promise<void> => {
    try {
      await startWatching()
      const names = await cdrNames(directory)
      for (const name of partial.keys()) if (!names.includes(name)) partial.delete(name)
      const ends = await inGroups(names, (name) => (stopped ? Promise.resolve('done') : takeOne(name)))
      if (ends.includes('retry') && !stopped) {
        cancelRetry()
        cancelRetry = clock.after(retryMs, () => void scan())
      }
      trouble = undefined
    } catch (fault) {
      const reason = asError(fault).message
      if (reason !== trouble)
        logger.warn({ directory, reason }, 'the folder of left-over CDRs cannot be read; it is tried again')
      trouble = reason
    }
  }

  /** One file that cannot be handled does not keep the others waiting. */
  const takeOne = async (name: string): Promise<'done' | 'retry'> => {
    try {
      return await lookAt(name)
    } catch (fault) {
      const reason = asError(fault).message
      logger.warn({ file: name, reason }, 'a left-over CDR was not taken in; it stays where it is')
      return 'done'
    }
  }

  const lookAt = async (name: string): Promise<'done' | 'retry'> => {
    const read = await readWhole(directory, name)
    if (read.kind === 'ignore') return 'done'
    if (read.kind === 'whole') {
      partial.delete(name)
      if (durable.get(name) !== read.look) await accept(read.bytes)
      durable.set(name, read.look)
      await removeFile(join(directory, name))
      durable.delete(name)
      taken += 1
      logger.info({ file: name }, 'a left-over CDR was taken in')
      return 'done'
    }
    // Looks are counted by time: a burst of notices about other files is no reason to give this one up.
    const now = clock.monotonic()
    const before = partial.get(name)
    const same =
      before?.look === read.look ? before : { look: read.look, seen: 0, at: Number.NEGATIVE_INFINITY }
    const counts = now - same.at >= retryMs
    const seen = counts ? same.seen + 1 : same.seen
    partial.set(name, { look: read.look, seen, at: counts ? now : same.at })
    if (seen < tries && !read.hopeless) return 'retry'
    partial.delete(name)
    await moveInto(directory, 'unreadable', name)
    unreadable += 1
    logger.error({ file: name, why: read.why }, 'a left-over CDR is unreadable and was moved to unreadable/')
    return 'done'
  }

  const scan = (): Promise<void> => {
    again = true
    running ??= (async () => {
      await Promise.resolve()
      while (again && !stopped) {
        again = false
        await scanOnce()
      }
      // In the same turn as the last look at `again`.
      running = undefined
    })()
    return running
  }

  const startWatching = async (): Promise<void> => {
    if (watcher !== undefined) return
    await mkdir(directory, { recursive: true })
    try {
      const started = watch(directory, { persistent: false }, (_, name) => {
        if (name === null || NAME.test(name)) void scan()
      })
      started.on('error', (fault) => {
        logger.warn(
          { directory, reason: fault.message },
          'the folder of left-over CDRs is no longer watched, only rescanned',
        )
        started.close()
        if (watcher === started) watcher = undefined
      })
      watcher = started
    } catch (fault) {
      // Out of inotify watches, or a file system without: the rescan does the work.
      logger.warn(
        { directory, reason: asError(fault).message },
        'the folder of left-over CDRs cannot be watched, only rescanned',
      )
    }
  }

  const cancelRescan = every(clock, options.rescanMs ?? RESCAN_MS, scan)
  await scan()
  return {
    scan,
    stats: () => ({ taken, unreadable }),
    stop: async () => {
      stopped = true
      cancelRescan()
      cancelRetry()
      watcher?.close()
      if (running !== undefined) await running
    },
  }
}

/** Whether the switch left the record of this leg, an A leg's with a prefix (mod_json_cdr.c, `prefix-a-leg`). */
export const hasCdrFile = async (directory: string, legUuid: string): Promise<boolean> => {
  for (const prefix of ['', 'a_']) {
    try {
      await lstat(join(directory, `${prefix}${legUuid}.cdr.json`))
      return true
    } catch (fault) {
      if (!NOT_SEEN.includes(codeOf(fault))) throw fault
    }
  }
  return false
}

/** Where the folder cannot be looked into, nothing will come of it. */
const NOT_SEEN: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']

export type Ingested = {
  readonly taken: number
  /** Files, links and folders that are no CDRs of FreeSWITCH. */
  readonly ignored: number
  /** Files that were left where they are, and why. */
  readonly problems: readonly { readonly file: string; readonly why: string }[]
}

/**
 * Takes in every CDR file of a folder, once; what was taken moves to `done/`, so that a person who named the
 * wrong folder has lost nothing. Throws SPOOL_FOLDER where the folder cannot be read.
 */
export const ingestFolder = async (directory: string, accept: Accept): Promise<Ingested> => {
  let taken = 0
  let ignored = 0
  const problems: { file: string; why: string }[] = []
  let names: readonly string[]
  try {
    const all = await readdir(directory)
    names = all.filter((name) => NAME.test(name)).sort()
    ignored = all.length - names.length
  } catch (fault) {
    throw new EngineError(
      'SPOOL_FOLDER',
      `${directory} cannot be read: ${asError(fault).message}`,
      { directory },
      fault,
    )
  }
  await inGroups(names, async (name) => {
    try {
      const read = await readWhole(directory, name)
      if (read.kind === 'ignore') ignored += 1
      if (read.kind === 'partial') problems.push({ file: name, why: read.why })
      if (read.kind !== 'whole') return
      await accept(read.bytes)
      await moveInto(directory, 'done', name)
      taken += 1
    } catch (fault) {
      problems.push({ file: name, why: asError(fault).message })
    }
  })
  problems.sort((a, b) => (a.file < b.file ? -1 : 1))
  return { taken, ignored, problems }
}

const cdrNames = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => NAME.test(name)).sort()

const inGroups = async <Result>(
  names: readonly string[],
  act: (name: string) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    results.push(...(await Promise.all(names.slice(at, at + AT_ONCE).map(act))))
  }
  return results
}

const moveInto = async (directory: string, folder: string, name: string): Promise<void> => {
  await mkdir(join(directory, folder), { recursive: true })
  await rename(join(directory, name), join(directory, folder, name))
  await syncFolder(join(directory, folder))
}

type Read =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'whole'; readonly look: string; readonly bytes: Buffer }
  /** `hopeless`: waiting would not mend it. */
  | { readonly kind: 'partial'; readonly look: string; readonly why: string; readonly hopeless: boolean }

const readWhole = async (directory: string, name: string): Promise<Read> => {
  const path = join(directory, name)
  try {
    const found = await lstat(path)
    if (!found.isFile()) return { kind: 'ignore' }
    const look = `${found.size}@${found.mtimeMs}`
    if (found.size > MAX_RECORD_BYTES) {
      return { kind: 'partial', look, why: `it has ${found.size} bytes, which no CDR has`, hopeless: true }
    }
    // Without following: between lstat and open a link may have taken the file's place.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const bytes = await handle.readFile()
      const why = whyNotWhole(bytes)
      return why === undefined
        ? { kind: 'whole', look, bytes }
        : { kind: 'partial', look, why, hopeless: false }
    } finally {
      await handle.close()
    }
  } catch (fault) {
    // ENOENT: taken away meanwhile. ELOOP: a link.
    if (codeOf(fault) === 'ENOENT' || codeOf(fault) === 'ELOOP') return { kind: 'ignore' }
    throw fault
  }
}

const whyNotWhole = (bytes: Buffer): string | undefined => {
  try {
    const value = readPost(documentOf(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'it is no JSON object'
  } catch (fault) {
    return asError(fault).message
  }
}
