import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isWithin, parseTimeWindows } from '../../src/telephony/time-window.ts'
import { createTimeZones } from '../../src/telephony/time-zone.ts'

const zones = createTimeZones()
const within = (windows: readonly string[], at: string, zone = 'UTC'): boolean =>
  isWithin(parseTimeWindows(windows), Date.parse(at), zones(zone))

suite('time windows', () => {
  // 2026-11-20 is a Friday.
  const row = (windows: string, at: string, expected: boolean, zone = 'UTC'): void => {
    test(`${at} in ${zone} is ${expected ? '' : 'not '}within ${windows || 'nothing'}`, () =>
      assert.equal(within(windows === '' ? [] : windows.split(';'), at, zone), expected))
  }
  row('', '2026-11-20T03:00:00Z', true)
  row('Mon-Fri 08:00-18:00', '2026-11-20T08:00:00Z', true)
  row('Mon-Fri 08:00-18:00', '2026-11-20T07:59:59.999Z', false)
  row('Mon-Fri 08:00-18:00', '2026-11-20T17:59:59.999Z', true)
  row('Mon-Fri 08:00-18:00', '2026-11-20T18:00:00Z', false)
  row('Mon-Fri 08:00-18:00', '2026-11-21T12:00:00Z', false)
  row('Mon-Fri 08:00-18:00', '2026-11-20T18:30:00Z', true, 'America/New_York')
  row('Sat,Sun', '2026-11-21T00:00:00Z', true)
  row('Sat,Sun', '2026-11-22T23:59:59Z', true)
  row('Sat,Sun', '2026-11-23T00:00:00Z', false)
  row('Sat,Sun', '2026-11-20T13:30:00Z', true, 'Pacific/Auckland')
  row('Mon,Wed-Fri', '2026-11-17T12:00:00Z', false)
  row('Mon,Wed-Fri', '2026-11-18T12:00:00Z', true)
  row('Fri-Mon', '2026-11-22T12:00:00Z', true)
  row('Fri-Mon', '2026-11-24T12:00:00Z', false)
  row('Mon-Sun', '2026-11-24T12:00:00Z', true)
  row('fri 08:00 - 09:00 , 10:00-11:00', '2026-11-20T10:30:00Z', true)
  row('Mon-Fri 08:00-12:00,13:00-18:00', '2026-11-20T12:30:00Z', false)
  row('Mon-Fri 08:00-12:00,13:00-18:00', '2026-11-20T13:00:00Z', true)
  row('Sat;Fri 10:00-11:00', '2026-11-20T10:30:00Z', true)
  row('22:00-06:00', '2026-11-20T23:00:00Z', true)
  row('22:00-06:00', '2026-11-20T05:59:59Z', true)
  row('22:00-06:00', '2026-11-20T06:00:00Z', false)
  row('Fri 22:00-06:00', '2026-11-21T03:00:00Z', true)
  row('Fri 22:00-06:00', '2026-11-20T03:00:00Z', false)
  row('Sat 22:00-06:00', '2026-11-22T03:00:00Z', true)
  row('Sun 22:00-06:00', '2026-11-23T03:00:00Z', true)
  row('Fri 22:00-00:00', '2026-11-20T23:59:59Z', true)
  row('Fri 22:00-00:00', '2026-11-21T00:00:00Z', false)
  row('Fri 22:00-24:00', '2026-11-20T23:59:59Z', true)
  row('2026-12-24..2026-12-26', '2026-12-23T23:59:59Z', false)
  row('2026-12-24..2026-12-26', '2026-12-24T00:00:00Z', true)
  row('2026-12-24..2026-12-26', '2026-12-26T23:59:59Z', true)
  row('2026-12-24..2026-12-26', '2026-12-27T00:00:00Z', false)
  row('2026-12-24..2026-12-26', '2026-12-23T15:00:00Z', true, 'Asia/Tokyo')
  row('2026-12-31 18:00-02:00', '2026-12-31T01:00:00Z', false)
  row('2026-12-31 18:00-02:00', '2027-01-01T01:00:00Z', true)
  row('2026-12-31 18:00-02:00', '2027-01-01T18:00:00Z', false)
  row('2024-02-29', '2024-02-29T12:00:00Z', true)
  row('1969-12-31 12:00-13:00', '1969-12-31T12:30:00Z', true)
  row('Wed 12:00-13:00', '1969-12-31T12:30:00Z', true)
  // Berlin, 2026-03-29: 02:00 becomes 03:00, so 02:30 is not on the wall. 2026-10-25: 02:30 comes twice.
  row('Sun 02:00-03:00', '2026-03-29T00:59:59Z', false, 'Europe/Berlin')
  row('Sun 02:00-03:00', '2026-03-29T01:00:00Z', false, 'Europe/Berlin')
  row('Sun 03:00-04:00', '2026-03-29T01:00:00Z', true, 'Europe/Berlin')
  row('Sun 02:00-03:00', '2026-10-25T00:30:00Z', true, 'Europe/Berlin')
  row('Sun 02:00-03:00', '2026-10-25T01:30:00Z', true, 'Europe/Berlin')
  row('Sun 02:00-03:00', '2026-10-25T02:00:00Z', false, 'Europe/Berlin')
  row('Sat 22:00-06:00', '2026-10-25T04:59:59Z', true, 'Europe/Berlin')
  row('Sat 22:00-06:00', '2026-10-25T05:00:00Z', false, 'Europe/Berlin')
  row('Sun 09:00-10:00', '2026-11-22T03:45:00Z', true, 'Asia/Kathmandu')

  const refused = (text: string, why: RegExp): void => {
    test(`${JSON.stringify(text.slice(0, 40))} is refused, and says why`, () =>
      assert.throws(() => parseTimeWindows(['Mon', text]), {
        code: 'TELEPHONY_BAD_TIME_WINDOW',
        message: new RegExp(`^"${text.slice(0, 10).replace(/[+.$]/g, '.')}.*${why.source}`),
      }))
  }
  refused('', /it is empty/)
  refused('  ', /it is empty/)
  refused('Mon-Fr 08:00-18:00', /"Fr" is none of/)
  refused('Monday', /"Monday" is none of/)
  refused('Mon-', /"" is none of/)
  refused('Mon,,Tue', /"" is none of/)
  refused('Mon-Wed-Fri', /no range of days/)
  refused('Mon 8:00-18:00', /no time such as/)
  refused('8:00-18:00', /no time such as/)
  refused('Mon 08:00', /no time such as/)
  refused('Mon 08:00-18:00,', /no time such as/)
  refused('Mon 08:60-18:00', /no 08:60 on a clock/)
  refused('Mon 08:00-24:01', /no 24:01 on a clock/)
  refused('Mon 25:00-26:00', /no 25:00 on a clock/)
  refused('Mon 24:00-08:00', /24:00 is an end/)
  refused('Mon 08:00-08:00', /whole day is 00:00-24:00/)
  refused('08:00-18:00 Mon', /days stand before times/)
  refused('Mon 08:00-18:00 Tue', /second window/)
  refused('2026-02-30', /there is no 2026-02-30/)
  refused('2026-13-01', /there is no|no date/)
  refused('2026-12-26..2026-12-24', /is before/)
  refused('2026-12-24..', /"" is no date/)
  refused('24.12.2026', /no date such as/)
  refused('a'.repeat(201), /more than 200/)

  test('windows are plain data', () =>
    assert.deepEqual(structuredClone(parseTimeWindows(['Sat'])), parseTimeWindows(['Sat'])))

  test('for any instant and zone they say what the wall in Intl says', () => {
    const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
    const clock = (minute: number): string =>
      `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2037, 11, 31) }),
        fc.constantFrom(
          'Europe/London',
          'America/New_York',
          'Australia/Lord_Howe',
          'Asia/Kolkata',
          'Pacific/Apia',
        ),
        fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1 }),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: 0, max: 1440 }),
        (now, zone, days, begin, end) => {
          fc.pre(begin !== end)
          const parts = new Map(
            new Intl.DateTimeFormat('en-US', {
              timeZone: zone,
              weekday: 'short',
              hour: '2-digit',
              minute: '2-digit',
              hourCycle: 'h23',
            })
              .formatToParts(now)
              .map(({ type, value }) => [type, value]),
          )
          const today = names.indexOf(parts.get('weekday') ?? '')
          const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
          const expected =
            begin < end
              ? days.includes(today) && minute >= begin && minute < end
              : (days.includes(today) && minute >= begin) || (days.includes((today + 6) % 7) && minute < end)
          const text = `${days.map((day) => names[day]).join(',')} ${clock(begin)}-${clock(end)}`
          assert.equal(isWithin(parseTimeWindows([text]), now, zones(zone)), expected, text)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
