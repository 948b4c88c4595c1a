/**
 * Conferences: who is in which, and who is muted. Nobody is mixed. Members are numbered as mod_conference does it, and
 * leave when they hang up, are taken elsewhere or are told to.
 */
import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import { linger } from '../linger.ts'
import type { Applications } from './application.ts'

export type ConferenceMember = {
  readonly id: number
  readonly channel: Channel
  canSpeak: boolean
  isRunning: boolean
}

const rooms = new WeakMap<Exchange, Map<string, ConferenceMember[]>>()

/** Undefined: there is no such conference. */
export const membersOfConference = (exchange: Exchange, name: string): ConferenceMember[] | undefined =>
  rooms.get(exchange)?.get(name)

export const conferenceApplications: Applications = {
  /** name[@profile][+pin][+flags{...}] */
  conference: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const name = argument.trim().split(/[@+]/)[0] ?? ''
      const all = rooms.get(exchange) ?? new Map<string, ConferenceMember[]>()
      rooms.set(exchange, all)
      const members = all.get(name) ?? []
      all.set(name, members)
      const id = (members.at(-1)?.id ?? 0) + 1
      const member: ConferenceMember = { id, channel, canSpeak: true, isRunning: true }
      members.push(member)
      channel.markAnswered()
      await linger(exchange, channel, () => !member.isRunning)
      members.splice(members.indexOf(member), 1)
      if (members.length === 0) all.delete(name)
    },
  },
}
