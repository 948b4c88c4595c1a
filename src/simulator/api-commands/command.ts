import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'

/** One API command; the answer is what the switch prints, its newline included. */
export type ApiCommand = (call: ApiCall) => string | Promise<string>

export type ApiCall = {
  readonly exchange: Exchange
  readonly argument: string
  /** The channel in whose dialplan `${command(...)}` stands. */
  readonly channel: Channel | undefined
}

export type ApiCommands = Readonly<Record<string, ApiCommand>>

export const NO_CHANNEL = '-ERR No such channel!\n'

export const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')
