import { randomUUID } from 'node:crypto'
import { EngineError } from '../base/errors.ts'

/** The uuid of a channel or call. FreeSWITCH takes any string as `origination_uuid`, `../etc` too: we do not. */
export type CallUuid = string & { readonly __brand: 'CallUuid' }

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isCallUuid = (text: string): text is CallUuid => FORM.test(text)

/** Throws TELEPHONY_BAD_UUID. Upper case is accepted and lowered. */
export const asCallUuid = (text: string): CallUuid => {
  const lower = text.toLowerCase()
  if (isCallUuid(lower)) return lower
  throw new EngineError('TELEPHONY_BAD_UUID', `"${text.slice(0, 40)}" is not a uuid`)
}

/** randomUUID writes it in lower case (RFC 9562): it is one as it comes. */
export const newCallUuid = (): CallUuid => randomUUID() as string as CallUuid
