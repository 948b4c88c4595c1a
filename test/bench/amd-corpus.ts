/**
 * What is heard when somebody answers: spoken greetings of people and of machines in every voice that is installed,
 * tones of the network, faxes, beeps, silence and noise. Each has what it is; levels, line noise and codecs are varied.
 */
import type { Verdict } from '../../src/progress/greeting.ts'
import {
  cadence,
  has,
  joined,
  louder,
  mixed,
  noise,
  silence,
  sine,
  spoken,
  throughALaw,
  throughMuLaw,
  type Voice,
} from '../support/line-sound.ts'

export type Sample = {
  readonly name: string
  readonly kind: string
  /** Those that are right; the first is what it is. */
  readonly verdicts: readonly Verdict[]
  readonly sound: Int16Array
  /** Milliseconds of its beep, where it has one. */
  readonly beep?: { readonly startMs: number; readonly endMs: number; readonly hz: number } | undefined
}

const FLITE: readonly Voice[] = ['kal', 'awb', 'rms', 'slt'].map((voice) => ({ engine: 'flite', voice }))
const ESPEAK: readonly Voice[] = [
  'en-gb',
  'en-us',
  'en-gb+f2',
  'en-us+f4',
  'en-gb+m3',
  'en-gb-scotland',
  'en-us+m7',
].map((voice) => ({ engine: 'espeak-ng', voice }))

/** None where nothing can speak. */
export const voices = (): readonly Voice[] =>
  has('sox') ? [...(has('flite') ? FLITE : []), ...(has('espeak-ng') ? ESPEAK : [])] : []

const PEOPLE = [
  'Hello?',
  'Yes?',
  'Smith speaking.',
  'Hello, this is Anna.',
  'Good morning.',
  'Hi.',
  'Acme, hello.',
]

/** People who talk like machines: what greetings alone cannot tell apart is part of the truth about the method. */
const TALKERS = [
  'Good morning, Acme Corporation, this is Susan speaking, how may I help you?',
  'Thank you for calling Miller and Sons, my name is David.',
]

/** With a pause where the bar stands. */
const MACHINES = [
  'Hello, you have reached the voice mail of John Smith. I cannot take your call right now. Please leave a message after the tone.',
  'The person you are calling is not available. Please leave your message after the beep.',
  'Hi, this is Bob Miller and you have reached my mailbox. Leave your name and number and I will call you back.',
  'Welcome to the voice mail of five five five, one two three four. Nobody can take your call at the moment.',
  'You have reached Acme Corporation. | Our office is closed. | Our business hours are nine to five, Monday to Friday.',
  'Sorry, I am not in. | Please leave a message.',
]

/** Machines that say little before their first pause of a second. */
const TERSE = [
  'Hi, this is Bob. || Please leave a message after the tone.',
  'Hello? || You have reached Anna, leave me a message.',
]

const AFTER_MS = 6_000
/** What comes from a line that is open. */
const LINE_LEVEL = 8

/** A person says it and waits. */
const person = (said: Int16Array, delayMs: number): Int16Array =>
  mixed(joined(silence(delayMs), said, silence(AFTER_MS)), noise(delayMs + AFTER_MS + 4_000, LINE_LEVEL))

/** Spoken by these voices. */
export const corpus = (chosen: readonly Voice[] = voices()): readonly Sample[] => [
  ...tones(),
  ...speech(chosen),
]

