/** The process of a PostgreSQL server, as its cluster's `postmaster.pid` tells of it. */
import { spawn } from 'node:child_process'
import { open, readFile, readlink, realpath, stat, truncate } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
// A Clock's timers keep no process alive, and while a server starts there may be nothing else that does.
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../base/clock.ts'
import { codeOf, EngineError } from '../base/errors.ts'
import { POSTGRES_ENVIRONMENT, type PostgresBinaries } from './postgres-binaries.ts'
import type { PostgresFolder } from './postgres-folder.ts'

export type Postmaster = { readonly pid: number; readonly port: number; readonly ready: boolean }

/** Lines of postmaster.pid (miscadmin.h, LOCK_FILE_LINE_*): 1 pid, 4 port, 8 status. */
export const readPostmaster = async (cluster: string): Promise<Postmaster | undefined> => {
  let lines: readonly string[]
  try {
    lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return undefined
    throw fault
  }
  const pid = Number(lines[0])
  const port = Number(lines[3] ?? 0)
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return { pid, port, ready: lines[7]?.trim() === 'ready' }
}

/**
 * Whether `pid` lives and works in the cluster. Where the system does not tell (no /proc), a living process is
 * taken for one; a process of another user is none.
 */
export const isPostmasterOf = async (pid: number, cluster: string): Promise<boolean> => {
  if (!isAlive(pid)) return false
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(cluster))
  } catch (fault) {
    // Gone meanwhile, a zombie, or somebody else's. ENOENT of /proc itself: not Linux.
    return codeOf(fault) === 'ENOENT' && process.platform !== 'linux'
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (fault) {
    return codeOf(fault) === 'EPERM'
  }
}

/** Starts a server and waits until it accepts connections. Throws STORE_POSTGRES_FAILED with `details.log`. */
export const startPostmaster = async (
  folder: PostgresFolder,
  { bin }: PostgresBinaries,
): Promise<Postmaster> => {
  const logFile = join(folder.base, 'server.log')
  const log = await open(logFile, 'a', 0o600)
  try {
    const { size } = await stat(logFile)
    if (size > LOG_BYTES) await truncate(logFile, 0)
    const from = size > LOG_BYTES ? 0 : size
    const port = await freePort()
    const child = spawn(join(bin, 'postgres'), argumentsOf(folder.cluster, port), {
      cwd: '/',
      env: POSTGRES_ENVIRONMENT,
      ...folder.runAs,
      // In a process group of its own: Ctrl-C must not stop it before the calls have drained. Its output is a
      // file: a pipe would break when Node is killed.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (fault) => resolve(fault.message))
      child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal ?? 'no code'}`))
    })
    child.unref()
    const gone: { why: string | undefined } = { why: undefined }
    void ended.then((why) => {
      gone.why = why
    })
    // As long as it lives it may be recovering, which takes as long as it takes.
    for (;;) {
      const found = await readPostmaster(folder.cluster)
      if (found !== undefined && found.pid === child.pid && found.ready) return found
      if (gone.why !== undefined) {
        const said = (await readFile(logFile, 'utf8')).slice(from).trim().slice(-2_000)
        throw new EngineError('STORE_POSTGRES_FAILED', `PostgreSQL does not start: ${gone.why}: ${said}`, {
          log: said,
        })
      }
      await pause(15)
    }
  } finally {
    await log.close()
  }
}

const LOG_BYTES = 10_000_000

const argumentsOf = (cluster: string, port: number): readonly string[] => {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    // None: a socket's path has at most 107 characters, and a folder that both may write to.
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: 60,
    shared_buffers: '64MB',
    log_min_messages: 'warning',
    cluster_name: 'strowger',
  }
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** Fast shutdown: open transactions are rolled back, what was committed is on disk. False: it did not end in time. */
export const stopPostmaster = async (pid: number, cluster: string): Promise<boolean> => {
  for (const [signal, waitMs] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
  ] as const) {
    if (!signalled(pid, signal)) return true
    const deadline = systemClock.monotonic() + waitMs
    while (systemClock.monotonic() < deadline) {
      if (await hasEnded(pid, cluster)) return true
      await pause(15)
    }
  }
  return false
}

const signalled = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal)
    return true
  } catch (fault) {
    if (codeOf(fault) === 'ESRCH') return false
    throw fault
  }
}

/** postmaster.pid is removed last. An orphan may stay a zombie, so the process alone tells too little. */
const hasEnded = async (pid: number, cluster: string): Promise<boolean> =>
  (await readPostmaster(cluster))?.pid !== pid || !isAlive(pid)
