import assert from 'node:assert/strict'
import { Command } from 'commander'
import { noneAsNull, orNone } from '../../src/cli/none.ts'

suite('cli: options that take none', () => {
  const asked = (...args: readonly string[]): Record<string, unknown> => {
    const program = new Command().option('--limit <count>', 'a limit', orNone(Number)).option('--name <name>')
    return noneAsNull(program.parse([...args], { from: 'user' }).opts())
  }

  test('none is null, where commander would make an empty text', () =>
    assert.deepEqual(asked('--limit', 'none', '--name', 'none'), { limit: null, name: 'none' }))
  test('a value is what was read', () => assert.deepEqual(asked('--limit', '5'), { limit: 5 }))
  test('what was not said is not there', () => assert.deepEqual(asked(), {}))
})
