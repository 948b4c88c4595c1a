import type { Channel } from './channel.ts'
import { stampOf } from './fired-event.ts'

/** The times and durations of switch_channel_set_timestamps, in its order. */
export const setTimestamps = (channel: Channel): void => {
  const { times } = channel.profile
  const created = channel.profiles.at(-1)?.times.created ?? times.created
  const stamp = (name: string, micros: number): void => {
    if (micros > 0) channel.set(`${name}_stamp`, stampOf(micros))
  }
  const epoch = (name: string, micros: number): void => {
    channel.set(`${name}_epoch`, String(Math.floor(micros / 1e6)))
    channel.set(`${name}_uepoch`, String(micros))
  }
  stamp('start', created)
  stamp('profile_start', times.profileCreated)
  stamp('answer', times.answered)
  stamp('bridge', times.bridged)
  stamp('hold', times.lastHold)
  stamp('progress', times.progress)
  stamp('progress_media', times.progressMedia)
  stamp('end', times.hungup)
  epoch('start', created)
  epoch('profile_start', times.profileCreated)
  epoch('answer', times.answered)
  epoch('bridge', times.bridged)
  epoch('last_hold', times.lastHold)
  channel.set('hold_accum_seconds', String(Math.floor(times.holdAccumulated / 1e6)))
  channel.set('hold_accum_usec', String(times.holdAccumulated))
  channel.set('hold_accum_ms', String(Math.floor(times.holdAccumulated / 1000)))
  epoch('resurrect', 0)
  epoch('progress', times.progress)
  epoch('progress_media', times.progressMedia)
  epoch('end', times.hungup)
  const last = channel.applicationLog.at(-1)
  channel.set('last_app', last?.application)
  channel.set('last_arg', last?.argument)
  const { callerIdName, callerIdNumber } = channel.profile
  channel.set('caller_id', callerIdName === '' ? callerIdNumber : `"${callerIdName}" <${callerIdNumber}>`)
  const since = (from: number, to: number): readonly [number, number] =>
    from > 0 && to > 0 ? [from, to] : [0, 0]
  const spans: readonly (readonly [string, readonly [number, number]])[] = [
    ['duration', since(created, times.hungup)],
    ['billsec', since(times.answered, times.hungup)],
    ['progresssec', since(created, times.progress)],
    ['answersec', times.answered > 0 ? since(created, times.answered) : [0, 0]],
    ['waitsec', since(created, times.bridged)],
    ['progress_mediasec', since(created, times.progressMedia)],
    ['flow_billsec', times.answered > 0 ? since(created, times.hungup) : [0, 0]],
  ]
  // Seconds and milliseconds are differences of truncated times, as in the switch: 1.9 to 3.1 is two seconds.
  for (const [name, [from, to]] of spans)
    channel.set(name, String(Math.floor(to / 1e6) - Math.floor(from / 1e6)))
  for (const [name, [from, to]] of spans) {
    channel.set(unitName(name, 'm'), String(Math.floor(to / 1000) - Math.floor(from / 1000)))
  }
  for (const [name, [from, to]] of spans) channel.set(unitName(name, 'u'), String(to - from))
}

const unitName = (name: string, unit: 'm' | 'u'): string =>
  name === 'duration' ? `${unit}duration` : `${name.slice(0, -'sec'.length)}${unit}sec`
