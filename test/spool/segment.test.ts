import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { encodeFrame } from '../../src/spool/frame.ts'
import { readSlice, segmentPath } from '../../src/spool/segment.ts'
import { removeScratch, scratchFolder } from './scratch.ts'

suite('spool: a slice of a segment', () => {
  teardown(removeScratch)

  test('what is appended while it is read is not passed by', async () => {
    const first = encodeFrame(Buffer.from('first'), 1)
    const second = encodeFrame(Buffer.from('second'), 2)
    const path = segmentPath(scratchFolder(), 1)
    await writeFile(path, Buffer.concat([first, second]))
    // As the writer leaves it: the second record becomes durable after the read has begun.
    let looks = 0
    const growing = {
      id: 1,
      path,
      records: 1,
      sealed: false,
      get size(): number {
        looks += 1
        return looks === 1 ? first.length : first.length + second.length
      },
    }
    const read = async (
      from: number,
    ): Promise<{ readonly texts: readonly string[]; readonly end: number }> => {
      const { frames, end } = await readSlice(growing, from, 500, 1024 * 1024, () =>
        assert.fail('nothing is damaged'),
      )
      return { texts: frames.map(({ record }) => record.toString()), end }
    }
    const slice = await read(0)
    assert.deepEqual(slice, { texts: ['first'], end: first.length })
    assert.deepEqual((await read(slice.end)).texts, ['second'])
  })
})
