/**
 * Spoken greetings, tones, faxes and silences (test/bench/amd-corpus), with a floor for what must be told right. What
 * greetings alone cannot tell, people who talk on and machines that pause, is counted by `npm run bench -- amd`, not here.
 */
import assert from 'node:assert/strict'
import { DEFAULTS, judge, type Row } from '../bench/amd.ts'
import { corpus, voices } from '../bench/amd-corpus.ts'

suite('progress: a corpus', () => {
  const rows: Row[] = []
  suiteSetup(function () {
    this.timeout(60_000)
    if (voices().length === 0)
      console.log('      not run: spoken greetings (needs sox, and flite or espeak-ng)')
    // Every third: each voice takes as long to speak as all of the rest takes.
    const chosen = voices().filter((_, index) => index % 3 === 0)
    rows.push(...corpus(chosen).map((sample) => judge(sample, DEFAULTS)))
  })
  const of = (kind: string): readonly Row[] =>
    rows.filter(({ sample }) => (sample.kind.split(',')[0] ?? '') === kind)
  const right = (some: readonly Row[]): number =>
    some.filter(({ sample, judged }) => judged !== undefined && sample.verdicts.includes(judged.verdict))
      .length

  for (const kind of ['tone', 'silence', 'fax', 'beep'])
    test(`every ${kind} is told right`, () => {
      const some = of(kind)
      assert.ok(some.length >= 4)
      assert.equal(right(some), some.length)
    })

  for (const [kind, floor] of [
    ['person', 0.97],
    ['machine', 0.97],
  ] as const)
    test(`of each 100 of kind ${kind} at least ${floor * 100} are told right`, function () {
      const some = of(kind)
      if (some.length === 0) return this.skip()
      const wrong = some.filter(
        ({ sample, judged }) => !sample.verdicts.includes(judged?.verdict ?? 'unsure'),
      )
      assert.ok(right(some) >= floor * some.length, wrong.map(({ sample }) => sample.name).join('\n'))
    })

  test('a machine is known before its greeting is over, and every beep within 60 ms', function () {
    const machines = of('machine').filter(({ judged }) => judged?.verdict === 'machine')
    if (machines.length === 0) return this.skip()
    for (const { sample, judged, beepOffMs } of machines) {
      assert.ok((judged?.decisionMs ?? 0) <= (sample.beep?.startMs ?? 0) + 400, sample.name)
      assert.ok(beepOffMs !== undefined && beepOffMs <= 60, `${sample.name}: ${beepOffMs} ms`)
    }
  })
})
