/** The corpus of test/bench/amd-corpus.ts, judged: the confusion table, decision times, beeps, cost. */
import { tmpdir } from 'node:os'
import { performance } from 'node:perf_hooks'
import { readConfig } from '../../src/config/config.ts'
import { createEar } from '../../src/progress/listen.ts'
import type { GreetingParameters, Judged, Verdict } from '../../src/progress/greeting.ts'
import { VERDICTS } from '../../src/progress/greeting.ts'
import { corpus, type Sample } from './amd-corpus.ts'
import type { Bench, Figure } from './run.ts'

/** As an engine has them of which nobody set any. */
export const DEFAULTS: GreetingParameters = readConfig({}, tmpdir()).answering.greeting

export type Row = {
  readonly sample: Sample
  readonly judged: Judged | undefined
  /** Milliseconds by which the found beep's end is off; undefined: none was found. */
  readonly beepOffMs: number | undefined
  readonly beepFound: boolean
  readonly cpuMs: number
}

const FRAME = 160

export const judge = (sample: Sample, greeting: GreetingParameters): Row => {
  const ear = createEar({ greeting, beep: { silenceMs: 2_500, silenceThreshold: greeting.silenceThreshold } })
  let judged: Judged | undefined
  let endMs: number | undefined
  const began = performance.now()
  for (let at = 0; at < sample.sound.length; at += FRAME) {
    for (const finding of ear.feed(sample.sound.subarray(at, at + FRAME))) {
      if (finding.kind === 'judged') judged = finding.judged
      if (finding.kind === 'beep' && finding.beep.kind === 'beep') endMs = finding.beep.endMs
    }
  }
  return {
    sample,
    judged,
    beepFound: endMs !== undefined,
    beepOffMs:
      endMs === undefined || sample.beep === undefined ? undefined : Math.abs(endMs - sample.beep.endMs),
    cpuMs: performance.now() - began,
  }
}

export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const table = (rows: readonly Row[]): string => {
  const kinds = [...new Set(rows.map(({ sample }) => sample.kind))]
  const lines = kinds.map((kind) => {
    const of = rows.filter(({ sample }) => sample.kind === kind)
    const times = of.flatMap(({ judged }) => (judged === undefined ? [] : [judged.decisionMs]))
    const count = (verdict: Verdict): number => of.filter(({ judged }) => judged?.verdict === verdict).length
    const right = of.filter(
      ({ sample, judged }) => judged !== undefined && sample.verdicts.includes(judged.verdict),
    )
    return [
      kind,
      String(of.length),
      ...VERDICTS.map((verdict) => String(count(verdict))),
      `${((100 * right.length) / of.length).toFixed(0)}%`,
      `${quantile(times, 0.5)}`,
      `${quantile(times, 0.95)}`,
    ]
  })
  const all = [['heard', 'count', ...VERDICTS, 'right', 'median ms', 'p95 ms'], ...lines]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? []
  return all.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

export const bench: Bench = {
  name: 'amd',
  describe: 'answering machines: a corpus of greetings, tones and silences, and what was made of it',
  run: async () => {
    const samples = corpus()
    const rows = samples.map((sample) => judge(sample, DEFAULTS))
    console.log(table(rows))
    const wrong = rows.filter(
      ({ sample, judged }) => judged === undefined || !sample.verdicts.includes(judged.verdict),
    )
    for (const { sample, judged } of wrong)
      console.log(`wrong: ${sample.name}: ${judged?.verdict ?? 'none'} (${judged?.why ?? 'too short'})`)
    const beeps = rows.filter(
      ({ sample, judged }) => sample.beep !== undefined && judged?.verdict === 'machine',
    )
    const found = beeps.filter(({ beepOffMs }) => beepOffMs !== undefined && beepOffMs <= 60)
    const seconds = samples.reduce((sum, { sound }) => sum + sound.length / 8_000, 0)
    const figures: Figure[] = [
      { name: 'samples', value: samples.length, unit: '' },
      { name: 'right', value: (100 * (rows.length - wrong.length)) / rows.length, unit: '%' },
      {
        name: 'beeps found within 60 ms',
        value: (100 * found.length) / Math.max(1, beeps.length),
        unit: '%',
      },
      {
        name: 'sound judged per second of CPU',
        value: seconds / (rows.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000),
        unit: 's',
      },
    ]
    return Promise.resolve(figures)
  },
}
