/**
 * Our picture of the calls, rebuilt from the switch after every gap: what it lists lives, what it does not
 * list is gone. Commands are never replayed; a picture is only read.
 */
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import type { DumpedLeg, LegComparison } from './leg-watch.ts'
import { readDump, type AddressedInput } from './read-event.ts'

/** `uuid_dump` costs the switch 0.3 ms and 8 kB; in slices, so that no reply queue grows without bound. */
const DUMPS_AT_ONCE = 50

/** Resolves with the number of channels that live. */
export const resync = async (
  commands: SwitchCommands,
  board: Board,
  logger: Logger,
  legs?: LegComparison,
): Promise<number> => {
  const known = new Set(
    board.calls().flatMap(({ callId, legs }) => [callId, ...legs.map(({ legUuid }) => legUuid)]),
  )
  const alive = await listChannels(commands)
  const inputs: AddressedInput[] = []
  for (let at = 0; at < alive.length; at += DUMPS_AT_ONCE) {
    const dumps = await Promise.all(
      alive.slice(at, at + DUMPS_AT_ONCE).map((uuid) => commands.api('uuid_dump', `${uuid} json`)),
    )
    for (const dump of dumps) {
      // A channel that ended between the list and the dump answers -ERR: it is gone, and its event will say so.
      if (errorIn(dump) !== undefined) continue
      try {
        const headers = headersOf(dump)
        legs?.seen(headers)
        inputs.push(...readDump(headers))
      } catch (fault) {
        logger.error({ err: asError(fault) }, 'a live channel cannot be read')
      }
    }
  }
  // A legs first: a B leg alone would start its call from the wrong end.
  const order = ({ input }: AddressedInput): number =>
    input.kind === 'planned' ? 0 : input.kind === 'leg-seen' ? (input.leg.leg === 'A' ? 1 : 2) : 3
  for (const { callId, input } of inputs.sort((a, b) => order(a) - order(b))) board.post(callId, input)
  await board.idle()
  // What ended while we read it was told of before the board knew it: the second list has it no more.
  const still = await listChannels(commands)
  board.retain(new Set([...known, ...alive]), new Set(still))
  if (legs !== undefined)
    legs.compared((await commands.api('global_getvar', 'core_uuid')).trim(), new Set(still))
  return still.length
}

/** Channels that hung up stay listed while their CDR is posted, and tell nothing more: they do not count. */
const ENDED_STATES: readonly unknown[] = ['CS_HANGUP', 'CS_REPORTING', 'CS_DESTROY']

const listChannels = async (commands: SwitchCommands): Promise<readonly CallUuid[]> => {
  const list = parse(await commands.api('show', 'channels as json'), 'show channels')
  // An empty list is {"row_count": 0} without rows.
  const rows: unknown = list['rows'] ?? []
  if (!Array.isArray(rows)) throw new EngineError('ENGINE_BAD_REPLY', 'show channels: rows is not a list')
  return rows.flatMap((row: unknown) => {
    if (typeof row !== 'object' || row === null || !('uuid' in row)) return []
    if ('state' in row && ENDED_STATES.includes(row.state)) return []
    const { uuid } = row
    return typeof uuid === 'string' && isCallUuid(uuid) ? [uuid] : []
  })
}

const headersOf = (dump: string): DumpedLeg => {
  const fields = parse(dump, 'uuid_dump')
  const get = (name: string): string | undefined => {
    const value = fields[name]
    return typeof value === 'string' ? value : undefined
  }
  return {
    name: 'CHANNEL_DATA',
    get,
    variable: (name) => get(`variable_${name}`),
    headers: (isWanted = () => true) =>
      new Map(
        Object.entries(fields).flatMap(([name, value]) =>
          typeof value === 'string' && isWanted(name) ? [[name, value]] : [],
        ),
      ),
  }
}

const parse = (reply: string, what: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(reply)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (fault) {
    throw new EngineError(
      'ENGINE_BAD_REPLY',
      `${what}: the reply is not JSON`,
      { reply: reply.slice(0, 200) },
      fault,
    )
  }
  throw new EngineError('ENGINE_BAD_REPLY', `${what}: the reply is not an object`, {
    reply: reply.slice(0, 200),
  })
}
