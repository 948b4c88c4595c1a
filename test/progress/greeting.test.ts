import assert from 'node:assert/strict'
import { createEar, judgeGreeting } from '../../src/progress/listen.ts'
import { wordsIn, type GreetingParameters, type Judged } from '../../src/progress/greeting.ts'
import { readConfig } from '../../src/config/config.ts'
import {
  babble,
  cadence,
  joined,
  louder,
  mixed,
  noise,
  silence,
  sine,
  throughALaw,
} from '../support/line-sound.ts'

/** As they are unless somebody sets others. */
const PARAMETERS: GreetingParameters = readConfig({}, '/tmp').answering.greeting

const judged = (sound: Int16Array, given: Partial<GreetingParameters> = {}): Judged | undefined =>
  judgeGreeting(sound, { ...PARAMETERS, ...given })
const told = (sound: Int16Array, given: Partial<GreetingParameters> = {}): string => {
  const found = judged(sound, given)
  return found === undefined ? 'nothing yet' : `${found.verdict} ${found.why}`
}

suite('progress: who answered', () => {
  const rows: readonly (readonly [sentence: string, sound: Int16Array, expected: string])[] = [
    ['a short word and silence', joined(silence(300), babble(400), silence(2_000)), 'human short-greeting'],
    ['two words', joined(babble(400), silence(200), babble(400), silence(2_000)), 'human short-greeting'],
    ['a word at once', joined(babble(400), silence(2_000)), 'human short-greeting'],
    ['one who talks on', joined(silence(300), babble(4_000)), 'machine long-greeting'],
    [
      'many words',
      joined(silence(200), ...Array.from({ length: 4 }, () => joined(babble(160), silence(160)))),
      'machine many-words',
    ],
    ['silence', silence(6_000), 'unsure silence'],
    ['noise alone', noise(6_000, 400), 'unsure silence'],
    [
      'clicks',
      joined(silence(500), noise(40, 6_000), silence(500), noise(40, 6_000), silence(3_000)),
      'unsure silence',
    ],
    ['a beep alone', joined(silence(700), sine(1_000, 350), silence(500)), 'machine beep'],
    [
      'a word, then a beep',
      joined(silence(200), babble(300), silence(400), sine(800, 400), silence(500)),
      'machine beep',
    ],
    ['the calling tone of a fax', joined(silence(800), cadence(1_100, [500, 3_000], 1)), 'fax calling-tone'],
    ['the answer tone of a fax', joined(silence(400), sine(2_100, 2_600)), 'fax answer-tone'],
    ['a busy tone', cadence([480, 620], [500, 500], 6), 'unsure tone'],
    ['a ring-back tone', joined(silence(400), cadence(425, [1_000, 4_000], 1)), 'unsure tone'],
  ]
  for (const [sentence, sound, expected] of rows) {
    test(`${sentence}: ${expected}`, () => assert.equal(told(sound), expected))
    test(`${sentence} over a line with G.711: ${expected}`, () =>
      assert.equal(told(throughALaw(sound)), expected))
    test(`${sentence}, 10 dB quieter: ${expected}`, () =>
      assert.equal(told(throughALaw(louder(sound, -10))), expected))
  }

  test('a person on a noisy line is told from a machine on one', () => {
    const noisy = (sound: Int16Array) => mixed(sound, noise(sound.length / 8, 300))
    assert.equal(told(noisy(joined(silence(500), babble(500), silence(2_000)))), 'human short-greeting')
    assert.equal(told(noisy(joined(silence(500), babble(4_000)))), 'machine long-greeting')
  })

  test('a person is known as soon as he waited for as long as people do', () => {
    const found = judged(joined(silence(300), babble(400), silence(2_000)))
    assert.ok(
      found !== undefined && found.decisionMs >= 1_500 && found.decisionMs <= 1_560,
      JSON.stringify(found),
    )
  })

  test('each parameter does what its name says', () => {
    const short = joined(silence(300), babble(400), silence(5_000))
    assert.equal(judged(short, { afterGreetingSilenceMs: 2_000 })?.decisionMs, 2_700)
    assert.equal(told(short, { greetingMs: 300 }), 'machine long-greeting')
    assert.equal(told(joined(babble(600), silence(3_000)), { maximumWordLengthMs: 500 }), 'machine long-word')
    assert.equal(told(short, { minWordLengthMs: 500 }), 'unsure silence')
    assert.equal(told(short, { silenceThreshold: 30_000 }), 'human short-greeting')
    assert.equal(judged(silence(6_000), { initialSilenceMs: 1_000 })?.decisionMs, 1_000)
    const two = joined(babble(300), silence(200), babble(300), silence(3_000))
    assert.equal(told(two, { maximumNumberOfWords: 1 }), 'machine many-words')
    assert.equal(told(two, { maximumNumberOfWords: 1, betweenWordsSilenceMs: 300 }), 'human short-greeting')
    const endless = joined(...Array.from({ length: 20 }, () => joined(babble(200), silence(500))))
    const patient = { maximumNumberOfWords: 99, greetingMs: 30_000 }
    assert.equal(told(endless, patient), 'unsure time')
    assert.equal(judged(endless, patient)?.decisionMs, 5_000)
  })

  test('nothing is told before it is known, and then it stays', () => {
    const ear = createEar({ greeting: PARAMETERS })
    assert.deepEqual(ear.feed(joined(silence(300), babble(400), silence(700))), [])
    assert.equal(ear.feed(silence(200)).length, 1)
    assert.deepEqual(ear.feed(babble(4_000)), [])
  })

  test('words are parted by pauses, and noises are none', () => {
    const levels = [
      0, 0, 0, 900, 900, 900, 900, 900, 0, 0, 0, 0, 0, 0, 0, 900, 0, 0, 900, 900, 900, 900, 900, 900,
    ]
    assert.deepEqual(wordsIn(levels, [], PARAMETERS), [
      { startMs: 60, endMs: 160 },
      { startMs: 300, endMs: 480 },
    ])
  })
})

suite('progress: the beep', () => {
  const beepIn = (sound: Int16Array) => {
    const ear = createEar({ greeting: PARAMETERS, beep: { silenceMs: 2_500, silenceThreshold: 256 } })
    return ear.feed(sound).flatMap((found) => (found.kind === 'beep' ? [found.beep] : []))
  }
  const greeting = joined(silence(300), babble(3_000))

  for (const hz of [310, 440, 850, 1_000, 1_400, 2_000, 2_900])
    for (const ms of [240, 500, 1_200])
      test(`of ${hz} Hz and ${ms} ms is found, and its end, within 40 ms`, () => {
        const sound = throughALaw(joined(greeting, silence(400), sine(hz, ms), silence(1_000)))
        const [beep] = beepIn(sound)
        assert.ok(beep?.kind === 'beep', JSON.stringify(beep))
        assert.ok(Math.abs(beep.hz - hz) <= 10)
        assert.ok(Math.abs(beep.endMs - (3_700 + ms)) <= 40, `${beep.endMs}`)
      })

  test('that never comes is not waited for', () => {
    const [beep] = beepIn(joined(greeting, silence(4_000)))
    assert.deepEqual(beep, { kind: 'no-beep', atMs: 5_800 })
  })

  test('is not made of what a machine says', () => {
    assert.deepEqual(beepIn(joined(greeting, babble(6_000))), [])
  })

  test('is told once', () => {
    const sound = joined(greeting, silence(300), sine(900, 400), silence(500), sine(900, 400), silence(500))
    assert.equal(beepIn(sound).length, 1)
  })
})
