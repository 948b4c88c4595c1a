import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeAttempt, decodeCall } from '../../src/call/carried.ts'
import type { Plan } from '../../src/call/plan.ts'
import { displayName } from '../../src/caller-id/display-name.ts'
import type { Gateway, Snapshot, User } from '../../src/directory/records.ts'
import { planFromTrunk } from '../../src/plan/plan-from-trunk.ts'
import { planFromUser } from '../../src/plan/make-plan.ts'
import { HANGUP_CAUSES, isHangupCause, type HangupCause } from '../../src/telephony/hangup-cause.ts'
import { actionsOf, isOurContext, renderPlan, renderRefusal } from '../../src/xml-curl/dialplan.ts'
import {
  carrier,
  carriers,
  ddi,
  device,
  gateway,
  NOW,
  organization,
  surroundings,
  user,
  uuid,
  uuidsFrom,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'
import { assertInert, carried, hostile, read } from './preprocessor.ts'

const SETTINGS = { socketAddress: '127.0.0.1:8040' }
const ROUTING = PLAN_SETTINGS

const planTo = (dialled: string, given: Partial<Snapshot> = carriers(3), caller: User = user()): Plan =>
  planFromUser(
    {
      callId: uuid(1),
      organization: organization(),
      user: caller,
      dialled,
      requestedCallerId: undefined,
      now: NOW,
    },
    surroundings(given),
    { ...ROUTING, newUuid: uuidsFrom(100) },
  )

const NUMBER = '+442079460958'

/** `application argument`, as FreeSWITCH would run them: read back from the document. */
const actionsIn = async (plan: Plan): Promise<readonly (readonly [string, string])[]> => {
  const text = renderPlan('phones', plan, SETTINGS)
  assertInert(text)
  const context = (await read(text)).at('section', 'context')
  assert.equal(context.attribute('name'), 'phones')
  const actions = context
    .at('extension', 'condition')
    .all('action')
    .map((each) => [each.attribute('application') ?? '', each.attribute('data') ?? ''] as const)
  assert.deepEqual(
    actions,
    actionsOf('phones', plan, SETTINGS).map(([application, argument = '']) => [
      application,
      carried(argument),
    ]),
  )
  return actions
}

const argumentsOf = (
  actions: readonly (readonly [string, string])[],
  application: string,
): readonly string[] => actions.filter(([name]) => name === application).map(([, argument]) => argument)

const setIn = (actions: readonly (readonly [string, string])[], variable: string): string | undefined =>
  argumentsOf(actions, 'set')
    .find((each) => each.startsWith(`${variable}=`))
    ?.slice(variable.length + 1)

/** The variables in the brackets of a dial string, and what follows them. */
const readBridge = (
  bridge: string,
): { readonly variables: ReadonlyMap<string, string>; readonly target: string } => {
  const match = /^\[([^\]]*)\](.*)$/.exec(bridge)
  const pairs = (match?.[1] ?? '').split(',').map((pair) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)] as const
  })
  return { variables: new Map(pairs), target: match?.[2] ?? '' }
}

