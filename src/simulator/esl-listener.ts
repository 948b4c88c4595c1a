import type { Socket } from 'node:net'
import { asError } from '../base/errors.ts'
import { createCommandReader, type ReadCommand } from '../esl/command-reader.ts'
import {
  formatApiResponse,
  formatAuthRequest,
  formatBgapiReply,
  formatConnectReply,
  formatEvent,
  formatLingerNotice,
  formatReply,
} from '../esl/wire.ts'
import { Bell } from './bell.ts'
import { profileHeaders } from './caller-profile.ts'
import type { Channel } from './channel.ts'
import { channelHeaders } from './channel-headers.ts'
import { EventSelection, MY_EVENTS } from './event-selection.ts'
import type { Exchange, FiredEvent } from './exchange.ts'
import { coreHeaders, wireHeaders } from './fired-event.ts'
import { causeOfText } from './sip-status.ts'

export type ListenerMode =
  | { readonly kind: 'inbound'; readonly password: string }
  | { readonly kind: 'outbound'; readonly channel: Channel; readonly full: boolean; readonly async: boolean }

/** Owns one connection of the event socket, either way round: commands in, replies and events out. */
export class EslListener {
  readonly bell = new Bell()
  connected = false
  finished = false
  readonly #exchange: Exchange
  readonly #socket: Socket
  readonly #selection = new EventSelection()
  readonly #full: boolean
  readonly #password: string | undefined
  readonly #stops: (() => void)[] = []
  #channel: Channel | undefined
  #authenticated: boolean
  #lingerSeconds: number | undefined
  #lingering = false
  #commands = Promise.resolve()

