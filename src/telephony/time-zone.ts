/**
 * What a clock on the wall shows in an IANA time zone. The rules are those of the running Node (Intl, its ICU
 * data); this file only remembers them for a quarter of an hour, because to ask takes microseconds and to route
 * takes four. Every zone of today changes its clocks at a whole quarter of an hour of UTC (half-hour zones too;
 * Lord Howe Island moves by half an hour), so the memory is exact. Before 2012 a few zones changed at 00:01 local
 * time (tzdata: St. John's until 2011, Gaza): their one minute a year is not kept apart.
 */
import { EngineError } from '../base/errors.ts'

export type TimeZone = {
  readonly name: string
  /** Milliseconds that the wall's clock is ahead of UTC at `now` (milliseconds since the epoch). */
  readonly offsetMs: (now: number) => number
}

/** Throws TELEPHONY_BAD_TIME_ZONE. Asked twice for one zone, it gives the same one: its memory is shared. */
export type FindTimeZone = (name: string) => TimeZone

/** Zones by name. One for all routes of an engine: an Intl format costs 50 µs and some kilobytes to make. */
export const createTimeZones = (): FindTimeZone => {
  const zones = new Map<string, TimeZone>()
  return (name) => {
    const known = zones.get(name)
    if (known !== undefined) return known
    if (!isTimeZone(name))
      throw new EngineError(
        'TELEPHONY_BAD_TIME_ZONE',
        `"${name.slice(0, 60)}" is no time zone such as Europe/Berlin`,
      )
    const zone = createTimeZone(name)
    zones.set(name, zone)
    return zone
  }
}

/** Whether Intl knows the zone by this name; `+02:00` has no rules and is none. */
export const isTimeZone = (text: string): boolean => {
  if (!/^[A-Za-z][\w+/-]{0,49}$/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch (thrown) {
    if (thrown instanceof RangeError) return false
    throw thrown
  }
}

const QUARTER_MS = 15 * 60_000

const createTimeZone = (name: string): TimeZone => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  let quarter = Number.NaN
  let offset = 0
  return {
    name,
    offsetMs: (now) => {
      const asked = Math.floor(now / QUARTER_MS)
      if (asked !== quarter) {
        offset = wallMs(format, asked * QUARTER_MS) - asked * QUARTER_MS
        quarter = asked
      }
      return offset
    },
  }
}

/** What the wall shows, as if it were UTC. */
const wallMs = (format: Intl.DateTimeFormat, at: number): number => {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}
