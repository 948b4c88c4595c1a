import assert from 'node:assert/strict'
import { asError, codeOf, EngineError } from '../../src/base/errors.ts'

suite('errors', () => {
  test('an EngineError carries its code, details and cause', () => {
    const cause = new Error('why')
    const fault = new EngineError('BASE_TEST', 'what', { n: 1 }, cause)
    assert.deepEqual(
      [fault.code, fault.message, fault.details, fault.cause],
      ['BASE_TEST', 'what', { n: 1 }, cause],
    )
    assert.ok(!('cause' in new EngineError('BASE_TEST', 'what')))
  })
  test('whatever was thrown becomes an Error', () => {
    const fault = new Error('x')
    assert.equal(asError(fault), fault)
    assert.equal(asError('text').message, 'text')
    assert.equal(asError(undefined).message, 'undefined')
  })
  test('a code is a string or nothing', () => {
    assert.equal(codeOf(Object.assign(new Error(), { code: 'ENOENT' })), 'ENOENT')
    for (const thrown of [undefined, null, 'ENOENT', 5, {}, { code: 5 }, new Error()])
      assert.equal(codeOf(thrown), undefined)
  })
})
