/** A real drachtio-server for a test: DRACHTIO_BIN, then PATH and the usual prefixes; undefined where there is none. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, isBound, until } from '../live/net.ts'

export type DrachtioProcess = {
  readonly adminPort: number
  readonly sipPort: number
  readonly secret: string
  readonly logText: () => string
  /** `signal` ends it; resolves when it is gone. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** The same ports and secret again, after `end`. */
  readonly startAgain: () => Promise<void>
  readonly close: () => Promise<void>
}

const PREFIXES = ['/usr/local/bin', '/usr/bin']

export const findDrachtio = (environment: NodeJS.ProcessEnv): string | undefined => {
  const given = environment['DRACHTIO_BIN']
  if (given !== undefined && given !== '') return isProgram(given) ? given : undefined
  const path = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...path, ...PREFIXES].map((folder) => join(folder, 'drachtio')).find(isProgram)
}

export const startDrachtio = async (
  binary: string,
  { secret = 'a secret of the tests' }: { readonly secret?: string } = {},
): Promise<DrachtioProcess> => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-drachtio-'))
  const [adminPort, sipPort] = [await freePort(), await freePort()]
  const configuration = join(folder, 'drachtio.conf.xml')
  const log = join(folder, 'drachtio.log')
  writeFileSync(configuration, configurationOf(adminPort, sipPort, secret))
  writeFileSync(log, '')

  const run = async (): Promise<(signal: NodeJS.Signals) => Promise<void>> => {
    const child = spawn('/bin/sh', ['-c', 'exec "$0" -f "$1" >>"$2" 2>&1', binary, configuration, log], {
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    await until('drachtio listens', async () => {
      // A port in use: it ends, with 0.
      if (child.exitCode !== null) throw new Error(`drachtio ended: ${readFileSync(log, 'utf8').slice(-500)}`)
      return isBound(sipPort) && (await listens(adminPort))
    })
    return async (signal) => {
      child.kill(signal)
      await ended
    }
  }

  let end: ((signal: NodeJS.Signals) => Promise<void>) | undefined = await run()
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    await end?.(signal)
    end = undefined
  }
  return {
    adminPort,
    sipPort,
    secret,
    logText: () => readFileSync(log, 'utf8'),
    end: stop,
    startAgain: async () => {
      end = await run()
    },
    close: async () => {
      await stop('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** t1x64: a request that nobody answers is given up after two seconds instead of 32. */
const configurationOf = (adminPort: number, sipPort: number, secret: string): string =>
  `<drachtio>
  <admin port="${adminPort}" secret="${secret}">127.0.0.1</admin>
  <sip>
    <contacts><contact>sip:127.0.0.1:${sipPort};transport=udp,tcp</contact></contacts>
    <timers><t1>100</t1><t2>400</t2><t4>500</t4><t1x64>2000</t1x64></timers>
  </sip>
  <cdrs>false</cdrs>
  <logging><console/><sofia-loglevel>3</sofia-loglevel><loglevel>info</loglevel></logging>
</drachtio>
`

const listens = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  const answer = await Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => false,
    ),
    sleep(1000).then(() => false),
  ])
  socket.destroy()
  return answer
}

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there, or not ours to run: the next candidate.
    return false
  }
}
