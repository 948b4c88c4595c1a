/** SIPp processes: phones and carriers, and what went over their wire. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, isBound, until } from './net.ts'

/** One message, as the party saw it. */
export type SipMessage = {
  readonly at: number
  readonly received: boolean
  /** `SIP/2.0 486 Refused`, `INVITE sip:... SIP/2.0` */
  readonly firstLine: string
  readonly method: string | undefined
  readonly status: number | undefined
  readonly header: (name: string) => string | undefined
  readonly text: string
}

export type SippParty = {
  /** Resolves when every call of it has ended, with SIPp's exit code: 0 when all went as written. */
  readonly done: Promise<number>
  readonly messages: () => readonly SipMessage[]
  /** Ends it, whatever it does. */
  readonly stop: () => Promise<void>
}

export type SippOptions = {
  readonly binary: string
  readonly folder: string
  readonly name: string
  readonly xml: string
  /** `address:port` of FreeSWITCH for one who calls; absent: it waits to be called. */
  readonly remote?: string
  readonly address?: string
  readonly port: number
  /** Default 1 for one who calls; who is called takes all that come. */
  readonly calls?: number
  readonly callsPerSecond?: number
  readonly transport?: 'u1' | 't1'
  /** One value a call, for `[field0]`. */
  readonly values?: readonly string[]
  /** Sends back the RTP that it gets. */
  readonly echoes?: boolean
  /** False: no trace is written, and `messages` is empty. */
  readonly trace?: boolean
}

let count = 0

export const startSipp = async (options: SippOptions): Promise<SippParty> => {
  const { binary, folder, name, xml, remote, address = '127.0.0.1', port } = options
  const calls = options.calls ?? (remote === undefined ? 10_000 : 1)
  const controlPort = await freePort()
  count += 1
  const base = join(folder, `${String(count).padStart(3, '0')}-${name}`)
  const trace = `${base}.messages`
  // Latin-1: a display name of raw bytes is written as such.
  const heard = options.echoes === true ? xml.replaceAll('m=audio 19998 ', 'm=audio [media_port] ') : xml
  writeFileSync(`${base}.xml`, heard, 'latin1')
  if (options.values !== undefined)
    writeFileSync(`${base}.values`, `SEQUENTIAL\n${options.values.join('\n')}\n`)
  const child = spawn(
    binary,
    [
      ...(remote === undefined ? [] : [remote]),
      ...['-sf', `${base}.xml`, '-i', address, '-p', String(port), '-t', options.transport ?? 'u1'],
      ...['-m', String(calls), '-l', String(calls), '-r', String(options.callsPerSecond ?? 10)],
      ...(options.trace === false ? [] : ['-trace_msg', '-message_file', trace]),
      ...['-trace_err', '-error_file', `${base}.errors`],
      ...['-nostdin', '-nd', '-default_behaviors', 'all', '-timeout', '180s', '-skip_rlimit'],
      ...(options.echoes === true ? ['-rtp_echo', '-mi', address, '-mp', String(await freePort())] : []),
      ...(options.values === undefined ? [] : ['-inf', `${base}.values`]),
      // Its own control port, or two that start at once fight for one.
      ...['-cp', String(controlPort)],
    ],
    { cwd: folder, stdio: 'ignore' },
  )
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : -1))
  if (remote === undefined) {
    await until(`${name} listens on ${port}`, () => {
      if (child.exitCode !== null)
        throw new Error(`sipp ${name} ended with ${child.exitCode}: ${readOf(`${base}.errors`)}`)
      return isBound(port)
    })
  }
  return {
    done: exited,
    messages: () => parseTrace(readOf(trace)),
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

const readOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'latin1') : '')

/** SIPp's -trace_msg: a rule of dashes with the time, `UDP message sent (n bytes):` or `received [n] bytes :`, the message. */
const parseTrace = (text: string): readonly SipMessage[] =>
  text.split(/^-{20,} /m).flatMap((block) => {
    const found = /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+).*?\n\w+ message (sent|received)[^\n]*\n\n/s.exec(
      block,
    )
    if (found === null) return []
    const message = block.slice(found[0].length)
    const firstLine = message.slice(0, message.search(/\r?\n/))
    const response = /^SIP\/2\.0 (\d{3})/.exec(firstLine)?.[1]
    return [
      {
        at: momentOf(found[1] ?? ''),
        received: found[2] === 'received',
        firstLine,
        method: response === undefined ? /^[A-Z]+/.exec(firstLine)?.[0] : undefined,
        status: response === undefined ? undefined : Number(response),
        header: (name) => new RegExp(`^${name}:[ \\t]*(.*?)\\r?$`, 'im').exec(message)?.[1],
        text: message,
      },
    ]
  })

/** Milliseconds, with what SIPp says of microseconds as their fraction. */
const momentOf = (text: string): number =>
  Date.parse(`${text.replace(' ', 'T').slice(0, 23)}Z`) + Number(text.slice(23).padEnd(3, '0')) / 1_000

/** The final answers that the party received to its INVITEs, the challenge left out. */
export const finalStatuses = (messages: readonly SipMessage[]): readonly SipMessage[] =>
  messages.filter(
    ({ received, status, header }) =>
      received &&
      status !== undefined &&
      status >= 200 &&
      status !== 401 &&
      status !== 407 &&
      /INVITE/.test(header('CSeq') ?? ''),
  )

/**
 * The INVITEs that the party received, each once. `stale`: Call-IDs of earlier tests. FreeSWITCH repeats an INVITE that
 * nobody answered for 32 s, long after it gave the call up: without a 100 it cannot be cancelled.
 */
export const invitesOf = (
  messages: readonly SipMessage[],
  stale: ReadonlySet<string>,
): readonly SipMessage[] => {
  const seen = new Set(stale)
  return messages.filter(({ received, method, header, text }) => {
    if (!received || method !== 'INVITE' || /;tag=/.test(header('To') ?? '')) return false
    const key = header('Call-ID') ?? text
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
