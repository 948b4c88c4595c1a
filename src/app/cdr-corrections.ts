/** Corrections of estimated records, from their transaction to those who watch: /v1/live and webhooks. */
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { LiveCall } from '../call/live-call.ts'
import type { Cdr } from '../cdr/cdr.ts'
import type { EstimateKind } from '../cdr/estimate.ts'
import { changedIn, correctionEvent } from '../deliver/tell-correction.ts'
import type { OutgoingEvent } from '../deliver/tell-calls.ts'
import type { Board } from '../engine/board.ts'
import type { CdrCompanion } from '../store/cdr-companion.ts'
import { getCall } from '../store/cdr-reads.ts'
import type { Database } from '../store/database.ts'
import {
  forgetToldCorrections,
  markTold,
  noteCorrections,
  readUntold,
  type Correction,
} from '../store/told-corrections.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

export type CdrCorrections = Part & {
  readonly companion: CdrCompanion
  /** These records are committed. */
  readonly stored: (cdrs: readonly Cdr[]) => void
  /** Since the start. */
  readonly counts: () => {
    readonly estimated: Readonly<Record<EstimateKind, number>>
    readonly corrected: number
  }
}

export type CdrCorrectionsOptions = {
  readonly database: Database
  readonly board: Pick<Board, 'call' | 'tell'>
  /** Resolves when it is durable. */
  readonly tell: (event: OutgoingEvent) => Promise<void>
  readonly isDatabaseUp: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** In case that telling failed, or an engine was killed before it told. */
const LOOK_MS = 30_000
const AT_ONCE = 100
/** What was told stays readable for so long. */
const KEPT_MS = 90 * 86_400_000

export const createCdrCorrections = (options: CdrCorrectionsOptions): CdrCorrections => {
  const { database, board, clock, logger } = options
  const estimated = { 'from-event': 0, 'switch-lost': 0 }
  let corrected = 0
  /** Written in a transaction that may yet be undone. */
  const written = new Map<CallUuid, EstimateKind>()
  let wanted = false
  let running: Promise<void> | undefined
  let stopped = false
  let stopLooking = (): void => undefined

  const tellAll = async (): Promise<void> => {
    while (wanted && !stopped) {
      wanted = false
      const untold = await readUntold(database, AT_ONCE)
      for (const correction of untold) await tellOne(correction)
      if (untold.length === AT_ONCE) wanted = true
    }
  }

  const tellOne = async (correction: Correction): Promise<void> => {
    const { organizationId } = correction
    if (organizationId !== undefined) await options.tell(correctionEvent(correction, organizationId))
    if (!(await markTold(database, correction.legUuid))) return
    corrected += 1
    const call = board.call(correction.callId) ?? (await callOf(database, correction))
    board.tell(call, {
      kind: 'cdr-corrected',
      leg: call.legs.find(({ legUuid }) => legUuid === correction.legUuid),
      detail: detailOf(correction),
    })
  }

  const look = (): void => {
    wanted = true
    if (stopped || !options.isDatabaseUp()) return
    running ??= tellAll()
      .catch((fault: unknown) => {
        logger.warn({ err: asError(fault) }, 'corrections of records could not be told; tried again')
      })
      .finally(() => {
        running = undefined
      })
  }

  return {
    name: 'corrections of records',
    companion: async (on, stored) => {
      await noteCorrections(on, stored)
      for (const { cdr } of stored) if (cdr.estimate !== undefined) written.set(cdr.legUuid, cdr.estimate)
      if (stored.some(({ replaced }) => replaced === 'estimated')) wanted = true
    },
    stored: (cdrs) => {
      for (const { legUuid } of cdrs) {
        const kind = written.get(legUuid)
        if (kind !== undefined) estimated[kind] += 1
      }
      written.clear()
      if (wanted) look()
    },
    counts: () => ({ estimated: { ...estimated }, corrected }),
    start: () => {
      let forgottenAt = Number.NEGATIVE_INFINITY
      stopLooking = every(clock, LOOK_MS, async () => {
        look()
        await running
        if (clock.monotonic() - forgottenAt < 86_400_000 || !options.isDatabaseUp()) return
        forgottenAt = clock.monotonic()
        try {
          await forgetToldCorrections(database, clock.now() - KEPT_MS)
        } catch (fault) {
          logger.debug(
            { err: asError(fault) },
            'old corrections could not be forgotten; tried again tomorrow',
          )
        }
      })
    },
    stop: async () => {
      stopped = true
      stopLooking()
      await running
    },
  }
}

const detailOf = (correction: Correction) => {
  const { legUuid, before, after } = correction
  return {
    legUuid,
    changed: changedIn(correction).join(','),
    durationSeconds: after.durationSeconds,
    billableSeconds: after.billableSeconds,
    cost: after.cost,
    estimatedDurationSeconds: before.durationSeconds,
    estimatedBillableSeconds: before.billableSeconds,
    estimatedCost: before.cost,
  }
}

/** The board has forgotten the call: it is told as its record says. */
const callOf = async (database: Database, { callId, organizationId, at }: Correction): Promise<LiveCall> => {
  const [cdr] = await getCall(database, callId)
  return {
    callId,
    organizationId,
    userId: cdr?.callerUserId ?? cdr?.calleeUserId,
    direction: cdr?.direction ?? 'outbound',
    state: 'ended',
    from: cdr?.callerNumber ?? '',
    to: cdr?.calleeNumber ?? cdr?.dialledNumber ?? '',
    startedAt: cdr?.startTime ?? at,
    answeredAt: cdr?.answerTime,
    endedAt: cdr?.endTime,
    hangupCause: cdr?.hangupCause,
    simulated: cdr?.simulated ?? false,
    legs: [],
  }
}
