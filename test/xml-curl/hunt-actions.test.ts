/**
 * Both renderings of a hunt against the policy. `interpret` is what FreeSWITCH does with the actions, as read in
 * its source and measured (test/live): the variables, sofia's cause, the ringing hook, switch_channel_handle_cause.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { attemptResultVariable } from '../../src/call/carried.ts'
import {
  decodeHunt,
  dialVariable,
  HUNT_VARIABLE,
  resultVariableNamedBy,
} from '../../src/call/carried-hunt.ts'
import { needsConversation, verdictOf, type Verdict } from '../../src/call/failover.ts'
import type { Plan, PlannedAttempt } from '../../src/call/plan.ts'
import { DEFAULT_FAILOVER_POLICY, type FailoverPolicy } from '../../src/telephony/failover-policy.ts'
import { HANGUP_CAUSES, isHangupCause } from '../../src/telephony/hangup-cause.ts'
import { causeOfRefusal } from '../../src/telephony/sip-status.ts'
import type { Action } from '../../src/xml-curl/action.ts'
import { actionsOf } from '../../src/xml-curl/dialplan.ts'
import { whyConversation } from '../../src/xml-curl/hunt-actions.ts'
import { uuid } from '../support/snapshot.ts'

const NUMBER = '+442079460958'

const attempt = (n: number, given: Partial<PlannedAttempt> = {}): PlannedAttempt => ({
  carried: {
    n,
    callId: uuid(1),
    legUuid: uuid(100 + n),
    organizationId: 1,
    userId: 11,
    gatewayId: n,
    gatewayName: `edge ${n}`,
    carrierId: n,
    carrierName: `Carrier ${n}`,
    number: NUMBER,
    rate: undefined,
  },
  gateway: `gw${n}`,
  codecs: [],
  maxChannels: undefined,
  maxCallsPerSecond: undefined,
  policy: DEFAULT_FAILOVER_POLICY,
  progressTimeoutSeconds: 6,
  ringTimeoutSeconds: 60,
  maxDurationSeconds: 7_200,
  ...given,
})

const planOf = (attempts: readonly PlannedAttempt[], emergency = false): Plan => ({
  call: {
    callId: uuid(1),
    organizationId: 1,
    direction: 'outbound',
    userId: 11,
    dialled: NUMBER,
    destination: undefined,
    callerNumber: undefined,
    lcrProfileId: 1,
    attempts: attempts.map(({ carried }) => carried),
    devices: [],
  },
  numberClass: { kind: 'short-code', number: '112' },
  target: {
    kind: 'carriers',
    attempts,
    callerId: { number: undefined, name: undefined },
    emergency,
    postDialDelayBudgetSeconds: 30,
  },
  rejected: [],
  trace: [],
  maxDurationSeconds: 7_200,
})

const actionsFor = (plan: Plan): readonly Action[] =>
  actionsOf('phones', plan, { socketAddress: '127.0.0.1:8040' })

const policy = (given: Partial<FailoverPolicy>): FailoverPolicy => ({ ...DEFAULT_FAILOVER_POLICY, ...given })

type Refusal = { readonly status: number; readonly progress: Progress; readonly reason: number | undefined }
const PROGRESSES = ['none', '180', '183', '183 180'] as const
type Progress = (typeof PROGRESSES)[number]

/** What the switch does at the attempt whose gateway is named, up to which every other attempt has gone on. */
const interpret = (actions: readonly Action[], gateway: string): ((refusal: Refusal) => Verdict) => {
  const at = actions.findIndex(([, argument = '']) => argument.includes(`]sofia/gateway/${gateway}/`))
  const dial = actions[at]?.[1] ?? ''
  const variables = new Map(
    actions.slice(0, at).flatMap(([application, argument = '']) => {
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(argument) ?? []
      return application === 'set' || application === 'export' ? [[name, value] as const] : []
    }),
  )
  const leg = new Map(
    (/\[([^\]]*)\]/.exec(dial)?.[1] ?? '').split(',').map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [name, value.join('=')] as const
    }),
  )
  assert.equal(leg.get('outbound_redirect_fatal'), 'true')
  const believes = leg.get('ignore_q850_reason') === 'true' ? 'status' : 'reason'
  const stopsOnceItRings =
    variables.get('nolocal:api_on_ring') === `uuid_setvar ${uuid(1)} continue_on_fail false`
  const listed = (variables.get('continue_on_fail') ?? '').split(',')
  return ({ status, progress, reason }) => {
    const cause = causeOfRefusal(status, reason, believes) ?? 'UNKNOWN'
    const names = progress.includes('180') && stopsOnceItRings ? ['false'] : listed
    return names.includes('true') || names.includes(cause) ? 'next' : 'stop'
  }
}

