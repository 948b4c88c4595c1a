import assert from 'node:assert/strict'
import {
  attemptResultVariable,
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  encodeCarried,
} from '../../src/call/carried.ts'
import { buildCdr } from '../../src/cdr/build.ts'
import {
  documentOfEnd,
  documentOfLost,
  estimateKindOf,
  pictureOf,
  type LegPicture,
} from '../../src/cdr/estimate.ts'
import { eventOf } from './leg-events.ts'
import { A, attempt, B_ANSWERED, B_FAILED, call, sample, type RawPost } from './posts.ts'

const aLeg = (): RawPost => {
  const post = sample('a-leg')
  post.variables[CALL_VARIABLE] = encodeCarried({
    ...call,
    attempts: [attempt(1, B_FAILED), attempt(2, B_ANSWERED)],
    devices: [],
  })
  post.variables[attemptResultVariable(1)] = 'NORMAL_TEMPORARY_FAILURE/503'
  return post
}
const bLeg = (): RawPost => {
  const post = sample('b-leg-answered')
  post.variables[ATTEMPT_VARIABLE] = encodeCarried(attempt(2, B_ANSWERED))
  return post
}

const living = (picture: LegPicture): LegPicture => ({
  ...picture,
  times: { ...picture.times, hangup_time: '0' },
})

/** What is not there yet while a leg talks. */
const AT_THE_END = /^(end_|answer_|start_|progress_|hangup_cause|sip_hangup|sip_term|billsec|duration|.*sec$)/

suite('records from what the events said', () => {
  for (const [name, post] of [
    ['a caller', aLeg()],
    ['an answered attempt', bLeg()],
    ['a refused attempt', sample('b-leg-failed-503')],
  ] as const)
    test(`the event of the end of ${name} makes the record that the post makes`, () => {
      const { estimate, ...fromEvent } = buildCdr(documentOfEnd(pictureOf(eventOf(post), 'all')))
      assert.equal(estimate, 'from-event')
      assert.deepEqual(fromEvent, buildCdr(post))
    })

  test('a leg that was lost in its talk: everything but its end is as the switch would have posted it', () => {
    const post = bLeg()
    const whole = buildCdr(post)
    const picture = pictureOf(
      eventOf(post, (name) => AT_THE_END.test(name)),
      'kept',
    )
    const alive = living(picture)
    const answered = Number(alive.times['answered_time'])
    const lost = buildCdr(documentOfLost(alive, answered + 61_000_000, 'NORMAL_TEMPORARY_FAILURE'))
    const { legUuid, callId, parentUuid, leg, organizationId, direction, startTime, answerTime } = whole
    assert.deepEqual(
      {
        ...lost,
        endTime: 0,
      },
      {
        ...whole,
        ...{ legUuid, callId, parentUuid, leg, organizationId, direction, startTime, answerTime },
        endTime: 0,
        durationSeconds: Math.ceil((answered + 61_000_000) / 1e6 - Number(alive.times['created_time']) / 1e6),
        billableSeconds: 61,
        chargedSeconds: 61,
        cost: lost.cost,
        hangupCause: 'NORMAL_TEMPORARY_FAILURE',
        hangupCauseQ850: 41,
        hungUpBy: 'switch',
        estimate: 'switch-lost',
      },
    )
    assert.ok(lost.cost !== undefined && lost.cost > (whole.cost ?? 0))
    assert.equal(lost.endTime, Math.trunc((answered + 61_000_000) / 1_000))
  })

  test('an end before the answer is the answer: what is known happened', () => {
    const picture = pictureOf(
      eventOf(bLeg(), (name) => AT_THE_END.test(name)),
      'kept',
    )
    const alive = living(picture)
    const lost = buildCdr(documentOfLost(alive, 1, 'NORMAL_TEMPORARY_FAILURE'))
    assert.equal(lost.billableSeconds, 1)
    assert.ok(lost.endTime >= (lost.answerTime ?? Number.POSITIVE_INFINITY))
  })

  test('the bridge tells who answered before the variable does', () => {
    const post = aLeg()
    const event = eventOf(
      post,
      (name) => AT_THE_END.test(name) || name.endsWith('bridge_uuid') || name === 'last_bridge_to',
    )
    const headers = new Map(event.headers()).set('Bridge-B-Unique-ID', B_ANSWERED)
    const picture = pictureOf({ get: (name) => headers.get(name), headers: () => headers }, 'kept')
    const cdr = buildCdr(documentOfLost(picture, 0, 'NORMAL_TEMPORARY_FAILURE'))
    assert.equal(cdr.legUuid, A)
    assert.deepEqual(
      cdr.attempts.map(({ outcome }) => outcome),
      ['FAILED', 'ANSWERED'],
    )
  })

  test('what lives keeps what a record needs, and no more', () => {
    const { variables } = pictureOf(eventOf(aLeg()), 'kept')
    assert.ok(CALL_VARIABLE in variables)
    assert.ok(!('sip_full_via' in variables))
    assert.ok(JSON.stringify(variables).length < 4_000)
  })

  for (const [value, kind] of [
    [{ strowger_estimate: 'from-event' }, 'from-event'],
    [{ strowger_estimate: 'switch-lost' }, 'switch-lost'],
    [{ strowger_estimate: 'anything' }, undefined],
    [{ variables: { strowger_estimate: 'from-event' } }, undefined],
    [null, undefined],
    ['strowger_estimate', undefined],
  ] as const)
    test(`${JSON.stringify(value)} is ${kind ?? 'no estimate'}`, () =>
      assert.equal(estimateKindOf(value), kind))
})
