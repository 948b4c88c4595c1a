/** Two sides of the same calls: what was dropped, doubled or changed on one of them is found, and nothing else. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { reconcile, sumsOf, type ReconciledCall } from '../../src/cdr/reconcile.ts'
import { formatMoney, moneyOf, parseMoney, type Money } from '../../src/telephony/money.ts'

const START = Date.UTC(2026, 6, 1)
const OPTIONS = { windowMs: 60_000, toleranceSeconds: 1, toleranceAmount: parseMoney('0.0001') }

const call = (n: number, given: Partial<ReconciledCall> = {}): ReconciledCall => ({
  ...{ id: `o${n}`, at: START + n * 7_000, number: `44207946${String(n % 500).padStart(4, '0')}` },
  ...{ seconds: 30 + (n % 90), amount: moneyOf(1_000_000 * (1 + (n % 7))), currency: 'EUR' },
  ...given,
})
const day = (count: number): readonly ReconciledCall[] => Array.from({ length: count }, (_, n) => call(n))
const asTheirs = (calls: readonly ReconciledCall[], skewMs = 0): ReconciledCall[] =>
  calls.map((one) => ({ ...one, id: `t${one.id.slice(1)}`, at: one.at + skewMs }))

const kindsOf = (ours: readonly ReconciledCall[], theirs: readonly ReconciledCall[]) =>
  reconcile(ours, theirs, OPTIONS).differences.map(({ kind, ours: our, theirs: their }) => [
    kind,
    our?.id,
    their?.id,
  ])

suite('cdr: reconciling', () => {
  test('two sides that are alike differ in nothing, in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...day(300)], { minLength: 0 }), (ours) => {
        const theirs = asTheirs([...ours].reverse())
        assert.deepEqual(reconcile(ours, theirs, OPTIONS), {
          matched: ours.length,
          skewMs: 0,
          differences: [],
        })
      }),
    )
  })

  test('what is dropped, doubled, lengthened or repriced is found, each once and nothing else, whatever the order', () => {
    const fate = fc.constantFrom(
      'same',
      'same',
      'same',
      'drop-here',
      'drop-there',
      'double',
      'longer',
      'dearer',
    )
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 20, maxLength: 200 }),
        fc.integer({ min: -40_000, max: 40_000 }),
        fc.infiniteStream(fc.double({ noNaN: true })),
        (fates, skewMs, random) => {
          const expected: string[] = []
          let sum = 0n
          const ours: ReconciledCall[] = []
          const theirs: ReconciledCall[] = []
          fates.forEach((what, n) => {
            const our = call(n)
            const amount = BigInt(our.amount ?? 0)
            const [their] = asTheirs([our], skewMs)
            if (their === undefined) return
            if (what !== 'drop-here') ours.push(our)
            if (what === 'drop-here') {
              theirs.push(their)
              expected.push(`missing-here t${n}`)
              sum += amount
            } else if (what === 'drop-there') {
              expected.push(`missing-there o${n}`)
              sum -= amount
            } else if (what === 'double') {
              theirs.push(their, { ...their, id: `u${n}`, at: their.at + 500 })
              expected.push(`doubled-there u${n}`)
              sum += amount
            } else if (what === 'longer') {
              theirs.push({ ...their, seconds: their.seconds + 60 })
              expected.push(`duration o${n}`)
            } else if (what === 'dearer') {
              theirs.push({ ...their, amount: moneyOf(amount + 5_000_000n) })
              expected.push(`amount o${n}`)
              sum += 5_000_000n
            } else theirs.push(their)
          })
          // A clock is known by the calls that agree; with too few of them nobody could tell.
          fc.pre(
            fates.filter((what) => what !== 'drop-here' && what !== 'drop-there' && what !== 'longer')
              .length > 15,
          )
          const shuffle = <T>(items: T[]): T[] =>
            items
              .map((item) => [random.next().value as number, item] as const)
              .sort((a, b) => a[0] - b[0])
              .map(([, item]) => item)
          const result = reconcile(shuffle(ours), shuffle(theirs), OPTIONS)
          assert.ok(Math.abs(result.skewMs - skewMs) <= 1_000, `${result.skewMs} for ${skewMs}`)
          assert.deepEqual(
            result.differences
              .map(({ kind, ours: our, theirs: their }) => `${kind} ${our?.id ?? their?.id ?? ''}`)
              .sort(),
            expected.sort(),
          )
          const total = sumsOf(result.differences).reduce(
            (all, { disputed }) => all + BigInt(disputed.get('EUR') ?? 0),
            0n,
          )
          assert.equal(total, sum)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a clock in another time zone is found, and told', () => {
    const result = reconcile(day(100), asTheirs(day(100), 2 * 3_600_000), OPTIONS)
    assert.deepEqual([result.matched, result.skewMs, result.differences.length], [100, 7_200_000, 0])
  })

  test('a clock that is told is not guessed', () => {
    const result = reconcile(day(10), asTheirs(day(10), 2 * 3_600_000), { ...OPTIONS, skewMs: 0 })
    assert.deepEqual([result.matched, result.differences.length], [0, 20])
  })

  const numbers: readonly (readonly [ours: string, theirs: string, same: boolean])[] = [
    ['442079460123', '02079460123', true],
    ['442079460123', '00442079460123', true],
    ['442079460123', '9911442079460123', true],
    ['442079460123', '442079460124', false],
    ['442079460123', '332079460123', false],
  ]
  for (const [our, their, same] of numbers)
    test(`${our} and ${their} are ${same ? 'one number' : 'two'}`, () => {
      const result = reconcile(
        [call(1, { number: our })],
        [call(2, { number: their, at: START + 7_000, id: 't' })],
        OPTIONS,
      )
      assert.equal(result.matched, same ? 1 : 0)
    })

  test('of two calls to one number each takes the nearer, and the one that is as long before the nearer', () => {
    const ours = [
      call(1, { number: '1234567', at: START, seconds: 10 }),
      call(2, { number: '1234567', at: START + 20_000, seconds: 90 }),
    ]
    const theirs = [
      call(3, { id: 'a', number: '1234567', at: START + 9_000, seconds: 90 }),
      call(4, { id: 'b', number: '1234567', at: START + 12_000, seconds: 10 }),
    ].map((one) => ({ ...one, amount: undefined }))
    assert.deepEqual(reconcile(ours, theirs, { ...OPTIONS, skewMs: 0 }).differences, [])
  })

  test('a call that nobody answered may be missing there, and takes no line from one that was', () => {
    const failed = call(1, { isOptional: true, seconds: 0, amount: undefined })
    assert.deepEqual(kindsOf([failed], []), [])
    const again = call(1, { id: 'o2', at: failed.at + 5_000 })
    const their = { ...again, id: 't1', at: failed.at + 2_000 }
    assert.deepEqual(kindsOf([failed, again], [their]), [])
  })

  test('another currency is no amount that could be compared', () => {
    const theirs = asTheirs([call(1, { currency: 'USD' })])
    assert.deepEqual(kindsOf([call(1)], theirs), [['currency', 'o1', 't1']])
  })

  test('two records of ours and one of theirs are one that we have twice', () => {
    const twice = call(1, { id: 'o9' })
    const found = reconcile(
      [call(1), { ...twice, at: twice.at + 100 }],
      asTheirs([call(1)]),
      OPTIONS,
    ).differences
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['doubled-here'],
    )
    assert.equal(formatMoney(found[0]?.disputed ?? (0 as Money)), '-0.02')
  })

  test('a number that is called all day long is matched call by call', () => {
    const one = (n: number): ReconciledCall =>
      call(n, { number: '4420794600', at: START + n * 1_500, seconds: n % 50 })
    const ours = Array.from({ length: 3_000 }, (_, n) => one(n))
    const theirs = asTheirs(ours).filter((_, n) => n !== 1_500)
    const found = reconcile(ours, theirs, { ...OPTIONS, windowMs: 5_000 })
    assert.equal(found.matched, 2_999)
    assert.deepEqual(
      found.differences.map(({ kind }) => kind),
      ['missing-there'],
    )
  })
})
