/** Which gateways answer their pings, as the switch says. A gateway of which it said nothing counts as up. */
import { parseStringPromise } from 'xml2js'
import { gatewayIdOf } from '../directory/records.ts'
import type { SwitchCommands } from './commands.ts'

export type GatewayStates = {
  readonly isUp: (gatewayId: number) => boolean
  /** Gateways that are down now. */
  readonly down: () => readonly number[]
  /** A `sofia::gateway_state` event: Gateway, Ping-Status, State. */
  readonly note: (gateway: string | undefined, pingStatus: string | undefined) => void
  /** Reads them all, after a gap. */
  readonly refresh: (commands: SwitchCommands) => Promise<void>
}

/** A ping that the switch told of; `pingMs`: how long its answer took, where that is known. */
export type OnPing = (gatewayId: number, isUp: boolean, pingMs: number | undefined) => void

export const createGatewayStates = (onPing: OnPing = () => undefined): GatewayStates => {
  const downs = new Set<number>()
  const set = (gateway: string | undefined, status: string | undefined): number | undefined => {
    const id = gateway === undefined ? undefined : gatewayIdOf(gateway)
    if (id === undefined || status === undefined) return undefined
    if (status.startsWith('DOWN')) downs.add(id)
    else downs.delete(id)
    return id
  }
  return {
    isUp: (gatewayId) => !downs.has(gatewayId),
    down: () => [...downs].sort((a, b) => a - b),
    note: (gateway, status) => {
      const id = set(gateway, status)
      if (id !== undefined) onPing(id, !downs.has(id), undefined)
    },
    refresh: async (commands) => {
      const states = await readGateways(commands)
      downs.clear()
      for (const { name, status, pingMs } of states) {
        const id = set(name, status)
        if (id !== undefined && pingMs !== undefined) onPing(id, !downs.has(id), pingMs)
      }
    },
  }
}

/** The switch's gateways by `sofia xmlstatus gateway`; none where it has none. */
export const readGateways = async (commands: SwitchCommands): Promise<readonly SwitchGateway[]> => {
  const reply = await commands.api('sofia', 'xmlstatus gateway')
  if (!reply.trimStart().startsWith('<')) return []
  const parsed: unknown = await parseStringPromise(reply.replace(OTHER_FIELDS, ''))
  return rowsOf(parsed).flatMap((row) => {
    const name = firstOf(row, 'name')
    const status = firstOf(row, 'status')
    return name === undefined || status === undefined ? [] : [{ name, status, pingMs: pingMsOf(row) }]
  })
}

export type SwitchGateway = {
  readonly name: string
  readonly status: string
  /** Of the last answer; undefined: it is not pinged, or none came yet. */
  readonly pingMs: number | undefined
}

const pingMsOf = (row: unknown): number | undefined => {
  const pingMs = Number(firstOf(row, 'pingtime'))
  return Number(firstOf(row, 'pingfreq')) > 0 && pingMs > 0 ? pingMs : undefined
}

/** Each field has its line. User name and realm are written as they are, `<` and `&` too (mod_sofia.c, xml_gateway_status). */
const OTHER_FIELDS = /^ *<(?!name>|status>|ping(?:freq|time)>|gateways?>)([\w-]+)>.*<\/\1>$/gm

const rowsOf = (parsed: unknown): readonly unknown[] => {
  const gateways =
    typeof parsed === 'object' && parsed !== null && 'gateways' in parsed ? parsed.gateways : undefined
  const rows =
    typeof gateways === 'object' && gateways !== null && 'gateway' in gateways ? gateways.gateway : undefined
  return Array.isArray(rows) ? rows : []
}

/** xml2js gives each child as a list. */
const firstOf = (row: unknown, field: string): string | undefined => {
  if (typeof row !== 'object' || row === null) return undefined
  const values: unknown = (row as Record<string, unknown>)[field]
  const first: unknown = Array.isArray(values) ? values[0] : undefined
  return typeof first === 'string' ? first : undefined
}
