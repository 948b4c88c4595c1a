/** Our records against the switch's own, by uuid. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compareWithSwitch } from '../../src/cdr/reconcile-switch.ts'

const always = (): boolean => true
const theirs = (n: number, billableSeconds = 10) => ({
  ...{ legUuid: `leg ${n}`, where: `file ${n}`, startedAt: n * 1_000, billableSeconds },
})
const ours = (n: number, billableSeconds = 10, isEstimated = false) => ({
  ...{ legUuid: `leg ${n}`, startedAt: n * 1_000, billableSeconds, isEstimated },
})

suite("cdr: against the switch's own", () => {
  test('what is dropped or doubled on a side is found, each once and nothing else', () => {
    const fate = fc.constantFrom(
      'same',
      'not-ours',
      'not-theirs',
      'twice-ours',
      'twice-theirs',
      'longer',
      'estimated',
    )
    fc.assert(
      fc.property(fc.array(fate, { maxLength: 100 }), fc.boolean(), (fates, isComplete) => {
        const comparison = compareWithSwitch(isComplete, always)
        const expected: string[] = []
        fates.forEach((what, n) => {
          if (what !== 'not-theirs') comparison.theirs(theirs(n, what === 'longer' ? 90 : 10))
          if (what === 'twice-theirs') comparison.theirs(theirs(n))
        })
        fates.forEach((what, n) => {
          if (what !== 'not-ours') comparison.ours(ours(n, 11, what === 'estimated'))
          if (what === 'twice-ours') comparison.ours(ours(n, 11))
          if (what === 'not-ours') expected.push(`missing-here ${n}`)
          if (what === 'not-theirs' && isComplete) expected.push(`missing-there ${n}`)
          if (what === 'twice-ours') expected.push(`doubled-here ${n}`)
          if (what === 'twice-theirs') expected.push(`doubled-there ${n}`)
          if (what === 'longer') expected.push(`duration ${n}`)
          if (what === 'estimated') expected.push(`estimated ${n}`)
        })
        const { matched, differences } = comparison.end()
        assert.deepEqual(
          differences.map(({ kind, legUuid }) => `${kind} ${legUuid.slice(4)}`).sort(),
          expected.sort(),
        )
        assert.equal(matched, fates.filter((what) => what !== 'not-ours' && what !== 'not-theirs').length)
      }),
    )
  })

  test('what is not of the time that is compared is nobody’s difference', () => {
    const comparison = compareWithSwitch(true, (at) => at >= 5_000)
    comparison.theirs(theirs(1))
    assert.deepEqual(comparison.end(), { matched: 0, differences: [] })
  })
})
