import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import type { Plan } from '../../src/call/plan.ts'
import { reachParty, type ReachOptions } from '../../src/engine/reach-party.ts'
import { carriers, NOW, organization, user, uuid } from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'
import { fakeCommands, type AnswerCommand } from './fake-commands.ts'

const planTo = async (dialled: string): Promise<Plan> =>
  plannerIn(worldWith(carriers(3))).plan({
    callId: uuid(1),
    organization: organization(),
    user: user(),
    dialled,
    now: NOW,
  })

const reach = async (
  plan: Plan,
  answers: readonly string[],
  given: Partial<ReachOptions> = {},
): Promise<{ outcome: string; gateways: readonly (string | undefined)[]; told: readonly string[] }> => {
  const waiting = [...answers]
  const answer: AnswerCommand = () => waiting.shift()
  const commands = fakeCommands(answer)
  const reached = await reachParty(plan, { commands, logger: silentLogger, then: '&park()', ...given })
  return {
    outcome: reached.kind === 'reached' ? reached.legUuid : reached.cause,
    gateways: commands.told.map((line) => /sofia\/gateway\/(\w+)\//.exec(line)?.[1]),
    told: commands.told,
  }
}

suite('engine: reaching a further party', () => {
  const rows: readonly (readonly [
    sentence: string,
    answers: readonly string[],
    outcome: string,
    tries: number,
  ])[] = [
    ['the first carrier that answers has it', [`+OK ${uuid(9)}\n`], uuid(9), 1],
    [
      'the next carrier is tried after congestion',
      ['-ERR NORMAL_TEMPORARY_FAILURE\n', '-ERR GATEWAY_DOWN\n', `+OK ${uuid(9)}\n`],
      uuid(9),
      3,
    ],
    ['a busy callee ends it', ['-ERR USER_BUSY\n'], 'USER_BUSY', 1],
    ['a callee who does not answer ends it', ['-ERR NO_ANSWER\n'], 'NO_ANSWER', 1],
    [
      'when all have failed, the last word stands',
      ['-ERR GATEWAY_DOWN\n', '-ERR GATEWAY_DOWN\n', '-ERR NORMAL_TEMPORARY_FAILURE\n'],
      'NORMAL_TEMPORARY_FAILURE',
      3,
    ],
  ]
  for (const [sentence, answers, outcome, tries] of rows) {
    test(sentence, async () => {
      const reached = await reach(await planTo('+442079460958'), answers)
      assert.equal(reached.outcome, outcome)
      assert.equal(reached.gateways.length, tries)
      assert.equal(new Set(reached.gateways).size, tries, 'none is tried twice')
    })
  }

  test('each leg carries its attempt, and runs what it is reached for', async () => {
    const plan = await planTo('+442079460958')
    assert.ok(plan.target.kind === 'carriers')
    const [first] = plan.target.attempts
    const { told } = await reach(plan, [`+OK ${uuid(9)}\n`])
    assert.match(told[0] ?? '', /^originate \{/)
    assert.match(told[0] ?? '', / &park\(\)$/)
    assert.ok(told[0]?.includes(`origination_uuid=${first?.carried.legUuid ?? 'none'}`))
    assert.match(told[0] ?? '', /strowger_attempt=/)
  })

  test('who is not waited for any more is not tried with the next carrier', async () => {
    let isOver = false
    const reached = await reach(await planTo('+442079460958'), ['-ERR GATEWAY_DOWN\n'], {
      isOver: () => isOver,
      onDial: () => {
        isOver = true
      },
    })
    assert.deepEqual([reached.outcome, reached.gateways.length], ['ORIGINATOR_CANCEL', 1])
  })

  test('a plan that refuses reaches nobody', async () => {
    const reached = await reach(await planTo('+9999999'), [])
    assert.deepEqual(reached.told, [])
  })
})
