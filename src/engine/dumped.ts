/** The reply of `uuid_dump X json`: an object of texts, named as the headers of an event are. */
import { EngineError } from '../base/errors.ts'
import type { Headers } from './read-event.ts'

/** Throws ENGINE_BAD_REPLY. */
export const readDumped = (reply: string): Headers => {
  const fields = parsed(reply)
  const get = (name: string): string | undefined => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : undefined
  }
  return { name: 'CHANNEL_DATA', get, variable: (name) => get(`variable_${name}`) }
}

const parsed = (reply: string): ReadonlyMap<string, unknown> => {
  try {
    const value: unknown = JSON.parse(reply)
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value))
  } catch (fault) {
    throw new EngineError('ENGINE_BAD_REPLY', 'uuid_dump: the reply is not JSON', {}, fault)
  }
  throw new EngineError('ENGINE_BAD_REPLY', 'uuid_dump: the reply is not an object')
}
