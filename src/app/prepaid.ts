/** Calls that are paid for in advance, joined: the accounts, the board, the leases in the database, the switch. */
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import { INSUFFICIENT_BALANCE } from '../call/prepaid.ts'
import type { Plan } from '../call/plan.ts'
import type { Cdr } from '../cdr/cdr.ts'
import type { PrepaidConfig } from '../config/prepaid.ts'
import { idOf, type OutgoingEvent } from '../deliver/tell-calls.ts'
import type { Board } from '../engine/board.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import { createPrepaidFeed, type PrepaidFeed } from '../engine/prepaid-feed.ts'
import { createPrepaidLimits, type PrepaidLimits } from '../engine/prepaid-limits.ts'
import { createPrepaidAccounts } from '../limits/prepaid-accounts.ts'
import type { PrepaidAccounts, PrepaidOrder } from '../limits/prepaid-shapes.ts'
import { leave, readLeases, tellExhausted, type LowBalance } from '../store/balance-leases.ts'
import type { Database } from '../store/database.ts'
import { formatMoney, type Money } from '../telephony/money.ts'

export type Prepaid = {
  readonly accounts: PrepaidAccounts
  readonly planned: PrepaidFeed['planned']
  /** Records that were stored. */
  readonly recorded: (cdrs: readonly Pick<Cdr, 'legUuid'>[]) => void
  /** Reads what there is to spend. Throws STORE_UNAVAILABLE. */
  readonly refresh: (database: Database) => Promise<void>
  /** From its start on calls are limited and ended, and the balances are read again and again. */
  readonly run: (parts: PrepaidParts) => Part
  readonly figures: () => PrepaidFigures
}

export type PrepaidFigures = {
  readonly calls: number
  readonly reserved: Money
  /** Since the start. */
  readonly refused: number
  readonly ended: number
}

export type PrepaidParts = {
  readonly database: Database
  readonly commands: SwitchCommands
  readonly isSwitchUp: () => boolean
  readonly tell: (event: OutgoingEvent) => Promise<void>
}

export type PrepaidOptions = {
  readonly engine: string
  readonly config: PrepaidConfig
  readonly board: Pick<Board, 'call' | 'calls' | 'post' | 'watch'>
  readonly clock: Clock
  readonly logger: Logger
}

/** What ends a call is looked at so often; a call is ended within that of its moment. */
const STEP_MS = 200
/** What other engines and programs booked counts here after so long. */
const READ_MS = 2_000
/** An engine that does not say for so long that it lives loses what it holds. */
const TTL_SECONDS = 60

