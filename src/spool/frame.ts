/**
 * The bytes of the journal: a record in its frame. Pure. A frame is found again after damage by its mark and
 * believed only with its checksum, so that a torn or rotten record costs itself and not what follows.
 *
 *     offset  bytes
 *     0       4      mark, "SJ1\n"
 *     4       4      length of the record, unsigned little endian
 *     8       8      arrival, milliseconds since the epoch, unsigned little endian
 *     16      4      CRC-32 (IEEE 802.3) of bytes 4-15 and the record
 *     20      n      the record
 */
import zlib from 'node:zlib'

const MARK = Buffer.from('SJ1\n', 'latin1')
export const FRAME_HEADER_BYTES = 20
/** A CDR with every variable is about 20 kB; a length beyond this is damage, not a record. */
export const MAX_RECORD_BYTES = 8 * 1024 * 1024

export type Frame = {
  readonly record: Buffer
  readonly arrivedAt: number
  /** Where in the buffer the next frame begins. */
  readonly end: number
}

/** `short`: the buffer ends inside the frame, `needed` bytes from its beginning would hold it. */
export type FrameRead =
  Frame | { readonly fault: 'short'; readonly needed: number } | { readonly fault: 'bad' }

export const encodeFrame = (record: Buffer, arrivedAt: number): Buffer => {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + record.length)
  MARK.copy(frame, 0)
  frame.writeUInt32LE(record.length, 4)
  frame.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(arrivedAt))), 8)
  record.copy(frame, FRAME_HEADER_BYTES)
  frame.writeUInt32LE(checksum(frame, FRAME_HEADER_BYTES + record.length), 16)
  return frame
}

/** The frame that begins at `offset`. */
export const readFrame = (bytes: Buffer, offset: number): FrameRead => {
  const view = bytes.subarray(offset)
  const marked = Math.min(view.length, MARK.length)
  if (view.compare(MARK, 0, marked, 0, marked) !== 0) return { fault: 'bad' }
  if (view.length < FRAME_HEADER_BYTES) return { fault: 'short', needed: FRAME_HEADER_BYTES }
  const length = view.readUInt32LE(4)
  if (length > MAX_RECORD_BYTES) return { fault: 'bad' }
  const needed = FRAME_HEADER_BYTES + length
  if (view.length < needed) return { fault: 'short', needed }
  if (checksum(view, needed) !== view.readUInt32LE(16)) return { fault: 'bad' }
  const arrivedAt = Number(view.readBigUInt64LE(8))
  return { record: view.subarray(FRAME_HEADER_BYTES, needed), arrivedAt, end: offset + needed }
}

/** The next place after `offset` where a whole frame begins, or undefined. */
export const findFrame = (bytes: Buffer, offset: number): number | undefined => {
  for (let at = bytes.indexOf(MARK, offset); at !== -1; at = bytes.indexOf(MARK, at + 1)) {
    if (!('fault' in readFrame(bytes, at))) return at
  }
  return undefined
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit += 1)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  return remainder
})

// zlib.crc32 came with Node 20.15 and 22.2; the engine runs on older 20s, where the table above does the work.
const native: unknown = Reflect.get(zlib, 'crc32')

export const crc32 = (bytes: Buffer, from = 0, to = bytes.length, seed = 0): number =>
  typeof native === 'function'
    ? (native as (data: Buffer, seed: number) => number)(bytes.subarray(from, to), seed)
    : crc32ByTable(bytes, from, to, seed)

export const crc32ByTable = (bytes: Buffer, from = 0, to = bytes.length, seed = 0): number => {
  let crc = ~seed
  for (let at = from; at < to; at += 1) crc = (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Over the frame at the buffer's beginning, without its mark and the checksum itself. */
const checksum = (frame: Buffer, end: number): number =>
  crc32(frame, FRAME_HEADER_BYTES, end, crc32(frame, 4, 16))
