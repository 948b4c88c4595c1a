/** The engine as people run it: a process of its own, killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asError } from '../../src/base/errors.ts'
import { until } from './net.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export type EngineProcess = {
  /** Resolves when it is ready: connected to the switch, routing known. `more` counts until it is started again. */
  readonly start: (more?: Readonly<Record<string, string>>) => Promise<void>
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly isRunning: () => boolean
  readonly pid: () => number
  readonly log: () => string
  /** A request of the API with the admin token; `undefined` as body is a GET. */
  readonly api: (
    path: string,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly json: Record<string, unknown> }>
}

export const engineProcess = (options: {
  readonly dataDir: string
  readonly httpPort: number
  readonly environment: Readonly<Record<string, string>>
  /** Default: the engine's own. */
  readonly entry?: string | undefined
}): EngineProcess => {
  const { dataDir, httpPort, environment, entry = 'src/main.ts' } = options
  const logFile = join(dataDir, 'engine.log')
  const url = `http://127.0.0.1:${httpPort}`
  let child: ChildProcess | undefined
  let exited: Promise<unknown> = Promise.resolve()

  const ready = async (): Promise<boolean> => {
    if (child?.exitCode !== null)
      throw new Error(`the engine ended: ${readFileSync(logFile, 'utf8').slice(-2_000)}`)
    try {
      return (await fetch(`${url}/ready`)).status === 200
    } catch (fault) {
      // Not listening yet.
      if (asError(fault).message !== 'fetch failed') throw fault
      return false
    }
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child?.kill(signal)
    await exited
    child = undefined
  }
  return {
    start: async (more = {}) => {
      const log = openSync(logFile, 'a')
      child = spawn(process.execPath, ['--import', 'tsx', entry], {
        cwd: PROJECT,
        stdio: ['ignore', log, log],
        env: {
          PATH: process.env['PATH'],
          STROWGER_DATA_DIR: dataDir,
          STROWGER_HTTP_PORT: String(httpPort),
          STROWGER_LOG_LEVEL: 'debug',
          ...environment,
          ...more,
        },
      })
      exited = once(child, 'exit')
      await until('the engine is ready', ready, 20_000)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    isRunning: () => child !== undefined,
    pid: () => child?.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8'),
    api: async (path, body) => {
      const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()
      const reply = await fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: reply.status, json: (await reply.json()) as Record<string, unknown> }
    },
  }
}
