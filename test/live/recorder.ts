/** A second connection to the event socket: which channels FreeSWITCH made, whatever the engine saw of them. */
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { EslEvent } from '../../src/esl/event.ts'
import { createInboundClient, type InboundClient } from '../../src/esl/inbound-client.ts'
import { until } from './net.ts'

export type Recorder = {
  readonly client: InboundClient
  /** Of every channel since the last `forget`. */
  readonly created: () => ReadonlySet<string>
  readonly hungUp: () => ReadonlyMap<string, EslEvent>
  readonly events: () => readonly EslEvent[]
  readonly counts: () => ReadonlyMap<string, number>
  readonly forget: () => void
  /** Channels that are in the lists now. */
  readonly channels: () => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

export const RECORDED = [
  'CHANNEL_CREATE',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_EXECUTE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
] as const

export const startRecorder = async (port: number, password: string): Promise<Recorder> => {
  let created = new Set<string>()
  let hungUp = new Map<string, EslEvent>()
  let events: EslEvent[] = []
  let counts = new Map<string, number>()
  const client = createInboundClient({
    host: '127.0.0.1',
    port,
    password,
    events: RECORDED,
    customEvents: ['sofia::register_failure', 'sofia::gateway_state'],
    format: 'json',
    clock: systemClock,
    logger: silentLogger,
    onEvent: (event) => {
      events.push(event)
      counts.set(event.name, (counts.get(event.name) ?? 0) + 1)
      const uuid = event.get('Unique-ID')
      if (uuid === undefined) return
      if (event.name === 'CHANNEL_CREATE') created.add(uuid)
      if (event.name === 'CHANNEL_HANGUP_COMPLETE') hungUp.set(uuid, event)
    },
    onUp: () => undefined,
    onDown: () => undefined,
    onAuthRefused: () => undefined,
  })
  client.start()
  await until('the recorder is connected', () => client.state() === 'up')
  return {
    client,
    created: () => created,
    hungUp: () => hungUp,
    events: () => events,
    counts: () => counts,
    forget: () => {
      created = new Set()
      hungUp = new Map()
      events = []
      counts = new Map()
    },
    channels: async () => {
      const list = JSON.parse(await client.api('show', 'channels as json')) as { rows?: { uuid: string }[] }
      return (list.rows ?? []).map(({ uuid }) => uuid)
    },
    stop: client.stop,
  }
}
