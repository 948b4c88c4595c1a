/** A carrier's lines, as carriers write them. */
import assert from 'node:assert/strict'
import { lineLayoutOf, readLine, type LineOptions } from '../../src/cdr/reconcile-columns.ts'
import { formatMoney } from '../../src/telephony/money.ts'
import { createTimeZones } from '../../src/telephony/time-zone.ts'

const zones = createTimeZones()
const UTC: LineOptions = { zone: zones('UTC'), dateOrder: 'dmy', decimalMark: '.' }

const read = (header: string, line: string, options: LineOptions = UTC, told = {}) => {
  const layout = lineLayoutOf(header.split(';'), told)
  assert.ok(layout !== undefined, 'no header')
  const one = readLine(line.split(';'), 'line 2', layout, options)
  return [
    new Date(one.at).toISOString(),
    one.number,
    one.seconds,
    one.amount === undefined ? undefined : formatMoney(one.amount),
    one.currency,
  ]
}

suite("cdr: a carrier's lines", () => {
  const rows: readonly (readonly [
    header: string,
    line: string,
    expected: readonly unknown[],
    options?: Partial<LineOptions>,
  ])[] = [
    [
      'Start Time;Called Number;Duration;Cost;Currency',
      '2026-07-01 12:00:05;442079460123;65;0.0130;EUR',
      ['2026-07-01T12:00:05.000Z', '442079460123', 65, '0.013', 'EUR'],
    ],
    [
      'calldate;dst;billsec;amount (USD)',
      '2026-07-01T12:00:05+02:00;+44 20 7946 0123;65;$0.0130',
      ['2026-07-01T10:00:05.000Z', '442079460123', 65, '0.013', 'USD'],
    ],
    [
      'Date;Time;CLD;Billed Minutes;Charge',
      '01/07/2026;12:00:05;00442079460123;1.5;1,234.50',
      ['2026-07-01T12:00:05.000Z', '00442079460123', 90, '1234.50', undefined],
    ],
    [
      'Datum;Zeit;Rufnummer;Dauer;Betrag',
      '01.07.2026;12:00:05;004420;0:01:05;1.234,5',
      ['2026-07-01T10:00:05.000Z', '004420', 65, '1234.50', undefined],
      { zone: zones('Europe/Berlin'), decimalMark: ',' },
    ],
    [
      'Timestamp;B-Number;Seconds',
      '1782907205;442079460123;65',
      ['2026-07-01T12:00:05.000Z', '442079460123', 65, undefined, undefined],
    ],
    [
      'Connect Time;Called Party;Duration (min)',
      '7/1/2026 1:00:05 PM;442079460123;1:05',
      ['2026-07-01T13:00:05.000Z', '442079460123', 65, undefined, undefined],
      { dateOrder: 'mdy' },
    ],
    [
      'time;number;duration;cost',
      '2026-07-01 12:00:05.999;442079460123;64.2;0.0123456789',
      ['2026-07-01T12:00:05.999Z', '442079460123', 65, '0.01234568', undefined],
    ],
  ]
  for (const [header, line, expected, options] of rows)
    test(`${header}: ${line}`, () => {
      assert.deepEqual(read(header, line, { ...UTC, ...options }), expected)
    })

  test('an hour that comes twice, and one that is left out, are moments all the same', () => {
    const berlin = { ...UTC, zone: zones('Europe/Berlin') }
    const at = (wall: string) => read('time;number;duration', `${wall};4420794;1`, berlin)[0]
    assert.equal(at('2026-10-25 12:00:00'), '2026-10-25T11:00:00.000Z')
    assert.equal(at('2026-10-25 01:30:00'), '2026-10-24T23:30:00.000Z')
    assert.equal(at('2026-03-29 03:30:00'), '2026-03-29T01:30:00.000Z')
  })

  test('columns are told by name or by number', () => {
    assert.deepEqual(
      read('a;b;c', '1782907205;442079460123;9', UTC, { time: '1', number: 'B', duration: '3' })[2],
      9,
    )
    assert.throws(() => lineLayoutOf(['a'], { number: 'x' }), { code: 'CDR_RECONCILE_COLUMN' })
  })

  test('a letterhead is no header', () => {
    assert.equal(lineLayoutOf(['Invoice 17', 'July 2026']), undefined)
  })

  const bad: readonly (readonly [line: string, why: RegExp])[] = [
    ['Total;;12;3.4', /is no number/],
    ['4420794601;yesterday;12;3.4', /is no moment/],
    ['4420794601;2026-13-01 00:00:00;12;3.4', /is no moment/],
    ['4420794601;2026-02-30 00:00:00;12;3.4', /is no moment/],
    ['4420794601;2026-07-01 00:00:00;long;3.4', /is no duration/],
    ['4420794601;2026-07-01 00:00:00;12;free', /is no amount/],
  ]
  for (const [line, why] of bad)
    test(`"${line}" is refused`, () => {
      assert.throws(() => read('number;time;duration;cost', line), {
        code: 'CDR_RECONCILE_LINE',
        message: why,
      })
    })
})
