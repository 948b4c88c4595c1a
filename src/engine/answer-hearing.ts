/**
 * Listens to one answered leg: what the ear finds, and when it is time to decide without it. Hearing may go on after
 * the decision: a machine's beep comes later, a busy tone may, too.
 */
import type { Cancel, Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { createEar, type Finding, type ListenFor } from '../progress/listen.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { AnswerAudio, Listening } from './answer-audio.ts'

export type HearingEnd = 'no-sound' | 'limit'

export type Hearing = {
  /** The finding that comes next, or why there will be none. One at a time. */
  readonly next: () => Promise<Finding | HearingEnd | 'stopped'>
  /** Ends it, also for one who waits. Never rejects. */
  readonly stop: () => Promise<void>
  /** From now on. */
  readonly limit: (afterMs: number) => void
}

export type HearingOptions = {
  readonly audio: Pick<AnswerAudio, 'listen'>
  readonly clock: Clock
  readonly logger: Logger
}

/** The first bytes come within 40 ms where the folder is shared; a busy disk is given more. */
const NO_SOUND_MS = 1_500

/** Never rejects: a leg that cannot be listened to is one without sound. */
export const hear = async (
  legUuid: CallUuid,
  wanted: ListenFor,
  limitMs: number,
  { audio, clock, logger }: HearingOptions,
): Promise<Hearing> => {
  const ear = createEar(wanted)
  const found: (Finding | HearingEnd | 'stopped')[] = []
  let waiting: ((finding: Finding | HearingEnd | 'stopped') => void) | undefined
  const tell = (finding: Finding | HearingEnd | 'stopped'): void => {
    const take = waiting
    waiting = undefined
    if (take === undefined) found.push(finding)
    else take(finding)
  }
  let listening: Listening | undefined
  try {
    listening = await audio.listen(legUuid, (samples) => {
      for (const finding of ear.feed(samples)) tell(finding)
    })
  } catch (fault) {
    logger.info({ err: asError(fault), legUuid }, 'an answered leg cannot be listened to')
  }
  if (listening === undefined) tell('no-sound')
  const silent = clock.after(NO_SOUND_MS, () => {
    if (listening?.hasSound() !== true) tell('no-sound')
  })
  let limit: Cancel = clock.after(limitMs, () => tell('limit'))
  return {
    next: () => {
      const first = found.shift()
      if (first !== undefined) return Promise.resolve(first)
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
    stop: async () => {
      silent()
      limit()
      tell('stopped')
      await listening?.stop()
    },
    limit: (afterMs) => {
      limit()
      limit = clock.after(afterMs, () => tell('limit'))
    },
  }
}
