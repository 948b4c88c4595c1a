import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { createAnswerXml } from '../../src/engine/answer-xml.ts'
import { createBoard, type Board } from '../../src/engine/board.ts'
import { NOT_FOUND } from '../../src/xml-curl/document.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { carriers, ddi, device, organization, user, uuid, type GivenWorld } from '../support/snapshot.ts'
import { noRoutesAsked, PLAN_SETTINGS, plannerIn, unknownWorld, worldWith } from '../support/world.ts'

type Fields = Readonly<Record<string, string>>

const CALL: Fields = {
  section: 'dialplan',
  'Hunt-Context': 'phones',
  'Hunt-Destination-Number': '+442079460958',
  'Unique-ID': uuid(1),
  variable_strowger_organization_id: '1',
  variable_strowger_user_id: '11',
}

const setUp = (
  given: GivenWorld = { ...carriers(2), numbers: [ddi('+442079460101')] },
): { readonly ask: (fields: Fields) => string; readonly board: Board } => {
  const clock = createManualClock()
  const board = createBoard({ clock, logger: silentLogger })
  const world = worldWith(given)
  const answer = createAnswerXml({
    world,
    board,
    guard: { isBanned: () => false, addresses: () => [] },
    clock,
    logger: silentLogger,
    planner: plannerIn(world),
    findRoutes: noRoutesAsked,
    planSettings: () => PLAN_SETTINGS,
    dialplan: () => ({ socketAddress: '127.0.0.1:8040' }),
  })
  return { ask: (fields) => answeredAtOnce(answer(new Map(Object.entries(fields)))), board }
}

/** Nothing has to be looked up: the answer is a text, not a promise. */
const answeredAtOnce = (answer: string | Promise<string>): string => {
  assert.ok(typeof answer === 'string')
  return answer
}

const causeIn = (document: string): string | undefined =>
  /application="hangup" data="([A-Z_]+)"/.exec(document)?.[1]

suite('engine: what mod_xml_curl is answered', () => {
  test('a call of one of our users is planned, and the board knows whose it is', async () => {
    const { ask, board } = setUp()
    const document = ask(CALL)
    assert.match(document, /sofia\/gateway\/gw1\/\+442079460958/)
    assert.match(document, /sofia\/gateway\/gw2\/\+442079460958/)
    await board.idle()
    const call = board.call(uuid(1))
    assert.deepEqual([call?.organizationId, call?.userId, call?.to], [1, 11, '+442079460958'])
  })

  test('a call that a carrier brings rings the phones of the number', () => {
    const { ask } = setUp()
    const document = ask({ ...CALL, 'Hunt-Context': 'trunks', 'Hunt-Destination-Number': '442079460101' })
    assert.match(document, /sofia_contact\(phones\/ada-desk@acme\.example\)/)
  })

  const rows: readonly (readonly [sentence: string, fields: Fields, cause: string | undefined])[] = [
    ['nobody of ours', { variable_strowger_user_id: '99' }, 'CALL_REJECTED'],
    ["another organisation's user", { variable_strowger_organization_id: '2' }, 'CALL_REJECTED'],
    ['no user', { variable_strowger_user_id: '' }, 'CALL_REJECTED'],
    ['a user that is no number', { variable_strowger_user_id: '1e1' }, 'CALL_REJECTED'],
    ['a channel without a uuid', { 'Unique-ID': '../etc/passwd' }, 'INVALID_CALL_REFERENCE'],
    ['a number that is none', { 'Hunt-Destination-Number': '+44{x=y}|user/1,2' }, 'INVALID_NUMBER_FORMAT'],
    ['a carrier with a number that is not ours', { 'Hunt-Context': 'trunks' }, 'UNALLOCATED_NUMBER'],
  ]
  for (const [sentence, fields, cause] of rows) {
    test(`${sentence} gets a document that ends the call, so that nothing static picks it up`, () => {
      const document = setUp().ask({ ...CALL, ...fields })
      assert.notEqual(document, NOT_FOUND)
      assert.equal(causeIn(document), cause)
      assert.doesNotMatch(document, /bridge/)
    })
  }

  for (const [sentence, fields] of [
    ['another context', { ...CALL, 'Hunt-Context': 'default' }],
    ['another section', { section: 'chatplan' }],
    ['nothing at all', {}],
    ['an unknown phone', { section: 'directory', domain: 'acme.example', user: 'eve' }],
    ['another file', { section: 'configuration', key_value: 'ivr.conf' }],
  ] as const) {
    test(`${sentence} is not found`, () => {
      assert.equal(setUp().ask(fields), NOT_FOUND)
    })
  }

  test('before the first snapshot everything is left to the static files of the switch', () => {
    const clock = createManualClock()
    const board = createBoard({ clock, logger: silentLogger })
    const world = unknownWorld()
    const answer = createAnswerXml({
      world,
      board,
      guard: { isBanned: () => false, addresses: () => [] },
      clock,
      logger: silentLogger,
      planner: plannerIn(world),
      findRoutes: noRoutesAsked,
      planSettings: () => PLAN_SETTINGS,
      dialplan: () => ({ socketAddress: '127.0.0.1:8040' }),
    })
    for (const fields of [
      CALL,
      { section: 'configuration', key_value: 'sofia.conf' },
      { section: 'configuration', key_value: 'acl.conf' },
    ]) {
      assert.equal(answer(new Map(Object.entries(fields))), NOT_FOUND)
    }
  })

  test('a fault of ours ends the call as congestion does', () => {
    const { ask } = setUp({
      users: [user(), user({ id: 12, extension: '1002' })],
      devices: [device({ userId: 12, username: 'cannot be dialled' })],
    })
    assert.equal(causeIn(ask({ ...CALL, 'Hunt-Destination-Number': '1002' })), 'NORMAL_TEMPORARY_FAILURE')
  })

  test('a caller ID is shown when it was asked for and is ours', () => {
    const { ask } = setUp({
      ...carriers(1),
      organizations: [organization({ defaultCallerId: ddi('+442079460101').number })],
      numbers: [ddi('+442079460101'), ddi('+442079460102')],
    })
    for (const [requested, shown] of [
      ['+442079460102', '+442079460102'],
      ['+442079460199', '+442079460101'],
      ['$${domain}', '+442079460101'],
    ] as const) {
      const document = ask({ ...CALL, variable_strowger_requested_caller_id: requested })
      assert.ok(document.includes(`effective_caller_id_number=${shown}"`))
    }
  })
})
