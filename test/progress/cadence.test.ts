import assert from 'node:assert/strict'
import { createEar } from '../../src/progress/listen.ts'
import type { Heard } from '../../src/progress/cadence.ts'
import { COUNTRIES_WITH_TONES, tonesOf, type Tone } from '../../src/telephony/tones.ts'
import type { Country } from '../../src/telephony/e164.ts'
import {
  babble,
  cadence,
  joined,
  louder,
  silence,
  sine,
  throughALaw,
  throughMuLaw,
} from '../support/line-sound.ts'

const heardIn = (sound: Int16Array, country: Country | undefined): readonly Heard[] => {
  const ear = createEar({ tones: { country, silenceMs: 1_200, silenceThreshold: 256 } })
  return ear.feed(sound).flatMap((found) => (found.kind === 'tones' ? [found.heard] : []))
}

const played = ({ hz, cadence: onOff }: Tone, turns: number): Int16Array => cadence(hz, onOff, turns)

/** Where a country sounds both alike, nobody can tell them apart. */
const same = (a: Tone, b: Tone): boolean => JSON.stringify(a) === JSON.stringify(b)

suite('progress: tones of the network', () => {
  for (const country of COUNTRIES_WITH_TONES) {
    const { busy, congestion, ringback } = tonesOf(country)
    test(`${country}: busy is heard within six seconds, through both laws, quiet or loud`, () => {
      const sound = joined(silence(180), played(busy, 12))
      for (const line of [
        throughALaw(sound),
        throughMuLaw(louder(sound, -12)),
        throughALaw(louder(sound, 8)),
      ]) {
        const [first] = heardIn(line, country)
        assert.ok(first?.kind === 'failure' && first.tone === 'busy', JSON.stringify(first))
        assert.ok(first.atMs <= 6_000, `${first.atMs} ms`)
      }
    })
    if (!same(busy, congestion))
      test(`${country}: congestion is heard as such`, () => {
        const [first] = heardIn(throughALaw(joined(silence(180), played(congestion, 12))), country)
        assert.ok(first?.kind === 'failure' && first.tone === 'congestion', JSON.stringify(first))
      })
    test(`${country}: ring-back is no failure`, () => {
      const heard = heardIn(throughALaw(joined(silence(180), played(ringback, 4))), country)
      assert.deepEqual(
        heard.filter(({ kind }) => kind === 'failure'),
        [],
      )
      assert.equal(heard.length, 1)
    })
  }

  test('special information is heard in any country', () => {
    const notes = [950, 1_400, 1_800].map((hz) => joined(sine(hz, 330), silence(20)))
    const [first] = heardIn(throughALaw(joined(silence(300), ...notes, silence(1_000))), 'DE')
    assert.ok(first?.kind === 'failure' && first.tone === 'special-information', JSON.stringify(first))
  })

  test('one who speaks is told within a quarter of a second', () => {
    const [first] = heardIn(throughALaw(joined(silence(300), babble(1_000))), 'GB')
    assert.ok(first?.kind === 'other' && first.why === 'sound', JSON.stringify(first))
    assert.ok(first.atMs <= 550, `${first.atMs} ms`)
  })

  test('silence is told after as long as it may last', () => {
    assert.deepEqual(heardIn(silence(3_000), 'GB'), [{ kind: 'other', why: 'silence', atMs: 1_200 }])
  })

  test('a busy tone after the ringing is told, too', () => {
    const { busy, ringback } = tonesOf('DE')
    const heard = heardIn(joined(played(ringback, 1), played(busy, 6)), 'DE')
    assert.deepEqual(heard.map((each) => (each.kind === 'failure' ? each.tone : each.why)).slice(0, 2), [
      'ringing',
      'busy',
    ])
  })

  for (const [sentence, sound] of [
    ['two bursts', cadence(425, [480, 480], 2)],
    ['bursts of another length', cadence(425, [900, 480], 6)],
    ['another frequency', cadence(620, [480, 480], 6)],
    ['a machine that beeps once', joined(babble(600), silence(300), sine(425, 480))],
  ] as const)
    test(`${sentence} are no German busy tone`, () => {
      assert.deepEqual(
        heardIn(joined(silence(100), sound, silence(300)), 'DE').filter(({ kind }) => kind === 'failure'),
        [],
      )
    })
})
