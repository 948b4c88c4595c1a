import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AttemptOutcome } from '../../src/call/attempt-outcome.ts'
import { createQualityBook, DEFAULT_QUALITY_SETTINGS, type QualityBook } from '../../src/routing/quality.ts'

const START = 1_800_000_000_000
const HOUR = 3_600_000
const LONDON = '4420'
const PARIS = '331'

const OUTCOMES: Readonly<Record<string, AttemptOutcome>> = {
  a: 'answered',
  u: 'callee',
  c: 'carrier',
  x: 'cancelled',
}

/** One letter an attempt: a answered (100 s), u the callee, c the carrier, x cancelled; each after 2 s of silence. */
const feed = (
  book: QualityBook,
  gatewayId: number,
  destination: string,
  letters: string,
  now = START,
): void => {
  for (const letter of letters) {
    const outcome = OUTCOMES[letter] ?? 'cancelled'
    const answeredSeconds = outcome === 'answered' ? 100 : 0
    const postDialDelayMs = outcome === 'carrier' ? undefined : 2_000
    book.attemptEnded({ gatewayId, destination, now, outcome, answeredSeconds, postDialDelayMs })
  }
}

suite('routing: quality', () => {
  test('outcomes become ratios: cancelled ones count as attempts and in nothing else', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'aaaauuucxx')
    const metrics = book.metricsOf(1, LONDON, START)
    assert.equal(metrics.attempts, 10)
    assert.equal(metrics.samples, 8)
    assert.equal(metrics.answered, 4)
    assert.equal(metrics.carrierFailures, 1)
    assert.equal(metrics.asr, 50)
    assert.equal(metrics.failureRate, 12.5)
    assert.equal(metrics.acdSeconds, 100)
    assert.ok(metrics.asrBounds.low > 20 && metrics.asrBounds.low < 50)
    assert.ok(metrics.asrBounds.high < 80 && metrics.asrBounds.high > 50)
    const median = metrics.pddMedianMs ?? 0
    assert.ok(median > 1_400 && median <= 2_000, String(median))
    assert.deepEqual(book.metricsOf(1, undefined, START), metrics)
  })

  test('nothing seen is no ratio', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'xx')
    for (const metrics of [book.metricsOf(1, LONDON, START), book.metricsOf(2, undefined, START)]) {
      assert.equal(metrics.asr, undefined)
      assert.equal(metrics.failureRate, undefined)
      assert.equal(metrics.acdSeconds, undefined)
      assert.equal(metrics.pddP95Ms, undefined)
      assert.deepEqual(metrics.asrBounds, { low: 0, high: 100 })
    }
  })

  test('destinations are apart, the gateway has all', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'aa')
    feed(book, 1, PARIS, 'uu')
    assert.equal(book.metricsOf(1, LONDON, START).asr, 100)
    assert.equal(book.metricsOf(1, PARIS, START).asr, 0)
    assert.equal(book.metricsOf(1, undefined, START).asr, 50)
  })

  test('an hour later it is gone', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'aaaa')
    assert.equal(book.metricsOf(1, LONDON, START + HOUR - 150_001).attempts, 4)
    assert.equal(book.metricsOf(1, LONDON, START + HOUR).attempts, 0)
  })

  test('an answer counts when it comes, its length when it ends, and neither twice', () => {
    const book = createQualityBook()
    const attempt = { gatewayId: 1, destination: LONDON, postDialDelayMs: 900 }
    book.attemptAnswered({ ...attempt, now: START })
    assert.equal(book.metricsOf(1, LONDON, START).asr, 100)
    assert.equal(book.metricsOf(1, LONDON, START).acdSeconds, undefined)
    const end = { outcome: 'answered', answeredSeconds: 60, now: START + 60_000 } as const
    book.attemptEnded({ ...attempt, ...end, postDialDelayMs: 30_000 }, true)
    const metrics = book.metricsOf(1, LONDON, START + 60_000)
    assert.ok((metrics.pddP95Ms ?? Infinity) <= 1_000, 'the delay is that of the answer')
    assert.deepEqual([metrics.attempts, metrics.answered, metrics.acdSeconds], [1, 1, 60])
  })

  test('a new gateway is expected to be as the others are to that destination, and those as all are', () => {
    const book = createQualityBook()
    assert.deepEqual(book.qualityOf(9, LONDON, START), {
      ...DEFAULT_QUALITY_SETTINGS.unknown,
      samples: 0,
      isConfident: false,
    })
    feed(book, 1, LONDON, 'a'.repeat(400))
    feed(book, 2, PARIS, 'u'.repeat(400))
    const later = START + 2_000
    const [london, paris, tokyo] = [LONDON, PARIS, '813'].map((each) => book.qualityOf(9, each, later).asr)
    assert.ok(london !== undefined && london > 95, String(london))
    assert.ok(paris !== undefined && paris < 5, String(paris))
    assert.ok(tokyo !== undefined && Math.abs(tokyo - 50) < 1, String(tokyo))
  })

  test('a destination of which little was seen is expected to be as all are', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'a'.repeat(2_000))
    feed(book, 1, PARIS, 'u')
    const { asr } = book.qualityOf(9, PARIS, START)
    assert.ok(asr > 90, String(asr))
  })

  test('the figures of the operator come before those of others, each for itself', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'a'.repeat(400))
    const expected = { asrPercent: 30, acdSeconds: undefined, pddMs: 700 }
    const fresh = book.qualityOf(9, LONDON, START, expected)
    assert.deepEqual([fresh.asr, fresh.pddMs], [30, 700])
    assert.ok(fresh.acdSeconds > 95)
    feed(book, 9, LONDON, 'a'.repeat(20))
    assert.equal(
      book.qualityOf(9, LONDON, START, expected).asr,
      65,
      'as many samples as the expectation weighs',
    )
    assert.ok(book.qualityOf(9, LONDON, START).asr > 95, 'without it the others speak')
  })

  test('few samples move the estimate a little, many make it their own', () => {
    const book = createQualityBook()
    const expected = { asrPercent: 60, acdSeconds: 120, pddMs: 2_000 }
    feed(book, 1, LONDON, 'uu')
    const few = book.qualityOf(1, LONDON, START, expected)
    assert.ok(few.asr > 50 && few.asr < 60, String(few.asr))
    assert.deepEqual([few.samples, few.isConfident], [2, false])
    feed(book, 1, LONDON, 'u'.repeat(998))
    const many = book.qualityOf(1, LONDON, START, expected)
    assert.ok(many.asr < 2)
    assert.deepEqual([many.samples, many.isConfident], [1_000, true])
  })

  test('an estimate lives for a second unless its gateway is fed', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'a')
    const first = book.qualityOf(1, LONDON, START)
    assert.equal(book.qualityOf(1, LONDON, START + 999), first)
    assert.notEqual(book.qualityOf(1, LONDON, START + 1_000), first)
    feed(book, 1, LONDON, 'u', START + 1_000)
    assert.ok(book.qualityOf(1, LONDON, START + 1_000).asr < first.asr)
  })

  test('of the last five minutes there are ratios from ten samples on', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'aaaaaaacx')
    assert.deepEqual(book.recentOf(1, START), { samples: 8, asr: undefined, failureRate: undefined })
    feed(book, 1, PARIS, 'cu')
    assert.deepEqual(book.recentOf(1, START), { samples: 10, asr: 70, failureRate: 20 })
    assert.equal(book.recentOf(1, START + 300_000).samples, 0)
    assert.equal(book.recentOf(2, START).samples, 0)
  })

  test('the average length is over all gateways, and unknown while few were seen', () => {
    const book = createQualityBook()
    feed(book, 1, LONDON, 'a'.repeat(29))
    assert.equal(book.averageSecondsOf(LONDON, START), undefined)
    feed(book, 2, LONDON, 'a')
    const seconds = book.averageSecondsOf(LONDON, START + 2_000) ?? 0
    assert.ok(seconds > 99 && seconds < 109, String(seconds))
  })

  test('pairs are bounded: what was fed longest ago goes', () => {
    const book = createQualityBook({ ...DEFAULT_QUALITY_SETTINGS, mostDestinations: 2 })
    feed(book, 1, 'a', 'a')
    feed(book, 1, 'b', 'a')
    feed(book, 1, 'a', 'a')
    feed(book, 2, 'c', 'a')
    assert.equal(book.metricsOf(1, 'a', START).attempts, 2)
    assert.equal(book.metricsOf(1, 'b', START).attempts, 0)
    assert.equal(book.metricsOf(1, undefined, START).attempts, 3)
    feed(book, 1, 'a', 'a')
    book.forget(1)
    assert.equal(book.metricsOf(1, undefined, START).attempts, 0)
    feed(book, 1, 'd', 'a')
    assert.equal(book.metricsOf(2, 'c', START).attempts, 1, 'what was forgotten makes room')
  })

  test('destinations over all gateways are bounded in the same way', () => {
    const book = createQualityBook({ ...DEFAULT_QUALITY_SETTINGS, mostDestinations: 2 })
    feed(book, 1, 'a', 'a'.repeat(200))
    feed(book, 1, 'b', 'u'.repeat(200))
    feed(book, 1, 'a', 'a')
    feed(book, 1, 'c', 'u')
    const asr = (destination: string): number => book.qualityOf(9, destination, START + 2_000).asr
    assert.ok(asr('a') > 90, String(asr('a')))
    assert.ok(Math.abs(asr('b') - 50) < 2, String(asr('b')))
  })

  test('an estimate lies between what was expected and what was seen', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'u', 'c', 'x'), maxLength: 80 })
    fc.assert(
      fc.property(letters, fc.integer({ min: 0, max: 100 }), (attempts, asrPercent) => {
        const book = createQualityBook()
        feed(book, 1, LONDON, attempts)
        const { asr, samples } = book.qualityOf(1, LONDON, START, {
          asrPercent,
          acdSeconds: 60,
          pddMs: 1_000,
        })
        const seen = book.metricsOf(1, LONDON, START).asr ?? asrPercent
        assert.ok(asr >= Math.min(seen, asrPercent) - 1e-9 && asr <= Math.max(seen, asrPercent) + 1e-9)
        assert.equal(samples, attempts.replaceAll('x', '').length)
      }),
    )
  })
})
