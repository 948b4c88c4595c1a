/** Click-to-dial: the user's phone first, then what was dialled, by the same plan as if the phone had dialled it. */
import type { Logger } from '../base/logger.ts'
import { asError } from '../base/errors.ts'
import type { Organization, User, Device } from '../directory/records.ts'
import { DEVICE_VARIABLE, ORGANIZATION_VARIABLE, USER_VARIABLE } from '../call/carried.ts'
import { encodeWish, WISH_VARIABLE, type CallWish } from '../call/wish.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { hangupCauseOf } from '../telephony/hangup-cause.ts'
import { DialString } from '../telephony/dial-string.ts'
import { EngineError } from '../base/errors.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'

export type Ring = {
  readonly callId: CallUuid
  readonly organization: Organization
  readonly user: User
  readonly device: Device
  /** As a person would dial it; checked before. */
  readonly dialled: string
  readonly wish: CallWish
  readonly ringTimeoutSeconds: number
}

/** Carried to the plan that the dialplan request makes after the phone was answered. */
export const REQUESTED_CALLER_ID_VARIABLE = 'strowger_requested_caller_id'

/**
 * Resolves once the switch has the job; the call's fate is told by its events. The job's end is awaited in the
 * background only to log what no event tells.
 */
export const ringUser = (ring: Ring, commands: SwitchCommands, board: Board, logger: Logger): void => {
  const target = DialString.user(ring.device.username, ring.organization.sipDomain, {
    origination_uuid: ring.callId,
    outbound_redirect_fatal: 'true',
  }).withVariables({
    [ORGANIZATION_VARIABLE]: String(ring.organization.id),
    [USER_VARIABLE]: String(ring.user.id),
    [DEVICE_VARIABLE]: String(ring.device.id),
    [WISH_VARIABLE]: encodeWish(ring.wish),
    ...(ring.wish.callerId === undefined ? {} : { [REQUESTED_CALLER_ID_VARIABLE]: ring.wish.callerId }),
    origination_caller_id_number: ring.dialled,
    origination_caller_id_name: displayName(ring.dialled),
    originate_timeout: String(ring.ringTimeoutSeconds),
    ignore_early_media: 'true',
    // The dialplan hunts for carriers after the phone answered: its end is the call's end.
    hangup_after_bridge: 'true',
  })
  // The extension is one word of the originate command: plain digits, * and #.
  if (!/^\+?[\d*#]{1,32}$/.test(ring.dialled)) {
    throw new EngineError('ENGINE_BAD_NUMBER', `"${ring.dialled.slice(0, 40)}" cannot be dialled`)
  }
  board.post(ring.callId, {
    kind: 'initiated',
    organizationId: ring.organization.id,
    userId: ring.user.id,
    from: ring.user.extension,
    to: ring.dialled,
    wish: ring.wish,
  })
  commands
    .bgapi('originate', `${target.toString()} ${ring.dialled} XML phones`, {
      timeoutMs: (ring.ringTimeoutSeconds + 30) * 1_000,
    })
    .then((reply) => {
      const error = errorIn(reply)
      if (error === undefined) return
      logger.info({ callId: ring.callId, cause: error }, 'the phone was not reached')
      board.post(ring.callId, { kind: 'unmade', cause: hangupCauseOf(error) })
    })
    .catch((fault: unknown) => {
      logger.warn({ err: asError(fault), callId: ring.callId }, 'originate: the switch gave no answer')
      board.post(ring.callId, { kind: 'unmade', cause: 'NORMAL_TEMPORARY_FAILURE' })
    })
}
