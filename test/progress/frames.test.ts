import assert from 'node:assert/strict'
import { createFrameReader, FRAME_MS } from '../../src/progress/frames.ts'
import { isTone } from '../../src/progress/tone-runs.ts'
import {
  babble,
  joined,
  louder,
  mixed,
  noise,
  silence,
  sine,
  throughALaw,
  throughMuLaw,
} from '../support/line-sound.ts'

const framesOf = (sound: Int16Array) => createFrameReader().feed(sound)

suite('progress: frames', () => {
  for (const hz of [400, 425, 440, 950, 1_000, 1_100, 1_400, 2_100, 2_999])
    test(`a sine of ${hz} Hz is a tone of it, within 10 Hz, also through both laws`, () => {
      for (const sound of [
        sine(hz, 200),
        throughALaw(sine(hz, 200)),
        throughMuLaw(louder(sine(hz, 200), -12)),
      ])
        for (const { tone } of framesOf(sound).slice(2)) {
          assert.ok(tone !== undefined && tone.second === undefined)
          assert.ok(Math.abs(tone.hz - hz) <= 10, `${tone.hz} Hz`)
        }
    })

  for (const pair of [
    [480, 620],
    [350, 440],
    [697, 1_209],
    [941, 1_477],
  ] as const)
    test(`${pair.join(' and ')} Hz together are two lines`, () => {
      for (const { tone } of framesOf(throughALaw(sine(pair, 200))).slice(2))
        assert.ok(tone !== undefined && isTone(tone, pair, 20), JSON.stringify(tone))
    })

  for (const pair of [
    [400, 450],
    [440, 480],
  ] as const)
    test(`${pair.join(' and ')} Hz, which lie close, are that tone`, () => {
      const frames = framesOf(throughALaw(sine(pair, 400))).slice(2)
      const found = frames.filter(({ tone }) => tone !== undefined && isTone(tone, pair, 25))
      assert.ok(found.length > frames.length * 0.8, `${found.length} of ${frames.length}`)
    })

  test('silence, noise and speech are no tone', () => {
    for (const sound of [silence(400), noise(400, 500)])
      assert.deepEqual(
        framesOf(sound).filter(({ tone }) => tone !== undefined),
        [],
      )
  })

  test('a tone in noise a tenth of its strength is found', () => {
    for (const { tone } of framesOf(mixed(sine(1_000, 300, 6_000), noise(300, 300))).slice(2))
      assert.ok(tone !== undefined && Math.abs(tone.hz - 1_000) <= 12)
  })

  test('the level is the mean of the absolute values', () => {
    const [frame] = framesOf(new Int16Array(160).fill(-300))
    assert.equal(frame?.level, 300)
  })

  test('what comes in pieces of any size makes the same frames', () => {
    const sound = joined(babble(200), sine(700, 200), silence(90))
    const whole = framesOf(sound)
    const reader = createFrameReader()
    const parts: ReturnType<typeof reader.feed>[number][] = []
    for (let at = 0, size = 1; at < sound.length; at += size, size = (size * 7) % 311)
      parts.push(...reader.feed(sound.subarray(at, at + size)))
    assert.deepEqual(parts, whole)
    assert.deepEqual(
      whole.map(({ atMs }) => atMs),
      whole.map((_, index) => index * FRAME_MS),
    )
  })
})
