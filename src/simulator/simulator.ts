import { setMaxListeners } from 'node:events'
import { randomUUID } from 'node:crypto'
import { asError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { createAcl } from './acl.ts'
import { apiCommandOf } from './api-commands/catalogue.ts'
import { createCdrPost } from './cdr-post.ts'
import type { Channel } from './channel.ts'
import { runChannel } from './channel-run.ts'
import { createEslDoor } from './esl-door.ts'
import { execute } from './execute.ts'
import type { Exchange, FiredEvent } from './exchange.ts'
import { coreHeaders } from './fired-event.ts'
import { createGateways } from './gateways.ts'
import { startHeartbeat } from './heartbeat.ts'
import { placeCall, receiveCall, type PlacedCall } from './inbound-call.ts'
import { createLimits } from './limits.ts'
import { createTasks } from './tasks.ts'
import type { CallerBehaviour, Scenario } from './party.ts'
import { registerPhone } from './register-phone.ts'
import { createRegistrations } from './registrations.ts'
import { createStaticFiles } from './static-files.ts'
import { createXmlFetch } from './xml-fetch.ts'

export type { CallerBehaviour, PartyBehaviour, Scenario } from './party.ts'
export type { CallOutcome, PlacedCall } from './inbound-call.ts'

/**
 * A switch for development: it speaks the event socket, mod_xml_curl and mod_json_cdr as FreeSWITCH does, and a
 * scenario decides what carriers and phones do. There is no SIP and no media. A difference from the real switch
 * is a bug of this floor; what is left out on purpose: `socket` without `async` behaves as with it, dialplan
 * conditions on the time never match, recordings write no file, `loopback/` and enterprise originate (`:_:`) do
 * not exist, a stalled event-socket reader stalls nobody else. Every channel carries `strowger_simulated=true`.
 */
export type SimulatorOptions = {
  readonly eslHost?: string
  /** 0 takes a free one. */
  readonly eslPort: number
  readonly eslPassword: string
  readonly xmlCurl: {
    readonly url: string
    readonly username: string
    readonly password: string
    readonly timeoutMs?: number
  }
  readonly cdr: {
    readonly url: string
    readonly username?: string
    readonly password?: string
    readonly timeoutMs?: number
    readonly fallbackDirectory: string
    /** json_cdr.conf's `encode-values`: true unless it is said. */
    readonly encodeValues?: boolean
  }
  readonly scenario: Scenario
  readonly clock: Clock
  readonly logger: Logger
  /** 0 <= random() < 1, for everything but uuids. */
  readonly random?: () => number
  readonly hostname?: string
  /** The switch's own configuration folder: what documents include, and the dialplan of last resort. */
  readonly configurationDirectory?: string
}

export type Simulator = {
  readonly start: () => Promise<{ readonly eslPort: number }>
  /** Hangs everything up with SYSTEM_SHUTDOWN, waits for the CDRs and closes the event socket. */
  readonly stop: () => Promise<void>
  readonly placeCall: (
    from: { readonly username: string; readonly domain: string; readonly profile?: 'phones' },
    to: string,
    behaviour?: CallerBehaviour,
  ) => Promise<PlacedCall>
  readonly receiveCall: (
    fromAddress: string,
    number: string,
    behaviour?: CallerBehaviour,
  ) => Promise<PlacedCall>
  readonly register: (
    username: string,
    domain: string,
    password: string,
    sourceAddress?: string,
  ) => Promise<'registered' | 'refused'>
  /** As kill -9: connections die, nobody is told, no CDR is written. */
  readonly crash: () => void
  readonly channels: () => readonly ChannelSummary[]
  readonly gateways: () => readonly string[]
}

export type ChannelSummary = {
  readonly uuid: string
  readonly name: string
  readonly direction: 'inbound' | 'outbound'
  readonly state: string
  readonly callState: string
  readonly bridgedTo: string | undefined
  readonly variables: ReadonlyMap<string, string>
}

const XML_CURL_TIMEOUT_MS = 5000
const CDR_TIMEOUT_MS = 5000

export const createSimulator = (options: SimulatorOptions): Simulator => {
  const { clock, logger } = options
  const abort = new AbortController()
  // Every call that ends posts its record and listens: many at once are no leak.
  setMaxListeners(0, abort.signal)
  const threads = new Set<Promise<void>>()
  const exchange = createExchange(options, abort, threads)
  const door = createEslDoor(() => exchange, options.eslPassword)
  let stopHeartbeat = (): void => undefined
  const alive = (): boolean => !abort.signal.aborted

  return {
    start: async () => {
      const eslPort = await door.open(options.eslHost ?? '127.0.0.1', options.eslPort)
      // switch_core.c asks for the lists without any parameter.
      await exchange.acl.load({})
      await exchange.gateways.load(coreHeaders(exchange, 'REQUEST_PARAMS'))
      stopHeartbeat = startHeartbeat(exchange)
      logger.info({ eslPort }, 'the simulated switch runs')
      return { eslPort }
    },
    stop: async () => {
      stopHeartbeat()
      exchange.gateways.stop()
      if (!alive()) return
      exchange.fire('SHUTDOWN', { 'Event-Info': 'System Shutting Down' })
      for (const channel of [...exchange.channels.values()]) channel.hangup('SYSTEM_SHUTDOWN')
      while (threads.size > 0) await Promise.all(threads)
      await door.close()
      abort.abort()
    },
    placeCall: (from, to, behaviour = {}) => placeCall(exchange, from, to, behaviour),
    receiveCall: (fromAddress, number, behaviour = {}) =>
      Promise.resolve(receiveCall(exchange, fromAddress, number, behaviour)),
    register: (username, domain, password, sourceAddress = '127.0.0.1') =>
      registerPhone(exchange, username, domain, password, sourceAddress),
    crash: () => {
      abort.abort()
      stopHeartbeat()
      exchange.gateways.stop()
      door.crash()
      for (const channel of [...exchange.channels.values()]) channel.hangup('CRASH')
      exchange.channels.clear()
    },
    channels: () =>
      [...exchange.channels.values()].map((channel) => ({
        uuid: channel.uuid,
        name: channel.name,
        direction: channel.direction,
        state: channel.state,
        callState: channel.callState,
        bridgedTo: channel.bridgedTo?.uuid,
        variables: channel.variables,
      })),
    gateways: () => exchange.gateways.all().map(({ name }) => name),
  }

  function createExchange(
    given: SimulatorOptions,
    controller: AbortController,
    running: Set<Promise<void>>,
  ): Exchange {
    const hostname = given.hostname ?? 'simulator'
    const globals = new Map<string, string>([
      ['hostname', hostname],
      ['domain', hostname],
      ['core_uuid', randomUUID()],
    ])
    const staticFiles = createStaticFiles(given.configurationDirectory, globals, logger)
    const xml = createXmlFetch({
      url: given.xmlCurl.url,
      username: given.xmlCurl.username,
      password: given.xmlCurl.password,
      timeoutMs: given.xmlCurl.timeoutMs ?? XML_CURL_TIMEOUT_MS,
      hostname,
      clock,
      logger,
      signal: controller.signal,
      globals,
      onDirective: staticFiles.expandDirective,
    })
    const listeners = new Set<(event: FiredEvent) => void>()
    let sequence = 0
    let channelNumber = 0
    const deliver = (event: FiredEvent): void => {
      if (controller.signal.aborted) return
      for (const listener of [...listeners]) listener(event)
    }
    const made: Exchange = {
      users: new Map(),
      clock,
      logger,
      random: given.random ?? Math.random,
      scenario: given.scenario,
      coreUuid: globals.get('core_uuid') ?? '',
      hostname,
      startedAt: clock.now(),
      globals,
      channels: new Map(),
      xml,
      gateways: createGateways({
        xml,
        clock,
        fireCustom: (subclass, headers) => {
          made.fireCustom(subclass, headers)
        },
        answersPing: (gateway) => given.scenario.answersPing?.(gateway) ?? true,
      }),
      registrations: createRegistrations(),
      limits: createLimits(),
      tasks: createTasks(clock),
      acl: createAcl(xml),
      cdrs: createCdrPost({
        url: given.cdr.url,
        username: given.cdr.username,
        password: given.cdr.password,
        timeoutMs: given.cdr.timeoutMs ?? CDR_TIMEOUT_MS,
        fallbackDirectory: given.cdr.fallbackDirectory,
        encodeValues: given.cdr.encodeValues ?? true,
        clock,
        logger,
        signal: controller.signal,
      }),
      staticFiles,
      listen: (listener) => {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
      fire: (name, headers, body) => {
        deliver({
          name,
          subclass: headers['Event-Subclass'],
          headers: { ...coreHeaders(made, name), ...headers },
          body,
        })
      },
      fireCustom: (subclass, headers) => {
        const all = { 'Event-Subclass': subclass, ...coreHeaders(made, 'CUSTOM'), ...headers }
        deliver({ name: 'CUSTOM', subclass, headers: all, body: undefined })
      },
      newUuid: () => randomUUID(),
      nextSequence: () => ++sequence,
      nextChannelNumber: () => ++channelNumber,
      channelCount: () => channelNumber,
      api: async (command, argument, channel) => {
        const run = apiCommandOf(command)
        return run === undefined ? undefined : await run({ exchange: made, argument, channel })
      },
      run: (channel) => {
        const thread = runChannel(made, channel).finally(() => {
          running.delete(thread)
        })
        running.add(thread)
      },
      executeOn: (channel, variable) => {
        executeOn(made, channel, variable)
      },
      crashed: () => controller.signal.aborted,
    }
    return made
  }
}

/** `execute_on_answer=sched_hangup +60`, `app::argument` too, and api_hangup_hook, which is an API command. */
const executeOn = (exchange: Exchange, channel: Channel, variable: string): void => {
  for (const [name, value] of [...channel.variables]) {
    if (!name.startsWith(variable)) continue
    const [, command = '', argument = ''] = /^(\w+)(?:::| )?(.*)$/s.exec(value) ?? []
    const running: Promise<unknown> = variable.startsWith('api_')
      ? exchange.api(command, argument, channel)
      : execute(exchange, channel, command, argument)
    running.catch((fault: unknown) => {
      exchange.logger.error({ variable, fault: asError(fault).message }, 'an execute_on application failed')
    })
  }
}
