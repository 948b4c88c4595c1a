import assert from 'node:assert/strict'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { dialVariable, encodeHunt, HUNT_VARIABLE } from '../../src/call/carried-hunt.ts'
import { createConversations } from '../../src/engine/conversations.ts'
import type { Conversation } from '../../src/esl/conversation.ts'
import type { EslEvent } from '../../src/esl/event.ts'
import { DEFAULT_FAILOVER_POLICY, type FailoverPolicy } from '../../src/telephony/failover-policy.ts'
import { createManualClock } from '../support/manual-clock.ts'

/** What a bridge leaves on the caller's channel; `headers` of its CHANNEL_EXECUTE_COMPLETE. */
type End = {
  readonly variables?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly afterMs?: number
  /** The engine dies, or the socket does. */
  readonly breaks?: true
}

const refused = (status: number, cause: string, afterMs = 0): End => ({
  afterMs,
  variables: {
    last_bridge_hangup_cause: cause,
    last_bridge_proto_specific_hangup_cause: `sip:${status}`,
    originate_disposition: cause,
  },
})
const answered: End = { headers: { 'Answer-State': 'hangup' } }

const eventOf = (
  variables: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): EslEvent => {
  const all = new Map(
    Object.entries({ 'Answer-State': 'ringing', 'Channel-State-Number': '4', ...headers }).concat(
      Object.entries(variables).map(([name, value]) => [`variable_${name}`, value]),
    ),
  )
  return {
    name: 'CHANNEL_EXECUTE_COMPLETE',
    subclass: undefined,
    body: undefined,
    get: (header) => all.get(header),
    variable: (name) => all.get(`variable_${name}`),
    headers: () => all,
  }
}

type Given = {
  readonly policies: readonly Partial<FailoverPolicy>[]
  readonly ends: readonly End[]
  readonly budgetSeconds?: number
}

/** What the engine had the switch do, as `application argument`, and how the handler ended. */
const run = async ({ policies, ends, budgetSeconds }: Given): Promise<readonly string[]> => {
  const clock = createManualClock()
  const done: string[] = []
  let next = 0
  let close: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  const hunt = encodeHunt({
    attempts: policies.map((policy, index) => ({
      n: index + 1,
      gatewayId: index + 1,
      policy: { ...DEFAULT_FAILOVER_POLICY, ...policy },
      application: 'bridge',
      settings: ['bridge_answer_timeout=60'],
    })),
    postDialDelayBudgetSeconds: budgetSeconds,
  })
  const dials = policies.map((_, index) => [dialVariable(index + 1), `dial ${index + 1}`] as const)
  const conversation: Conversation = {
    uuid: 'a',
    channel: eventOf({ [HUNT_VARIABLE]: hunt, ...Object.fromEntries(dials) }),
    execute: (application, argument = '') => {
      done.push(`${application} ${argument}`)
      if (application !== 'bridge') return Promise.resolve(eventOf({}))
      const end = ends[next++] ?? {}
      if (end.breaks === true) return Promise.reject(new EngineError('ESL_CLOSED', 'the socket ended'))
      clock.advance(end.afterMs ?? 0)
      if (end.headers !== undefined) close()
      return Promise.resolve(eventOf(end.variables ?? {}, end.headers))
    },
    start: (application, argument = '') => {
      done.push(`${application} ${argument}`)
      if (application === 'respond') close()
      return Promise.resolve()
    },
    api: () => Promise.resolve(''),
    setVariable: () => Promise.resolve(),
    hangup: () => Promise.resolve(),
    closed,
    close,
  }
  await createConversations({
    clock,
    logger: silentLogger,
    runAnswer: () => Promise.resolve(),
    askPin: () => Promise.resolve(),
  })(conversation).catch((fault: unknown) => {
    done.push(fault instanceof EngineError ? fault.code : String(fault))
  })
  return done
}

/** Each setting by itself, as `set name=value`. */
const inSteps = (done: readonly string[]): readonly string[] =>
  done.flatMap((each) => {
    const [, separator = '', settings] = /^multiset \^\^(.)(.*)$/.exec(each) ?? []
    return settings === undefined ? [each] : settings.split(separator).map((setting) => `set ${setting}`)
  })

/** Only what is dialled, noted and said at the end. */
const inShort = (done: readonly string[]): readonly string[] =>
  inSteps(done).flatMap((each) => {
    const noted = /^set (strowger_result_\d|strowger_hunt_end)=(.*)$/.exec(each)
    if (noted?.[1] === 'strowger_hunt_end') return [`end ${noted[2] ?? ''}`]
    if (noted?.[1] !== undefined) return [`note ${noted[1].at(-1) ?? ''}`]
    return /^(?:bridge|respond|ESL|CALL)/.test(each) ? [each.replace('bridge dial', 'dial')] : []
  })

const FORGOTTEN = [
  'set last_bridge_hangup_cause=',
  'set last_bridge_proto_specific_hangup_cause=',
  'set sip_invite_failure_status=',
  'set sip_invite_failure_phrase=',
  'set sip_reason=',
  'set originate_disposition=',
]

const BUSY = refused(486, 'USER_BUSY')
const CONGESTED = refused(503, 'NORMAL_TEMPORARY_FAILURE')
const FORBIDDEN = refused(403, 'CALL_REJECTED')
const DECLINED = refused(603, 'CALL_REJECTED')
const NOT_FOUND = refused(404, 'UNALLOCATED_NUMBER')

