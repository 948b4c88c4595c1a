import { EngineError } from '../base/errors.ts'

/**
 * Owns the bytes of every command that we send. A command ends at its first empty line, so a line break in a
 * value would be a second command: CR, LF and NUL are refused in every value. A text of several lines travels
 * as a body with a content-length, which is the switch's own way.
 *
 * Each builder returns the whole command; all throw EngineError ESL_UNSAFE_VALUE, whose `details.field` names
 * the offender. Values are not quoted for the application that reads them: see telephony/dial-string.
 */
export const command = {
  auth: (password: string): string => `auth ${safe('password', password)}\n\n`,

  connect: (): string => 'connect\n\n',

  /** Blocks the socket until the switch has run it: for commands that take milliseconds. */
  api: (name: string, args = ''): string => `api ${apiLine(name, args)}\n\n`,

  /** Runs in a thread of its own; the result comes as a BACKGROUND_JOB event with this Job-UUID. */
  bgapi: (name: string, args: string, jobUuid: string): string =>
    `bgapi ${apiLine(name, args)}\nJob-UUID: ${word('jobUuid', jobUuid)}\n\n`,

  /**
   * Subscribes to named events. @throws EngineError ESL_SUBSCRIBE_ALL: one bridged call is 300 kB of events,
   * and a reader that cannot keep up freezes the event socket of the whole switch. ESL_SUBSCRIBE_NOTHING.
   */
  subscribe: (
    format: EventFormat,
    events: readonly string[],
    customSubclasses: readonly string[] = [],
  ): string => {
    const names = events.filter((name) => name !== 'CUSTOM').map((name) => word('event', name))
    // What follows CUSTOM is a subclass, so it comes last.
    const custom = customSubclasses.map((name) => word('subclass', name))
    if ([...names, ...custom].some((name) => name.toUpperCase() === 'ALL')) {
      throw new EngineError('ESL_SUBSCRIBE_ALL', 'subscribe to named events, never to ALL')
    }
    if (names.length + custom.length === 0)
      throw new EngineError('ESL_SUBSCRIBE_NOTHING', 'no event is named')
    const all = custom.length === 0 ? names : [...names, 'CUSTOM', ...custom]
    return `event ${format} ${all.join(' ')}\n\n`
  },

  /** Ends all subscriptions of this connection and drops the events that wait. */
  noevents: (): string => 'noevents\n\n',

  /** On an outbound socket: the events of its own channel. */
  myevents: (format: EventFormat = 'plain'): string => `myevents ${format}\n\n`,

  /** On an outbound socket: the events that the channel itself receives (detected speech, say). */
  divertEvents: (on: boolean): string => `divert_events ${on ? 'on' : 'off'}\n\n`,

  /** Only events whose `header` has `value` pass; several filters are alternatives. */
  filter: (header: string, value: string): string =>
    `filter ${word('header', header)} ${safe('value', value)}\n\n`,

  /** On an outbound socket: keep it open after the hang-up, so that the last events come. */
  linger: (seconds?: number): string =>
    seconds === undefined ? 'linger\n\n' : `linger ${wholeNumber('seconds', seconds)}\n\n`,

  /** Runs a dialplan application on a channel; CHANNEL_EXECUTE_COMPLETE has `eventUuid` as Application-UUID. */
  execute: (app: string, arg: string | undefined, options: ExecuteOptions): string => {
    const lines = [
      options.uuid === undefined ? 'sendmsg' : `sendmsg ${word('uuid', options.uuid)}`,
      'call-command: execute',
      `execute-app-name: ${word('app', app)}`,
      `event-uuid: ${word('eventUuid', options.eventUuid)}`,
    ]
    if (options.eventLock === true) lines.push('event-lock: true')
    if (options.loops !== undefined) lines.push(`loops: ${wholeNumber('loops', options.loops)}`)
    if (arg === undefined || arg === '') return `${lines.join('\n')}\n\n`
    if (options.argAsBody !== true) return `${lines.join('\n')}\nexecute-app-arg: ${safe('arg', arg)}\n\n`
    // switch_ivr.c: without execute-app-arg, a text/plain body is the argument.
    if (arg.includes('\0')) throw unsafe('arg')
    lines.push('content-type: text/plain', `content-length: ${Buffer.byteLength(arg)}`)
    return `${lines.join('\n')}\n\n${arg}`
  },

  /** Without a uuid: the channel of this outbound socket. `cause` as on the wire: `NORMAL_CLEARING`. */
  hangup: (cause: string, uuid?: string): string =>
    `sendmsg${uuid === undefined ? '' : ` ${word('uuid', uuid)}`}\ncall-command: hangup\nhangup-cause: ${word('cause', cause)}\n\n`,

  /** Fires an event in the switch. */
  sendevent: (name: string, headers: Readonly<Record<string, string>> = {}, body?: string): string => {
    const lines = [`sendevent ${word('name', name)}`]
    for (const [header, value] of Object.entries(headers)) {
      lines.push(`${headerName(header)}: ${safe(header, value)}`)
    }
    if (body === undefined) return `${lines.join('\n')}\n\n`
    return `${lines.join('\n')}\ncontent-length: ${Buffer.byteLength(body)}\n\n${body}`
  },

  /** Changes nothing and runs nothing, but is answered: shows that the other end lives. */
  probe: (): string => 'nolog\n\n',

  exit: (): string => 'exit\n\n',
} as const

export type EventFormat = 'plain' | 'json'

export type ExecuteOptions = {
  readonly eventUuid: string
  /** The channel runs nothing that is sent later before this is done. */
  readonly eventLock?: boolean
  /** How often the application runs. */
  readonly loops?: number
  /** The channel; omitted on an outbound socket, which has its own. */
  readonly uuid?: string
  /** The argument may have several lines: it is sent as a body. */
  readonly argAsBody?: boolean
}

const apiLine = (name: string, args: string): string => {
  const line = word('command', name)
  return args === '' ? line : `${line} ${safe('args', args)}`
}

const safe = (field: string, value: string): string => {
  if (UNSAFE.test(value)) throw unsafe(field)
  return value
}

/** A value that ends at a space. */
const word = (field: string, value: string): string => {
  if (value === '' || UNSAFE.test(value) || value.includes(' ')) throw unsafe(field)
  return value
}

const headerName = (name: string): string => {
  if (!/^[\w.-]+$/.test(name)) throw unsafe('header')
  return name
}

const wholeNumber = (field: string, value: number): string => {
  if (!Number.isSafeInteger(value) || value < 0) throw unsafe(field)
  return String(value)
}

const UNSAFE = /[\r\n\0]/

const unsafe = (field: string): EngineError =>
  new EngineError('ESL_UNSAFE_VALUE', `${field} cannot be sent over the event socket`, { field })