suite('xml-curl: a plan for carriers', () => {
  test('is one bridge per attempt, in order, and congestion when all have failed', async () => {
    const actions = await actionsIn(planTo(NUMBER))
    const bridges = argumentsOf(actions, 'bridge').map(readBridge)
    assert.deepEqual(
      bridges.map(({ target }) => target),
      [1, 2, 3].map((n) => `sofia/gateway/gw${n}/${NUMBER}`),
    )
    assert.deepEqual(actions.at(-1), ['respond', '503 All routes failed'])
    assert.ok(actions.every(([, argument]) => !argument.includes('|')))
  })

  test('ends after the first answered bridge: that is said before any bridge', async () => {
    const actions = await actionsIn(planTo(NUMBER))
    const at = actions.findIndex(([, argument]) => argument === 'hangup_after_bridge=true')
    const bridge = actions.findIndex(([application]) => application === 'bridge')
    const fail = actions.findIndex(([, argument]) => argument.startsWith('continue_on_fail='))
    assert.ok(at >= 0 && fail >= 0 && at < bridge && fail < bridge)
  })

  test('goes on after the names of causes, never after a number, and never after what the callee said', async () => {
    const causes = (setIn(await actionsIn(planTo(NUMBER)), 'continue_on_fail') ?? '').split(',')
    assert.ok(causes.length > 5)
    for (const cause of causes) assert.ok(isHangupCause(cause), cause)
    const final: readonly HangupCause[] = [
      'USER_BUSY',
      'CALL_REJECTED',
      'NO_ANSWER',
      'NO_USER_RESPONSE',
      'UNALLOCATED_NUMBER',
      'NORMAL_CLEARING',
      'ORIGINATOR_CANCEL',
      'BUSY_EVERYWHERE',
      'DECLINE',
      'SUBSCRIBER_ABSENT',
      'NUMBER_CHANGED',
      'ALLOTTED_TIMEOUT',
      'LOSE_RACE',
    ]
    for (const cause of final) assert.ok(!causes.includes(cause), cause)
  })

  test('gives each attempt a channel and a story of its own', async () => {
    const plan = planTo(NUMBER)
    const actions = await actionsIn(plan)
    assert.deepEqual(decodeCall(setIn(actions, 'strowger_call') ?? ''), plain(plan.call))
    argumentsOf(actions, 'bridge').forEach((bridge, index) => {
      const { variables } = readBridge(bridge)
      assert.equal(variables.get('origination_uuid'), uuid(100 + index))
      assert.deepEqual(
        decodeAttempt(variables.get('strowger_attempt') ?? ''),
        plain(plan.call.attempts[index]),
      )
      assert.equal(variables.get('leg_progress_timeout'), '6')
      assert.equal(variables.get('leg_timeout'), '60')
      assert.equal(variables.get('ignore_q850_reason'), 'true')
      assert.equal(variables.has('absolute_codec_string'), false)
    })
  })

  test('forgets before each attempt what the one before left, and notes after it how it failed', async () => {
    const actions = await actionsIn(planTo(NUMBER))
    const order = actions.flatMap(([application, argument]) => {
      if (application === 'bridge') return ['bridge']
      if (/^(?:multi)?unset$/.test(application) && /last_bridge_hangup_cause/.test(argument))
        return ['forget']
      const noted = /^strowger_result_(\d)=(.*)$/.exec(argument)
      return noted?.[1] === undefined ? [] : [`note ${noted[1]}`]
    })
    assert.deepEqual(order.slice(0, 9), [
      ...['forget', 'bridge', 'note 1'],
      ...['forget', 'bridge', 'note 2'],
      ...['forget', 'bridge', 'note 3'],
    ])
    for (const left of ['last_bridge_hangup_cause', 'sip_invite_failure_status', 'originate_disposition']) {
      const forgotten = actions.filter(
        ([application, argument]) => /unset$/.test(application) && argument.split(' ').includes(left),
      )
      assert.ok(forgotten.length >= 3, left)
    }
  })

  test("no attempt's codecs or limit reach another's", async () => {
    const gateways: readonly Gateway[] = [
      gateway(1, { codecs: ['PCMA', 'G722', 'opus@48000h@20i'] }),
      gateway(2, { maxChannels: 30 }),
      gateway(3),
    ]
    const actions = await actionsIn(planTo(NUMBER, { ...carriers(3), gateways }))
    const [first, , third] = ['gw1', 'gw2', 'gw3'].map(
      (name) => actions.find(([, argument]) => argument.includes(`sofia/gateway/${name}/`)) ?? ['', ''],
    )
    assert.equal(first?.[0], 'bridge')
    assert.equal(readBridge(first[1]).variables.get('absolute_codec_string'), '^^:PCMA:G722:opus@48000h@20i')
    const [limited] = argumentsOf(actions, 'limit_execute')
    const [backend, realm, id, maximum, application, bridge = '', ...rest] = (limited ?? '').split(' ')
    assert.deepEqual([backend, realm, id, maximum, application], ['hash', 'gateway', 'gw2', '30', 'bridge'])
    assert.deepEqual(rest, [])
    assert.equal(readBridge(bridge).variables.has('absolute_codec_string'), false)
    assert.equal(third?.[0], 'bridge')
    assert.equal(readBridge(third[1]).variables.has('absolute_codec_string'), false)
    assert.equal(setIn(actions, 'absolute_codec_string'), undefined)
  })

  test('shows the caller ID that was chosen', async () => {
    const actions = await actionsIn(
      planTo(
        NUMBER,
        { ...carriers(1), numbers: [ddi('+442079460101')] },
        user({ callerId: ddi('+442079460101').number }),
      ),
    )
    assert.equal(setIn(actions, 'effective_caller_id_number'), '+442079460101')
    assert.equal(setIn(actions, 'effective_caller_id_name'), 'Ada Lovelace')
  })

  test('ends a forgotten call, counted from the answer of the destination', async () => {
    const actions = await actionsIn(planTo(NUMBER))
    assert.ok(
      actions.some(
        ([application, argument]) =>
          application === 'export' &&
          argument === `nolocal:api_on_answer_limit=sched_hangup +14400 ${uuid(1)} ALLOTTED_TIMEOUT`,
      ),
    )
  })
})

