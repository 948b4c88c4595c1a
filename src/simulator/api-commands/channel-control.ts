import { scheduleHangup } from '../applications/schedule.ts'
import { startRecording, stopRecording } from '../applications/record.ts'
import { transferTo } from '../applications/transfer.ts'
import { causeOfText } from '../sip-status.ts'
import { NO_CHANNEL, words, type ApiCall, type ApiCommands } from './command.ts'

const hold = ({ exchange, argument }: ApiCall): string => {
  const [first = '', second = ''] = words(argument)
  const off = first === 'off'
  const toggle = first === 'toggle'
  const channel = exchange.channels.get(off || toggle ? second : first)
  if (channel === undefined) return '-ERR Operation failed\n'
  const held = toggle ? !channel.held : !off
  // switch_ivr.c: who is on hold is not held again, who is not is not taken back (measured).
  if (channel.held === held) return '-ERR Operation failed\n'
  channel.held = held
  const { times } = channel.profile
  const now = exchange.clock.now() * 1000
  if (held) times.lastHold = now
  else times.holdAccumulated += now - times.lastHold
  channel.fire(held ? 'CHANNEL_HOLD' : 'CHANNEL_UNHOLD')
  channel.setCallState(held ? 'HELD' : 'ACTIVE')
  return '+OK Success\n'
}

export const controlCommands: ApiCommands = {
  uuid_kill: ({ exchange, argument }) => {
    const [uuid = '', cause = ''] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel?.up() !== true) return NO_CHANNEL
    channel.hangup(causeOfText(cause) ?? 'NORMAL_CLEARING')
    return '+OK\n'
  },
  hupall: ({ exchange, argument }) => {
    const [name = '', variable, value] = words(argument)
    const cause = causeOfText(name) ?? 'MANAGER_REQUEST'
    for (const channel of [...exchange.channels.values()]) {
      if (variable === undefined || value === undefined || channel.variables.get(variable) === value)
        channel.hangup(cause)
    }
    return variable === undefined || value === undefined
      ? `+OK hangup all channels with cause ${cause}\n`
      : `+OK hangup all channels matching [${variable}]=[${value}] with cause: ${cause}\n`
  },
  uuid_transfer: ({ exchange, argument }) => {
    const [uuid = '', ...rest] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel?.up() !== true) return NO_CHANNEL
    const flag = rest[0]?.startsWith('-') === true ? rest.shift() : undefined
    const [extension = '', dialplan, context] = rest
    const partner = channel.bridgedTo
    if (flag === '-bleg') {
      transferTo(partner ?? channel, extension, dialplan, context)
      return '+OK\n'
    }
    if (flag === '-both' && partner !== undefined) transferTo(partner, extension, dialplan, context)
    transferTo(channel, extension, dialplan, context)
    return '+OK\n'
  },
  uuid_bridge: ({ exchange, argument }) => {
    const [first = '', second = ''] = words(argument)
    const a = exchange.channels.get(first)
    const b = exchange.channels.get(second)
    if (a?.up() !== true || b?.up() !== true || a === b) return '-ERR Invalid uuid\n'
    // Whoever they talked with until now is let go of.
    for (const one of [a, b]) {
      const before = one.bridgedTo
      one.bridgedTo = undefined
      if (before !== undefined && before !== a && before !== b) before.bridgedTo = undefined
    }
    b.take({ kind: 'bridged' })
    a.take({ kind: 'bridge', to: b })
    return `+OK ${b.uuid}\n`
  },
  uuid_break: ({ exchange, argument }) => {
    const [uuid = '', ...flags] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return NO_CHANNEL
    const broken =
      flags.includes('both') && channel.bridgedTo !== undefined ? [channel, channel.bridgedTo] : [channel]
    for (const one of broken) {
      if (flags.includes('all')) one.messages.length = 0
      one.breakOff()
    }
    return '+OK\n'
  },
  /** uuid path [aleg|bleg|both]: a file, or `app::args`. */
  uuid_broadcast: ({ exchange, argument }) => {
    const [uuid = '', path = '', legs = 'aleg'] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return '-ERR invalid uuid\n'
    const separator = path.indexOf('::')
    const application = separator < 0 ? 'playback' : path.slice(0, separator)
    const applicationArgument = separator < 0 ? path : path.slice(separator + 2)
    const targets = [legs === 'bleg' ? undefined : channel, legs === 'aleg' ? undefined : channel.bridgedTo]
    for (const target of targets) {
      target?.send({
        application,
        argument: applicationArgument,
        eventUuid: undefined,
        loops: 1,
        lock: false,
      })
    }
    return '+OK Message sent\n'
  },
  uuid_park: ({ exchange, argument }) => {
    const channel = exchange.channels.get(argument.trim())
    if (channel === undefined) return NO_CHANNEL
    channel.take({ kind: 'park' })
    return '+OK\n'
  },
  uuid_hold: hold,
  uuid_answer: ({ exchange, argument }) => {
    const channel = exchange.channels.get(argument.trim())
    channel?.markAnswered()
    return channel === undefined ? NO_CHANNEL : '+OK\n'
  },
  uuid_pre_answer: ({ exchange, argument }) => {
    const channel = exchange.channels.get(argument.trim())
    channel?.markEarly()
    return channel === undefined ? NO_CHANNEL : '+OK\n'
  },
  uuid_send_dtmf: ({ exchange, argument }) => {
    const [uuid = '', digits = ''] = words(argument)
    return exchange.channels.has(uuid)
      ? `+OK ${uuid} sent DTMF ${digits}.\n`
      : '-ERR Cannot locate session!\n'
  },
  uuid_recv_dtmf: ({ exchange, argument }) => {
    const [uuid = '', digits = ''] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return '-ERR Cannot locate session!\n'
    for (const digit of digits.split('@')[0] ?? '') channel.receiveDigit(digit)
    return `+OK ${uuid} received DTMF ${digits}.\n`
  },
  /** uuid start|stop|mask|unmask|pause|resume path [limit] */
  uuid_record: ({ exchange, argument }) => {
    const [uuid = '', action = '', path = ''] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return '-ERR Cannot locate session!\n'
    if (action === 'start') startRecording(exchange, channel, path)
    if (action === 'stop' && !stopRecording(exchange, channel, path))
      return '-ERR Cannot stop record session!\n'
    return '+OK Success\n'
  },
  sched_hangup: ({ exchange, argument }) => {
    const [time = '', uuid = '', cause] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return NO_CHANNEL
    scheduleHangup(exchange, channel, time, cause)
    return '+OK\n'
  },
}
