/** A real FreeSWITCH on loopback, with freeswitch-conf and everything it writes in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './net.ts'

export const CONFIGURATION = fileURLToPath(new URL('../../freeswitch-conf', import.meta.url))

const START_MS = 40_000

export type SwitchProcess = {
  readonly pid: number
  /** freeswitch.log: what it said so far. */
  readonly log: () => string
  readonly cdrFolder: string
  readonly isAlive: () => boolean
  readonly stop: () => Promise<void>
  /** `kill -9`: nothing is posted of what lives. */
  readonly kill: () => Promise<void>
  /** After `kill`, with what it left on the disk. */
  readonly startAgain: () => Promise<void>
}

export const startSwitch = async (options: {
  readonly binary: string
  readonly folder: string
  /** The variables of freeswitch-conf/vars.xml. */
  readonly environment: Readonly<Record<string, string>>
  readonly eventSocketPort: number
  /** Default: freeswitch-conf. */
  readonly configuration?: string
}): Promise<SwitchProcess> => {
  const { binary, folder, environment, eventSocketPort } = options
  const at = (name: string): string => {
    const path = join(folder, name)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return path
  }
  const cdrFolder = at('cdr')
  const folders = ['log', 'db', 'run', 'certs', 'cache', 'temp', 'storage', 'recordings', 'scripts', 'htdocs']
  const start = (): ChildProcess =>
    spawn(
      binary,
      [
        ...['-nc', '-nf', '-nonat', '-np', '-conf', options.configuration ?? CONFIGURATION],
        ...folders.flatMap((name) => [`-${name}`, at(name)]),
      ],
      {
        cwd: folder,
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], ...environment, FREESWITCH_CDR_DIR: cdrFolder },
      },
    )
  const opened = async (): Promise<void> => {
    try {
      await until(
        'FreeSWITCH opens its event socket',
        () => {
          if (child.exitCode !== null) throw new Error(`FreeSWITCH ended with ${child.exitCode}`)
          return answers(eventSocketPort)
        },
        // Its first start makes a certificate for DTLS, which may take a while.
        START_MS,
      )
    } catch (fault) {
      child.kill('SIGKILL')
      throw fault
    }
  }
  let child = start()
  let exited = once(child, 'exit')
  const log = (): string => readFileSync(join(folder, 'log', 'freeswitch.log'), 'utf8')
  await opened()
  return {
    pid: child.pid ?? 0,
    log,
    cdrFolder,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await exited
      clearTimeout(late)
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
    startAgain: async () => {
      child = start()
      exited = once(child, 'exit')
      await opened()
    },
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const done = (there: boolean): void => {
      socket.destroy()
      resolve(there)
    }
    socket.once('data', () => done(true))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
    socket.setTimeout(1_000, () => done(false))
  })
