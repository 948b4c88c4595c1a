/**
 * One file of the journal as it is found on disk. A segment is written by one process from its beginning and
 * never appended to by another: after a restart a new one begins, so that nothing stands behind a torn end.
 */
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findFrame, FRAME_HEADER_BYTES, readFrame, type Frame } from './frame.ts'

export type Segment = {
  readonly id: number
  readonly path: string
  /** Bytes that are durable and hold whole records (and perhaps damage between them). */
  size: number
  records: number
  /** Nothing is added any more. */
  sealed: boolean
}

export type Damage = { readonly path: string; readonly offset: number; readonly bytes: number }

const NAME = /^(\d{16})\.journal$/

export const segmentPath = (directory: string, id: number): string =>
  join(directory, `${String(id).padStart(16, '0')}.journal`)

/** The ids of the segments in `directory`, ascending. */
export const listSegments = async (directory: string): Promise<number[]> => {
  const ids: number[] = []
  for (const name of await readdir(directory)) {
    const match = NAME.exec(name)
    if (match !== null) ids.push(Number(match[1]))
  }
  return ids.sort((a, b) => a - b)
}

/** Counts what a segment holds from `from` on. Damage is told, never thrown. */
export const scanSegment = async (
  directory: string,
  id: number,
  from: number,
  onDamage: (damage: Damage) => void,
): Promise<{ readonly segment: Segment; readonly oldest: number | undefined }> => {
  const path = segmentPath(directory, id)
  const bytes = await readFile(path)
  let records = 0
  let oldest: number | undefined
  let size = Math.min(from, bytes.length)
  for (const frame of framesOf(bytes, size, path, onDamage)) {
    records += 1
    oldest ??= frame.arrivedAt
    size = frame.end
  }
  return { segment: { id, path, size, records, sealed: true }, oldest }
}

/** The whole frames of `bytes` from `offset` on, over whatever damage lies between them. */
export function* framesOf(
  bytes: Buffer,
  offset: number,
  path: string,
  onDamage: (damage: Damage) => void,
): Generator<Frame, void> {
  let at = offset
  while (at < bytes.length) {
    const frame = readFrame(bytes, at)
    if (!('fault' in frame)) {
      yield frame
      at = frame.end
      continue
    }
    const next = findFrame(bytes, at + 1) ?? bytes.length
    onDamage({ path, offset: at, bytes: next - at })
    at = next
  }
}

export type Slice = {
  readonly frames: readonly Frame[]
  /** Where the segment is to be read from next. */
  readonly end: number
}

/**
 * Frames from `offset` on, at most `maxRecords` and about `maxBytes`, but one at least where there is one.
 * Only bytes below `segment.size` are looked at: what lies behind is being written.
 */
export const readSlice = async (
  segment: Segment,
  offset: number,
  maxRecords: number,
  maxBytes: number,
  onDamage: (damage: Damage) => void,
): Promise<Slice> => {
  const handle = await open(segment.path, 'r')
  try {
    const left = segment.size - offset
    let bytes = await readBytes(handle, offset, Math.min(left, Math.max(maxBytes, FRAME_HEADER_BYTES)))
    let first = readFrame(bytes, 0)
    if ('fault' in first && first.fault === 'short' && first.needed <= left) {
      bytes = await readBytes(handle, offset, first.needed)
      first = readFrame(bytes, 0)
    }
    if ('fault' in first) {
      // Damage: the rest of the segment is needed to find where the records go on.
      bytes = await readBytes(handle, offset, left)
    }
    const whole = bytes.length === left
    const frames: Frame[] = []
    let end = 0
    for (const frame of framesOf(bytes, 0, segment.path, whole ? onDamage : ignoreCut)) {
      if (frames.length === maxRecords || (frames.length > 0 && frame.end > maxBytes))
        return { frames, end: offset + end }
      // A frame behind damage in a part of the segment: the next slice begins at the damage and reads it all.
      if (!whole && frame.end - frame.record.length - FRAME_HEADER_BYTES !== end)
        return { frames, end: offset + end }
      frames.push(frame)
      end = frame.end
    }
    // Not segment.size: it may have grown while we read, and what came would be passed by.
    return { frames, end: offset + (whole ? left : end) }
  } finally {
    await handle.close()
  }
}

/** The end of a part of a segment cuts a frame in two: that is no damage. */
const ignoreCut = (): undefined => undefined

const readBytes = async (
  handle: Awaited<ReturnType<typeof open>>,
  position: number,
  length: number,
): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
