/**
 * PostgreSQL for trials: a server of our own on this machine, found again after Node was killed, stopped with
 * the engine. Durable like any other (fsync on), reached on 127.0.0.1 only, with a password of its own.
 *
 * One engine a folder: who starts the server holds an advisory lock in it, on a connection that ends with the
 * process. A server that nobody holds is left over from an engine that was killed, and is used as it is.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
// A Clock's timers keep no process alive, and while a server starts there may be nothing else that does.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { systemClock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { findPostgres, run, type PostgresBinaries } from './postgres-binaries.ts'
import { preparePostgresFolder, type PostgresFolder } from './postgres-folder.ts'
import {
  isPostmasterOf,
  readPostmaster,
  startPostmaster,
  stopPostmaster,
  type Postmaster,
} from './postmaster.ts'
import { createOnce } from '../base/secret-file.ts'

export type PostgresOptions = {
  /** Kept from run to run; made where it is missing. */
  readonly folder: string
  readonly logger: Logger
  /** PATH, to look for an installed PostgreSQL beside the usual folders. */
  readonly searchPath?: string | undefined
  /** Use the binaries of the npm package even where PostgreSQL is installed. */
  readonly packageOnly?: boolean | undefined
}

export type RunningPostgres = {
  /** Of the database `strowger`, with its password: not for logs. */
  readonly url: string
  readonly pid: number
  /** Of the server, `18.4`. */
  readonly version: string
  /** Where its files are; not always the folder that was asked for. */
  readonly folder: string
  readonly stop: () => Promise<void>
}

/**
 * Throws STORE_NO_POSTGRES, STORE_POSTGRES_VERSION, STORE_POSTGRES_FOLDER, STORE_POSTGRES_FAILED, or
 * STORE_POSTGRES_IN_USE where another engine runs on the folder.
 */
export const startPostgres = async (options: PostgresOptions): Promise<RunningPostgres> => {
  const { logger } = options
  let folder = await preparePostgresFolder(options.folder, logger)
  let binaries: PostgresBinaries | undefined
  const deadline = systemClock.monotonic() + RETRY_MS
  for (;;) {
    const left = await findLeftOver(folder)
    if (left !== undefined) {
      logger.info({ pid: left.pid }, 'PostgreSQL is still running from the last time')
      return hold(folder, left, logger)
    }
    binaries ??= await findPostgres({
      base: folder.base,
      runAs: folder.runAs,
      major: folder.major,
      searchPath: options.searchPath ?? '',
      packageOnly: options.packageOnly,
      logger,
    })
    if (folder.major === undefined) {
      await createCluster(folder, binaries, logger)
      folder = { ...folder, major: binaries.major }
    }
    try {
      return await hold(folder, await startPostmaster(folder, binaries), logger)
    } catch (fault) {
      if (!isPassing(fault) || systemClock.monotonic() > deadline) throw fault
      logger.debug({ why: asError(fault).message }, 'PostgreSQL did not start and is tried again')
      await pause(200)
    }
  }
}

const RETRY_MS = 15_000

/**
 * Faults that pass: someone took the port between our asking and PostgreSQL's; another engine was faster; the
 * server was killed and its children have not all noticed (sysv_shmem.c: "pre-existing shared memory block").
 */
const isPassing = (fault: unknown): boolean =>
  codeOf(fault) === 'STORE_POSTGRES_FAILED' &&
  /could not bind|Address already in use|lock file .* already exists|pre-existing shared memory/.test(
    asError(fault).message,
  )

/** The server that runs on the cluster, once it is ready; undefined where none does. */
const findLeftOver = async ({ cluster }: PostgresFolder): Promise<Postmaster | undefined> => {
  for (;;) {
    const found = await readPostmaster(cluster)
    if (found === undefined) return undefined
    if (!(await isPostmasterOf(found.pid, cluster))) {
      // PostgreSQL looks whether the pid lives; after a reboot that may be any process of the same user.
      await unlink(join(cluster, 'postmaster.pid')).catch((fault: unknown) => {
        if (codeOf(fault) !== 'ENOENT') throw fault
      })
      return undefined
    }
    if (found.ready) return found
    // Starting or stopping: either comes to its end.
    await pause(50)
  }
}

/** Whole or not at all: initdb works beside the place, and one that was killed leaves nothing in it. */
const createCluster = async (
  folder: PostgresFolder,
  { bin, version }: PostgresBinaries,
  logger: Logger,
): Promise<void> => {
  const { base, cluster, runAs } = folder
  await removeLeftOvers(base)
  await createOnce(join(base, 'password'), `${randomBytes(24).toString('base64url')}\n`)
  const staged = join(base, `initdb-${randomUUID()}`)
  const passwordFile = `${staged}.password`
  try {
    await mkdir(staged, { mode: 0o700 })
    await writeFile(passwordFile, `${await readPassword(base)}\n`, { mode: 0o600, flag: 'wx' })
    if (runAs !== undefined) {
      await chown(staged, runAs.uid, runAs.gid)
      await chown(passwordFile, runAs.uid, runAs.gid)
    }
    await initialise(bin, staged, passwordFile, folder)
    await rename(staged, cluster)
  } catch (fault) {
    await rm(staged, { recursive: true, force: true })
    // Another engine was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(fault) ?? '')) throw fault
  } finally {
    await rm(passwordFile, { force: true })
  }
  logger.info({ folder: base, version }, 'a PostgreSQL for trials was set up')
}

