/** The engine as a process of its own, with nothing in its environment but what a test gives it. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asError } from '../../src/base/errors.ts'
import { until } from '../live/net.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export type Ended = { readonly code: number | null; readonly signal: string | null }

export type Answer = { readonly status: number; readonly text: string; readonly json: () => unknown }

export type EngineProcess = {
  readonly url: string
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Undefined while it lives. */
  readonly hasEnded: () => Ended | undefined
  readonly ended: Promise<Ended>
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT') => Promise<Ended>
  /** A request with the admin token; a `body` makes it a POST of JSON. */
  readonly api: (path: string, body?: unknown, method?: string) => Promise<Answer>
  readonly token: () => string
}

export type EngineOptions = {
  readonly dataDir: string
  readonly httpPort: number
  readonly environment?: Readonly<Record<string, string>>
  /**
   * `ready`: /ready says 200; `greeted`: it has said where it listens (in a trial when calls can be made);
   * `ended`: it is expected to end by itself. `started`: wait for nothing.
   */
  readonly wait: 'ready' | 'greeted' | 'ended' | 'started'
}

const living = new Set<EngineProcess>()
process.once('exit', () => {
  for (const { pid } of living) process.kill(pid, 'SIGKILL')
})

export const startEngine = async (options: EngineOptions): Promise<EngineProcess> => {
  const { dataDir, httpPort, environment = {}, wait } = options
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      STROWGER_DATA_DIR: dataDir,
      STROWGER_HTTP_PORT: String(httpPort),
      STROWGER_SOCKET_PORT: '0',
      ...environment,
    },
  })
  const written = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.err += text
  })
  const end: { how: Ended | undefined } = { how: undefined }
  // `close`, not `exit`: everything that it wrote has been read then.
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      end.how = { code, signal }
      living.delete(engine)
      resolve(end.how)
    })
  })
  const url = `http://127.0.0.1:${httpPort}`
  const token = (): string => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()
  const engine: EngineProcess = {
    url,
    pid: child.pid ?? 0,
    stdout: () => written.out,
    stderr: () => written.err,
    hasEnded: () => end.how,
    ended,
    kill: (signal) => {
      child.kill(signal)
      return ended
    },
    api: async (path, body, method) => {
      const reply = await fetch(`${url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${token()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await reply.text()
      return { status: reply.status, text, json: () => JSON.parse(text) as unknown }
    },
    token,
  }
  living.add(engine)
  const failIfEnded = (): void => {
    if (end.how !== undefined)
      throw new Error(`the engine ended with ${end.how.code ?? ''}: ${written.out}${written.err}`)
  }
  if (wait === 'ended') await ended
  if (wait === 'greeted' || wait === 'ready') {
    await until(
      'the engine says where it listens',
      () => {
        failIfEnded()
        return written.out.includes('Strowger listens on')
      },
      45_000,
    )
  }
  if (wait === 'ready') {
    await until(
      'the engine is ready',
      async () => {
        failIfEnded()
        return (await readiness(engine)).ready
      },
      20_000,
    )
  }
  return engine
}

export type Readiness = {
  readonly status: number
  readonly ready: boolean
  /** By the name of the check: `ok: ` or `not ok: ` and its detail. */
  readonly checks: Readonly<Record<string, string>>
}

export const readiness = async (engine: Pick<EngineProcess, 'url'>): Promise<Readiness> => {
  const reply = await fetch(`${engine.url}/ready`)
  const { ready, checks } = (await reply.json()) as {
    ready: boolean
    checks: { name: string; ok: boolean; detail: string }[]
  }
  return {
    status: reply.status,
    ready,
    checks: Object.fromEntries(
      checks.map(({ name, ok, detail }) => [name, `${ok ? 'ok' : 'not ok'}: ${detail}`]),
    ),
  }
}

/** A gauge or a counter without labels. */
export const metric = async (engine: EngineProcess, name: string): Promise<number> => {
  const { text } = await engine.api('/metrics')
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`there is no metric ${name}`)
  return Number(value)
}

/** Whether anybody listens at the engine's door. */
export const isOpen = async ({ url }: Pick<EngineProcess, 'url'>): Promise<boolean> => {
  try {
    return (await fetch(`${url}/health`)).ok
  } catch (fault) {
    if (asError(fault).message !== 'fetch failed') throw fault
    return false
  }
}
