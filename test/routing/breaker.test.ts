import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  breakerVerdict,
  DEFAULT_BREAKER_SETTINGS,
  newBreaker,
  stepBreaker,
  TRANSITIONS,
  type Breaker,
  type BreakerInput,
  type BreakerSettings,
} from '../../src/routing/breaker.ts'

const START = 1_800_000_000_000
const SECOND = 1_000

/**
 * What happens, in words: `f` a call fails, `s` one succeeds, `i` one says nothing, `p` a ping is answered, `t` a trial
 * begins, `r` tried by hand, `x` reset by hand, `+60` so many seconds go by.
 */
const play = (
  script: string,
  settings: BreakerSettings = DEFAULT_BREAKER_SETTINGS,
): { readonly breaker: Breaker; readonly now: number } => {
  let now = START
  let breaker = newBreaker(now)
  for (const word of script.split(' ').filter((each) => each !== '')) {
    if (word.startsWith('+')) now += Number(word) * SECOND
    else breaker = stepBreaker(breaker, inputOf(word, now), settings, now)
  }
  return { breaker: stepBreaker(breaker, { kind: 'time' }, settings, now), now }
}

const inputOf = (word: string, now: number): BreakerInput => {
  switch (word) {
    case 'f':
      return { kind: 'failure', startedAt: now, cause: 'NORMAL_TEMPORARY_FAILURE' }
    case 's':
      return { kind: 'success', at: now }
    case 'i':
      return { kind: 'inconclusive', startedAt: now }
    case 'p':
      return { kind: 'ping-answered' }
    case 't':
      return { kind: 'trial' }
    case 'r':
      return { kind: 'retry' }
    default:
      return { kind: 'reset' }
  }
}

const MANUAL: BreakerSettings = { ...DEFAULT_BREAKER_SETTINGS, recovery: 'manual' }

/** Sentence, script, state. The figures are the reference's: 3 within 300 s, 60 s, 5. */
const ROWS: readonly (readonly [string, string, string, BreakerSettings?])[] = [
  ['two failures are not enough', 'f f', 'closed'],
  ['three in a row open it', 'f f f', 'open'],
  ['a success between begins anew', 'f f s f f', 'closed'],
  ['what says nothing does not begin anew', 'f f i f', 'open'],
  ['an answered ping does not begin anew: who answers pings may refuse calls', 'f f p f', 'open'],
  ['three within the window open it', 'f +150 f +149 f', 'open'],
  ['three over more than the window do not', 'f +150 f +150 f', 'closed'],
  ['the window slides', 'f +299 f +2 f +10 f', 'open'],
  ['it stays open for the interval', 'f f f +59', 'open'],
  ['then it is half-open', 'f f f +60', 'half-open'],
  ['successes while open count for nothing', 'f f f s s s s s s', 'open'],
  ['four successes are not enough', 'f f f +60 s s s s', 'half-open'],
  ['five close it', 'f f f +60 s s s s s', 'closed'],
  ['answered pings count towards it', 'f f f +60 p s p s p', 'closed'],
  ['pings while open do not', 'f f f p p p p p +60 s', 'half-open'],
  ['a failure on trial opens it again', 'f f f +60 s s s s f', 'open'],
  ['and the successes before are gone', 'f f f +60 s s s s f +120 s s s s', 'half-open'],
  ['the second opening is twice as long', 'f f f +60 f +119', 'open'],
  ['and ends', 'f f f +60 f +120', 'half-open'],
  ['the third is four times as long', 'f f f +60 f +120 f +239', 'open'],
  ['no opening is longer than ten minutes', `f f f +60 ${'f +600 '.repeat(8)}`, 'half-open'],
  [
    'one that fails soon after it recovered is left alone for longer',
    'f f f +60 s s s s s f f f +60',
    'open',
  ],
  ['one that fails long after begins with the interval', 'f f f +60 s s s s s +300 f f f +60', 'half-open'],
  ['by hand only: it stays open', 'f f f +86400', 'open', MANUAL],
  ['by hand only: a hand makes it half-open', 'f f f +5 r', 'half-open', MANUAL],
  ['by hand only: a failure needs the hand again', 'f f f r f +86400', 'open', MANUAL],
  ['by hand only: successes close it', 'f f f r s s s s s', 'closed', MANUAL],
  ['a hand need not wait for the interval', 'f f f r', 'half-open'],
  ['a hand has nothing to retry where nothing is open', 'f f r', 'closed'],
  ['reset by hand closes it', 'f f f x', 'closed'],
  ['and forgets what was counted', 'f f x f f', 'closed'],
  [
    'a threshold of one opens at the first',
    'f',
    'open',
    { ...DEFAULT_BREAKER_SETTINGS, failureThreshold: 1 },
  ],
]

