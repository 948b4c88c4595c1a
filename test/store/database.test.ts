import assert from 'node:assert/strict'
import pg from 'pg'
import { faultOf, isValueFault, parseInt8, parseTimestamp } from '../../src/store/database.ts'

const sqlFault = (code: string): pg.DatabaseError =>
  Object.assign(new pg.DatabaseError('said so', 7, 'error'), { code })

suite('what a database says', () => {
  for (const [code, retryable, valueFault] of [
    ['08006', true, false],
    ['57P01', true, false],
    ['57014', true, false],
    ['53100', true, false],
    ['40P01', true, false],
    ['25006', true, false],
    ['3D000', true, false],
    ['22P02', false, true],
    ['23514', false, true],
    ['54000', false, true],
    ['42P01', false, false],
  ] as const) {
    test(`${code} is ${retryable ? 'a fault of the moment' : valueFault ? "a value's fault" : 'our fault'}`, () => {
      const fault = faultOf(sqlFault(code))
      assert.equal(fault.code, retryable ? 'STORE_UNAVAILABLE' : 'STORE_QUERY_FAILED')
      assert.equal(fault.details['retryable'], retryable)
      assert.equal(isValueFault(fault), valueFault)
    })
  }

  test('a fault that the server did not speak of is one of the connection', () => {
    for (const message of [
      'connect ECONNREFUSED',
      'Connection terminated unexpectedly',
      'Query read timeout',
    ]) {
      assert.equal(faultOf(new Error(message)).code, 'STORE_UNAVAILABLE')
    }
  })

  test('integers beyond what a number holds are refused', () => {
    assert.equal(parseInt8('9007199254740991'), Number.MAX_SAFE_INTEGER)
    assert.throws(() => parseInt8('9007199254740992'), { code: 'STORE_INTEGER_RANGE' })
  })

  test('a timestamp is milliseconds, whatever zone it is written in', () => {
    assert.equal(parseTimestamp('2026-11-20 12:00:00.123+00'), Date.UTC(2026, 10, 20, 12, 0, 0, 123))
    assert.equal(parseTimestamp('2026-11-20 17:30:00.123+05:30'), Date.UTC(2026, 10, 20, 12, 0, 0, 123))
    assert.equal(parseTimestamp('infinity'), Number.POSITIVE_INFINITY)
  })
})
