import assert from 'node:assert/strict'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { crc32, encodeFrame, findFrame, FRAME_HEADER_BYTES, readFrame } from '../../src/spool/frame.ts'

const anyRecord = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

suite('frame', () => {
  test('a record reads back as it was, with its arrival', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat({ max: Number.MAX_SAFE_INTEGER }), (record, arrivedAt) => {
        const frame = readFrame(encodeFrame(record, arrivedAt), 0)
        assert.ok(!('fault' in frame))
        assert.deepEqual([frame.record, frame.arrivedAt], [record, arrivedAt])
        assert.equal(frame.end, FRAME_HEADER_BYTES + record.length)
      }),
    )
  })
  test('every cut of a frame is short, never a frame and never bad', () => {
    const frame = encodeFrame(Buffer.from('{"a":1}'), 1)
    for (let length = 0; length < frame.length; length += 1) {
      const read = readFrame(frame.subarray(0, length), 0)
      assert.ok('fault' in read && read.fault === 'short', `cut to ${length}`)
    }
  })
  test('every changed bit makes a frame unbelievable', () => {
    const frame = encodeFrame(Buffer.from('a CDR'), 1_700_000_000_000)
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const changed = Buffer.from(frame)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      assert.ok('fault' in readFrame(changed, 0), `bit ${bit}`)
    }
  })
  test('the next whole frame is found behind damage, and the mark inside a record is not taken for one', () => {
    const whole = encodeFrame(Buffer.from('next'), 1)
    const bytes = Buffer.concat([Buffer.from('SJ1\nrotten SJ1\n'), whole])
    assert.equal(findFrame(bytes, 0), bytes.length - whole.length)
    assert.equal(findFrame(bytes.subarray(0, -1), 0), undefined)
  })
  test('the checksum is the usual CRC-32', () => {
    assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926)
    if (typeof zlibCrc32 !== 'function') return
    fc.assert(
      fc.property(anyRecord, (bytes) => {
        assert.equal(crc32(bytes), zlibCrc32(bytes))
      }),
    )
  })
})