suite('routing: a circuit breaker', () => {
  for (const [sentence, script, state, settings] of ROWS) {
    test(`${sentence} (${script.slice(0, 50)}): ${state}`, () =>
      assert.equal(play(script, settings).breaker.state, state))
  }

  test('the table leads nowhere but where it says', () => {
    assert.deepEqual(TRANSITIONS, {
      closed: { tripped: 'open', reset: 'closed' },
      open: { due: 'half-open', retried: 'half-open', reset: 'closed' },
      'half-open': { recovered: 'closed', relapsed: 'open', reset: 'closed' },
    })
  })

  const verdictAfter = (script: string): string => {
    const { breaker, now } = play(script)
    return breakerVerdict(breaker, DEFAULT_BREAKER_SETTINGS, now).kind
  }
  const verdicts: readonly (readonly [string, string, string])[] = [
    ['a closed one takes every call', 'f f', 'closed'],
    ['an open one takes none', 'f f f', 'open'],
    ['a half-open one takes a trial', 'f f f +60', 'trial'],
    ['one at a time', 'f f f +60 t', 'open'],
    ['the next when the first did well', 'f f f +60 t s', 'trial'],
    ['the next when the first said nothing', 'f f f +60 t i', 'trial'],
    ['a ping is not the trial', 'f f f +60 t p', 'open'],
    ['one that never reports back is waited for', 'f f f +60 t +179', 'open'],
    ['and forgotten', 'f f f +60 t +180', 'trial'],
  ]
  for (const [sentence, script, kind] of verdicts) {
    test(`${sentence} (${script}): ${kind}`, () => assert.equal(verdictAfter(script), kind))
  }

  test('an open one says until when and why', () => {
    const { breaker, now } = play('f f f +10')
    assert.deepEqual(breakerVerdict(breaker, DEFAULT_BREAKER_SETTINGS, now), {
      kind: 'open',
      until: START + 60 * SECOND,
      why: '3 failures, the last NORMAL_TEMPORARY_FAILURE',
    })
    const byHand = play('f f f', MANUAL).breaker
    assert.deepEqual(breakerVerdict(byHand, MANUAL, START + 10 ** 9), {
      kind: 'open',
      until: undefined,
      why: '3 failures, the last NORMAL_TEMPORARY_FAILURE',
    })
  })

  test('reading is enough for it to be due: nobody has to move it', () => {
    const { breaker } = play('f f f')
    assert.equal(breakerVerdict(breaker, DEFAULT_BREAKER_SETTINGS, START + 60 * SECOND).kind, 'trial')
  })

  test('calls that began before it opened tell nothing new while it is on trial', () => {
    const { breaker, now } = play('+100 f f f +60 t')
    for (const input of [
      { kind: 'failure', startedAt: START, cause: 'LATE' },
      { kind: 'success', at: START },
      { kind: 'inconclusive', startedAt: START },
    ] as const)
      assert.deepEqual(stepBreaker(breaker, input, DEFAULT_BREAKER_SETTINGS, now), breaker)
  })

  test('an answer of an hour ago does not wipe out the failures since', () => {
    const { breaker, now } = play('+3600 f f')
    const after = stepBreaker(breaker, { kind: 'success', at: START }, DEFAULT_BREAKER_SETTINGS, now)
    assert.equal(after.failedAt.length, 2)
  })

  test('a clock that is set back a day does not keep it open for a day', () => {
    const { breaker } = play('f f f')
    const dayBefore = START - 86_400 * SECOND
    assert.equal(breakerVerdict(breaker, DEFAULT_BREAKER_SETTINGS, dayBefore).kind, 'trial')
    assert.equal(breakerVerdict(breaker, DEFAULT_BREAKER_SETTINGS, START - 50).kind, 'open')
    const onTrial = play('f f f +60 t').breaker
    assert.equal(breakerVerdict(onTrial, DEFAULT_BREAKER_SETTINGS, dayBefore).kind, 'trial')
  })

  test('it keeps no more failures than the threshold', () => {
    const often: BreakerSettings = { ...DEFAULT_BREAKER_SETTINGS, failureThreshold: 4, failureWindowMs: 10 }
    assert.ok(play('f +1 '.repeat(50), often).breaker.failedAt.length <= 4)
  })

  const words = fc.array(
    fc.oneof(
      fc.constantFrom('f', 's', 'i', 'p', 't', 'r'),
      fc.integer({ min: 1, max: 700 }).map((seconds) => `+${seconds}`),
    ),
    { maxLength: 80 },
  )
  const settingsOf = fc.record({
    failureThreshold: fc.integer({ min: 1, max: 4 }),
    recoveryThreshold: fc.integer({ min: 1, max: 6 }),
    recovery: fc.constantFrom('automatic' as const, 'manual' as const),
  })

  test('it never closes without its successes, never opens without its failures, and manual never moves by time', () => {
    fc.assert(
      fc.property(words, settingsOf, (script, given) => {
        const settings: BreakerSettings = { ...DEFAULT_BREAKER_SETTINGS, ...given }
        let now = START
        let breaker = newBreaker(now)
        let [failures, successes] = [0, 0]
        for (const word of script) {
          const before = breaker
          if (word.startsWith('+')) now += Number(word) * SECOND
          breaker = stepBreaker(before, { kind: 'time' }, settings, now)
          assert.ok(before.state === breaker.state || settings.recovery === 'automatic')
          const onTrial = breaker.state === 'half-open'
          if (before.state !== breaker.state) successes = 0
          if (word.startsWith('+')) continue
          const was = breaker.state
          breaker = stepBreaker(breaker, inputOf(word, now), settings, now)
          if (word === 'f') failures += 1
          if (word === 's' && was === 'closed') failures = 0
          if (onTrial && (word === 's' || word === 'p')) successes += 1
          if (was === 'half-open' && breaker.state === 'closed')
            assert.ok(successes >= settings.recoveryThreshold, `${successes} successes`)
          if (was === 'closed' && breaker.state === 'open') assert.ok(failures >= settings.failureThreshold)
          assert.ok(!(was === 'open' && breaker.state === 'closed'))
          if (was !== breaker.state) [failures, successes] = [0, 0]
          if (breaker.until !== undefined) assert.ok(breaker.until - now <= 600 * SECOND)
        }
      }),
    )
  })
})