export const createPrepaid = (options: PrepaidOptions): Prepaid => {
  const { engine, config, board, clock, logger } = options
  const accounts = createPrepaidAccounts({ engine, ...config })
  let limits: PrepaidLimits | undefined
  let parts: PrepaidParts | undefined
  let refused = 0
  let ended = 0
  let readAt = clock.now()
  let engines = 1

  const feed = createPrepaidFeed({
    accounts,
    engine,
    isOver: (callId) => board.call(callId)?.state === 'ended',
    onLegEnded: (legUuid) => limits?.forget(legUuid),
  })
  board.watch(undefined, feed.happened)

  const read = async (database: Database): Promise<void> => {
    const { turn, reserved } = accounts.beginReading()
    const found = await readLeases(database, { engine, ttlSeconds: TTL_SECONDS, reserved })
    const now = clock.now()
    accounts.replace(found.balances, turn, now)
    feed.takeOver(found.dead, now)
    engines = found.engines
    readAt = now
    accounts.suspend(false)
    for (const balance of found.low) tellLow(balance)
  }
  // One reading at a time, and whoever asks gets one that began after he did.
  let reading: Promise<void> | undefined
  let next: Promise<void> | undefined
  const refresh = (database: Database): Promise<void> => {
    if (reading === undefined) {
      reading = read(database).finally(() => {
        reading = undefined
      })
      return reading
    }
    next ??= reading
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return refresh(database)
      })
    return next
  }
  const refreshSoon = (): void => {
    if (parts === undefined) return
    refresh(parts.database).catch((fault: unknown) => {
      logger.debug({ err: asError(fault) }, 'balances cannot be read; read again later')
      // Money that another engine may hold by now is not given out a second time.
      if (engines > 1) accounts.suspend(clock.now() - readAt > TTL_SECONDS * 800)
    })
  }

  const tellLow = ({ id, organizationId, userId, amount, currency, lowThreshold }: LowBalance): void => {
    logger.warn({ balanceId: id, organizationId, amount: formatMoney(amount) }, 'a balance is low')
    const detail = { amount: formatMoney(amount), currency, lowThreshold: formatMoney(lowThreshold) }
    tell('balance.low', { id, organizationId, userId }, detail)
    for (const { callId, state, legs } of board.calls())
      if (state !== 'ended' && legs.some(({ prepaid }) => prepaid?.balanceId === id))
        board.post(callId, { kind: 'noted', what: 'balance-low', detail: { balanceId: id, ...detail } })
  }
  const tell = (
    type: 'balance.low' | 'balance.exhausted',
    { id, organizationId, userId }: Pick<LowBalance, 'id' | 'organizationId' | 'userId'>,
    detail: Readonly<Record<string, string>>,
  ): void => {
    const at = clock.now()
    const event: OutgoingEvent = {
      id: idOf(`balance ${id} ${type} ${at}`),
      type,
      at,
      organizationId,
      callId: undefined,
      callbackUrl: undefined,
      payload: { event: null, organizationId, balance: { id, userId: userId ?? null, ...detail } },
    }
    parts?.tell(event).catch((fault: unknown) => {
      logger.error({ err: asError(fault), balanceId: id }, 'an event of a balance was lost')
    })
  }
  /** Once until money comes. */
  const exhausted = (balance: Pick<LowBalance, 'id' | 'organizationId' | 'userId' | 'currency'>): void => {
    if (parts === undefined) return
    tellExhausted(parts.database, balance.id)
      .then((isFirst) => {
        if (isFirst) tell('balance.exhausted', balance, { currency: balance.currency })
      })
      .catch((fault: unknown) => logger.debug({ err: asError(fault) }, 'an empty balance was not told'))
  }
  const onEnd = ({ callId, legUuid, balanceId }: PrepaidOrder): void => {
    ended += 1
    logger.info({ callId, balanceId }, 'a prepaid call ends: its balance is used up')
    board.post(callId, { kind: 'noted', what: 'balance-exhausted', legUuid, detail: { balanceId } })
    const balance = accounts.balanceOf(balanceId)
    if (balance !== undefined) exhausted(balance)
  }

  return {
    accounts,
    planned: (plan: Plan, now) => {
      feed.planned(plan, now)
      if (plan.target.kind !== 'refuse' || plan.target.refusal !== INSUFFICIENT_BALANCE) return
      refused += 1
      const payer = accounts.payerOf(plan.call)
      if (payer !== undefined) exhausted(payer)
      // Another engine may have money to spare by the next try.
      refreshSoon()
    },
    recorded: (cdrs) => {
      for (const { legUuid } of cdrs) accounts.recorded(legUuid)
    },
    refresh,
    run: (given) => {
      const stops: (() => void)[] = []
      return {
        name: 'prepaid calls',
        start: () => {
          parts = given
          const made = createPrepaidLimits({
            commands: given.commands,
            engine,
            onEnd,
            onFailed: accounts.limitLost,
            logger,
          })
          limits = made
          stops.push(
            every(clock, STEP_MS, () => {
              if (!given.isSwitchUp()) return
              for (const order of accounts.step(clock.now())) void made.carryOut(order)
            }),
            every(clock, READ_MS, refreshSoon),
          )
        },
        stop: async () => {
          for (const stop of stops) stop()
          await reading?.catch(() => undefined)
          // Its calls go on: another engine counts for them from now on, where there is one.
          await leave(given.database, engine).catch((fault: unknown) => {
            logger.debug(
              { err: asError(fault) },
              'that this engine ends was not told; others see it in a minute',
            )
          })
        },
      }
    },
    figures: () => {
      const { calls, reserved } = accounts.figures()
      return { calls, reserved, refused, ended }
    },
  }
}
