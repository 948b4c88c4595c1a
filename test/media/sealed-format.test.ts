import assert from 'node:assert/strict'
import { createDecipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import {
  checkHeader,
  createSealer,
  HEADER_BYTES,
  newFileKey,
  openRange,
  SEGMENT_BYTES,
  sealedSize,
} from '../../src/media/sealed-format.ts'
import { unwrapFileKey, wrapFileKey } from '../../src/media/file-key.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'

const recordingId = newCallUuid()
const key = newFileKey()

const seal = (plain: Buffer, pieceBytes = 10_000, id: string = recordingId): Buffer => {
  const sealer = createSealer(key, id)
  const out: Buffer[] = []
  for (let at = 0; at < plain.length; at += pieceBytes)
    out.push(...sealer.update(plain.subarray(at, at + pieceBytes)))
  return Buffer.concat([...out, ...sealer.final()])
}

const open = async (
  sealed: Buffer,
  plainBytes: number,
  first = 0,
  last = plainBytes - 1,
  id: string = recordingId,
): Promise<Buffer> => {
  const pieces: Buffer[] = []
  const read = async function* (from: number, to: number) {
    // In pieces that fit nothing.
    for (let at = from; at <= to; at += 7_001)
      yield await Promise.resolve(sealed.subarray(at, Math.min(at + 7_001, to + 1)))
  }
  for await (const piece of openRange(read, { key, recordingId: id, plainBytes }, first, last))
    pieces.push(piece)
  return Buffer.concat(pieces)
}

const opensNot = (promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (fault: { code?: string }) => fault.code === 'MEDIA_DAMAGED')

suite('media: an encrypted recording', () => {
  for (const size of [
    0,
    1,
    100,
    SEGMENT_BYTES - 1,
    SEGMENT_BYTES,
    SEGMENT_BYTES + 1,
    3 * SEGMENT_BYTES,
    200_001,
  ]) {
    test(`of ${size} bytes is as long as foretold, and opens to what it was`, async () => {
      const plain = randomBytes(size)
      const sealed = seal(plain)
      assert.equal(sealed.length, sealedSize(size))
      if (size > 0) assert.deepEqual(await open(sealed, size), plain)
    })
  }

  test('is the same file in whatever pieces it came', () => {
    const plain = randomBytes(150_000)
    assert.deepEqual(seal(plain, 1_000), seal(plain, 150_000))
  })

  test('any range of it is that range of what was sealed', async () => {
    const plain = randomBytes(250_000)
    const sealed = seal(plain)
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length - 1), fc.nat(plain.length - 1), async (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)]
        assert.deepEqual(await open(sealed, plain.length, first, last), plain.subarray(first, last + 1))
      }),
      { numRuns: 60 },
    )
  })

  test('a range reads only the segments that it needs', async () => {
    const sealed = seal(randomBytes(10 * SEGMENT_BYTES))
    const asked: [number, number][] = []
    const read = (from: number, to: number) => {
      asked.push([from, to])
      return (async function* () {
        yield await Promise.resolve(sealed.subarray(from, to + 1))
      })()
    }
    const sealedFile = { key, recordingId, plainBytes: 10 * SEGMENT_BYTES }
    for await (const piece of openRange(read, sealedFile, 5 * SEGMENT_BYTES + 3, 5 * SEGMENT_BYTES + 9))
      assert.equal(piece.length, 7)
    const start = HEADER_BYTES + 5 * (SEGMENT_BYTES + 16)
    assert.deepEqual(asked, [[start, start + SEGMENT_BYTES + 15]])
  })

  test('any bit that changes is noticed before a byte of its segment comes out', async () => {
    const plain = randomBytes(1_000)
    const sealed = seal(plain)
    for (const at of [HEADER_BYTES, HEADER_BYTES + 500, sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      await opensNot(open(changed, plain.length))
    }
  })

  const whole = SEGMENT_BYTES + 16
  const three = seal(randomBytes(3 * SEGMENT_BYTES))
  const segment = (n: number): Buffer =>
    three.subarray(HEADER_BYTES + n * whole, HEADER_BYTES + (n + 1) * whole)
  const header = three.subarray(0, HEADER_BYTES)
  const tampered: readonly (readonly [sentence: string, bytes: Buffer, plainBytes: number])[] = [
    ['its segments swapped', Buffer.concat([header, segment(1), segment(0), segment(2)]), 3 * SEGMENT_BYTES],
    [
      'its end cut off, and said to be shorter',
      Buffer.concat([header, segment(0), segment(1)]),
      2 * SEGMENT_BYTES,
    ],
    ['its end cut off', three.subarray(0, HEADER_BYTES + 2 * whole), 3 * SEGMENT_BYTES],
    ['a segment repeated', Buffer.concat([header, segment(0), segment(0), segment(2)]), 3 * SEGMENT_BYTES],
  ]
  for (const [sentence, bytes, plainBytes] of tampered) {
    test(`with ${sentence} does not open`, () => opensNot(open(bytes, plainBytes)))
  }

  test('does not open as another recording, under whose key it may be', async () => {
    const other = newCallUuid()
    await opensNot(open(seal(Buffer.from('x'.repeat(99))), 99, 0, 98, other))
    assert.throws(
      () => checkHeader(seal(Buffer.from('x')).subarray(0, HEADER_BYTES), other),
      /does not begin/,
    )
    assert.doesNotThrow(() => checkHeader(seal(Buffer.from('x')).subarray(0, HEADER_BYTES), recordingId))
  })

  test('is what the format says, read by hand', () => {
    const plain = Buffer.from('hello')
    const sealed = seal(plain)
    assert.equal(sealed.toString('latin1', 0, 7), 'STRWREC')
    assert.equal(sealed.readUInt8(7), 1)
    assert.equal(sealed.readUInt32BE(8), 65_536)
    assert.equal(sealed.toString('hex', 16, 32), recordingId.replaceAll('-', ''))
    const nonce = Buffer.from('000000000000000000000001', 'hex')
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAAD(sealed.subarray(0, 32))
    decipher.setAuthTag(sealed.subarray(37))
    assert.equal(
      Buffer.concat([decipher.update(sealed.subarray(32, 37)), decipher.final()]).toString(),
      'hello',
    )
  })
})

suite('media: the key of a file', () => {
  const organizationKey = randomBytes(32)
  const file = { recordingId, part: 'mix' }

  test('opens with the key that wrapped it, for its own file alone', () => {
    const wrapped = wrapFileKey(organizationKey, key, file)
    assert.equal(wrapped.length, 60)
    assert.deepEqual(unwrapFileKey(organizationKey, wrapped, file), key)
    for (const attempt of [
      () => unwrapFileKey(randomBytes(32), wrapped, file),
      () => unwrapFileKey(organizationKey, wrapped, { ...file, part: 'a' }),
      () => unwrapFileKey(organizationKey, wrapped, { ...file, recordingId: newCallUuid() }),
      () => unwrapFileKey(organizationKey, wrapped.subarray(0, 59), file),
    ])
      assert.throws(attempt, (fault: { code?: string }) => fault.code === 'MEDIA_BAD_KEY')
  })

  test('is wrapped differently each time', () => {
    assert.notDeepEqual(wrapFileKey(organizationKey, key, file), wrapFileKey(organizationKey, key, file))
  })
})
