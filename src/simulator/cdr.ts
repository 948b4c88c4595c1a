import { CHANNEL_STATES, type Channel } from './channel.ts'
import type { CallerProfile } from './caller-profile.ts'
import type { Exchange } from './exchange.ts'

/** Owns the JSON of a CDR, field by field as switch_ivr_generate_json_cdr writes it. */
export const cdrOf = (exchange: Exchange, channel: Channel): Readonly<Record<string, unknown>> => ({
  'core-uuid': exchange.coreUuid,
  switchname: exchange.hostname,
  channel_data: {
    state: channel.state,
    direction: channel.direction,
    state_number: String(CHANNEL_STATES[channel.state]),
    flags: '0=1;1=1;37=1;38=1;40=1;43=1;53=1;75=1;112=1;113=1;122=1;134=1',
    caps: '1=1;2=1;3=1;4=1;5=1;6=1',
  },
  callStats: channel.answered || channel.earlyMedia ? AUDIO_STATS : {},
  variables: Object.fromEntries(channel.variables),
  ...(channel.applicationLog.length === 0
    ? {}
    : {
        app_log: {
          applications: channel.applicationLog.map(({ application, argument, stamp }) => ({
            app_name: application,
            app_data: argument,
            app_stamp: String(stamp),
          })),
        },
      }),
  callflow: channel.profiles.map((profile) => flowOf(channel, profile)),
})

const flowOf = (channel: Channel, profile: CallerProfile): Readonly<Record<string, unknown>> => {
  const { extension, times } = profile
  const other = profile === channel.profile ? channel.other : undefined
  return {
    ...(profile.dialplan === '' ? {} : { dialplan: profile.dialplan }),
    profile_index: String(profile.index),
    ...(extension === undefined
      ? {}
      : {
          extension: {
            name: extension.name,
            number: extension.number,
            applications: extension.actions.map(({ application, argument }, index) => ({
              // current_application is the next one: the last that ran is the one before it.
              ...(index === extension.current + 1 ? { last_executed: 'true' } : {}),
              app_name: application,
              app_data: argument,
            })),
            ...(extension.actions[extension.current + 1] === undefined
              ? {}
              : { current_app: extension.actions[extension.current + 1]?.application }),
          },
        }),
    caller_profile: {
      ...profileOf(profile),
      ...(other === undefined
        ? {}
        : {
            [other.role]: {
              [`${other.role}_caller_profiles`]: [profileOf(other.channel.profile)],
            },
          }),
    },
    times: {
      created_time: String(times.created),
      profile_created_time: String(times.profileCreated),
      progress_time: String(times.progress),
      progress_media_time: String(times.progressMedia),
      answered_time: String(times.answered),
      bridged_time: String(times.bridged),
      last_hold_time: String(times.lastHold),
      hold_accum_time: String(times.holdAccumulated),
      hangup_time: String(times.hungup),
      resurrect_time: '0',
      transfer_time: String(times.transferred),
    },
  }
}

const profileOf = (profile: CallerProfile): Readonly<Record<string, string>> => ({
  username: profile.username,
  dialplan: profile.dialplan,
  caller_id_name: profile.callerIdName,
  ani: profile.ani,
  aniii: '',
  caller_id_number: profile.callerIdNumber,
  network_addr: profile.networkAddr,
  rdnis: profile.rdnis,
  destination_number: profile.destinationNumber,
  uuid: profile.uuid,
  source: profile.source,
  context: profile.context,
  chan_name: profile.channelName,
})

/** Nobody speaks here. */
const AUDIO_STATS = {
  audio: {
    inbound: {
      raw_bytes: 0,
      media_bytes: 0,
      packet_count: 0,
      media_packet_count: 0,
      skip_packet_count: 0,
      jitter_packet_count: 0,
      dtmf_packet_count: 0,
      cng_packet_count: 0,
      flush_packet_count: 0,
      largest_jb_size: 0,
      jitter_min_variance: 0,
      jitter_max_variance: 0,
      jitter_loss_rate: 0,
      jitter_burst_rate: 0,
      mean_interval: 0,
      flaw_total: 0,
      quality_percentage: 100,
      mos: 4.5,
    },
    outbound: {
      raw_bytes: 0,
      media_bytes: 0,
      packet_count: 0,
      media_packet_count: 0,
      skip_packet_count: 0,
      dtmf_packet_count: 0,
      cng_packet_count: 0,
      rtcp_packet_count: 0,
      rtcp_octet_count: 0,
    },
  },
}
