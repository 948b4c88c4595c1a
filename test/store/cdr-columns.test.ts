import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ATTEMPT_COLUMNS, CDR_COLUMNS, linesOf, namesOf, storable } from '../../src/store/cdr-columns.ts'
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

  test('every row is a line, every column a field of it, whatever stands in them', () => {
    const hostile = cdrOf({ callerName: 'tab\there\nline \\N \\. end', callerNumber: '\r\v\f\b' })
    const lines = linesOf(CDR_COLUMNS, [cdrOf(), hostile, cdrOf()]).split('\n')
    assert.equal(lines.pop(), '')
    assert.equal(lines.length, 3)
    for (const line of lines) assert.equal(line.split('\t').length, namesOf(CDR_COLUMNS).split(', ').length)
    assert.match(lines[1] ?? '', /tab\\there\\nline \\\\N \\\\\. end/)
    const cdr = cdrOf()
    const tried = cdr.attempts.map((attempt) => ({ cdr, attempt }))
    assert.equal(linesOf(ATTEMPT_COLUMNS, tried).split('\n').length, 3)
  })

  test('what is not there is NULL, and an empty text is empty', () => {
    const [line = ''] = linesOf(CDR_COLUMNS, [cdrOf({ callerName: '', callerNumber: undefined })]).split('\n')
    const at = (name: string): string | undefined =>
      line.split('\t')[namesOf(CDR_COLUMNS).split(', ').indexOf(name)]
    assert.deepEqual([at('caller_name'), at('caller_number')], ['', '\\N'])
  })
})