/** Of an initdb that was killed. What is young may be another engine's, at work. */
const removeLeftOvers = async (base: string): Promise<void> => {
  for (const name of await readdir(base)) {
    if (!/^(initdb|staged)-/.test(name)) continue
    const age = systemClock.now() - (await stat(join(base, name))).mtimeMs
    if (age > LEFT_OVER_MS) await rm(join(base, name), { recursive: true, force: true })
  }
}

const LEFT_OVER_MS = 600_000

const initialise = async (
  bin: string,
  target: string,
  passwordFile: string,
  { runAs }: PostgresFolder,
): Promise<void> => {
  const args = [
    '-D',
    target,
    '-U',
    'strowger',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
  ]
  const tryLocale = (locale: string): Promise<unknown> =>
    run(join(bin, 'initdb'), [...args, `--locale=${locale}`], runAs)
  try {
    await tryLocale('C.UTF-8').catch(async (fault: unknown) => {
      // macOS and bare musl have no C.UTF-8; only upper and lower case of letters beyond ASCII differ.
      if (!/invalid locale/.test(saidBy(fault))) throw fault
      await tryLocale('C')
    })
  } catch (fault) {
    throw new EngineError('STORE_POSTGRES_FAILED', `initdb failed: ${saidBy(fault)}`, {}, fault)
  }
}

/** What a program wrote before it failed; the error's own message is its command line. */
const saidBy = (fault: unknown): string => {
  const { stderr } = fault instanceof Error && 'stderr' in fault ? fault : { stderr: '' }
  const said = typeof stderr === 'string' ? stderr.trim() : ''
  return (said === '' ? asError(fault).message : said).slice(0, 2_000)
}

const readPassword = async (base: string): Promise<string> => {
  try {
    const file = join(base, 'password')
    await chmod(file, 0o600)
    return (await readFile(file, 'utf8')).trim()
  } catch (fault) {
    throw new EngineError(
      'STORE_POSTGRES_FOLDER',
      `the password of the trial's database cannot be read in ${base}`,
      {},
      fault,
    )
  }
}

/** Not to be mistaken for a lock of node-pg-migrate's or of a partition's. */
const ENGINE_LOCK = 7_867_694_637

const hold = async (
  folder: PostgresFolder,
  { pid, port }: Postmaster,
  logger: Logger,
): Promise<RunningPostgres> => {
  const password = await readPassword(folder.base)
  const urlOf = (name: string): string => `postgres://strowger:${password}@127.0.0.1:${port}/${name}`
  const keeper = new pg.Client({
    connectionString: urlOf('postgres'),
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  let stopping = false
  let version: string | undefined
  keeper.on('error', (fault) => {
    if (!stopping)
      logger.error({ code: 'STORE_POSTGRES_LOST', pid, why: fault.message }, 'PostgreSQL went away')
  })
  try {
    await keeper.connect()
    if (!(await isHeld(keeper))) {
      throw new EngineError('STORE_POSTGRES_IN_USE', `another engine is running on ${folder.base}`, {
        folder: folder.base,
      })
    }
    const { rows } = await keeper.query<{ version: string; made: boolean }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
         EXISTS (SELECT 1 FROM pg_database WHERE datname = 'strowger') AS made`,
    )
    version = rows[0]?.version
    if (rows[0]?.made !== true) await keeper.query('CREATE DATABASE strowger')
  } catch (fault) {
    await keeper.end()
    if (fault instanceof EngineError) throw fault
    throw new EngineError(
      'STORE_POSTGRES_FAILED',
      `PostgreSQL runs and cannot be used: ${asError(fault).message}`,
      {},
      fault,
    )
  }
  return {
    url: urlOf('strowger'),
    pid,
    version: version ?? 'unknown',
    folder: folder.base,
    stop: async () => {
      if (stopping) return
      stopping = true
      // The lock is let go by the server's end, not before: nobody takes over what is about to stop.
      const ended = await stopPostmaster(pid, folder.cluster)
      await keeper.end()
      if (!ended)
        throw new EngineError('STORE_POSTGRES_FAILED', `PostgreSQL (pid ${pid}) does not stop`, { pid })
    },
  }
}

/** The connection of an engine that was just killed takes a moment to end. */
const isHeld = async (keeper: pg.Client): Promise<boolean> => {
  const deadline = systemClock.monotonic() + 2_000
  for (;;) {
    const { rows } = await keeper.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
      ENGINE_LOCK,
    ])
    if (rows[0]?.held === true) return true
    if (systemClock.monotonic() > deadline) return false
    await pause(50)
  }
}

/** The address of the server that runs on a folder, for a script beside the engine; undefined: none runs. */
export const findRunningPostgres = async (options: PostgresOptions): Promise<string | undefined> => {
  const folder = await preparePostgresFolder(options.folder, options.logger)
  const found = await readPostmaster(folder.cluster)
  if (found?.ready !== true || !(await isPostmasterOf(found.pid, folder.cluster))) return undefined
  return `postgres://strowger:${await readPassword(folder.base)}@127.0.0.1:${found.port}/strowger`
}
