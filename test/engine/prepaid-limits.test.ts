import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { createPrepaidLimits } from '../../src/engine/prepaid-limits.ts'
import type { PrepaidOrder } from '../../src/limits/prepaid-shapes.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { fakeCommands, notConnected, type AnswerCommand } from './fake-commands.ts'

const LEG = asCallUuid('00000000-0000-4000-8000-0000000000aa')
const ENGINE = '00000000-0000-4000-8000-000000000001'
const CALL = asCallUuid('00000000-0000-4000-8000-0000000000a0')
const limit = (seconds: number, isAdopted = false): PrepaidOrder => ({
  ...{ kind: 'limit', callId: CALL, legUuid: LEG, balanceId: 7, seconds, isAdopted },
})
const end: PrepaidOrder = { kind: 'end', callId: CALL, legUuid: LEG, balanceId: 7 }
const task = (turn: number): string => `prepaid-${LEG}-${turn}`
const set = (seconds: number, turn: number): readonly string[] => [
  `sched_api +${seconds} ${task(turn)} uuid_transfer ${LEG} -bleg credit-used-up XML prepaid`,
  `sched_api +${seconds + 2} ${task(turn)} uuid_kill ${LEG} ALLOTTED_TIMEOUT`,
]

const limitsOn = (answer?: AnswerCommand) => {
  const commands = fakeCommands(answer)
  const seen = { ended: 0, failed: 0 }
  const limits = createPrepaidLimits({
    commands,
    engine: ENGINE,
    onEnd: () => (seen.ended += 1),
    onFailed: () => (seen.failed += 1),
    logger: silentLogger,
  })
  return { limits, seen, told: commands.told }
}

suite('engine: limits of prepaid calls', () => {
  test('a new limit is set before the old one is taken away', async () => {
    const { limits, told } = limitsOn()
    await limits.carryOut(limit(71))
    await limits.carryOut(limit(80))
    assert.deepEqual(told, [...set(71, 1), `sched_del ${task(0)}`, ...set(80, 2), `sched_del ${task(1)}`])
  })

  test('of a call that an earlier run had, every limit that the switch has is replaced', async () => {
    const rows = [task(0), task(4), 'prepaid-00000000-0000-4000-8000-0000000000ab-9'].map((group) => ({
      task_group: group,
    }))
    const { limits, told } = limitsOn((line) =>
      line === 'show tasks as json' ? JSON.stringify({ row_count: 3, rows }) : undefined,
    )
    await limits.carryOut(limit(71, true))
    assert.deepEqual(told, [
      'show tasks as json',
      ...set(71, 5),
      `sched_del ${task(0)}`,
      `sched_del ${task(4)}`,
      `uuid_setvar ${LEG} strowger_prepaid_engine ${ENGINE}`,
    ])
  })

  test('the end is told at once, with a last resort', async () => {
    const { limits, told, seen } = limitsOn()
    await limits.carryOut(end)
    assert.deepEqual(told, [
      `uuid_transfer ${LEG} -bleg credit-used-up XML prepaid`,
      `sched_api +2 ${task(0)} uuid_kill ${LEG} ALLOTTED_TIMEOUT`,
    ])
    assert.equal(seen.ended, 1)
  })

  test('a leg that ended has no limit any more', async () => {
    const { limits, told } = limitsOn()
    void limits.carryOut(limit(71))
    limits.forget(LEG)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(told.at(-1), `sched_del ${task(1)}`)
  })

  test('a switch that is away keeps what it has, and is told again later', async () => {
    const { limits, seen } = limitsOn(notConnected)
    await limits.carryOut(limit(71))
    assert.deepEqual(seen, { ended: 0, failed: 1 })
  })

  test('a leg that is gone is no fault', async () => {
    const { limits, seen } = limitsOn(() => '-ERR No such channel!\n')
    await limits.carryOut(limit(71))
    await limits.carryOut(end)
    assert.deepEqual(seen, { ended: 1, failed: 0 })
  })
})
