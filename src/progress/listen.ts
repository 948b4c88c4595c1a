/**
 * One ear for everything that an answered leg is listened to for. Samples go in, findings come out, each once and in
 * the order in which it was heard; what is done about them is decided elsewhere. Pure.
 */
import { createBeepDetector, type Beep, type BeepParameters } from './beep.ts'
import { createCadenceDetector, type CadenceParameters, type Heard } from './cadence.ts'
import { createFrameReader } from './frames.ts'
import { createGreeting, type GreetingParameters, type Judged } from './greeting.ts'
import { createToneRuns } from './tone-runs.ts'

export type ListenFor = {
  readonly greeting?: GreetingParameters | undefined
  readonly tones?: CadenceParameters | undefined
  /** Listened for from the verdict `machine` on; a greeting that ended in one counts. */
  readonly beep?: BeepParameters | undefined
}

export type Finding =
  | { readonly kind: 'judged'; readonly judged: Judged }
  | { readonly kind: 'beep'; readonly beep: Beep }
  | { readonly kind: 'tones'; readonly heard: Heard }

export type Ear = {
  readonly feed: (samples: Int16Array) => readonly Finding[]
  /** Milliseconds of sound so far. */
  readonly heardMs: () => number
}

export const createEar = ({ greeting, tones, beep }: ListenFor): Ear => {
  const frames = createFrameReader()
  const runs = createToneRuns()
  const greetings = greeting === undefined ? undefined : createGreeting(greeting)
  const cadences = tones === undefined ? undefined : createCadenceDetector(tones)
  const beeps = beep === undefined ? undefined : createBeepDetector(beep)
  let judged: Judged | undefined
  let beeped: Beep | undefined
  let heardMs = 0
  return {
    heardMs: () => heardMs,
    feed: (samples) => {
      const findings: Finding[] = []
      for (const frame of frames.feed(samples)) {
        heardMs = frame.atMs
        const run = runs.feed(frame)
        if (greetings !== undefined && judged === undefined) {
          judged = greetings.feed(frame, run)
          if (judged !== undefined) findings.push({ kind: 'judged', judged })
        }
        if (beeps !== undefined && judged?.verdict === 'machine' && beeped === undefined) {
          beeped = beeps.feed(frame, run)
          if (beeped !== undefined) findings.push({ kind: 'beep', beep: beeped })
        }
        const heard = cadences?.feed(frame, run)
        if (heard !== undefined) findings.push({ kind: 'tones', heard })
      }
      return findings
    },
  }
}

/** The greeting alone, for one who has all of the sound: the verdict, or undefined where it ended before there was one. */
export const judgeGreeting = (samples: Int16Array, greeting: GreetingParameters): Judged | undefined => {
  const [found] = createEar({ greeting }).feed(samples)
  return found?.kind === 'judged' ? found.judged : undefined
}
