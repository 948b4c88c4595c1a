/**
 * The ends of prepaid calls, in the switch: put off as money is reserved, brought about when it is used up. A new limit
 * is set before the old one is taken away, so there is no moment without one; a switch that does not answer keeps the
 * limit that it has, and ends the call by it.
 */
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import {
  endCommands,
  isLimitGroupOf,
  limitArguments,
  limitGroup,
  PREPAID_ENGINE_VARIABLE,
  turnOfLimitGroup,
} from '../call/prepaid.ts'
import type { PrepaidOrder } from '../limits/prepaid-shapes.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { errorIn, type SwitchCommands } from './commands.ts'

export type PrepaidLimits = {
  /** Resolves when the switch has it; what the switch refuses is logged. */
  readonly carryOut: (order: PrepaidOrder) => Promise<void>
  /** The leg has ended: its limit would find nobody, but it would stand in the switch's list until then. */
  readonly forget: (legUuid: CallUuid) => void
}

export type PrepaidLimitsOptions = {
  readonly commands: SwitchCommands
  /** Which engine this is. */
  readonly engine: string
  /** The caller is being told that his money is used up. */
  readonly onEnd: (order: PrepaidOrder) => void
  /** The switch did not say that it has the new limit: it is to be told again. */
  readonly onFailed: (legUuid: CallUuid) => void
  readonly logger: Logger
}

export const createPrepaidLimits = (options: PrepaidLimitsOptions): PrepaidLimits => {
  const { commands, engine, onEnd, onFailed, logger } = options
  // Which limit of a leg is the one that counts.
  const turns = new Map<CallUuid, number>()
  // What is told to the switch of one leg is told in order.
  const doing = new Map<CallUuid, Promise<void>>()

  const api = async (name: string, args: string): Promise<string> => {
    const reply = await commands.api(name, args)
    const refused = errorIn(reply)
    // A leg that ended meanwhile is no fault.
    if (refused !== undefined)
      logger.debug({ name, args, why: refused }, 'a prepaid call is not there any more')
    return reply
  }
  const remove = async (groups: readonly string[]): Promise<void> => {
    for (const group of groups) await api('sched_del', group)
  }
  const schedule = async (legUuid: CallUuid, turn: number, seconds: number): Promise<void> => {
    for (const args of limitArguments(legUuid, turn, seconds)) await api('sched_api', args)
  }

  const limit = async (order: Extract<PrepaidOrder, { kind: 'limit' }>): Promise<void> => {
    const { legUuid, seconds, isAdopted } = order
    const before = isAdopted
      ? await limitsOf(legUuid, commands)
      : [limitGroup(legUuid, turns.get(legUuid) ?? 0)]
    const turn = Math.max(...before.map(turnOfLimitGroup), 0) + 1
    await schedule(legUuid, turn, seconds)
    turns.set(legUuid, turn)
    await remove(before)
    // Whoever planned it is not to count for it, too, when he comes back.
    if (isAdopted) await api('uuid_setvar', `${legUuid} ${PREPAID_ENGINE_VARIABLE} ${engine}`)
  }
  const end = async (order: PrepaidOrder): Promise<void> => {
    onEnd(order)
    for (const [after, name, args] of endCommands(order.legUuid)) {
      if (after === 0) await api(name, args)
      else
        await api(
          'sched_api',
          `+${after} ${limitGroup(order.legUuid, turns.get(order.legUuid) ?? 0)} ${name} ${args}`,
        )
    }
  }

  return {
    carryOut: (order) => {
      const { legUuid, callId } = order
      const mine = (doing.get(legUuid) ?? Promise.resolve())
        .then(() => (order.kind === 'limit' ? limit(order) : end(order)))
        .catch((fault: unknown) => {
          logger.warn(
            { err: asError(fault), callId, legUuid },
            'the limit of a prepaid call was not changed; the switch ends it by the one it has',
          )
          if (order.kind === 'limit') onFailed(legUuid)
        })
      doing.set(legUuid, mine)
      return mine
    },
    forget: (legUuid) => {
      const before = doing.get(legUuid) ?? Promise.resolve()
      void before
        .then(() => remove([limitGroup(legUuid, turns.get(legUuid) ?? 0)]))
        .catch((fault: unknown) => logger.debug({ err: asError(fault) }, 'a limit of an ended call was left'))
        .finally(() => {
          turns.delete(legUuid)
          doing.delete(legUuid)
        })
    },
  }
}

/** `show tasks` lists what is scheduled, with its group; an empty list has no rows. */
const limitsOf = async (legUuid: CallUuid, commands: SwitchCommands): Promise<readonly string[]> => {
  const list: unknown = JSON.parse(await commands.api('show', 'tasks as json'))
  const rows: unknown = typeof list === 'object' && list !== null && 'rows' in list ? list.rows : []
  if (!Array.isArray(rows)) return []
  return [
    ...new Set(
      rows.flatMap((row: unknown) =>
        typeof row === 'object' &&
        row !== null &&
        'task_group' in row &&
        typeof row.task_group === 'string' &&
        isLimitGroupOf(legUuid, row.task_group)
          ? [row.task_group]
          : [],
      ),
    ),
  ]
}
