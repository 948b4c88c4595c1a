/**
 * Where a trial's PostgreSQL keeps its files, and as whom it runs. In the folder:
 *
 *   cluster/      the database, owned by who runs it, 0700
 *   password      of the database's owner, 0600
 *   server.log    what PostgreSQL says
 *   server-<v>/   a copy of the npm package's binaries, where those cannot run in place
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { RunAs } from './postgres-binaries.ts'

export type PostgresFolder = {
  readonly base: string
  readonly cluster: string
  readonly runAs: RunAs | undefined
  /** Of the cluster; undefined: there is none yet. */
  readonly major: number | undefined
}

/** For root whose folder nobody else may enter, such as one in /root. */
const ELSEWHERE = '/var/lib/strowger'

/** Makes the folder. As root, one that PostgreSQL's user cannot enter is replaced by one in /var/lib/strowger. */
export const preparePostgresFolder = async (wanted: string, logger: Logger): Promise<PostgresFolder> => {
  const folder = resolve(wanted)
  const own = process.getuid?.()
  await mkdir(folder, { recursive: true })
  if (own !== 0) return describe(folder, own, undefined)

  const elsewhere = join(ELSEWHERE, createHash('sha256').update(folder).digest('hex').slice(0, 12))
  const here = await describe(folder, own, await someoneElse())
  if (here.runAs !== undefined && canEnter(folder, here.runAs)) {
    // One that was made while the folder was closed is still the trial's.
    if (here.major !== undefined || (await ownerOf(join(elsewhere, 'cluster'))) === undefined) return here
  } else if (here.major !== undefined) {
    throw new EngineError(
      'STORE_POSTGRES_FOLDER',
      `PostgreSQL's files are in ${folder}, which their owner (uid ${here.runAs?.uid ?? 0}) cannot enter`,
      { folder },
    )
  }
  // The umask may close what we make; what others made they had a reason for.
  for (const made of [ELSEWHERE, elsewhere]) {
    if ((await mkdir(made, { recursive: true })) !== undefined) await chmod(made, 0o755)
  }
  const there = await describe(elsewhere, own, await someoneElse())
  if (there.runAs !== undefined && !canEnter(elsewhere, there.runAs)) {
    throw new EngineError(
      'STORE_POSTGRES_FOLDER',
      `PostgreSQL does not run as root, and no other user may enter ${folder} or ${elsewhere}`,
      { folder, elsewhere },
    )
  }
  logger.info({ folder: elsewhere }, `PostgreSQL does not run as root, and no other user may enter ${folder}`)
  return there
}

/** An existing cluster is run by its owner, whoever that is: a trial begun as a user goes on under sudo. */
const describe = async (
  base: string,
  own: number | undefined,
  other: RunAs | undefined,
): Promise<PostgresFolder> => {
  const cluster = join(base, 'cluster')
  const owner = await ownerOf(cluster)
  if (owner === undefined) return { base, cluster, runAs: other, major: undefined }
  if (own !== 0 && own !== undefined && owner.uid !== own) {
    throw new EngineError(
      'STORE_POSTGRES_FOLDER',
      `PostgreSQL's files in ${base} belong to uid ${owner.uid}, and this is uid ${own}: run as who began the trial`,
      { folder: base },
    )
  }
  return { base, cluster, runAs: own === 0 ? owner : undefined, major: await majorOf(cluster) }
}

const ownerOf = async (folder: string): Promise<RunAs | undefined> => {
  try {
    const { uid, gid } = await stat(folder)
    return { uid, gid }
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return undefined
    throw fault
  }
}

const majorOf = async (cluster: string): Promise<number> => {
  const text = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim()
  const major = Number(text)
  if (!Number.isSafeInteger(major))
    throw new EngineError('STORE_POSTGRES_FOLDER', `${cluster} says it is of version "${text}"`)
  return major
}

/** initdb wants a user with a name (it calls getpwuid), so a free number would not do; nobody is made for it. */
const someoneElse = async (): Promise<RunAs> => {
  const users = new Map<string, RunAs>()
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name = '', , uid, gid] = line.split(':')
    users.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  const found = users.get('postgres') ?? users.get('nobody')
  if (
    found === undefined ||
    !Number.isSafeInteger(found.uid) ||
    found.uid === 0 ||
    !Number.isSafeInteger(found.gid)
  ) {
    throw new EngineError(
      'STORE_POSTGRES_FOLDER',
      'PostgreSQL does not run as root, and there is no user postgres or nobody',
    )
  }
  return found
}

const canEnter = (folder: string, runAs: RunAs): boolean =>
  spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { cwd: '/', ...runAs }).status === 0
