import assert from 'node:assert/strict'
import { parseStringPromise } from 'xml2js'
import { silentLogger } from '../../src/base/logger.ts'
import { decodeAttempt, decodeCall } from '../../src/call/carried.ts'
import { createAnswerXml } from '../../src/engine/answer-xml.ts'
import { createBoard } from '../../src/engine/board.ts'
import { findLcrRoutes, type LcrParts } from '../../src/engine/lcr-route.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { createManualClock } from '../support/manual-clock.ts'
import {
  carrier,
  carriers,
  ddi,
  gateway,
  organization,
  profile,
  route,
  uuid,
  type GivenWorld,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS, plannerIn, worldWith } from '../support/world.ts'

type Fields = Readonly<Record<string, string>>

/** What mod_dialplan_xml asks on `execute_extension 442079460958 XML lcr`. */
const ASKED: Fields = {
  section: 'dialplan',
  'Caller-Context': 'theirs',
  'Caller-Destination-Number': '1234',
  'Hunt-Context': 'lcr',
  'Hunt-Destination-Number': '442079460958',
  'Unique-ID': uuid(1),
}

const setUp = (given: GivenWorld = carriers(2), broken = false) => {
  const clock = createManualClock()
  const board = createBoard({ clock, logger: silentLogger })
  const world = worldWith(given)
  const called: string[] = []
  const parts: LcrParts = {
    world,
    settings: () => PLAN_SETTINGS,
    lrn: undefined,
    takeTurns: createTurns().take,
    onCall: ({ callId }) => called.push(callId),
    onDecided: () => undefined,
    elapsed: () => 0,
  }
  const answer = createAnswerXml({
    world,
    board,
    guard: { isBanned: () => false, addresses: () => [] },
    clock,
    logger: silentLogger,
    planner: plannerIn(world),
    planSettings: () => PLAN_SETTINGS,
    dialplan: () => ({ socketAddress: '127.0.0.1:8040' }),
    findRoutes: broken
      ? () => Promise.reject(new TypeError('a fault of ours'))
      : (request) => findLcrRoutes(request, parts, clock.now),
  })
  const ask = async (fields: Fields = {}) => {
    const document = await answer(new Map(Object.entries({ ...ASKED, ...fields })))
    return { document, variables: await variablesIn(document) }
  }
  return { ask, board, called }
}

/** As a channel has them after the answer's `set` actions; any other application is a mistake. */
const variablesIn = async (document: string): Promise<Record<string, string>> => {
  type Tree = Record<string, Record<string, unknown>>
  const tree = (await parseStringPromise(document, { explicitArray: false })) as Tree
  const context = (tree['document']?.['section'] as Tree)['context']
  assert.equal((context?.['$'] as Record<string, string>)['name'], 'lcr')
  const actions = ((context?.['extension'] as Tree)['condition']?.['action'] ?? []) as {
    $: { application: string; data: string }
  }[]
  const variables = new Map<string, string>()
  for (const { $ } of actions) {
    assert.equal($.application, 'set')
    const at = $.data.indexOf('=')
    const name = $.data.slice(0, at)
    const value = $.data.slice(at + 1)
    // mod_dptools.c, base_set: an empty value unsets.
    if (value === '') variables.delete(name)
    else variables.set(name, value)
  }
  return Object.fromEntries(variables)
}

