/**
 * Requests with a key, carried out once: the same key and body again gets the first answer, also while the first is on
 * its way, also from another engine, also after a restart. One that was begun and never answered is not begun again:
 * what is known of its call is told instead.
 */
import { asError } from '../base/errors.ts'
import { sleep, type Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Once, OnceKey, OnceOutcome } from '../http/once.ts'
import type { Database } from '../store/database.ts'
import { callIsRecorded, claimKey, keepAnswer, releaseKey } from '../store/idempotency.ts'
import { newCallUuid, type CallUuid } from '../telephony/call-uuid.ts'

export type OnceOptions = {
  readonly database: Database
  readonly isLive: (callId: CallUuid) => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** Another engine's answer is waited for so long, and looked for so often. */
const WAIT_MS = 5_000
const LOOK_MS = 100
/** After which a request that was not answered never will be: dialling takes two questions to the switch. */
const LOST_AFTER_MS = 60_000

export const createOnce = ({ database, isLive, clock, logger }: OnceOptions): Once => {
  const inFlight = new Map<string, { readonly body: string; readonly outcome: Promise<OnceOutcome> }>()

  const claimed = async (key: OnceKey, callId: CallUuid, act: Parameters<Once>[1]): Promise<OnceOutcome> => {
    let done: Awaited<ReturnType<typeof act>>
    try {
      done = await act(callId)
    } catch (fault) {
      await releaseKey(database, key, callId)
      throw fault
    }
    const { answer, isFinal } = done
    try {
      if (isFinal) await keepAnswer(database, key, answer)
      else await releaseKey(database, key, callId)
    } catch (fault) {
      // The claim stands without its answer: it is never carried out again, and its call is found by its id.
      logger.warn({ err: asError(fault), callId }, 'the answer to a request with a key could not be kept')
    }
    return { kind: 'answered', answer, isRepeated: false }
  }

  const attempt = async (key: OnceKey, act: Parameters<Once>[1]): Promise<OnceOutcome> => {
    const callId = newCallUuid()
    const until = clock.monotonic() + WAIT_MS
    for (;;) {
      const claim = await claimKey(database, key, key.bodySha256, callId)
      if (claim.kind === 'claimed') return claimed(key, callId, act)
      if (!claim.sameBody) return { kind: 'other-body' }
      if (claim.answer !== undefined) return { kind: 'answered', answer: claim.answer, isRepeated: true }
      if (isLive(claim.callId) || (await callIsRecorded(database, claim.callId)))
        return { kind: 'made', callId: claim.callId, at: clock.now() - claim.ageMs }
      if (claim.ageMs > LOST_AFTER_MS) return { kind: 'unknown', callId: claim.callId }
      if (clock.monotonic() > until) return { kind: 'in-flight' }
      await sleep(clock, LOOK_MS)
    }
  }

  return async (key, act) => {
    const name = `${key.organizationId}/${key.route}/${key.key}`
    const body = key.bodySha256.toString('hex')
    const first = inFlight.get(name)
    if (first !== undefined) {
      if (first.body !== body) return { kind: 'other-body' }
      const outcome = await first.outcome
      return outcome.kind === 'answered' ? { ...outcome, isRepeated: true } : outcome
    }
    const outcome = attempt(key, act)
    inFlight.set(name, { body, outcome })
    try {
      return await outcome
    } finally {
      inFlight.delete(name)
    }
  }
}
