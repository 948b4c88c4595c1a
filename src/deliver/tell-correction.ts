/** That a record was estimated and is now the switch's own, as it leaves the engine. */
import type { CallUuid } from '../telephony/call-uuid.ts'
import { idOf, type OutgoingEvent } from './tell-calls.ts'

export type ToldCorrection = {
  readonly legUuid: CallUuid
  readonly callId: CallUuid
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly before: ToldFigures
  readonly after: ToldFigures
}

type ToldFigures = {
  readonly durationSeconds: number
  readonly billableSeconds: number
  readonly cost: string | null
}

/** A leg is corrected once, so its event has one id, whoever tells it. */
export const correctionEvent = (correction: ToldCorrection, organizationId: number): OutgoingEvent => ({
  id: idOf(`${correction.callId} cdr-corrected ${correction.legUuid}`),
  type: 'cdr.corrected',
  at: correction.at,
  organizationId,
  callId: correction.callId,
  callbackUrl: undefined,
  payload: {
    event: null,
    organizationId,
    call: { callId: correction.callId },
    leg: { legUuid: correction.legUuid },
    changed: changedIn(correction),
    before: correction.before,
    after: correction.after,
  },
})

/** The names of the figures that the estimate had wrong. */
export const changedIn = ({
  before,
  after,
}: Pick<ToldCorrection, 'before' | 'after'>): readonly (keyof ToldFigures)[] =>
  (['durationSeconds', 'billableSeconds', 'cost'] as const).filter((name) => before[name] !== after[name])
