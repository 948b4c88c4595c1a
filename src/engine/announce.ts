/** What is told of a call as soon as it is planned: that somebody calls for help, and who signed a call that comes in. */
import type { Logger } from '../base/logger.ts'
import type { Plan } from '../call/plan.ts'
import type { Directory } from '../directory/directory.ts'
import { emergencyDetail } from '../plan/plan-caller-id.ts'
import type { Board } from './board.ts'
import { verstatDetail } from './signing.ts'

export type AnnounceParts = {
  readonly board: Pick<Board, 'post'>
  readonly directory: Directory
  readonly logger: Logger
  readonly onEmergency: () => void
}

export const announce = (plan: Plan, { board, directory, logger, onEmergency }: AnnounceParts): void => {
  const { target, call, verstat } = plan
  if (target.kind === 'carriers' && target.emergency) {
    const detail = emergencyDetail(plan, directory)
    // Somebody may have to open a door: whoever watches hears it before anybody answers.
    board.post(call.callId, { kind: 'noted', what: 'emergency', legUuid: call.callId, detail })
    // Names and addresses are for those who watch, not for a log.
    logger.warn({ callId: call.callId, userId: call.userId, dialled: call.dialled }, 'an emergency call')
    onEmergency()
  }
  if (verstat !== undefined) {
    const detail = verstatDetail(verstat)
    board.post(call.callId, { kind: 'noted', what: 'identity-checked', legUuid: call.callId, detail })
  }
}
