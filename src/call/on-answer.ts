/**
 * What shall be done with a callee who answered before he is connected: listen whether he is a machine, listen for a
 * trunk that answers with tones, ask him to press 1. It rides on the callee's channel as one variable (base64url of
 * JSON), so that any engine at whose socket the answered leg arrives knows what to do, whoever planned the call.
 */
import { EngineError } from '../base/errors.ts'
import type { Country } from '../telephony/e164.ts'
import type { MachineAction } from './wish.ts'

/** On the B leg. */
export const ON_ANSWER_VARIABLE = 'strowger_on_answer'
/** On the A leg and the B leg: `<verdict>/<ms>/<why>`; the record of the call reads it. */
export const AMD_VARIABLE = 'strowger_amd'

export type OnAnswer = {
  /** The callee has to press 1 within so many seconds, or the call is not connected. */
  readonly confirm?: { readonly timeoutSeconds: number } | undefined
  readonly machine?:
    { readonly action: MachineAction; readonly messageFileId?: number | undefined } | undefined
  /** The gateway answers calls with tones: whose country's busy, congestion and information tones are listened for. */
  readonly tones?: { readonly country: Country } | undefined
}

/** As it stands on the callee's channel. */
export type CarriedOnAnswer = OnAnswer & {
  readonly organizationId: number
  /** The caller's `continue_on_fail` for this attempt: put back when the answer turns out to be none. */
  readonly goOnAfter: string
}

/** An answered leg is held until this is known: what is only listened for beside the talk holds nobody. */
export const holdsCallee = ({ confirm, machine, tones }: OnAnswer): boolean =>
  confirm !== undefined || tones !== undefined || (machine !== undefined && machine.action !== 'connect')

/** Needs an engine to listen; a confirmation alone is asked for by the switch itself. */
export const needsListening = ({ machine, tones }: OnAnswer): boolean =>
  machine !== undefined || tones !== undefined

export const encodeOnAnswer = (value: CarriedOnAnswer): string =>
  Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')

/** Reads what `encodeOnAnswer` wrote. Throws CALL_BAD_CARRIED: a channel variable may hold anything. */
export const decodeOnAnswer = (text: string): CarriedOnAnswer => {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (fault) {
    throw new EngineError('CALL_BAD_CARRIED', `${ON_ANSWER_VARIABLE} is not base64url of JSON`, {}, fault)
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    !('goOnAfter' in value) ||
    typeof value.goOnAfter !== 'string' ||
    !('organizationId' in value) ||
    !Number.isSafeInteger(value.organizationId)
  )
    throw new EngineError('CALL_BAD_CARRIED', `${ON_ANSWER_VARIABLE} does not say what to do`)
  // Written by encodeOnAnswer and only readable to our own channels.
  return value as unknown as CarriedOnAnswer
}

export type AfterVerdict = 'connect' | 'hang-up' | 'leave-message'

/**
 * What a verdict means for the call. Only a machine, or a fax, is ever kept from the caller: whoever cannot be told is
 * connected. A fax takes no message.
 */
export const afterVerdict = (
  action: MachineAction,
  verdict: 'human' | 'machine' | 'fax' | 'unsure',
  hasMessage: boolean,
): AfterVerdict => {
  if (action === 'connect' || verdict === 'human' || verdict === 'unsure') return 'connect'
  return action === 'leave-message' && verdict === 'machine' && hasMessage ? 'leave-message' : 'hang-up'
}