suite('xml-curl: a plan for an emergency call', () => {
  test("ends at the switch's own gateway, without a limit on the way", async () => {
    const actions = await actionsIn(
      planTo('112', {
        carriers: [carrier(1)],
        gateways: [gateway(1, { carriesEmergency: true, maxChannels: 1 })],
      }),
    )
    const bridges = argumentsOf(actions, 'bridge')
    assert.equal(bridges.length, 2)
    assert.equal(readBridge(bridges[0] ?? '').target, 'sofia/gateway/gw1/112')
    assert.equal(bridges[1], 'sofia/gateway/emergency/112')
    assert.deepEqual(argumentsOf(actions, 'limit_execute'), [])
  })

  for (const dialled of ['112', '999', '911', '9-9-9']) {
    test(`${dialled} without a gateway of ours goes to the switch's own under the number dialled`, async () => {
      const actions = await actionsIn(planTo(dialled, {}))
      assert.deepEqual(argumentsOf(actions, 'bridge'), [
        `sofia/gateway/emergency/${dialled.replaceAll('-', '')}`,
      ])
    })
  }
})

suite('xml-curl: the other plans', () => {
  const house: Partial<Snapshot> = {
    users: [user(), user({ id: 12, extension: '1002' })],
    devices: [
      device({ id: 121, userId: 12, username: 'bob-desk' }),
      device({ id: 122, userId: 12, username: 'bob.mobile' }),
    ],
  }

  test('several phones ring at once, each with a uuid of its own', async () => {
    const actions = await actionsIn(planTo('1002', house))
    const [bridge = '', ...more] = argumentsOf(actions, 'bridge')
    assert.deepEqual(more, [])
    assert.match(
      bridge,
      /^\[origination_uuid=[^,]+100,[^\]]+\]\$\{sofia_contact\(phones\/bob-desk@acme\.example\)\},\[origination_uuid=[^,]+101,[^\]]+\]\$\{sofia_contact\(phones\/bob\.mobile@acme\.example\)\}$/,
    )
    assert.equal(setIn(actions, 'effective_caller_id_number'), '1001')
    assert.equal(setIn(actions, 'hangup_after_bridge'), 'true')
  })

  test('a conversation opens our socket asynchronously and comes back afterwards', async () => {
    const actions = await actionsIn(planTo('*43', house))
    assert.deepEqual(argumentsOf(actions, 'socket'), ['127.0.0.1:8040 async full'])
    assert.ok(actions.every(([, argument]) => !argument.includes('socket_resume')))
    assert.equal(actions.at(-1)?.[0], 'transfer')
    assert.ok(argumentsOf(actions, 'set').includes('max_forwards=70'))
  })

  test('a refusal answers with the status of its cause, and carries the call', async () => {
    const plan = planTo('1002', { ...house, devices: [] })
    const actions = await actionsIn(plan)
    assert.deepEqual(actions.slice(-2), [
      ['respond', '480'],
      ['hangup', 'SUBSCRIBER_ABSENT'],
    ])
    assert.deepEqual(decodeCall(setIn(actions, 'strowger_call') ?? ''), plain(plan.call))
  })

  test('a call without a plan is ended with its cause, whatever the cause', async () => {
    for (const cause of Object.keys(HANGUP_CAUSES).filter(isHangupCause)) {
      const text = renderRefusal('trunks', cause)
      assertInert(text)
      const actions = (await read(text)).at('section', 'context', 'extension', 'condition').all('action')
      assert.equal(actions.at(-1)?.attribute('data'), cause)
    }
  })

  test('the contexts are two, by their exact names', () => {
    assert.ok(isOurContext('phones') && isOurContext('trunks'))
    for (const context of ['', 'default', 'PHONES', 'phones ', 'reenter']) assert.ok(!isOurContext(context))
  })
})

