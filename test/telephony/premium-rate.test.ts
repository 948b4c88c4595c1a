import assert from 'node:assert/strict'
import { parseNumber } from '../../src/telephony/e164.ts'

suite('telephony: premium-rate numbers', () => {
  const rows: readonly (readonly [number: string, premium: boolean])[] = [
    ['+449098790000', true],
    ['+19002345678', true],
    ['+499001654321', true],
    ['+33899123456', true],
    ['+442079460123', false],
    ['+447700900123', false],
    ['+448081570000', false],
    ['+18005550123', false],
    ['+99912345678', false],
  ]
  for (const [number, premium] of rows)
    test(`${number} is ${premium ? 'one' : 'none'}`, () => {
      assert.equal(parseNumber(number, 'GB')?.premium === true, premium)
    })
})
