import assert from 'node:assert/strict'
import type { DateOrder } from '../../src/deck/format.ts'
import { isTimeZone, momentOf, orderOf } from '../../src/deck/moment.ts'

suite('moment of a cell', () => {
  const row = (
    cell: string,
    expected: string | undefined | RegExp,
    { order, zone = 'UTC', last }: { order?: DateOrder; zone?: string; last?: boolean } = {},
  ): void => {
    const how = [order, zone === 'UTC' ? undefined : zone, last === true ? 'last day included' : undefined]
      .filter((each) => each !== undefined)
      .join(', ')
    test(`"${cell}"${how === '' ? '' : ` (${how})`} ${expected instanceof RegExp ? 'is refused' : `is ${expected ?? 'no date'}`}`, () => {
      const read = momentOf(cell, { order, zone, lastDayIncluded: last })
      if (expected instanceof RegExp) {
        assert.match(JSON.stringify(read), expected)
        return
      }
      assert.equal(
        typeof read === 'number' ? new Date(read).toISOString().replace(/:00\.000Z$/, '') : read,
        expected,
      )
    })
  }
  row('2026-12-01', '2026-12-01T00:00')
  row('2026-12-01 00:00:00', '2026-12-01T00:00')
  row('2026-12-01T06:30:00Z', '2026-12-01T06:30')
  row('2026-12-01T06:30:00+02:00', '2026-12-01T04:30')
  row('2026-12-01 06:30:00.250', '2026-12-01T06:30:00.250Z')
  row('2026/12/01', '2026-12-01T00:00')
  row('20261201', '2026-12-01T00:00')
  row('45992', '2025-12-01T00:00')
  row('45992.5', '2025-12-01T12:00')
  row('45992,25', '2025-12-01T06:00')
  row('1-Dec-2026', '2026-12-01T00:00')
  row('01-DEC-26', '2026-12-01T00:00')
  row('1 December 2026', '2026-12-01T00:00')
  row('Dec 1, 2026', '2026-12-01T00:00')
  row('1-Dez-2026', /is no date/)
  row('31/12/2026', '2026-12-31T00:00')
  row('12/31/2026', '2026-12-31T00:00')
  row('05/05/2026', '2026-05-05T00:00')
  row('01/12/2026', /--date-order/)
  row('01/12/2026', '2026-12-01T00:00', { order: 'dmy' })
  row('01/12/2026', '2026-01-12T00:00', { order: 'mdy' })
  row('01-12-26 13:05', '2026-12-01T13:05', { order: 'dmy' })
  row('1/12/2026 1:05 PM', '2026-01-12T13:05', { order: 'mdy' })
  row('1/12/2026 12:05 AM', '2026-01-12T00:05', { order: 'mdy' })
  row('31/12/2026', /not in the order of the other dates/, { order: 'mdy' })
  row('01.12.2026', '2026-12-01T00:00')
  row("'2026-12-01", '2026-12-01T00:00')
  row('2026-02-30', /no date of the calendar/)
  row('2026-13-01', /no date of the calendar/)
  row('1969-12-31', /no date of the calendar/)
  row('1-Foo-2026', /no date/)
  row('2026-12-01 25:00', /no such time/)
  row('next week', /is no date/)
  row('1764547200', /is no date/)
  row('immediate', undefined)
  row('-', undefined)
  row('', undefined)
  row('2026-12-01', '2026-11-30T23:00', { zone: 'Europe/Berlin' })
  row('2026-07-01', '2026-06-30T22:00', { zone: 'Europe/Berlin' })
  row('2026-12-01', '2026-11-30T22:00', { zone: '+02:00' })
  row('2026-12-01', '2026-12-01T05:00', { zone: 'America/New_York' })
  row('2026-12-01T00:00Z', '2026-12-01T00:00', { zone: 'America/New_York' })
  row('2026-10-25 02:30', '2026-10-25T00:30', { zone: 'Europe/Berlin' })
  row('2026-03-29 02:30', '2026-03-29T01:30', { zone: 'Europe/Berlin' })
  row('2026-03-29 03:30', '2026-03-29T01:30', { zone: 'Europe/Berlin' })
  row('2026-12-31', '2027-01-01T00:00', { last: true })
  row('2026-12-31 00:00:00', '2026-12-31T00:00', { last: true })
  row('2026-10-25', '2026-10-25T23:00', { last: true, zone: 'Europe/Berlin' })
})

suite('order that a date proves', () => {
  const rows: readonly (readonly [string, ReturnType<typeof orderOf>])[] = [
    ['13/12/2026', 'dmy'],
    ['12/13/2026', 'mdy'],
    ['01/12/2026', 'either'],
    ['05/05/2026', undefined],
    ['01.12.2026', undefined],
    ['2026-12-01', undefined],
    ['1-Dec-2026', undefined],
  ]
  for (const [cell, order] of rows)
    test(`${cell} proves ${order ?? 'nothing'}`, () => assert.equal(orderOf(cell), order))
})

test('time zones are those that Intl knows, and offsets', () => {
  assert.deepEqual(
    ['UTC', 'Europe/Berlin', '+02:00', '-11:30', 'Mars/Phobos', '+25:00', ''].map(isTimeZone),
    [true, true, true, true, false, false, false],
  )
})
