/**
 * Times of the day and the week at which a rule holds, as operators write them:
 *
 *     Mon-Fri 08:00-18:00                 Sat,Sun                     22:00-06:00
 *     Mon-Fri 08:00-12:00,13:00-18:00     Fri-Mon 20:00-08:00         2026-12-24..2026-12-26 00:00-24:00
 *
 * Times are what a clock on the wall shows, the end is not part of them, and a window over midnight belongs to the
 * day on which it begins. On a day on which the clocks change the wall still counts: an hour that is skipped is
 * in no window, an hour that comes twice is in its window twice. Nothing at all means always. Where the wall's
 * clock comes from stands in time-zone.ts.
 */
import { EngineError } from '../base/errors.ts'
import type { TimeZone } from './time-zone.ts'

/** Windows that were parsed; empty is always. Plain data: it may be cloned between threads. */
export type TimeWindows = readonly TimeWindow[]

export type TimeWindow = {
  /** Bit 0 is Sunday. */
  readonly weekdays: number
  /** Days since 1970-01-01, both included. */
  readonly firstDay: number
  readonly lastDay: number
  /** Minutes of the day at which it begins and ends; an end after 1440 is on the next day. */
  readonly times: readonly (readonly [begin: number, end: number])[]
}

/** Throws TELEPHONY_BAD_TIME_WINDOW naming the text and what is wrong with it. */
export const parseTimeWindows = (texts: readonly string[]): TimeWindows => texts.map(parseTimeWindow)

/** Whether `now` (milliseconds since the epoch) is within one of them on a clock in `zone`. */
export const isWithin = (windows: TimeWindows, now: number, zone: TimeZone): boolean => {
  if (windows.length === 0) return true
  const minutes = Math.floor((now + zone.offsetMs(now)) / MINUTE_MS)
  const day = Math.floor(minutes / DAY)
  const minute = minutes - day * DAY
  for (const { weekdays, firstDay, lastDay, times } of windows) {
    const today = day >= firstDay && day <= lastDay && (weekdays >> weekdayOf(day)) & 1
    const yesterday = day > firstDay && day <= lastDay + 1 && (weekdays >> weekdayOf(day - 1)) & 1
    for (const [begin, end] of times) {
      if (today && minute >= begin && minute < end) return true
      if (yesterday && minute < end - DAY) return true
    }
  }
  return false
}

const DAY = 1440
const MINUTE_MS = 60_000

/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const EVERY_WEEKDAY = 0b111_1111
const WHOLE_DAY: TimeWindow['times'] = [[0, DAY]]
const LONGEST = 200

const parseTimeWindow = (text: string): TimeWindow => {
  const fail = (why: string): never => {
    throw new EngineError('TELEPHONY_BAD_TIME_WINDOW', `"${text.slice(0, 60)}" is no time window: ${why}`, {
      text: text.slice(0, LONGEST),
    })
  }
  if (text.length > LONGEST) fail(`it has more than ${LONGEST} characters`)
  // "08:00 - 12:00, 13:00" reads like "08:00-12:00,13:00".
  const words = text
    .trim()
    .replace(/\s*(,|-|\.\.)\s*/g, '$1')
    .split(/\s+/)
  const [first = '', second = '', ...more] = words
  if (first === '') fail('it is empty')
  if (more.length > 0) fail('it is more than days and times; write a second window')
  const isTimes = /^\d{1,2}:/.test(first)
  if (isTimes && second !== '') fail('days stand before times')
  const days = isTimes ? EVERY_DAY : /^\d/.test(first) ? datesOf(first, fail) : weekdaysOf(first, fail)
  const times = isTimes ? first : second
  return { ...days, times: times === '' ? WHOLE_DAY : times.split(',').map((part) => timesOf(part, fail)) }
}

type Days = Pick<TimeWindow, 'weekdays' | 'firstDay' | 'lastDay'>
type Fail = (why: string) => never

const ANY_DATE = { firstDay: -Number.MAX_SAFE_INTEGER, lastDay: Number.MAX_SAFE_INTEGER }
const EVERY_DAY: Days = { ...ANY_DATE, weekdays: EVERY_WEEKDAY }

const weekdaysOf = (text: string, fail: Fail): Days => {
  let weekdays = 0
  for (const part of text.split(',')) {
    const [from = '', to = from, ...more] = part.split('-')
    if (more.length > 0) fail(`"${part}" is no range of days such as Mon-Fri`)
    const last = weekdayNamed(to, fail)
    // Backwards is over the weekend: Fri-Mon.
    for (let day = weekdayNamed(from, fail); ; day = (day + 1) % 7) {
      weekdays |= 1 << day
      if (day === last) break
    }
  }
  return { ...ANY_DATE, weekdays }
}

const weekdayNamed = (name: string, fail: Fail): number => {
  const weekday = WEEKDAYS.indexOf(name.toLowerCase())
  return weekday < 0 ? fail(`"${name}" is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun`) : weekday
}

const datesOf = (text: string, fail: Fail): Days => {
  const [from = '', to = from, ...more] = text.split('..')
  if (more.length > 0) fail(`"${text}" is no range of dates such as 2026-12-24..2026-12-26`)
  const [firstDay, lastDay] = [dateOf(from, fail), dateOf(to, fail)]
  if (lastDay < firstDay) fail(`${to} is before ${from}`)
  return { weekdays: EVERY_WEEKDAY, firstDay, lastDay }
}

const dateOf = (text: string, fail: Fail): number => {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? fail(`"${text}" is no date such as 2026-12-24`)
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day))
  if (new Date(at).toISOString().slice(0, 10) !== text) fail(`there is no ${text}`)
  return at / (DAY * MINUTE_MS)
}

const timesOf = (text: string, fail: Fail): readonly [number, number] => {
  const [, from = '', to = ''] =
    /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? fail(`"${text}" is no time such as 08:00-18:00`)
  const [begin, end] = [minuteOf(from, fail), minuteOf(to, fail)]
  if (begin === DAY) fail('24:00 is an end; a day begins at 00:00')
  if (begin === end) fail(`${from}-${to} is no time at all; the whole day is 00:00-24:00`)
  return [begin, end < begin ? end + DAY : end]
}

const minuteOf = (text: string, fail: Fail): number => {
  const [hours, minutes] = [Number(text.slice(0, 2)), Number(text.slice(3))]
  return minutes > 59 || hours * 60 + minutes > DAY
    ? fail(`there is no ${text} on a clock`)
    : hours * 60 + minutes
}
