import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import { linger } from '../linger.ts'
import type { Applications } from './application.ts'

/** Recordings are events and variables only: no file is written. */
const recordings = new WeakMap<Channel, Map<string, number>>()

export const startRecording = (exchange: Exchange, channel: Channel, path: string): void => {
  const running = recordings.get(channel) ?? new Map<string, number>()
  if (running.has(path)) return
  running.set(path, exchange.clock.monotonic())
  recordings.set(channel, running)
  channel.fire('RECORD_START', { 'Record-File-Path': path })
  exchange.executeOn(channel, 'execute_on_record_start')
}

export const stopRecording = (exchange: Exchange, channel: Channel, path: string): boolean => {
  const running = recordings.get(channel)
  const paths = path === 'all' ? [...(running?.keys() ?? [])] : [path]
  let stopped = false
  for (const one of paths) {
    const began = running?.get(one)
    if (running === undefined || began === undefined) continue
    running.delete(one)
    stopped = true
    const ms = Math.round(exchange.clock.monotonic() - began)
    channel.set('record_ms', String(ms))
    channel.set('record_seconds', String(Math.floor(ms / 1000)))
    channel.set('record_samples', String(ms * 8))
    channel.fire('RECORD_STOP', { 'Record-File-Path': one, 'Record-Completion-Cause': 'success-silence' })
    exchange.executeOn(channel, 'execute_on_record_stop')
  }
  return stopped
}

export const recordApplications: Applications = {
  record_session: { run: ({ exchange, channel, argument }) => startRecording(exchange, channel, argument) },
  stop_record_session: {
    run: ({ exchange, channel, argument }) => {
      stopRecording(exchange, channel, argument)
    },
  },
  /** path [seconds [silence threshold [silence seconds]]] */
  record: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const [path = '', limit] = argument.split(' ')
      channel.fire('RECORD_START', { 'Record-File-Path': path })
      const began = exchange.clock.monotonic()
      const terminators = channel.variables.get('playback_terminators') ?? '*'
      const before = channel.digits.length
      const ended = (): boolean =>
        channel.digits.slice(before).some((digit) => terminators === 'any' || terminators.includes(digit))
      const limitMs = Number(limit) > 0 ? Number(limit) * 1000 : undefined
      await linger(exchange, channel, ended, limitMs)
      if (ended()) channel.set('playback_terminator_used', channel.digits.at(-1))
      channel.digits.length = before
      const ms = Math.round(exchange.clock.monotonic() - began)
      channel.set('record_ms', String(ms))
      channel.set('record_seconds', String(Math.floor(ms / 1000)))
      channel.set('record_samples', String(ms * 8))
      channel.fire('RECORD_STOP', { 'Record-File-Path': path })
    },
  },
}
