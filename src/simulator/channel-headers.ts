import { profileHeaders } from './caller-profile.ts'
import { CHANNEL_STATES, type Channel, type ChannelState } from './channel.ts'

/** The events that carry a channel's variables (switch_channel_event_set_extended_data). */
const WITH_VARIABLES = new Set([
  'CHANNEL_CREATE',
  'CHANNEL_ORIGINATE',
  'CHANNEL_UUID',
  'CHANNEL_ANSWER',
  'CHANNEL_PARK',
  'CHANNEL_UNPARK',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'REQUEST_PARAMS',
  'CHANNEL_DATA',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_DESTROY',
  'API',
  'RECORD_START',
  'RECORD_STOP',
  'PLAYBACK_START',
  'PLAYBACK_STOP',
  'CALL_UPDATE',
  'CHANNEL_HOLD',
  'CHANNEL_UNHOLD',
  'CUSTOM',
])

/**
 * Channel-State is what the channel's thread runs, the number what it was told to (switch_channel.c,
 * switch_channel_event_set_basic_data): an application that was cut by a transfer ends with CS_EXECUTE and 2.
 */
const wantedState = ({ cause, redirect, state }: Channel): ChannelState => {
  if (state !== 'CS_EXECUTE') return state
  if (cause !== undefined) return 'CS_HANGUP'
  return redirect?.kind === 'dialplan' ? 'CS_ROUTING' : redirect?.kind === 'park' ? 'CS_PARK' : state
}

/** switch_channel_event_set_data: the headers of a channel in an event of this name, in the switch's order. */
export const channelHeaders = (channel: Channel, eventName: string): Record<string, string> => {
  const headers: Record<string, string> = {
    'Channel-State': channel.state,
    'Channel-Call-State': channel.callState,
    'Channel-State-Number': String(CHANNEL_STATES[wantedState(channel)]),
    'Channel-Name': channel.name,
    'Unique-ID': channel.uuid,
    'Call-Direction': channel.direction,
    'Presence-Call-Direction': channel.direction,
    'Channel-HIT-Dialplan': String(channel.hitDialplan),
  }
  const presenceId = channel.variables.get('presence_id')
  if (presenceId !== undefined) headers['Channel-Presence-ID'] = presenceId
  const presence = channel.variables.get('presence_data')
  if (presence !== undefined) headers['Channel-Presence-Data'] = presence
  headers['Channel-Call-UUID'] = channel.variables.get('call_uuid') ?? channel.uuid
  headers['Answer-State'] = answerState(channel)
  if (channel.cause !== undefined) headers['Hangup-Cause'] = channel.cause
  if (channel.direction === 'inbound' || channel.earlyMedia || channel.answered)
    Object.assign(headers, CODECS)
  Object.assign(headers, profileHeaders('Caller', channel.profile))
  if (channel.other !== undefined) {
    headers['Other-Type'] = channel.other.role
    Object.assign(headers, profileHeaders('Other-Leg', channel.other.channel.profile))
  }
  if (WITH_VARIABLES.has(eventName)) {
    for (const [name, value] of channel.variables) headers[`variable_${name}`] = value
  }
  return headers
}

const CODECS = {
  'Channel-Read-Codec-Name': 'PCMA',
  'Channel-Read-Codec-Rate': '8000',
  'Channel-Read-Codec-Bit-Rate': '64000',
  'Channel-Write-Codec-Name': 'PCMA',
  'Channel-Write-Codec-Rate': '8000',
  'Channel-Write-Codec-Bit-Rate': '64000',
}

const answerState = (channel: Channel): string => {
  if (channel.cause !== undefined) return 'hangup'
  if (channel.answered) return 'answered'
  return channel.earlyMedia ? 'early' : 'ringing'
}
