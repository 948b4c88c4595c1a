/**
 * What a hunt that is a conversation carries on the caller's channel: everything that an engine needs to run it, so
 * that any engine can, and that the dialplan needs to end it by itself when none does. Values as in call/carried.
 */
import { EngineError } from '../base/errors.ts'
import type { FailoverPolicy } from '../telephony/failover-policy.ts'

export type CarriedHunt = {
  readonly attempts: readonly HuntedAttempt[]
  readonly postDialDelayBudgetSeconds: number | undefined
}

export type HuntedAttempt = {
  readonly n: number
  readonly gatewayId: number
  readonly policy: FailoverPolicy
  /** `bridge`, or `limit_execute` where the switch counts too; its argument stands in the attempt's dial variable. */
  readonly application: string
  /** Set on the caller's leg before, `name=value`. */
  readonly settings: readonly string[]
}

export const HUNT_VARIABLE = 'strowger_hunt'
/** The argument of attempt n until its turn has come: what is left of them is what the dialplan may still try. */
export const dialVariable = (n: number): string => `strowger_dial_${n}`
/** n until the engine has tried attempt n, then `done`: part of the name of a variable that the dialplan sets. */
export const turnVariable = (n: number): string => `strowger_turn_${n}`
/** The causes after which the dialplan goes on by itself from the attempt that is under way. */
export const CAREFUL_VARIABLE = 'strowger_careful'
/** How the attempt ended that an engine had under way when it went away, until it is judged. */
export const ENDED_VARIABLE = 'strowger_ended'
/** The attempt that the engine has under way, as its number. */
export const TRYING_VARIABLE = 'strowger_trying'
/** The result variable (call/carried) of the attempt whose number stands in this variable when FreeSWITCH reads it. */
export const resultVariableNamedBy = (variable: string): string => `strowger_result_\${${variable}}`
/** `n/why`: the engine ended the hunt after attempt n; `why` is one of ENDS_OF_HUNT (call/failover). */
export const HUNT_END_VARIABLE = 'strowger_hunt_end'

export const encodeHunt = (hunt: CarriedHunt): string =>
  Buffer.from(JSON.stringify(hunt), 'utf8').toString('base64url')

/** Reads what `encodeHunt` wrote. Throws CALL_BAD_CARRIED. */
export const decodeHunt = (text: string): CarriedHunt => {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (fault) {
    throw new EngineError('CALL_BAD_CARRIED', `${HUNT_VARIABLE} is not base64url of JSON`, {}, fault)
  }
  if (typeof value !== 'object' || value === null || !('attempts' in value) || !Array.isArray(value.attempts))
    throw new EngineError('CALL_BAD_CARRIED', `${HUNT_VARIABLE} has no attempts`)
  // Written by encodeHunt and only readable to our own channels.
  return value as unknown as CarriedHunt
}
