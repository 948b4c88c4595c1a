import assert from 'node:assert/strict'
import { createQuotaFeed } from '../../src/engine/quota-feed.ts'
import { createQuotaCounters } from '../../src/limits/quota-counters.ts'
import { planIn } from '../plan/plan-in.ts'
import { carriers, NOW } from '../support/snapshot.ts'

suite('engine: what the counters of quotas are told', () => {
  const atOnceAfter = (dialled: string, isOver: boolean): number => {
    const counters = createQuotaCounters({ organization: () => undefined, user: () => undefined })
    const feed = createQuotaFeed({ counters, isEmergency: () => false, isOver: () => isOver })
    feed.planned(planIn(carriers(1), dialled), NOW)
    return counters.usage(1, undefined, NOW).concurrentCalls
  }

  for (const [what, dialled, isOver, expected] of [
    ['a call that is planned counts at once', '+442079460958', false, 1],
    ['one that was hung up while it was planned does not', '+442079460958', true, 0],
    ['one that is refused does not', '*44', false, 0],
    ['an emergency call does not', '112', false, 0],
  ] as const)
    test(what, () => assert.equal(atOnceAfter(dialled, isOver), expected))
})
