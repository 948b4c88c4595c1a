import type { HangupCause } from '../telephony/hangup-cause.ts'
import { isTrue, type Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'
import { linger } from './linger.ts'
import { causeOfText } from './sip-status.ts'

/** Owns two channels that talk: switch_ivr_multi_threaded_bridge, run in the first one's thread. */
export const talk = async (exchange: Exchange, a: Channel, b: Channel): Promise<void> => {
  const now = exchange.clock.now() * 1000
  a.other = { role: 'originatee', channel: b }
  a.bridgedTo = b
  b.bridgedTo = a
  a.partner = b
  b.partner ??= a
  a.profile.calleeIdName = b.profile.calleeIdName
  a.profile.calleeIdNumber = b.profile.calleeIdNumber
  a.profile.times.bridged = now
  b.profile.times.bridged = now
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.set('last_bridge_to', other.uuid)
    one.set('bridge_channel', other.name)
    one.set('bridge_uuid', other.uuid)
    one.set('signal_bond', other.uuid)
  }
  b.set('call_uuid', a.variables.get('call_uuid') ?? a.uuid)
  const ends = { 'Bridge-A-Unique-ID': a.uuid, 'Bridge-B-Unique-ID': b.uuid }
  a.fire('CHANNEL_BRIDGE', {}, ends)
  b.enter('CS_EXCHANGE_MEDIA')
  await whileBridged(exchange, a, b)
  if (exchange.crashed()) return
  part(a, b)
  b.set('call_uuid', b.uuid)
  a.fire('CHANNEL_UNBRIDGE', {}, ends)
  whatFollows(a, b)
}

const whileBridged = async (exchange: Exchange, a: Channel, b: Channel): Promise<void> => {
  const answerBy = exchange.clock.monotonic() + answerTimeoutMs(a)
  // One that was taken for this bridge may not have come to it yet.
  const left = (): boolean => !b.up() || (b.redirect !== undefined && b.redirect.kind !== 'bridged')
  const over = (): boolean => left() || b.bridgedTo !== a || a.bridgedTo !== b
  while (!over() && a.ready()) {
    if (b.answered && !a.answered) a.markAnswered()
    const waits = !b.answered
    const remaining = waits ? answerBy - exchange.clock.monotonic() : Number.POSITIVE_INFINITY
    const end = await linger(exchange, a, () => over() || (waits && b.answered), remaining, [b.bell])
    if (end === 'time') b.hangup('ALLOTTED_TIMEOUT')
  }
}

const answerTimeoutMs = (a: Channel): number => {
  const seconds = Number(a.variables.get('bridge_answer_timeout') ?? '0')
  return seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY
}

const part = (a: Channel, b: Channel): void => {
  if (!a.up() && b.ready() && b.bridgedTo === a) b.hangup(a.cause ?? 'NORMAL_CLEARING')
  else if (a.redirect !== undefined && b.ready() && b.bridgedTo === a && !resumes(b))
    b.hangup('NORMAL_CLEARING')
  if (a.cause !== undefined) b.set('bridge_hangup_cause', a.cause)
  if (b.cause !== undefined) a.set('bridge_hangup_cause', b.cause)
  if (a.bridgedTo === b) a.bridgedTo = undefined
  if (b.bridgedTo === a) b.bridgedTo = undefined
}

/** park_after_bridge and transfer_after_bridge keep a leg whose other end went away. */
const resumes = (channel: Channel): boolean => {
  if (channel.isTrue('park_after_bridge')) {
    channel.take({ kind: 'park' })
    return true
  }
  const transfer = channel.variables.get('transfer_after_bridge')
  if (transfer === undefined) return false
  const [extension = '', dialplan = 'XML', context = channel.profile.context] = transfer.split(':')
  channel.take({ kind: 'dialplan', extension, dialplan, context })
  return true
}

const whatFollows = (a: Channel, b: Channel): void => {
  if (!a.ready()) return
  const cause: HangupCause = b.cause ?? 'NORMAL_CLEARING'
  if (!b.answered) {
    if (cause === 'ALLOTTED_TIMEOUT' && a.isTrue('continue_on_answer_timeout')) return
    handleCause(a, cause)
    return
  }
  if (resumes(a)) return
  if (isTrue(a.variables.get('hangup_after_bridge'))) a.hangup(cause)
}

/** switch_channel_handle_cause: whether a failed attempt ends the call or goes on to the next action. */
export const handleCause = (channel: Channel, cause: HangupCause): void => {
  if (!channel.up()) return
  const goOn = channel.variables.get('continue_on_fail')
  const failures = channel.variables.get('failure_causes')
  if (goOn !== undefined || failures !== undefined) {
    if (failures !== undefined && !names(failures, cause)) return
    if (goOn !== undefined && (isTrue(goOn) || names(goOn, cause))) return
  } else if (cause === 'NO_ANSWER' || cause === 'NO_USER_RESPONSE' || cause === 'ORIGINATOR_CANCEL') {
    // "no answer is *always* a reason to continue"
    return
  }
  if (channel.redirect === undefined) channel.hangup(cause)
}

const names = (list: string, cause: HangupCause): boolean =>
  list.split(',').some((entry) => causeOfText(entry) === cause)
