import type { Channel } from './channel.ts'
import { causeOfStatus, sipStatusOf } from './sip-status.ts'
import { setTimestamps } from './timestamps.ts'
import { cdrOf } from './cdr.ts'
import type { Exchange } from './exchange.ts'

/** Owns the end of a channel: CS_HANGUP, the CDR in CS_REPORTING, CS_DESTROY (switch_core_state_machine.c). */
export const tearDown = async (exchange: Exchange, channel: Channel): Promise<void> => {
  channel.state = 'CS_HANGUP'
  channel.fire('CHANNEL_STATE')
  channel.setHangupVariables()
  hangupSip(channel)
  channel.setCallState('HANGUP')
  setTimestamps(channel)
  exchange.limits.releaseAll(channel.uuid)
  channel.state = 'CS_REPORTING'
  channel.fire('CHANNEL_STATE')
  exchange.executeOn(channel, 'api_hangup_hook')
  // mod_json_cdr posts in the channel's own thread: a slow engine delays HANGUP_COMPLETE and nothing else.
  await exchange.cdrs.post(channel.uuid, cdrOf(exchange, channel))
  if (exchange.crashed()) return
  if (channel.direction === 'outbound') channel.set('call_uuid', channel.uuid)
  channel.fire('CHANNEL_HANGUP_COMPLETE', {}, { 'Hangup-Cause': channel.cause ?? 'NORMAL_CLEARING' })
  channel.fire('CHANNEL_DESTROY')
  exchange.channels.delete(channel.uuid)
  channel.state = 'CS_DESTROY'
  channel.fire('CHANNEL_STATE')
  channel.bell.ring()
}

/** mod_sofia.c, sofia_on_hangup: what the far end is sent, and what the variables say of it. */
const hangupSip = (channel: Channel): void => {
  const remote = channel.variables.get('sip_hangup_disposition')?.startsWith('recv_') === true
  if (channel.answered) {
    if (!remote) channel.set('sip_hangup_disposition', 'send_bye')
    channel.farEnd?.hungup(200)
    return
  }
  if (channel.direction === 'outbound') {
    if (!remote) {
      channel.set('sip_hangup_disposition', 'send_cancel')
      channel.set('sip_invite_failure_status', '487')
      channel.set('sip_invite_failure_phrase', 'CANCEL')
    }
    channel.farEnd?.hungup(487)
    return
  }
  if (remote) {
    channel.farEnd?.hungup(487)
    return
  }
  channel.set('sip_hangup_disposition', 'send_refuse')
  channel.farEnd?.hungup(refusalStatus(channel))
}

/** The last carrier's status goes through to the caller, whatever the cause, unless `respond` spoke. */
const refusalStatus = (channel: Channel): number => {
  if (channel.respondStatus !== undefined) return channel.respondStatus
  const last = channel.variables.get('last_bridge_proto_specific_hangup_cause')
  const status = /^sips?:(\d+)/.exec(last ?? '')?.[1]
  if (status !== undefined && !channel.isTrue('sip_ignore_remote_cause')) return Number(status)
  return sipStatusOf(channel.cause ?? causeOfStatus(480))
}
