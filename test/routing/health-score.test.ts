import assert from 'node:assert/strict'
import fc from 'fast-check'
import { healthScoreOf, healthStatusOf, type HealthFigures } from '../../src/routing/health-score.ts'

const GOOD: HealthFigures = { responseMs: 20, asr: 90, failureRate: 0, channelsInUse: 1, maxChannels: 100 }

/** The figures and the points are the reference's. */
const ROWS: readonly (readonly [string, Partial<HealthFigures>, number])[] = [
  ['all is well', {}, 100],
  ['200 ms is quick', { responseMs: 200 }, 100],
  ['above 200 ms is not', { responseMs: 201 }, 90],
  ['500 ms is not slow', { responseMs: 500 }, 90],
  ['above 500 ms is', { responseMs: 501 }, 80],
  ['70 % answered is enough', { asr: 70 }, 100],
  ['below 70 % is not', { asr: 69.9 }, 85],
  ['50 % answered is not bad', { asr: 50 }, 85],
  ['below 50 % is', { asr: 49.9 }, 70],
  ['10 % failed is bearable', { failureRate: 10 }, 100],
  ['above 10 % is not', { failureRate: 10.1 }, 90],
  ['20 % failed is not bad', { failureRate: 20 }, 90],
  ['above 20 % is', { failureRate: 20.1 }, 75],
  ['85 of 100 channels are fine', { channelsInUse: 85 }, 100],
  ['86 are many', { channelsInUse: 86 }, 90],
  ['95 are many', { channelsInUse: 95 }, 90],
  ['96 are nearly all', { channelsInUse: 96 }, 80],
  ['more than all are nearly all', { channelsInUse: 200 }, 80],
  ['without a limit nothing is full', { channelsInUse: 5_000, maxChannels: undefined }, 100],
  ['a limit of nothing is no division', { channelsInUse: 0, maxChannels: 0 }, 100],
  [
    'what is not known takes nothing off',
    { responseMs: undefined, asr: undefined, failureRate: undefined },
    100,
  ],
  ['the worst of all', { responseMs: 900, asr: 0, failureRate: 100, channelsInUse: 100 }, 5],
]

suite('routing: the health score', () => {
  for (const [sentence, figures, score] of ROWS) {
    test(`${sentence}: ${score}`, () => assert.equal(healthScoreOf({ ...GOOD, ...figures }).score, score))
  }

  for (const [score, status] of [
    [100, 'healthy'],
    [70, 'healthy'],
    [69, 'degraded'],
    [40, 'degraded'],
    [39, 'unhealthy'],
    [0, 'unhealthy'],
  ] as const) {
    test(`${score} is ${status}`, () => assert.equal(healthStatusOf(score), status))
  }

  test('every point that is missing has its reason, and the score is never outside of 0 to 100', () => {
    const part = fc.option(fc.double({ min: 0, max: 1_000, noNaN: true }), { nil: undefined })
    const figures = fc.record({
      responseMs: part,
      asr: part,
      failureRate: part,
      channelsInUse: fc.nat(200),
      maxChannels: part,
    })
    fc.assert(
      fc.property(figures, (each) => {
        const { score, deductions, status } = healthScoreOf(each)
        assert.ok(score >= 0 && score <= 100)
        assert.equal(100 - deductions.reduce((sum, { points }) => sum + points, 0), score)
        assert.equal(status, healthStatusOf(score))
      }),
    )
  })
})
