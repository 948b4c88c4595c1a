import assert from 'node:assert/strict'
import { parseRecordingPath, recordingDay, recordingFileName } from '../../src/recording/file-name.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'

const recordingId = asCallUuid('11111111-2222-4333-8444-555555555555')
const callId = asCallUuid('aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee')
const file = { organizationId: 7, day: '2026-11-21', recordingId, part: 'mix', policyId: 12, callId } as const

suite('recording file name', () => {
  test('says everything, and is read back from wherever the file lies', () => {
    const name = recordingFileName(file)
    assert.equal(
      name,
      '7/2026-11-21/11111111-2222-4333-8444-555555555555.mix.p12.caaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee.wav',
    )
    for (const folder of ['', '/', '/var/lib/strowger/recordings/', 'C:\\recordings\\'])
      assert.deepEqual(parseRecordingPath(folder + name), file)
    assert.deepEqual(parseRecordingPath(name.replaceAll('/', '\\')), file)
  })

  test('the parts of a split recording and one under no policy are read back', () => {
    for (const part of ['a', 'b'] as const)
      assert.deepEqual(parseRecordingPath(recordingFileName({ ...file, part, policyId: 0 })), {
        ...file,
        part,
        policyId: 0,
      })
  })

  const good = recordingFileName(file)
  const strangers: readonly (readonly [sentence: string, path: string])[] = [
    ['another ending', good.replace('.wav', '.mp3')],
    ['a file that is being written by somebody else', `${good}.part`],
    ['a part that does not exist', good.replace('.mix.', '.c.')],
    ['no organisation', good.replace('7/', '/')],
    ['organisation 0', good.replace('7/', '0/')],
    ['a way out of the folder', good.replace('7/', '../')],
    ['a uuid in capitals', good.replaceAll('a', 'A')],
    ['no policy', good.replace('.p12', '')],
    ['a policy with a leading zero', good.replace('.p12', '.p012')],
    ['nothing', ''],
  ]
  for (const [sentence, path] of strangers)
    test(`${sentence} is no file of ours`, () => assert.equal(parseRecordingPath(path), undefined))

  test('the day is that of UTC', () => {
    assert.equal(recordingDay(Date.UTC(2026, 10, 21, 23, 59, 59)), '2026-11-21')
    assert.equal(recordingDay(Date.UTC(2026, 10, 22)), '2026-11-22')
  })
})
