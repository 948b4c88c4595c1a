/** Commands that move and silence legs of a call that is up. */
import { transferTo } from '../applications/transfer.ts'
import { NO_CHANNEL, words, type ApiCommands } from './command.ts'

export const callControlCommands: ApiCommands = {
  /** uuid stop, or uuid start read|write mute|level n. There is no sound here: only the answer is the switch's. */
  uuid_audio: ({ exchange, argument }) => {
    const [uuid = '', action, direction, what, level] = words(argument)
    if (action === undefined) return USAGE
    if (exchange.channels.get(uuid)?.up() !== true) return NO_CHANNEL
    if (action === 'stop') return '+OK\n'
    const isComplete =
      action === 'start' &&
      (direction === 'read' || direction === 'write') &&
      (what === 'mute' || what === 'level') &&
      level !== undefined
    return isComplete ? '+OK\n' : USAGE
  },
  /** uuid dest[/dialplan[/context]] dest of its partner; the partner goes first (mod_commands.c). */
  uuid_dual_transfer: ({ exchange, argument }) => {
    const [uuid = '', first, second] = words(argument)
    if (first === undefined || second === undefined)
      return '-USAGE: <uuid> <A-dest-exten>[/<A-dialplan>][/<A-context>] <B-dest-exten>[/<B-dialplan>][/<B-context>]\n'
    const channel = exchange.channels.get(uuid)
    if (channel?.up() !== true) return NO_CHANNEL
    const partner = channel.bridgedTo
    const [extension = '', dialplan, context] = first.split('/')
    const [otherExtension = '', otherDialplan, otherContext] = second.split('/')
    if (partner !== undefined) {
      // They part at once: neither is let go, nor parked, because the other leaves.
      partner.bridgedTo = undefined
      channel.bridgedTo = undefined
      transferTo(partner, otherExtension, otherDialplan, otherContext)
    }
    transferTo(channel, extension, dialplan, context)
    return '+OK\n'
  },
}

const USAGE = '-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n'