suite('a dialplan of their own that asks for routes', () => {
  test('gets every route by mod_lcr’s names, and nothing else is done to the call', async () => {
    const { ask } = setUp()
    const { variables } = await ask()
    const routes = [variables['lcr_route_1'] ?? '', variables['lcr_route_2'] ?? '']
    assert.equal(variables['lcr_auto_route'], routes.join('|'))
    assert.deepEqual(
      [
        'lcr_route_count',
        'lcr_query_digits',
        'lcr_carrier_1',
        'lcr_rate_1',
        'lcr_carrier_2',
        'lcr_rate_2',
      ].map((name) => variables[name]),
      ['2', '442079460958', 'Carrier 1', '0.01', 'Carrier 2', '0.02'],
    )
    assert.equal('lcr_error' in variables, false)
    assert.match(routes[0] ?? '', /^\[[^\]]*\]sofia\/gateway\/gw1\/\+442079460958$/)
  })

  test('gets what makes the records of its legs ours', async () => {
    const { ask, board, called } = setUp({
      ...carriers(1),
      gateways: [gateway(1, { codecs: ['PCMA', 'PCMU'], progressTimeoutSeconds: 4, ringTimeoutSeconds: 45 })],
      numbers: [ddi('+442079460101')],
    })
    const { variables } = await ask({ variable_strowger_user_id: '11' })
    const call = decodeCall(variables['strowger_call'] ?? '')
    assert.deepEqual(
      [call.callId, call.direction, call.organizationId, call.userId, call.destination],
      [uuid(1), 'outbound', 1, 11, '+442079460958'],
    )
    const leg = new Map(
      (/^\[(.*)\]/.exec(variables['lcr_auto_route'] ?? '')?.[1] ?? '')
        .split(',')
        .map((pair): [string, string] => [
          pair.slice(0, pair.indexOf('=')),
          pair.slice(pair.indexOf('=') + 1),
        ]),
    )
    const attempt = decodeAttempt(leg.get('strowger_attempt') ?? '')
    assert.deepEqual([attempt, leg.get('origination_uuid')], [call.attempts[0], attempt.legUuid])
    assert.deepEqual(
      ['leg_progress_timeout', 'leg_timeout', 'absolute_codec_string'].map((name) => leg.get(name)),
      ['4', '45', '^^:PCMA:PCMU'],
    )
    assert.deepEqual(called, [uuid(1)])
    await board.idle()
    assert.equal(board.call(uuid(1))?.to, '+442079460958')
  })

  test('names its profile and its organisation', async () => {
    const { ask } = setUp({
      ...carriers(2),
      organizations: [organization(), organization({ id: 2, sipDomain: 'b.example' })],
      lcrProfiles: [profile(), profile({ id: 2, name: 'second' })],
      lcrRoutes: [route(1), route(2, { id: 9, profileId: 2 })],
    })
    const askedBy = async (fields: Fields): Promise<string | undefined> => {
      const { variables } = await ask(fields)
      return variables['lcr_carrier_1'] ?? variables['lcr_error']
    }
    assert.equal(await askedBy({ variable_lcr_organization: '1' }), 'Carrier 1')
    assert.equal(
      await askedBy({ variable_strowger_organization_id: '1', variable_lcr_organization: '9' }),
      'Carrier 1',
    )
    assert.equal(
      await askedBy({ variable_lcr_organization: '2', variable_lcr_profile: 'second' }),
      'Carrier 2',
    )
    assert.equal(await askedBy({ variable_lcr_organization: '2', variable_lcr_profile: '2' }), 'Carrier 2')
    assert.equal(
      await askedBy({ variable_lcr_organization: '1', variable_lcr_profile: 'nonesuch' }),
      'PROFILE_NOT_FOUND',
    )
    assert.equal(await askedBy({ variable_lcr_organization: '9' }), 'ORGANIZATION_NOT_FOUND')
    assert.equal(await askedBy({}), 'ORGANIZATION_NOT_FOUND')
  })

  const refusals: readonly (readonly [sentence: string, given: GivenWorld, fields: Fields, error: string])[] =
    [
      ['a number that nobody has', { ...carriers(1), rates: [] }, {}, 'NO_PREFIX'],
      ['an emergency number', carriers(1), { 'Hunt-Destination-Number': '112' }, 'INVALID_DESTINATION'],
      ['no number', carriers(1), { 'Hunt-Destination-Number': '${system(id)}' }, 'INVALID_DESTINATION'],
      ['a channel without uuid', carriers(1), { 'Unique-ID': 'x' }, 'INVALID_CALL_REFERENCE'],
    ]
  for (const [sentence, given, fields, error] of refusals) {
    test(`${sentence} is a variable, and ends no call`, async () => {
      const { document, variables } = await setUp(given).ask(fields)
      assert.deepEqual(
        [variables['lcr_error'], variables['lcr_route_count'], 'lcr_auto_route' in variables],
        [error, '0', false],
      )
      assert.doesNotMatch(document, /\$\{|hangup|respond/)
    })
  }

  test('a carrier’s name is never expanded', async () => {
    const { ask } = setUp({
      ...carriers(1),
      carriers: [carrier(1, { name: '${system(id)} `a` "b" Zoë & Co.' })],
    })
    const { variables } = await ask()
    assert.equal(variables['lcr_carrier_1'], '  system(id)   a   b  Zoë   Co.')
  })

  test('a fault of ours is a variable too', async () => {
    const { variables } = await setUp(carriers(1), true).ask()
    assert.equal(variables['lcr_error'], 'INTERNAL')
  })
})
