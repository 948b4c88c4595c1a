import type { EventHeaders } from '../esl/wire.ts'

/** The clock and the names of the switch that fires. */
export type EventSource = {
  readonly clock: { readonly now: () => number }
  readonly coreUuid: string
  readonly hostname: string
  readonly nextSequence: () => number
}

/** The headers that every event begins with (switch_event_prep_for_delivery_detailed). */
export const coreHeaders = (source: EventSource, name: string): Record<string, string> => {
  const now = source.clock.now()
  return {
    'Event-Name': name,
    'Core-UUID': source.coreUuid,
    'FreeSWITCH-Hostname': source.hostname,
    'FreeSWITCH-Switchname': source.hostname,
    'FreeSWITCH-IPv4': '127.0.0.1',
    'FreeSWITCH-IPv6': '::1',
    'Event-Date-Local': stampOf(now * 1000),
    'Event-Date-GMT': new Date(now).toUTCString(),
    'Event-Date-Timestamp': String(now * 1000),
    'Event-Calling-File': 'simulator',
    'Event-Calling-Function': 'simulator',
    'Event-Calling-Line-Number': '1',
    'Event-Sequence': String(source.nextSequence()),
  }
}

/** `2026-11-20 18:20:17`. The simulated switch lives in UTC. */
export const stampOf = (micros: number): string =>
  new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19).replace('T', ' ')

/** A pushed variable is one text in the switch's memory and several elements on the wire. */
export const wireHeaders = (headers: Readonly<Record<string, string>>): EventHeaders => {
  let copied: Record<string, string | readonly string[]> | undefined
  for (const [name, value] of Object.entries(headers)) {
    if (!value.startsWith('ARRAY::')) continue
    copied ??= { ...headers }
    copied[name] = value.slice('ARRAY::'.length).split('|:')
  }
  return copied ?? headers
}
