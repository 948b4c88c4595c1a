import { every, type Cancel } from '../base/clock.ts'
import type { Exchange } from './exchange.ts'

/** switch.conf's event-heartbeat-interval. */
const HEARTBEAT_MS = 20_000

export const startHeartbeat = (exchange: Exchange): Cancel =>
  every(exchange.clock, HEARTBEAT_MS, () => {
    const upMs = Math.round(exchange.clock.now() - exchange.startedAt)
    exchange.fire('HEARTBEAT', {
      'Event-Info': 'System Ready',
      'Up-Time': uptimeText(upMs),
      'FreeSWITCH-Version': '1.10.12-release~64bit',
      'Uptime-msec': String(upMs),
      'Session-Count': String(exchange.channels.size),
      'Max-Sessions': '10000',
      'Session-Per-Sec': '1000',
      'Session-Per-Sec-Last': '0',
      'Session-Per-Sec-Max': '0',
      'Session-Per-Sec-FiveMin': '0',
      'Session-Since-Startup': String(exchange.channelCount()),
      'Session-Peak-Max': String(exchange.channels.size),
      'Session-Peak-FiveMin': String(exchange.channels.size),
      'Idle-CPU': '99.000000',
    })
  })

/** `0 years, 0 days, 0 hours, 22 minutes, 48 seconds, 986 milliseconds, 33 microseconds`. */
export const uptimeText = (ms: number): string => {
  const whole = Math.max(0, Math.floor(ms))
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 31_536_000_000), 'year'],
    [Math.floor(whole / 86_400_000) % 365, 'day'],
    [Math.floor(whole / 3_600_000) % 24, 'hour'],
    [Math.floor(whole / 60_000) % 60, 'minute'],
    [Math.floor(whole / 1000) % 60, 'second'],
    [whole % 1000, 'millisecond'],
    [0, 'microsecond'],
  ]
  return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(', ')
}
