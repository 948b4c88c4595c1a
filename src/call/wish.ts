/**
 * What was asked for with a call over the API, beyond who calls whom. It rides on the caller's channel as one variable
 * (base64url of JSON), so that the plan, which is made when the phone was answered, any engine that takes the call over
 * and the record of the call read the same. It holds checked values only: the HTTP floor refuses all else.
 */
import { EngineError } from '../base/errors.ts'
import type { E164 } from '../telephony/e164.ts'

export const WISH_VARIABLE = 'strowger_wish'

/** Names of the API (`callbackEvents`), told of a call in this order at the most once, but for `ringing`. */
export const CALLBACK_EVENTS = [
  'initiated',
  'ringing',
  'answered',
  'machine',
  'recording',
  'completed',
  'failed',
] as const
export type CallbackEvent = (typeof CALLBACK_EVENTS)[number]

/** What shall happen when a machine answers. */
export const MACHINE_ACTIONS = ['hangup', 'leave-message', 'connect'] as const
export type MachineAction = (typeof MACHINE_ACTIONS)[number]

export type CallWish = {
  /** One of the organisation's, or one that the user may show. */
  readonly callerId?: E164 | undefined
  /** CLIR: the number is withheld from the callee. */
  readonly withheld?: boolean | undefined
  /** Cleaned by caller-id/display-name. */
  readonly displayName?: string | undefined
  /** Seconds of talk after which the call is ended; never more than MAX_CALL_DURATION. */
  readonly maxDurationSeconds?: number | undefined
  /** Seconds for which the destination may ring. */
  readonly ringTimeoutSeconds?: number | undefined
  /** True records, false does not where a policy leaves the choice; undefined: as the policies say. */
  readonly recordCall?: boolean | undefined
  readonly recordingPolicyId?: number | undefined
  /** False: the caller hears our own ring-back instead of what the carrier sends before the answer. */
  readonly earlyMedia?: boolean | undefined
  /** The callee has to press 1 before he is connected. */
  readonly answerConfirm?: boolean | undefined
  readonly machineDetection?:
    { readonly action: MachineAction; readonly messageFileId?: number | undefined } | undefined
  /** SIP headers of the destination's INVITE; names and values are those that telephony/sip-header allows. */
  readonly customHeaders?: Readonly<Record<string, string>> | undefined
  readonly callback?:
    { readonly url: string; readonly events: readonly CallbackEvent[] | undefined } | undefined
  readonly crm?:
    | {
        readonly recordId?: string | undefined
        readonly objectType?: string | undefined
        readonly createTask?: boolean | undefined
      }
    | undefined
}

export const encodeWish = (wish: CallWish): string =>
  Buffer.from(JSON.stringify(wish), 'utf8').toString('base64url')

/** Reads what `encodeWish` wrote. Throws CALL_BAD_CARRIED: a channel variable may hold anything. */
export const decodeWish = (text: string): CallWish => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    // Written by encodeWish and only readable to our own channels.
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (fault) {
    throw new EngineError('CALL_BAD_CARRIED', `channel variable ${WISH_VARIABLE} cannot be read`, {}, fault)
  }
  throw new EngineError('CALL_BAD_CARRIED', `channel variable ${WISH_VARIABLE} is not an object`)
}
