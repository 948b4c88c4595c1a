/**
 * How a recording is encrypted: AES-256-GCM in segments, so that a part of it is read without the rest.
 *
 *   header   "STRWREC" and the version, 1 (8 bytes); segment size, 32 bit big endian; 4 zero bytes; the recording's uuid (16)
 *   segment  up to 65,536 bytes of cipher text, then its tag of 16 bytes; only the last one is shorter, and may be empty
 *
 * The nonce of a segment is its number in 11 bytes and a byte that is 1 for the last one alone, as in STREAM (Hoang,
 * Reyhanitabar, Rogaway, Vizár, 2015): segments that are swapped, repeated or cut off do not open. Nonces need not be
 * random because every file has a key of its own, drawn for it and never used again. The header is the additional
 * data of every segment: a file that took another's place does not open.
 *
 * Another format takes another version byte; this one stays readable.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { asError, EngineError } from '../base/errors.ts'

export const SEGMENT_BYTES = 65_536
export const HEADER_BYTES = 32
const TAG_BYTES = 16
const KEY_BYTES = 32
const VERSION = 1

export const newFileKey = (): Buffer => randomBytes(KEY_BYTES)

export const sealedHeader = (recordingId: string): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write('STRWREC', 0, 'latin1')
  header.writeUInt8(VERSION, 7)
  header.writeUInt32BE(SEGMENT_BYTES, 8)
  Buffer.from(recordingId.replaceAll('-', ''), 'hex').copy(header, 16)
  return header
}

/** How many bytes `plainBytes` become. */
export const sealedSize = (plainBytes: number): number =>
  HEADER_BYTES + plainBytes + segmentsOf(plainBytes) * TAG_BYTES

const segmentsOf = (plainBytes: number): number => Math.max(1, Math.ceil(plainBytes / SEGMENT_BYTES))

export type Sealer = {
  /** What of the file is ready by now. */
  readonly update: (piece: Uint8Array) => readonly Buffer[]
  readonly final: () => readonly Buffer[]
}

/** Give it the whole file in pieces of any size; what it gives, in this order, is the sealed file. */
export const createSealer = (key: Buffer, recordingId: string): Sealer => {
  const header = sealedHeader(recordingId)
  const segment = Buffer.allocUnsafe(SEGMENT_BYTES)
  let filled = 0
  let index = 0
  let started = false
  const start = (): readonly Buffer[] => {
    if (started) return []
    started = true
    return [header]
  }
  const sealSegment = (isLast: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index, isLast), { authTagLength: TAG_BYTES })
    cipher.setAAD(header)
    const sealed = cipher.update(segment.subarray(0, filled))
    cipher.final()
    index += 1
    filled = 0
    return Buffer.concat([sealed, cipher.getAuthTag()])
  }
  return {
    update: (piece) => {
      const ready: Buffer[] = [...start()]
      for (let at = 0; at < piece.length;) {
        // A full one is sealed only when more comes: the last is marked as the last.
        if (filled === SEGMENT_BYTES) ready.push(sealSegment(false))
        const taken = Math.min(SEGMENT_BYTES - filled, piece.length - at)
        segment.set(piece.subarray(at, at + taken), filled)
        filled += taken
        at += taken
      }
      return ready
    },
    final: () => [...start(), sealSegment(true)],
  }
}

/** Bytes `first` to `last` of a stored object, both included. */
export type ReadRange = (first: number, last: number) => AsyncIterable<Uint8Array>

export type Sealed = {
  readonly key: Buffer
  readonly recordingId: string
  /** Of the whole file as it is heard. */
  readonly plainBytes: number
}

/**
 * Bytes `first` to `last` (both included) of what was sealed; only the segments that hold them are read. A byte comes
 * out only when the segment around it is proved. Throws MEDIA_DAMAGED.
 */
export const openRange = async function* (
  read: ReadRange,
  { key, recordingId, plainBytes }: Sealed,
  first: number,
  last: number,
): AsyncGenerator<Buffer, void, undefined> {
  const header = sealedHeader(recordingId)
  const segments = segmentsOf(plainBytes)
  const [from, to] = [Math.floor(first / SEGMENT_BYTES), Math.floor(last / SEGMENT_BYTES)]
  const size = (index: number): number =>
    (index === segments - 1 ? plainBytes - index * SEGMENT_BYTES : SEGMENT_BYTES) + TAG_BYTES
  const offset = (index: number): number => HEADER_BYTES + index * (SEGMENT_BYTES + TAG_BYTES)
  const pieces = gather(read(offset(from), offset(to) + size(to) - 1))
  for (let index = from; index <= to; index += 1) {
    const sealed = await pieces(size(index))
    const plain = openSegment(sealed, key, nonceOf(index, index === segments - 1), header, recordingId)
    const start = index * SEGMENT_BYTES
    yield plain.subarray(Math.max(0, first - start), last - start + 1)
  }
}

/** Throws MEDIA_DAMAGED unless it is what `createSealer` begins a file of this recording with. */
export const checkHeader = (header: Buffer, recordingId: string): void => {
  if (!header.equals(sealedHeader(recordingId)))
    throw damaged(recordingId, 'it does not begin as an encrypted recording of this id does')
}

const openSegment = (
  sealed: Buffer,
  key: Buffer,
  nonce: Buffer,
  header: Buffer,
  recordingId: string,
): Buffer => {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(header)
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
    decipher.final()
    return plain
  } catch (fault) {
    throw damaged(recordingId, `it does not open: ${asError(fault).message}`, fault)
  }
}

const nonceOf = (index: number, isLast: boolean): Buffer => {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce.writeUInt8(isLast ? 1 : 0, 11)
  return nonce
}

/** Gives exactly so many bytes at a time, however they come. */
const gather = (source: AsyncIterable<Uint8Array>): ((bytes: number) => Promise<Buffer>) => {
  const iterator = source[Symbol.asyncIterator]()
  let kept = Buffer.alloc(0)
  return async (bytes) => {
    const pieces: Uint8Array[] = [kept]
    let have = kept.length
    while (have < bytes) {
      const next = await iterator.next()
      if (next.done === true)
        throw new EngineError('MEDIA_DAMAGED', 'a stored recording is shorter than it was')
      pieces.push(next.value)
      have += next.value.length
    }
    const all = Buffer.concat(pieces)
    kept = all.subarray(bytes)
    return all.subarray(0, bytes)
  }
}

const damaged = (recordingId: string, why: string, cause?: unknown): EngineError =>
  new EngineError('MEDIA_DAMAGED', `recording ${recordingId} is damaged: ${why}`, { recordingId }, cause)
