import assert from 'node:assert/strict'
import type { LrnLookup } from '../../src/engine/planner.ts'
import { asE164, type E164 } from '../../src/telephony/e164.ts'
import { carriers, NOW, organization, rate, user, uuid, type GivenWorld } from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'

const AMERICAN: GivenWorld = {
  ...carriers(1),
  organizations: [organization({ country: 'US', currency: 'USD' })],
  rates: [rate(1, '1212', '0.01', { currency: 'USD' }), rate(1, '1415', '0.09', { currency: 'USD' })],
}

const request = (dialled: string, country: 'US' | 'GB' = 'US') => ({
  callId: uuid(1),
  organization: organization({ country, currency: country === 'US' ? 'USD' : 'EUR' }),
  user: user(),
  dialled,
  now: NOW,
})

/** Answers what it is given, and tells what it was asked. */
const lookupOf = (known: Readonly<Record<string, string | null>>, found?: string) => {
  const asked: string[] = []
  const lrn: LrnLookup = {
    cached: (number: E164) => {
      const text = known[number]
      return typeof text === 'string' ? asE164(text) : text
    },
    lookup: (number: E164) => {
      asked.push(number)
      return Promise.resolve(found === undefined ? undefined : asE164(found))
    },
  }
  return { lrn, asked }
}

const prefixOf = ({ target }: { readonly target: Parameters<typeof attemptsIn>[0] }): string | undefined =>
  attemptsIn(target)[0]?.carried.rate?.prefix
const attemptsIn = (target: Awaited<ReturnType<ReturnType<typeof plannerIn>['plan']>>['target']) =>
  target.kind === 'carriers' ? target.attempts : []

suite('engine: the planner', () => {
  test('a call that is made takes its turn and its decision is kept; a question does neither', async () => {
    const planner = plannerIn(worldWith(carriers(2)))
    await planner.preview(request('+442079460958', 'GB'))
    assert.deepEqual([planner.planned.length, planner.decided.length], [0, 0])
    const plan = await planner.plan(request('+442079460958', 'GB'))
    assert.deepEqual(planner.planned, [plan.call])
    assert.equal(planner.decided[0]?.destination, '+442079460958')
    assert.deepEqual(
      planner.decided[0].candidates.map(({ rank, carrier, deckId }) => [rank, carrier, deckId]),
      [
        [1, 'Carrier 1', 10],
        [2, 'Carrier 2', 20],
      ],
    )
  })

  test('what was decided says how long it took', async () => {
    let now = 0
    const planner = plannerIn(worldWith(carriers(1)), { elapsed: () => (now += 250) })
    assert.equal((await planner.preview(request('+442079460958', 'GB'))).microseconds, 250)
    await planner.plan(request('+442079460958', 'GB'))
    assert.equal(planner.decided[0]?.microseconds, 250)
  })

  test('a number that nobody takes is decided too, with its kind of refusal', async () => {
    const planner = plannerIn(worldWith({ ...carriers(1), rates: [] }))
    await planner.plan(request('+442079460958', 'GB'))
    assert.equal(planner.decided[0]?.refusal, 'NO_PREFIX')
    assert.equal(planner.decided[0].rejected[0]?.reason, 'NO_RATE')
  })
})

suite('engine: the planner and location routing numbers', () => {
  test('a known one is used at once, without a promise', () => {
    const { lrn, asked } = lookupOf({ '+12125550100': '+14155550199' })
    const planned = plannerIn(worldWith(AMERICAN), { lrn }).plan(request('2125550100'))
    assert.ok(!(planned instanceof Promise))
    assert.equal(prefixOf(planned), '1415')
    assert.deepEqual(asked, [])
  })

  test('a code before the number that withholds the caller hides nothing of it', () => {
    const { lrn, asked } = lookupOf({ '+12125550100': '+14155550199' })
    const planned = plannerIn(worldWith(AMERICAN), { lrn }).plan(request('*672125550100'))
    assert.ok(!(planned instanceof Promise))
    assert.equal(prefixOf(planned), '1415')
    assert.deepEqual(asked, [])
  })

  test('a number of which it is known that it was not ported is not asked for again', () => {
    const { lrn, asked } = lookupOf({ '+12125550100': null })
    const planned = plannerIn(worldWith(AMERICAN), { lrn }).plan(request('2125550100'))
    assert.ok(!(planned instanceof Promise))
    assert.equal(prefixOf(planned), '1212')
    assert.deepEqual(asked, [])
  })

  test('an unknown one is asked for, and the number that is dialled stays', async () => {
    const { lrn, asked } = lookupOf({}, '+14155550199')
    const plan = await plannerIn(worldWith(AMERICAN), { lrn }).plan(request('2125550100'))
    assert.deepEqual(asked, ['+12125550100'])
    assert.equal(prefixOf(plan), '1415')
    assert.equal(attemptsIn(plan.target)[0]?.carried.number, '+12125550100')
    assert.ok(plan.trace.some((line) => line.includes('routed as +14155550199')))
  })

  test('a host that knows nothing leaves the number as it is', async () => {
    const { lrn } = lookupOf({})
    assert.equal(prefixOf(await plannerIn(worldWith(AMERICAN), { lrn }).plan(request('2125550100'))), '1212')
  })

  for (const dialled of ['+442079460958', '112', '1001', '*43', 'abc'])
    test(`${dialled} is asked of nobody`, async () => {
      const { lrn, asked } = lookupOf({}, '+14155550199')
      await plannerIn(worldWith(AMERICAN), { lrn }).preview(request(dialled))
      assert.deepEqual(asked, [])
    })
})
