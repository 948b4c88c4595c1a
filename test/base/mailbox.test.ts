import assert from 'node:assert/strict'
import { createMailbox } from '../../src/base/mailbox.ts'

const nothing = (): void => undefined
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('mailbox', () => {
  test('handles one after the other, in order, whatever each awaits', async () => {
    const seen: string[] = []
    const mailbox = createMailbox<number>(async (n) => {
      seen.push(`begin ${n}`)
      for (let turns = 3 - n; turns > 0; turns -= 1) await turn()
      seen.push(`end ${n}`)
    }, nothing)
    for (const n of [0, 1, 2]) mailbox.post(n)
    await mailbox.idle()
    assert.deepEqual(seen, ['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2'])
  })
  test('nothing is handled while it is being posted', () => {
    let handled = 0
    const mailbox = createMailbox<number>(() => {
      handled += 1
    }, nothing)
    mailbox.post(1)
    assert.equal(handled, 0)
    assert.equal(mailbox.size(), 1)
  })
  test('what is posted by a handler comes after what waits', async () => {
    const seen: number[] = []
    const mailbox = createMailbox<number>((n) => {
      seen.push(n)
      if (n === 1) mailbox.post(3)
    }, nothing)
    mailbox.post(1)
    mailbox.post(2)
    await mailbox.idle()
    assert.deepEqual(seen, [1, 2, 3])
  })
  test('what is posted in the very moment in which it becomes idle is handled too', async () => {
    const seen: number[] = []
    const mailbox = createMailbox<number>((n) => void seen.push(n), nothing)
    for (let n = 0; n < 50; n += 1) {
      mailbox.post(n)
      for (let ticks = n % 7; ticks > 0; ticks -= 1) await Promise.resolve()
    }
    await mailbox.idle()
    await turn()
    assert.equal(seen.length, 50)
    assert.equal(mailbox.size(), 0)
  })
  test('a throw is told with its message, and the next is handled all the same', async () => {
    const faults: unknown[] = []
    const seen: number[] = []
    const mailbox = createMailbox<number>(
      (n) => {
        if (n === 1) throw new Error('one')
        if (n === 2) return Promise.reject(new Error('two'))
        seen.push(n)
        return undefined
      },
      (fault, n) => faults.push([(fault as Error).message, n]),
    )
    for (const n of [1, 2, 3]) mailbox.post(n)
    await mailbox.idle()
    assert.deepEqual(faults, [
      ['one', 1],
      ['two', 2],
    ])
    assert.deepEqual(seen, [3])
  })
  test('a closed one drops what waits and ignores what comes', async () => {
    const seen: number[] = []
    const mailbox = createMailbox<number>((n) => {
      seen.push(n)
      mailbox.close()
    }, nothing)
    mailbox.post(1)
    mailbox.post(2)
    await mailbox.idle()
    mailbox.post(3)
    await mailbox.idle()
    assert.deepEqual([seen, mailbox.size()], [[1], 0])
  })
})
