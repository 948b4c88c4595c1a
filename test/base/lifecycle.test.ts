import assert from 'node:assert/strict'
import { createLifecycle, type Part } from '../../src/base/lifecycle.ts'

suite('lifecycle', () => {
  const parts =
    (log: string[]) =>
    (name: string, broken?: 'start' | 'stop'): Part => ({
      name,
      start: () => {
        log.push(`start ${name}`)
        if (broken === 'start') throw new Error(`${name} does not start`)
      },
      stop: () => {
        log.push(`stop ${name}`)
        if (broken === 'stop') throw new Error(`${name} does not stop`)
      },
    })
  test('stops in the opposite order, once', async () => {
    const log: string[] = []
    const part = parts(log)
    const lifecycle = createLifecycle()
    await lifecycle.add(part('a'))
    await lifecycle.add(part('b'))
    await lifecycle.stop()
    await lifecycle.stop()
    assert.deepEqual(log, ['start a', 'start b', 'stop b', 'stop a'])
  })
  test('a part that does not start takes those before it down, and is told', async () => {
    const log: string[] = []
    const part = parts(log)
    const lifecycle = createLifecycle()
    await lifecycle.add(part('a'))
    await assert.rejects(lifecycle.add(part('b', 'start')), { message: 'b does not start' })
    assert.deepEqual(log, ['start a', 'start b', 'stop a'])
  })
  test('every part is stopped even where one will not', async () => {
    const log: string[] = []
    const part = parts(log)
    const lifecycle = createLifecycle()
    await lifecycle.add(part('a'))
    await lifecycle.add(part('b', 'stop'))
    await assert.rejects(lifecycle.stop(), /b does not stop/)
    assert.equal(log.at(-1), 'stop a')
  })
  test('a part that does not start is told of even where one before it will not stop', async () => {
    const part = parts([])
    const lifecycle = createLifecycle()
    await lifecycle.add(part('a', 'stop'))
    await assert.rejects(lifecycle.add(part('b', 'start')), /b does not start/)
  })
})
