/**
 * The events that leave the engine, by name. A webhook asks for them by name, by `call.*` for all of a kind, or by `*`;
 * a callback by the short names of the originate request. To add one, add its row here and say in tell-calls.ts
 * when it is told.
 */
import type { CallbackEvent } from '../call/wish.ts'

export const EVENT_TYPES = [
  'call.initiated',
  'call.ringing',
  'call.answered',
  'call.talking',
  'call.machine',
  'call.confirmed',
  'call.held',
  'call.unheld',
  'call.muted',
  'call.unmuted',
  'call.dtmf',
  'call.played',
  'call.transferred',
  'call.parked',
  'call.conferenced',
  'call.joined',
  'call.supervised',
  'call.emergency',
  'call.identity-checked',
  'call.completed',
  'call.failed',
  'leg.started',
  'leg.ringing',
  'leg.answered',
  'leg.ended',
  'recording.started',
  'recording.consent',
  'recording.paused',
  'recording.resumed',
  'recording.stopped',
  'recording.stored',
  'recording.consent',
  'cdr.stored',
  'fraud.alert',
  'cdr.corrected',
  'balance.low',
  'balance.exhausted',
  'webhook.ping',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export const isEventType = (text: string): text is EventType => EVENT_TYPES.some((type) => type === text)

/** What a webhook may ask for: every name, every kind with a star, and the star alone. */
export const EVENT_FILTERS: readonly string[] = [
  '*',
  ...new Set(EVENT_TYPES.map((type) => `${type.split('.')[0] ?? ''}.*`)),
  ...EVENT_TYPES,
]

export const isWanted = (type: EventType, filters: readonly string[]): boolean =>
  filters.some(
    (filter) =>
      filter === '*' || filter === type || (filter.endsWith('.*') && type.startsWith(filter.slice(0, -1))),
  )

/** As the originate request calls it; undefined: it is not told to a callback. */
export const callbackNameOf = (type: EventType): CallbackEvent | undefined => CALLBACK_NAMES[type]

/** What a callback is told unless it asks for others (the reference's default). */
export const DEFAULT_CALLBACK_EVENTS: readonly CallbackEvent[] = ['answered', 'completed', 'failed']

const CALLBACK_NAMES: Readonly<Partial<Record<EventType, CallbackEvent>>> = {
  'call.initiated': 'initiated',
  'call.ringing': 'ringing',
  'call.answered': 'answered',
  'call.machine': 'machine',
  'recording.stored': 'recording',
  'call.completed': 'completed',
  'call.failed': 'failed',
}
