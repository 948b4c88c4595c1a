/** An outgoing event as it stands in the journal between the call and the database, and as it is posted. */
import { EngineError } from '../base/errors.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'
import { isEventType } from './event-names.ts'
import type { OutgoingEvent } from './tell-calls.ts'

export const encodeEvent = (event: OutgoingEvent): Buffer => Buffer.from(JSON.stringify(event), 'utf8')

/** Throws DELIVER_BAD_EVENT. */
export const decodeEvent = (bytes: Buffer): OutgoingEvent => {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (fault) {
    throw bad('it is not JSON', fault)
  }
  if (typeof value !== 'object' || value === null) throw bad('it is not an object')
  const { id, type, at, organizationId, callId, callbackUrl, payload }: Readonly<Record<string, unknown>> = {
    ...value,
  }
  if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id)) throw bad('it has no id')
  if (typeof type !== 'string' || !isEventType(type)) throw bad('its type is unknown')
  if (typeof at !== 'number' || typeof organizationId !== 'number')
    throw bad('it has no time or no organisation')
  if (callId !== undefined && (typeof callId !== 'string' || !isCallUuid(callId)))
    throw bad('its call is none')
  if (callbackUrl !== undefined && typeof callbackUrl !== 'string') throw bad('its callback is none')
  if (typeof payload !== 'object' || payload === null) throw bad('it has no payload')
  return { id, type, at, organizationId, callId, callbackUrl, payload: { ...payload } }
}

/** The body of the request. `sequence` counts up within the call. */
export const bodyOf = (event: OutgoingEvent, sequence: number): string =>
  JSON.stringify({
    id: event.id,
    type: event.type,
    at: new Date(event.at).toISOString(),
    sequence,
    ...event.payload,
  })

const bad = (why: string, cause?: unknown): EngineError =>
  new EngineError(
    'DELIVER_BAD_EVENT',
    `an outgoing event cannot be read: ${why}`,
    { retryable: false },
    cause,
  )