const rule = fc.oneof(
  fc.integer({ min: 300, max: 699 }),
  fc.constantFrom(302, 401, 403, 404, 408, 480, 486, 488, 499, 500, 502, 503, 600, 603, 604),
  fc.constantFrom(...Object.keys(HANGUP_CAUSES).filter(isHangupCause)),
)
const policies = fc.record({
  believes: fc.constantFrom('status' as const, 'reason' as const),
  next: fc.array(rule, { maxLength: 3 }),
  stop: fc.array(rule, { maxLength: 3 }),
})

const STATUSES = Array.from({ length: 400 }, (_, index) => 300 + index)
/** None, every cause that Q.850 or FreeSWITCH has, and one that nobody has. */
const REASONS = [undefined, ...Object.values(HANGUP_CAUSES).map(({ number }) => number), 5]

suite('xml-curl: the dialplan of a hunt and its policy', () => {
  /** Every status, every progress, and every Reason with some of the statuses. */
  const agree = (plan: Plan, index: number, what: FailoverPolicy): void => {
    const verdict = interpret(actionsFor(plan), `gw${index + 1}`)
    const check = (refusal: Refusal): void => {
      const cause = causeOfRefusal(refusal.status, refusal.reason, what.believes)
      const rang = refusal.progress.includes('180')
      const wanted = verdictOf(what, { cause, sipStatus: refusal.status, rang })
      if (verdict(refusal) !== wanted) assert.fail(`${JSON.stringify(refusal)}: not ${wanted}`)
    }
    for (const progress of PROGRESSES) {
      for (const status of STATUSES) for (const reason of REASONS) check({ status, progress, reason })
    }
  }

  test('agree for every gateway policy, status, progress and Reason, or the hunt is a conversation', function () {
    this.timeout(60_000)
    let spoken = 0
    let conversations = 0
    fc.assert(
      fc.property(policies, fc.constantFrom(0, 1), (what, index) => {
        const attempts = [1, 2, 3].map((n) => attempt(n, n === index + 1 ? { policy: what } : {}))
        const plan = planOf(attempts)
        const opensSocket = actionsFor(plan).some(([application]) => application === 'socket')
        assert.equal(opensSocket, needsConversation(attempts) !== undefined)
        if (opensSocket) conversations += 1
        else {
          spoken += 1
          agree(plan, index, what)
        }
      }),
      { numRuns: 120 },
    )
    assert.ok(spoken >= 10 && conversations >= 10, `${spoken} dialplans, ${conversations} conversations`)
  })

  test('agree where nothing is ruled, whoever is believed', function () {
    this.timeout(30_000)
    for (const believes of ['status', 'reason'] as const) {
      const what = policy({ believes })
      const plan = planOf([attempt(1, { policy: what }), attempt(2)])
      assert.equal(whyConversation(plan), undefined)
      agree(plan, 0, what)
    }
  })

  test('what is left of a conversation without its engine never goes on where the policy stops', () => {
    fc.assert(
      fc.property(policies, (what) => {
        const attempts = [attempt(1, { policy: what }), attempt(2)]
        if (needsConversation(attempts) === undefined) return
        const actions = actionsFor(planOf(attempts))
        const behind = actions.slice(actions.findIndex(([application]) => application === 'socket') + 1)
        const at = behind.findIndex(([, argument]) => argument === `\${${dialVariable(1)}}`)
        const list = behind
          .slice(0, at)
          .findLast(([, argument]) => argument?.startsWith('continue_on_fail=') === true)?.[1]
        const causes = (list ?? '').slice('continue_on_fail='.length).split(',')
        for (const status of STATUSES) {
          for (const reason of [undefined, 17, 34, 41]) {
            const cause = causeOfRefusal(status, reason, what.believes)
            if (cause !== undefined && causes.includes(cause))
              assert.equal(verdictOf(what, { cause, sipStatus: status, rang: false }), 'next', `${status}`)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})

suite('xml-curl: a hunt that is a conversation', () => {
  const plan = planOf([
    attempt(1, { policy: policy({ next: [403] }), maxChannels: 30, maxCallsPerSecond: 5 }),
    attempt(2),
  ])
  const actions = actionsFor(plan)
  const settings = actions.flatMap(([application, argument = '']) => {
    if (application === 'multiset') return argument.slice(3).split(argument.charAt(2))
    return application === 'set' ? [argument] : []
  })
  const set = (name: string): string | undefined =>
    settings.find((setting) => setting.startsWith(`${name}=`))?.slice(name.length + 1)

  test('carries everything that an engine needs, and dials by variables that are unset once their turn has come', () => {
    const { attempts, postDialDelayBudgetSeconds } = decodeHunt(set(HUNT_VARIABLE) ?? '')
    assert.equal(postDialDelayBudgetSeconds, 30)
    assert.deepEqual(
      attempts.map(({ n, gatewayId, application, policy: its }) => [n, gatewayId, application, its.next]),
      [
        [1, 1, 'limit_execute', [403]],
        [2, 2, 'bridge', []],
      ],
    )
    assert.match(set(dialVariable(1)) ?? '', /^hash gateway gw1 30 limit_execute hash cps gw1 5\/1 bridge \[/)
    assert.match(set(dialVariable(2)) ?? '', /^\[[^\]]*\]sofia\/gateway\/gw2\/\+442079460958$/)
    const dials = actions.filter(([, argument]) => argument?.startsWith('${strowger_dial_') === true)
    assert.deepEqual(dials, [
      ['limit_execute', '${strowger_dial_1}'],
      ['bridge', '${strowger_dial_2}'],
    ])
  })

  test('opens the socket without socket_resume, after everything was set, and ends as congestion', () => {
    const socket = actions.findIndex(([application]) => application === 'socket')
    assert.deepEqual(actions[socket], ['socket', '127.0.0.1:8040 async full'])
    assert.ok(actions.every(([, argument]) => argument?.includes('socket_resume') !== true))
    const hunt = actions.findIndex(([, argument]) => argument?.includes(`${HUNT_VARIABLE}=`) === true)
    assert.ok(hunt !== -1 && hunt < socket)
    assert.deepEqual(actions.at(-1), ['respond', '503 All routes failed'])
    assert.equal(set('hangup_after_bridge'), 'true')
  })

  test('judges first what was under way, and notes nothing of an attempt that was noted', () => {
    const behind = actions.slice(actions.findIndex(([application]) => application === 'socket') + 1)
    assert.deepEqual(behind[2], ['bridge', 'error/${last_bridge_hangup_cause}'])
    assert.equal(resultVariableNamedBy('x'), attemptResultVariable(0).replace('0', '${x}'))
    assert.ok(
      behind.some(([, argument]) => argument?.startsWith('strowger_result_${strowger_turn_1}=') === true),
    )
  })
})

suite('xml-curl: the attempts of a dialplan', () => {
  const dialsOf = (...attempts: readonly PlannedAttempt[]): readonly string[] =>
    actionsFor(planOf(attempts))
      .filter(([application]) => application === 'bridge' || application === 'limit_execute')
      .map(([application, argument = '']) => `${application} ${argument.replace(/\[.*\]/, '[]')}`)

  test("the switch's own counts of channels and of calls a second are nested, the channels first", () => {
    assert.deepEqual(
      dialsOf(
        attempt(1, { maxCallsPerSecond: 5 }),
        attempt(2, { maxChannels: 30, maxCallsPerSecond: 5 }),
        attempt(3, { maxChannels: 30 }),
      ),
      [
        `limit_execute hash cps gw1 5/1 bridge []sofia/gateway/gw1/${NUMBER}`,
        `limit_execute hash gateway gw2 30 limit_execute hash cps gw2 5/1 bridge []sofia/gateway/gw2/${NUMBER}`,
        `limit_execute hash gateway gw3 30 bridge []sofia/gateway/gw3/${NUMBER}`,
      ],
    )
  })

  test('a route with a longest call of its own sets it before its attempt, and only where they differ', () => {
    const safeties = (...seconds: readonly number[]): readonly (string | undefined)[] =>
      actionsFor(planOf(seconds.map((maxDurationSeconds, n) => attempt(n + 1, { maxDurationSeconds }))))
        .map(([, argument]) => /^nolocal:api_on_answer_limit=sched_hangup \+(\d+) /.exec(argument ?? '')?.[1])
        .filter((each) => each !== undefined)
    assert.deepEqual(safeties(7_200, 7_200), ['7200'])
    assert.deepEqual(safeties(600, 7_200), ['7200', '600', '7200'])
  })

  test('only where a Reason is believed the status that came with it is kept from the caller', () => {
    const kept = (...policies_: readonly FailoverPolicy[]): readonly string[] =>
      actionsFor(planOf(policies_.map((each, n) => attempt(n + 1, { policy: each })))).flatMap(
        ([, argument]) =>
          argument?.startsWith('sip_ignore_remote_cause=') === true ? [argument.slice(24)] : [],
      )
    assert.deepEqual(kept(policy({}), policy({})), [])
    assert.deepEqual(kept(policy({ believes: 'reason' }), policy({})), ['true', 'false'])
  })

  test('an emergency call is a dialplan that goes on after everything, ringing included, whatever is ruled', () => {
    const plan = planOf([attempt(1, { policy: policy({ next: [403], stop: [503] }) }), attempt(2)], true)
    assert.equal(whyConversation(plan), undefined)
    const actions = actionsFor(plan)
    assert.ok(actions.every(([application]) => application !== 'socket'))
    // No leg of it is told to stop the hunt when it rings; all are told how long it may last.
    assert.deepEqual(
      actions.flatMap(([application, argument]) =>
        application === 'export' ? [argument?.split('=')[0]] : [],
      ),
      ['nolocal:api_on_answer_limit'],
    )
    assert.deepEqual(
      actions.filter(([, argument]) => argument?.startsWith('continue_on_fail=') === true),
      [['set', 'continue_on_fail=true']],
    )
  })

  test('a plan begins with forgetting what an earlier one left, the results of its own attempts included', () => {
    const actions = actionsFor(planOf([attempt(1), attempt(2)]))
    const [application, argument = ''] = actions[1] ?? []
    assert.equal(application, 'multiunset')
    const forgotten = argument.split(' ')
    for (const name of ['strowger_hunt', 'strowger_hunt_end', 'nolocal:api_on_ring', 'strowger_result_2'])
      assert.ok(forgotten.includes(name), name)
    assert.ok(!argument.includes('strowger_call'))
  })

  test('a policy that stops after everything leaves no empty list, which would go on after NO_ANSWER', () => {
    const stops = policy({ stop: Object.keys(HANGUP_CAUSES).filter(isHangupCause) })
    const actions = actionsFor(planOf([attempt(1, { policy: stops }), attempt(2)]))
    assert.ok(actions.some(([, argument]) => argument === 'continue_on_fail=false'))
  })
})