suite('xml-curl: hostile names in a plan', () => {
  const OURS = [
    /^strowger_result_\d=\$\{last_bridge_hangup_cause\}\/\$\{sip_invite_failure_status\}\/\$\{originate_disposition\}$/,
    /^sip_ignore_remote_cause=\$\{regex\(\$\{last_bridge_proto_specific_hangup_cause\}\|\^sip:3\)\}$/,
    /^\[.*\]\$\{sofia_contact\(phones\/[\w.-]+@[\w.-]+\)\}$/,
  ]

  const OWN = '+442079460101'

  test('without a number of its own a carrier sees neither name nor extension', async () => {
    const actions = await actionsIn(planTo(NUMBER, carriers(1), user({ name: 'Alice' })))
    assert.equal(setIn(actions, 'effective_caller_id_number'), 'anonymous')
    assert.equal(setIn(actions, 'effective_caller_id_name'), 'Anonymous')
  })

  const assertHarmless = async (plan: Plan): Promise<void> => {
    for (const [application, argument] of await actionsIn(plan)) {
      if (OURS.some((pattern) => pattern.test(argument))) continue
      assert.ok(!argument.includes('$'), `${application} ${argument}`)
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(argument, /[\u0000-\u001f]/)
    }
  }

  test('a name is shown without what FreeSWITCH would read, and nothing else of it gets through', async () => {
    await fc.assert(
      fc.asyncProperty(
        hostile,
        hostile,
        hostile,
        hostile,
        async (name, gatewayName, carrierName, orgName) => {
          const plan = planTo(
            NUMBER,
            {
              ...carriers(1),
              organizations: [organization({ name: orgName })],
              carriers: [carrier(1, { name: carrierName })],
              gateways: [gateway(1, { name: gatewayName })],
              numbers: [ddi(OWN)],
            },
            user({ name, callerId: ddi(OWN).number }),
          )
          await assertHarmless(plan)
          const shown = setIn(await actionsIn(plan), 'effective_caller_id_name')
          assert.equal(shown, displayName(name) === '' ? OWN : carried(displayName(name)))
          const attempt = plan.call.attempts[0]
          assert.equal(attempt?.carrierName, carrierName)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('what a carrier sends as number and name gets through no further', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (callerNumber, callerName, dialled) => {
        for (const number of ['+442079460101', dialled]) {
          const plan = planFromTrunk(
            { callId: uuid(1), dialled: number, callerNumber, callerName, now: 0 },
            surroundings({ numbers: [ddi('+442079460101')] }),
            { ...ROUTING, newUuid: uuidsFrom(100) },
          )
          if (plan !== undefined) await assertHarmless(plan)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('whatever is dialled, the document is inert and names no other target', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, fc.constantFrom('', '112', '+44', '1001', '*43'), async (text, start) => {
        await assertHarmless(planTo(`${start}${text}`))
      }),
      { numRuns: 300 },
    )
  })
})

/** As it is after a journey as JSON: what is undefined is not there. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
