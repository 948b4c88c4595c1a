import assert from 'node:assert/strict'
import type { LiveCall, LiveLeg } from '../../src/call/live-call.ts'
import { hangUp } from '../../src/engine/hang-up.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { NOW, uuid } from '../support/snapshot.ts'
import { fakeCommands } from './fake-commands.ts'

const call = (state: LiveCall['state'], ...legs: readonly Pick<LiveLeg, 'legUuid' | 'state'>[]): LiveCall =>
  ({ callId: uuid(1), state, legs }) as unknown as LiveCall

suite('engine: hanging up', () => {
  const setUp = (found: LiveCall | undefined, answer: (line: string) => string) => {
    const clock = createManualClock(NOW)
    const commands = fakeCommands(answer)
    const result = hangUp(uuid(1), { board: { call: () => found }, commands, clock })
    /** Until it has said something. */
    const done = async (): Promise<string> => {
      let said: string | undefined
      void result.then((value) => (said = value))
      for (let n = 0; said === undefined && n < 1_000; n += 1) {
        await new Promise((resolve) => setImmediate(resolve))
        clock.advance(25)
      }
      return said ?? 'never'
    }
    return { commands, done }
  }

  test('every leg that lives is ended', async () => {
    const legs = [
      { legUuid: uuid(1), state: 'answered' },
      { legUuid: uuid(2), state: 'gone' },
      { legUuid: uuid(3), state: 'ringing' },
    ] as const
    const { commands, done } = setUp(call('answered', ...legs), () => '+OK')
    assert.equal(await done(), 'hung-up')
    assert.deepEqual(commands.told, [
      `uuid_kill ${uuid(1)} NORMAL_CLEARING`,
      `uuid_kill ${uuid(3)} NORMAL_CLEARING`,
    ])
  })

  test('a call that nobody knows is not found, and the switch is not asked', async () => {
    const { commands, done } = setUp(undefined, () => '+OK')
    assert.equal(await done(), 'not-found')
    assert.deepEqual(commands.told, [])
  })

  test('a call that was asked for a moment ago is ended as soon as it has a channel', async () => {
    let asked = 0
    const { done } = setUp(call('initiated'), () => {
      asked += 1
      return asked < 5 ? '-ERR No such channel!' : '+OK'
    })
    assert.equal(await done(), 'hung-up')
    assert.equal(asked, 5)
  })

  test('one whose channel never comes is given up after three seconds', async () => {
    const { done } = setUp(call('initiated'), () => '-ERR No such channel!')
    assert.equal(await done(), 'not-found')
  })
})
