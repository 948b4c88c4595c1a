/** `conference`: who is in one, and what is done to a member (mod_conference, conference_api.c). */
import { membersOfConference, type ConferenceMember } from '../applications/conference.ts'
import { words, type ApiCommands } from './command.ts'

export const conferenceCommands: ApiCommands = {
  /** name json_list, or name mute|unmute|hup|kick member|all */
  conference: ({ exchange, argument }) => {
    const [name = '', action = '', who = ''] = words(argument)
    const members = membersOfConference(exchange, name)
    if (members === undefined) return `-ERR Conference ${name} not found\n`
    if (action === 'json_list') return `${JSON.stringify([listed(name, members)])}\n`
    const act = ACTIONS[action]
    if (act === undefined) return `Conference command '${action}' not found.\n`
    const meant = members.filter(({ id }) => who === 'all' || String(id) === who)
    if (who !== 'all' && meant.length === 0) return `-ERR Member: ${who} not found.\n`
    for (const member of meant) act(member)
    return meant.map(({ id }) => `+OK ${action} ${id}\n`).join('')
  },
}

const ACTIONS: Readonly<Record<string, (member: ConferenceMember) => void>> = {
  mute: (member) => {
    member.canSpeak = false
  },
  unmute: (member) => {
    member.canSpeak = true
  },
  hup: (member) => leave(member),
  kick: (member) => leave(member),
}

const leave = (member: ConferenceMember): void => {
  member.isRunning = false
  member.channel.bell.ring()
}

const listed = (name: string, members: readonly ConferenceMember[]) => ({
  conference_name: name,
  member_count: members.length,
  members: members.map(({ id, channel, canSpeak }) => ({
    type: 'caller',
    id,
    flags: { can_hear: true, can_see: true, can_speak: canSpeak, hold: false, talking: false },
    uuid: channel.uuid,
    caller_id_name: channel.profile.callerIdName,
    caller_id_number: channel.profile.callerIdNumber,
  })),
})
