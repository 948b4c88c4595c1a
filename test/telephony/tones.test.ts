import assert from 'node:assert/strict'
import {
  COUNTRIES_WITH_TONES,
  ringbackOf,
  SPECIAL_INFORMATION_STREAM,
  TONE_KINDS,
  tonesOf,
  toneStream,
} from '../../src/telephony/tones.ts'

/** What libteletone reads: bursts of `%(on,off,hz[,hz])`, joined by semicolons. */
const NOTATION = /^%\(\d+,\d+,\d+(?:,\d+)?\)(?:;%\(\d+,\d+,\d+(?:,\d+)?\))*$/

suite('telephony: tones', () => {
  test('at least twenty countries have their own', () => {
    assert.ok(COUNTRIES_WITH_TONES.length >= 20, String(COUNTRIES_WITH_TONES.length))
  })

  for (const country of [...COUNTRIES_WITH_TONES, undefined])
    test(`${country ?? 'a country without a row'}: each tone is one that FreeSWITCH plays and networks sound`, () => {
      for (const kind of TONE_KINDS) {
        const { hz, cadence } = tonesOf(country)[kind]
        assert.match(toneStream({ hz, cadence }), NOTATION, kind)
        assert.ok(hz.length === 1 || hz.length === 2)
        assert.ok(hz.every((each) => each >= 300 && each <= 650))
        assert.equal(cadence.length % 2, 0)
        assert.ok(cadence.every((ms) => ms >= 100 && ms <= 6_000))
      }
    })

  const rows = [
    ['GB', '%(400,200,400,450);%(400,2000,400,450)'],
    ['US', '%(2000,4000,440,480)'],
    ['DE', '%(1000,4000,425)'],
    ['FR', '%(1500,3500,440)'],
    ['LI', '%(1000,4000,425)'],
  ] as const
  for (const [country, expected] of rows)
    test(`ring-back as in ${country}`, () => assert.equal(ringbackOf(country), expected))

  test('a tone without a pause lasts a second, to be repeated', () => {
    assert.equal(toneStream(tonesOf('GB').dial), '%(1000,0,350,440)')
  })

  test('special information is three notes that rise', () => {
    assert.match(SPECIAL_INFORMATION_STREAM, NOTATION)
  })
})
