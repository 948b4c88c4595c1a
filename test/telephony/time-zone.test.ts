import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createTimeZones, isTimeZone } from '../../src/telephony/time-zone.ts'

const formats = new Map<string, Intl.DateTimeFormat>()
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  formats.set(timeZone, format)
  return format
}

/** What a wall shows at `at`, by another road through Intl: one string, read as if it were UTC. */
const wall = (at: number, timeZone: string): number =>
  Date.parse(`${formatOf(timeZone).format(at).replace(' ', 'T')}Z`)

suite('time zones', () => {
  const zones = createTimeZones()
  const at = (text: string, zone: string): number => zones(zone).offsetMs(Date.parse(text)) / 60_000

  test('clocks change to the millisecond', () => {
    const rows: readonly (readonly [at: string, zone: string, minutes: number])[] = [
      ['2026-03-29T00:59:59.999Z', 'Europe/Berlin', 60],
      ['2026-03-29T01:00:00.000Z', 'Europe/Berlin', 120],
      ['2026-10-25T00:59:59.999Z', 'Europe/Berlin', 120],
      ['2026-10-25T01:00:00.000Z', 'Europe/Berlin', 60],
      ['2026-11-01T05:59:59.999Z', 'America/New_York', -240],
      ['2026-11-01T06:00:00.000Z', 'America/New_York', -300],
      ['2026-04-04T14:59:59.999Z', 'Australia/Lord_Howe', 660],
      ['2026-04-04T15:00:00.000Z', 'Australia/Lord_Howe', 630],
      ['2026-07-01T00:00:00.000Z', 'Asia/Kolkata', 330],
      ['2026-07-01T00:00:00.000Z', 'Asia/Kathmandu', 345],
      ['2026-07-01T00:00:00.000Z', 'UTC', 0],
      ['1969-07-01T00:00:00.000Z', 'Asia/Tokyo', 540],
    ]
    // Forwards, backwards and again: what was remembered is never given for another quarter of an hour.
    for (const [when, zone, minutes] of [...rows, ...rows.toReversed(), ...rows])
      assert.equal(at(when, zone), minutes, `${when} ${zone}`)
  })
  test('any instant in any zone is what Intl shows', () => {
    const everyZone = Intl.supportedValuesOf('timeZone')
    const instant = fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2037, 11, 31) })
    fc.assert(
      fc.property(instant, fc.constantFrom(...everyZone), (now, zone) => {
        const second = now - (((now % 1000) + 1000) % 1000)
        assert.equal(second + zones(zone).offsetMs(now), wall(second, zone), zone)
      }),
      { numRuns: 1500 },
    )
  })
  test('around every change of the clocks of a year too, in the zones that have odd ones', () => {
    for (const zone of [
      'Australia/Lord_Howe',
      'America/St_Johns',
      'Pacific/Chatham',
      'Africa/Casablanca',
      'Asia/Gaza',
    ])
      for (let hour = Date.UTC(2026, 0, 1); hour < Date.UTC(2027, 0, 1); hour += 3_600_000)
        if (wall(hour + 3_600_000, zone) - wall(hour, zone) !== 3_600_000)
          for (let minute = hour; minute <= hour + 3_600_000; minute += 60_000)
            assert.equal(minute + zones(zone).offsetMs(minute), wall(minute, zone), `${zone} ${minute}`)
  })
  test('a zone is made once', () => assert.equal(zones('Europe/Rome'), zones('Europe/Rome')))
  test('a zone that is none is refused', () =>
    assert.throws(() => zones('Mars/Olympus'), {
      code: 'TELEPHONY_BAD_TIME_ZONE',
      message: /"Mars\/Olympus" is no time zone/,
    }))
  test('names are those of IANA', () => {
    for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'EST5EDT'])
      assert.equal(isTimeZone(name), true, name)
    for (const name of [
      '',
      'CEST?',
      '+02:00',
      'Europe/Atlantis',
      'Europe/Berlin ',
      '../etc/passwd',
      'a'.repeat(99),
    ])
      assert.equal(isTimeZone(name), false, name)
  })
})