suite('engine: a hunt as a conversation', () => {
  const rows: readonly (readonly [sentence: string, given: Given, ...expected: readonly string[]])[] = [
    [
      'the first answers, and nothing is said after it',
      { policies: [{ next: [403] }, {}], ends: [answered] },
      'dial 1',
    ],
    [
      'a 403 that is ours to fix goes on',
      { policies: [{ next: [403] }, {}], ends: [FORBIDDEN, answered] },
      ...['dial 1', 'note 1', 'dial 2'],
    ],
    [
      'a callee who declines ends the hunt, though 403 would not',
      { policies: [{ next: [403] }, {}], ends: [DECLINED] },
      ...['dial 1', 'note 1', 'end 1/stopped', 'respond 603'],
    ],
    [
      'nobody is tried after a busy callee',
      { policies: [{ next: [403] }, {}, {}], ends: [CONGESTED, BUSY] },
      ...['dial 1', 'note 1', 'dial 2', 'note 2', 'end 2/stopped', 'respond 486'],
    ],
    [
      'the most definite of all failures is the last word',
      { policies: [{ next: [404] }, {}], ends: [NOT_FOUND, CONGESTED] },
      ...['dial 1', 'note 1', 'dial 2', 'note 2', 'end 2/exhausted', 'respond 404'],
    ],
    [
      'carriers with troubles of their own are congestion',
      { policies: [{ next: [404] }, {}], ends: [refused(500, 'NORMAL_TEMPORARY_FAILURE'), CONGESTED] },
      ...['dial 1', 'note 1', 'dial 2', 'note 2', 'end 2/exhausted', 'respond 503'],
    ],
    [
      'a redirection is known by the status that sofia keeps elsewhere',
      { policies: [{ stop: [302] }, {}], ends: [refused(302, 'REQUESTED_CHAN_UNAVAIL')] },
      ...['dial 1', 'note 1', 'end 1/stopped', 'respond 503'],
    ],
    [
      'a gateway that is down made no channel and goes on',
      {
        policies: [{ next: [403] }, {}],
        ends: [{ variables: { originate_disposition: 'GATEWAY_DOWN' } }, answered],
      },
      ...['dial 1', 'note 1', 'dial 2'],
    ],
    [
      'a gateway that is full left nothing and goes on',
      { policies: [{ next: [403], stop: ['NORMAL_CIRCUIT_CONGESTION'] }, {}], ends: [{}, answered] },
      ...['dial 1', 'note 1', 'dial 2'],
    ],
    [
      "the 487 of our own CANCEL is not the carrier's",
      {
        policies: [{ stop: [487], next: [403] }, {}],
        ends: [refused(487, 'PROGRESS_TIMEOUT'), answered],
      },
      ...['dial 1', 'note 1', 'dial 2'],
    ],
    [
      'a Reason with a number that no cause has ends the hunt',
      { policies: [{ believes: 'reason', next: [403] }, {}], ends: [refused(503, 'UNKNOWN')] },
      ...['dial 1', 'note 1', 'end 1/stopped', 'respond 503'],
    ],
    [
      'no attempt is started when the time is spent',
      {
        policies: [{ next: [404] }, {}, {}],
        ends: [NOT_FOUND, refused(503, 'NORMAL_TEMPORARY_FAILURE', 9_000)],
        budgetSeconds: 9,
      },
      ...['dial 1', 'note 1', 'dial 2', 'note 2', 'end 2/budget', 'respond 404'],
    ],
    [
      'the caller was taken elsewhere in the middle of a talk: nothing is done to him',
      {
        policies: [{ next: [403] }, {}],
        ends: [
          {
            headers: { 'Channel-State-Number': '2' },
            variables: { last_bridge_hangup_cause: 'NORMAL_CLEARING' },
          },
        ],
      },
      'dial 1',
    ],
    [
      'the socket ends in the middle: the dialplan has the rest',
      { policies: [{ next: [403] }, {}], ends: [{ breaks: true }] },
      ...['dial 1', 'ESL_CLOSED'],
    ],
  ]
  for (const [sentence, given, ...expected] of rows) {
    test(sentence, async () => assert.deepEqual(inShort(await run(given)), expected))
  }

  test('before an attempt what the one before left is forgotten, and the dialplan is told that its turn has come', async () => {
    const done = await run({ policies: [{ next: [403] }, {}], ends: [answered] })
    assert.deepEqual(inSteps(done.slice(0, done.indexOf('bridge dial 1'))), [
      ...FORGOTTEN,
      'set strowger_dial_1=',
      'set strowger_trying=1',
      'set strowger_turn_1=done',
      'set bridge_answer_timeout=60',
      'set continue_on_fail=true',
    ])
  })

  test('all of it is one application, as each costs the switch two events', async () => {
    const done = await run({ policies: [{ next: [403] }, {}], ends: [answered] })
    assert.deepEqual(
      done.map((each) => each.split(' ')[0]),
      ['multiset', 'bridge'],
    )
  })

  test('how an attempt failed is noted before that is forgotten', async () => {
    const done = inSteps(await run({ policies: [{ next: [403] }, {}], ends: [FORBIDDEN, answered] }))
    const noted = done.findIndex((each) =>
      each.startsWith('set strowger_result_1=${last_bridge_hangup_cause}'),
    )
    assert.ok(noted > done.indexOf('bridge dial 1'))
    assert.ok(noted < done.lastIndexOf('set last_bridge_hangup_cause='))
    assert.ok(done.lastIndexOf('set last_bridge_hangup_cause=') < done.indexOf('bridge dial 2'))
  })

  test('nothing of a carrier stands beside our own last word', async () => {
    const done = inSteps(await run({ policies: [{ next: [403] }, {}], ends: [DECLINED] }))
    for (const forgotten of FORGOTTEN)
      assert.ok(done.lastIndexOf(forgotten) > done.indexOf('bridge dial 1'), forgotten)
    assert.deepEqual(done.at(-1), 'respond 603')
    assert.ok(done.includes('set sip_term_status=603'))
  })
})