  constructor(exchange: Exchange, socket: Socket, mode: ListenerMode) {
    this.#exchange = exchange
    this.#socket = socket
    this.#channel = mode.kind === 'outbound' ? mode.channel : undefined
    this.#full = mode.kind === 'inbound' || mode.full
    this.#password = mode.kind === 'inbound' ? mode.password : undefined
    this.#authenticated = mode.kind === 'outbound'
    const reader = createCommandReader()
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const command of reader.push(chunk)) this.#queue(command)
      } catch (fault) {
        exchange.logger.warn(
          { fault: asError(fault).message },
          'an event socket client does not speak the protocol',
        )
        socket.destroy()
      }
    })
    socket.on('error', (fault) => {
      exchange.logger.debug({ fault: fault.message }, 'an event socket connection broke')
    })
    socket.on('close', () => {
      this.#end()
    })
    this.#stops.push(
      exchange.listen((event) => {
        this.#offer(event)
      }),
    )
    if (mode.kind === 'inbound') this.#write(formatAuthRequest())
    else {
      this.#stops.push(
        mode.channel.bell.listen(() => {
          this.#channelChanged(mode.channel)
        }),
      )
    }
  }

  /** As when the switch goes down. */
  close(): void {
    this.#disconnect()
    this.#socket.destroySoon()
  }

  /** As when the switch dies: no farewell. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Commands are handled one after the other; `api` blocks the socket until it is done. */
  #queue(command: ReadCommand): void {
    this.#commands = this.#commands
      .then(() => this.#handle(command))
      .catch((fault: unknown) => {
        this.#exchange.logger.error(
          { command: command.verb, fault: asError(fault).stack },
          'an event socket command failed',
        )
        this.#reply('-ERR simulator fault')
      })
  }

  async #handle(command: ReadCommand): Promise<void> {
    if (this.finished) return
    if (command.verb === 'exit' || command.verb.startsWith('...')) {
      this.#reply('+OK bye')
      this.#disconnect()
      return
    }
    if (!this.#authenticated) {
      this.#authenticate(command)
      return
    }
    switch (command.verb) {
      case 'filter':
        this.#reply(this.#selection.filter(command.rest))
        return
      case 'sendmsg':
        this.#sendMessage(command)
        return
      case 'divert_events':
        this.#reply(
          this.#channel === undefined
            ? '-ERR not controlling a session.'
            : `+OK events ${command.rest === 'on' ? 'diverted' : 'not diverted'}`,
        )
        return
      case 'myevents':
        this.#myEvents(command.rest)
        return
    }
    if (this.#channel !== undefined && this.#control(this.#channel, command)) return
    // mod_event_socket.c: an outbound socket without `full` gets no further.
    if (!this.#full) {
      this.#reply('-ERR command not found')
      return
    }
    await this.#administer(command)
  }

  #authenticate(command: ReadCommand): void {
    if (command.verb !== 'auth') {
      this.#reply('-ERR command not found')
      return
    }
    if (command.rest === this.#password) {
      this.#authenticated = true
      this.#reply('+OK accepted')
      return
    }
    this.#reply('-ERR invalid')
    this.#disconnect()
  }

  /** What only an outbound socket may say. */
  #control(channel: Channel, command: ReadCommand): boolean {
    switch (command.verb) {
      case 'connect':
        this.connected = true
        this.#write(
          formatConnectReply(
            wireHeaders({
              ...coreHeaders(this.#exchange, 'CHANNEL_DATA'),
              ...profileHeaders('Channel', channel.profile),
              ...channelHeaders(channel, 'CHANNEL_DATA'),
            }),
          ),
        )
        this.bell.ring()
        return true
      case 'getvar':
        this.#reply(channel.get(command.rest) ?? '')
        return true
      case 'resume':
        channel.set('socket_resume', 'true')
        this.#reply('+OK')
        return true
      case 'linger': {
        const seconds = Number.parseInt(command.rest, 10)
        this.#lingerSeconds = Number.isNaN(seconds) ? -1 : seconds
        this.#reply(Number.isNaN(seconds) ? '+OK will linger' : `+OK will linger ${seconds} seconds`)
        return true
      }
      case 'nolinger':
        this.#lingerSeconds = undefined
        this.#reply('+OK will not linger')
        return true
      default:
        return false
    }
  }

  async #administer(command: ReadCommand): Promise<void> {
    switch (command.verb) {
      case 'api':
        this.#write(formatApiResponse(await this.#api(command.rest)))
        return
      case 'bgapi':
        this.#background(command)
        return
      case 'event':
        this.#reply(this.#selection.subscribe(command.rest))
        return
      case 'nixevent':
        this.#reply(this.#selection.unsubscribe(command.rest))
        return
      case 'noevents':
        this.#reply(this.#selection.clear())
        return
      case 'sendevent':
        this.#sendEvent(command)
        return
      case 'log':
        this.#reply(`+OK log level ${command.rest === '' ? 'debug' : command.rest} [7]`)
        return
      case 'nolog':
        this.#reply('-ERR not loging')
        return
      case 'linger':
      case 'nolinger':
        this.#reply('-ERR not controlling a session')
        return
      default:
        this.#reply('-ERR command not found')
    }
  }

  async #api(line: string): Promise<string> {
    const [name, argument] = cut(line)
    const answer = await this.#exchange.api(name, argument, undefined)
    if (answer === undefined) return `-ERR ${name} Command not found!\n`
    return answer === '' ? '-ERR no reply\n' : answer
  }

  #background(command: ReadCommand): void {
    const jobUuid = command.get('job-uuid') ?? this.#exchange.newUuid()
    const [name, argument] = cut(command.rest)
    this.#write(formatBgapiReply(jobUuid))
    void this.#exchange
      .api(name, argument, undefined)
      .catch((fault: unknown) => {
        this.#exchange.logger.error(
          { command: name, fault: asError(fault).stack },
          'a background command failed',
        )
        return '-ERR simulator fault\n'
      })
      .then((answer) => {
        if (this.#exchange.crashed()) return
        this.#exchange.fire(
          'BACKGROUND_JOB',
          {
            'Job-UUID': jobUuid,
            ...(this.#channel === undefined ? {} : { 'Job-Owner-UUID': this.#channel.uuid }),
            'Job-Command': name,
            ...(argument === '' ? {} : { 'Job-Command-Arg': argument }),
          },
          answer ?? `-ERR ${name} Command not found!\n`,
        )
      })
  }

  #sendMessage(command: ReadCommand): void {
    const named = command.rest.trim() === '' ? (command.get('session-id') ?? '') : command.rest.trim()
    const channel = named === '' ? this.#channel : this.#exchange.channels.get(named)
    if (channel === undefined) {
      this.#reply(`-ERR invalid session id [${named}]`)
      return
    }
    // switch_ivr_parse_event runs later, in the channel: whatever is asked for, the answer is +OK.
    this.#reply('+OK')
    const call = command.get('call-command')?.toLowerCase()
    if (call === 'hangup') {
      channel.hangup(causeOfText(command.get('hangup-cause') ?? '') ?? 'NORMAL_CLEARING')
      return
    }
    const application = command.get('execute-app-name')
    if (call !== 'execute' || application === undefined) return
    channel.send({
      application,
      argument: command.get('execute-app-arg') ?? command.body,
      eventUuid: command.get('event-uuid'),
      loops: Number(command.get('loops') ?? '1'),
      lock: command.get('event-lock') === 'true',
    })
  }

  #sendEvent(command: ReadCommand): void {
    const uuid = this.#exchange.newUuid()
    const headers: Record<string, string> = { 'Event-UUID': uuid }
    for (const name of ['Event-Subclass', 'Unique-ID', 'profile', 'user', 'host', 'content-type']) {
      const value = command.get(name)
      if (value !== undefined) headers[name] = value
    }
    this.#exchange.fire(command.rest.trim(), headers, command.body)
    this.#reply(`+OK ${uuid}`)
  }

  #myEvents(rest: string): void {
    const [first = '', second = ''] = rest.trim().split(' ')
    if (this.#channel === undefined) {
      const channel = this.#exchange.channels.get(first)
      if (channel === undefined) {
        this.#reply('-ERR invalid uuid')
        return
      }
      this.#channel = channel
    }
    if (this.#selection.onlyUuid !== undefined) {
      this.#reply('-ERR aready enabled.')
      return
    }
    this.#selection.onlyUuid = this.#channel.uuid
    if (`${first} ${second}`.toLowerCase().includes('json')) this.#selection.format = 'json'
    this.#selection.add(MY_EVENTS)
    this.#reply('+OK Events Enabled')
  }

  #offer(event: FiredEvent): void {
    if (this.finished || !this.#authenticated || !this.#selection.wants(event)) return
    this.#write(formatEvent(this.#selection.format, wireHeaders(event.headers), event.body))
  }

  #channelChanged(channel: Channel): void {
    if (channel.up() || this.finished) return
    if (this.#lingerSeconds === undefined) {
      // The events that the hang-up fires are out; the rest is for those who linger.
      this.#disconnect()
      return
    }
    if (channel.state !== 'CS_DESTROY' || this.#lingering) return
    this.#lingering = true
    this.#write(formatLingerNotice(channel.uuid, this.#lingerSeconds))
    if (this.#lingerSeconds >= 0) {
      this.#stops.push(
        this.#exchange.clock.after(this.#lingerSeconds * 1000, () => {
          this.#disconnect()
        }),
      )
    }
  }

  #disconnect(): void {
    if (this.finished) return
    const farewell = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n'
    const whose =
      this.#channel === undefined
        ? ''
        : `Controlled-Session-UUID: ${this.#channel.uuid}\nContent-Disposition: disconnect\n`
    const notice = `Content-Type: text/disconnect-notice\n${whose}Content-Length: ${Buffer.byteLength(farewell)}\n\n${farewell}`
    this.#socket.end(notice)
    this.#end()
  }

  #end(): void {
    if (this.finished) return
    this.finished = true
    for (const stop of this.#stops) stop()
    this.bell.ring()
  }

  #reply(text: string): void {
    this.#write(formatReply(text))
  }

  #write(bytes: Buffer): void {
    if (!this.finished && this.#socket.writable) this.#socket.write(bytes)
  }
}

/** The first word and the rest, as the switch cuts a command line at its first space. */
const cut = (line: string): readonly [string, string] => {
  const text = line.replace(/\r$/, '')
  const space = text.indexOf(' ')
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)]
}