const speech = (chosen: readonly Voice[]): readonly Sample[] =>
  chosen.flatMap((voice) => {
    const name = `${voice.engine} ${voice.voice}`
    const people = PEOPLE.map((text, index): Sample => ({
      name: `${name}: "${text}"`,
      kind: 'person',
      verdicts: ['human'],
      sound: person(spoken(text, voice), 200 + 150 * (index % 4)),
    }))
    const talkers = TALKERS.map((text): Sample => ({
      name: `${name}: "${text}"`,
      kind: 'person who talks on',
      verdicts: ['human'],
      sound: person(spoken(text, voice), 300),
    }))
    const machines = [...MACHINES, ...TERSE].flatMap((text, index): Sample[] => {
      const said = text
        .split('|')
        .flatMap((part, at) => [
          ...(at === 0 ? [] : [silence(500)]),
          ...(part.trim() === '' ? [] : [spoken(part.trim(), voice)]),
        ])
      const greeting = joined(silence(300 + 100 * (index % 3)), ...said)
      const hz = BEEPS[index % BEEPS.length] ?? 1_000
      const startMs = greeting.length / 8 + 400
      const lengthMs = 250 + 150 * (index % 4)
      const withBeep = joined(greeting, silence(400), sine(hz, lengthMs, 7_000), silence(AFTER_MS))
      return [
        {
          name: `${name}: "${text.slice(0, 50)}..." then ${hz} Hz`,
          kind: index < MACHINES.length ? 'machine' : 'machine that pauses',
          verdicts: ['machine'],
          sound: mixed(withBeep, noise(withBeep.length / 8, LINE_LEVEL)),
          beep: { startMs, endMs: startMs + lengthMs, hz },
        },
      ]
    })
    return [...people, ...talkers, ...machines].flatMap((sample) => lines(sample))
  })

const BEEPS = [1_000, 440, 1_400, 850, 2_000, 620]

/** As it comes over lines of different kinds. */
const lines = (sample: Sample): readonly Sample[] => {
  const over = (how: string, change: (sound: Int16Array) => Int16Array): Sample => ({
    ...sample,
    name: `${sample.name}, ${how}`,
    kind: `${sample.kind}, ${how}`,
    sound: change(sample.sound),
  })
  const noisy = (level: number) => (sound: Int16Array) => mixed(sound, noise(sound.length / 8, level, 7))
  return [
    over('A-law', throughALaw),
    over('mu-law, 12 dB quieter', (sound) => throughMuLaw(louder(sound, -12))),
    over('A-law, noise', (sound) => throughALaw(noisy(150)(sound))),
  ]
}

const tones = (): readonly Sample[] => [
  ...[
    { name: 'ring-back, UK', sound: cadence([400, 450], [400, 200, 400, 2_000], 3) },
    { name: 'ring-back, US', sound: cadence([440, 480], [2_000, 4_000], 2) },
    { name: 'ring-back, Europe', sound: cadence(425, [1_000, 4_000], 2) },
    { name: 'busy, US', sound: cadence([480, 620], [500, 500], 8) },
    { name: 'busy, UK', sound: cadence(400, [375, 375], 10) },
    { name: 'busy, Germany', sound: cadence(425, [480, 480], 8) },
    { name: 'congestion, US', sound: cadence([480, 620], [250, 250], 16) },
  ].map(({ name, sound }): Sample => ({
    name,
    kind: 'tone',
    verdicts: ['unsure'],
    sound: throughALaw(sound),
  })),
  ...[
    { name: 'silence', sound: silence(8_000) },
    { name: 'line noise, level 40', sound: noise(8_000, 40) },
    { name: 'line noise, level 200', sound: noise(8_000, 200, 3) },
    { name: 'line noise, level 600', sound: noise(8_000, 600, 5) },
  ].map(({ name, sound }): Sample => ({
    name,
    kind: 'silence',
    verdicts: ['unsure'],
    sound: throughALaw(sound),
  })),
  ...[
    { name: 'CNG', sound: joined(silence(700), cadence(1_100, [500, 3_000], 3)) },
    { name: 'CNG, quiet', sound: louder(joined(silence(1_200), cadence(1_100, [500, 3_000], 3)), -15) },
    { name: 'CED', sound: joined(silence(400), sine(2_100, 3_300), silence(4_000)) },
    { name: 'CED, late', sound: joined(silence(1_800), sine(2_100, 2_800), silence(4_000)) },
    { name: 'CED, quiet', sound: louder(joined(silence(600), sine(2_100, 3_300), silence(4_000)), -15) },
  ].map(({ name, sound }): Sample => ({
    name: `fax ${name}`,
    kind: 'fax',
    verdicts: ['fax'],
    sound: throughALaw(sound),
  })),
  ...[500, 700, 1_000, 1_400, 1_800, 2_500].map((hz): Sample => ({
    name: `a beep of ${hz} Hz and nothing else`,
    kind: 'beep',
    verdicts: ['machine'],
    sound: throughALaw(joined(silence(700), sine(hz, 350, 6_000), silence(6_000))),
    beep: { startMs: 700, endMs: 1_050, hz },
  })),
]
