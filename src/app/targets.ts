/** Targets that get the records of calls: their turns in the outbox, their doors, what is counted of them. */
import { urlFault } from '../access/outgoing-url.ts'
import { every, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { WebhooksConfig } from '../config/webhooks.ts'
import { deliverTo, type Attempt, type DeliveryStore, type DueDelivery } from '../deliver/deliver-lanes.ts'
import { createJudgedAgent, type PostOutcome } from '../deliver/post.ts'
import { FAILURES_BEFORE_PAUSE, HOLD_BACK_MS } from '../deliver/retry.ts'
import { createExchange } from '../deliver/targets/exchange.ts'
import { openTarget } from '../deliver/targets/open-target.ts'
import { sendCall, type CallRecords } from '../deliver/targets/send-call.ts'
import { isTargetKind, type Target } from '../deliver/targets/target.ts'
import { createTokenSource, type TokenSource } from '../deliver/targets/token.ts'
import type { TargetDoors } from '../http/target-doors.ts'
import { getCall } from '../store/cdr-reads.ts'
import type { Database } from '../store/database.ts'
import { readDue, readNextDue, recordAttempts } from '../store/delivery-turns.ts'
import { recordingIdsOf } from '../store/recording-reads.ts'
import { decryptSecret, encryptSecret } from '../store/secret.ts'
import {
  beginObject,
  forgetObjects,
  keepObject,
  putCalls,
  readObjects,
  wakeTargets,
} from '../store/target-deliveries.ts'
import {
  countTargets,
  readEndpointTarget,
  replaceCredentials,
  type EndpointTarget,
  type TargetCount,
  type TargetSecrets,
} from '../store/targets.ts'
import { outgoingRules } from './outbox.ts'
import { createTargetDoors } from './target-doors.ts'

export type Targets = Part & {
  /** Undefined: the endpoint is a webhook's. */
  readonly deliver: (
    endpointId: number,
    signal: AbortSignal,
  ) => Promise<{ readonly next: number | undefined } | undefined>
  /** Records are stored, and with them what is to be delivered: somebody is to look. Does not wait. */
  readonly stored: () => void
  /** A recording came after its call's record. Does not wait. */
  readonly recordingStored: (stored: {
    readonly callId: string
    readonly organizationId: number
    readonly at: number
  }) => void
  readonly doors: TargetDoors
  readonly counts: () => readonly TargetCount[]
  /** Forgets what was made for calls that are long gone. */
  readonly clean: () => Promise<void>
}

export type TargetsOptions = {
  readonly database: Database
  readonly masterKeys: readonly [Buffer, ...Buffer[]]
  readonly config: WebhooksConfig
  readonly onAttempt: (kind: string, became: Attempt['became']) => void
  readonly clock: Clock
  readonly logger: Logger
}

const HOUR_MS = 3_600_000
const COUNT_MS = 30_000
/** Stored batches come many a second: one look is enough for them. */
const WAKE_AFTER_MS = 200
const WAKE_AGAIN_MS = 2_000
/** After so long nothing of a call is told any more. */
const FORGET_AFTER_MS = 400 * 24 * HOUR_MS

type Opened = {
  readonly target: Target
  readonly tokens: TokenSource | undefined
  readonly version: number
  sealed: string
}

export const createTargets = (options: TargetsOptions): Targets => {
  const { database, config, clock, logger } = options
  const rules = outgoingRules(config)
  const secrets: TargetSecrets = {
    seal: (plain) => encryptSecret(options.masterKeys[0], plain),
    open: (sealed) => decryptSecret(options.masterKeys, sealed),
  }
  const agent = createJudgedAgent({ rules })
  const exchange = createExchange({ agent, rules, clock })
  const isRefused = (url: string): string | undefined => urlFault(url, rules)
  const opened = new Map<number, Opened>()
  let counts: readonly TargetCount[] = []
  let isWaking = false
  let isStopped = false

  const open = (row: EndpointTarget): Opened => {
    const { targetId, version, sealedCredentials: sealed } = row
    const before = opened.get(targetId)
    if (before?.version === version && before.sealed === sealed) return before
    if (!isTargetKind(row.kind))
      throw new EngineError('APP_BAD_TARGET', `there is no kind of target "${row.kind}"`)
    const credentials: unknown = JSON.parse(secrets.open(sealed))
    const target = openTarget(
      row.kind,
      { settings: row.settings, mapping: row.mapping, credentials },
      isRefused,
    )
    const keep = async (refreshToken: string): Promise<void> => {
      const replaced = secrets.seal(JSON.stringify({ ...(credentials as object), refreshToken }))
      if (await replaceCredentials(database, targetId, version, replaced)) made.sealed = replaced
    }
    const made: Opened = {
      target,
      version,
      sealed,
      tokens:
        target.grant === undefined
          ? undefined
          : createTokenSource({ grant: target.grant, exchange, clock, keep }),
    }
    opened.set(targetId, made)
    return made
  }

  const recordsOf = async (callId: string, organizationId: number): Promise<CallRecords> => {
    const legs = await getCall(database, callId, { organizationId })
    const recordings = legs.length === 0 ? undefined : await recordingIdsOf(database, [callId])
    return { legs, recordings: recordings?.get(callId) ?? [] }
  }

  const send = async (
    row: EndpointTarget,
    delivery: DueDelivery,
    signal: AbortSignal,
  ): Promise<PostOutcome> => {
    const { targetId, organizationId } = row
    const { callId, isReplay } = delivery
    if (callId === undefined) return brokenOff('it names no call', true)
    let one: Opened
    try {
      one = open(row)
    } catch (fault) {
      // What was good when it was saved is not any more: another master key, a network that is no longer allowed.
      return brokenOff(`the target cannot be opened: ${asError(fault).message}`, false)
    }
    return sendCall({
      ...one,
      exchange,
      rules,
      clock,
      signal,
      callId,
      isReplay,
      records: await recordsOf(callId, organizationId),
      store: {
        known: () => readObjects(database, targetId, callId),
        begin: (object) => beginObject(database, targetId, callId, object),
        keep: (object, known) => keepObject(database, targetId, callId, object, known),
      },
    })
  }

  const deliver: Targets['deliver'] = async (endpointId, signal) => {
    const first = await readEndpointTarget(database, endpointId)
    if (first === undefined) return undefined
    let row = first
    const store: DeliveryStore = {
      endpoint: async () => {
        const now = await readEndpointTarget(database, endpointId)
        if (now?.enabled !== true) return undefined
        row = now
        return { id: endpointId, failures: now.failures, pausedUntil: now.pausedUntil, secrets: [] }
      },
      due: (_, now, limit) => readDue(database, endpointId, { now, limit, holdBackMs: HOLD_BACK_MS }),
      record: (_, attempts, endpoint) =>
        recordAttempts(database, endpointId, attempts, endpoint, HOLD_BACK_MS),
      nextDueAt: (_, now) => readNextDue(database, endpointId, now, HOLD_BACK_MS),
    }
    const next = await deliverTo(endpointId, {
      store,
      send: (delivery) => send(row, delivery, signal),
      clock,
      giveUpMs: config.giveUpHours * HOUR_MS,
      random: Math.random,
      onAttempt: (attempt) => {
        options.onAttempt(row.kind, attempt.became)
        if (attempt.became !== 'failed') return
        const { delivery, outcome } = attempt
        // What the other side said stands in the log of deliveries: it may repeat numbers.
        logger.warn(
          { target: row.targetId, kind: row.kind, delivery: delivery.id, status: outcome.status },
          'a record was given up by its target: strowger targets dead-letters tells why',
        )
      },
      signal,
    })
    return { next }
  }

  const wake = (afterMs = WAKE_AFTER_MS): void => {
    if (isWaking) return
    isWaking = true
    clock.after(afterMs, () => {
      isWaking = false
      if (isStopped) return
      wakeTargets(database).catch((fault: unknown) => {
        // At a start the job library may have no tables yet.
        logger.debug({ err: asError(fault) }, 'targets could not be woken')
        wake(WAKE_AGAIN_MS)
      })
    })
  }

  let stopCounting = (): void => undefined
  return {
    name: 'targets',
    deliver,
    stored: () => {
      wake()
    },
    recordingStored: (stored) => {
      putCalls(database, [stored]).then(
        () => {
          wake()
        },
        (fault: unknown) => {
          logger.warn({ err: asError(fault) }, 'targets were not told of a recording')
        },
      )
    },
    doors: createTargetDoors({ database, secrets, isRefused, recordsOf, clock }),
    counts: () => counts,
    clean: async () => {
      await forgetObjects(database, clock.now() - FORGET_AFTER_MS)
    },
    start: () => {
      stopCounting = every(clock, COUNT_MS, async () => {
        try {
          counts = await countTargets(database, FAILURES_BEFORE_PAUSE)
        } catch (fault) {
          logger.debug({ err: asError(fault) }, 'targets could not be counted')
        }
      })
    },
    stop: async () => {
      isStopped = true
      stopCounting()
      await agent.destroy()
    },
  }
}

const brokenOff = (fault: string, isFinal: boolean): PostOutcome => ({
  status: undefined,
  fault,
  retryAfterMs: 0,
  tookMs: 0,
  isFinal,
})
