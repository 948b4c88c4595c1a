import assert from 'node:assert/strict'
import { createLogger, maskNumber } from '../../src/base/logger.ts'

suite('logger', () => {
  const logged = (redactNumbers: boolean, fields: Record<string, unknown>): Record<string, unknown> => {
    let line = ''
    const logger = createLogger({ level: 'info', redactNumbers }, { write: (text) => (line = text) })
    logger.info(fields, 'message')
    return JSON.parse(line) as Record<string, unknown>
  }
  test('a line is JSON with its level in words and its time in ISO', () => {
    const line = logged(true, {})
    assert.deepEqual([line['level'], line['msg']], ['info', 'message'])
    assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })
  test('secrets never reach a line, at three depths', () => {
    const text = JSON.stringify(
      logged(true, {
        password: 'hush',
        a: { token: 'hush', b: { a1Hash: 'hush' } },
        authorization: 'hush',
        pin: 'hush',
      }),
    )
    assert.ok(!text.includes('hush'), text)
  })
  test('numbers are masked in the fields that hold numbers, and only on request', () => {
    assert.equal(logged(true, { dialled: '+442079460123' })['dialled'], '+442*******23')
    assert.equal(logged(true, { uuid: '442079460123' })['uuid'], '442079460123')
    assert.equal(logged(false, { dialled: '+442079460123' })['dialled'], '+442079460123')
  })
  test('what was given to a line is not changed by masking', () => {
    const fields = { to: '+442079460123' }
    logged(true, fields)
    assert.equal(fields.to, '+442079460123')
  })
  const row = (text: string, masked: string): void => {
    test(`${text} is masked as ${masked}`, () => assert.equal(maskNumber(text), masked))
  }
  row('1001', '1001')
  row('1234567', '1234567')
  row('12345678', '123***78')
  row('sip:+442079460123@acme.example', 'sip:+442*******23@acme.example')
})
