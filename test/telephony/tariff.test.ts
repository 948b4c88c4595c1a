import assert from 'node:assert/strict'
import { formatCharging, readCharging, readRounding } from '../../src/telephony/tariff.ts'

suite('what a tariff says beyond its columns', () => {
  for (const [said, text] of [
    [
      { graceSeconds: 5, freeSeconds: 30, rounding: { mode: 'up', decimals: 2 } },
      'grace=5 free=30 round=up/2',
    ],
    [{ rounding: { mode: 'half-up', decimals: 0 } }, 'round=half-up/0'],
    [{ freeSeconds: 60 }, 'free=60'],
  ] as const)
    test(`is written as "${text}" and read back`, () => {
      assert.equal(formatCharging(said), text)
      assert.deepEqual(readCharging(text), said)
    })
  test('is nothing where it says nothing', () => {
    assert.equal(formatCharging({ graceSeconds: 0, freeSeconds: 0 }), undefined)
    assert.deepEqual(readCharging(''), {})
  })
  test('leaves out words that it does not know', () =>
    assert.deepEqual(readCharging('price=rule free=7 grace=x round=down/2'), { freeSeconds: 7 }))
  for (const text of ['up', 'up/9', 'down/2', 'half-up/', '/2'])
    test(`"${text}" is no rounding`, () => assert.equal(readRounding(text), undefined))
})
