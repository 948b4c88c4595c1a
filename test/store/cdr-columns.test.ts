import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  arraysOf,
  ATTEMPT_COLUMNS,
  CDR_COLUMNS,
  namesOf,
  parametersOf,
  storable,
} from '../../src/store/cdr-columns.ts'
import { cdrOf } from './sample-cdr.ts'

suite('a CDR as columns', () => {
  test('text of any kind becomes text that PostgreSQL stores', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.integer({ min: 0, max: 300 }),
        (text, length) => {
          const kept = storable(text, length) ?? ''
          assert.ok(kept.length <= length)
          assert.ok(!kept.includes('\0'))
          assert.equal(Buffer.from(kept, 'utf8').toString('utf8'), kept)
        },
      ),
    )
  })

  test('ordinary text is kept to the letter, emoji too', () => {
    for (const text of ['', 'Demo', 'Zoë', '呼叫', '👩‍🚀', `O'Brien "Bob" \\ {1,2}, NULL`])
      assert.equal(storable(text, 256), text)
  })

  test('a clip that would halve a character leaves a mark instead', () => {
    assert.equal(storable('ab👍', 3), 'ab\uFFFD')
  })

  test('every column has one array, as long as the rows are many', () => {
    const arrays = arraysOf(CDR_COLUMNS, [cdrOf(), cdrOf(), cdrOf()])
    assert.equal(arrays.length, namesOf(CDR_COLUMNS).split(', ').length)
    assert.ok(arrays.every((array) => array.length === 3))
    assert.equal(parametersOf(ATTEMPT_COLUMNS, 40).split(', ').length, ATTEMPT_COLUMNS.length)
    assert.equal(parametersOf(ATTEMPT_COLUMNS, 40).split(', ')[0], '$40::uuid[]')
  })
})
