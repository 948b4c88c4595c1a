/**
 * The switch's WAV to the file that goes into the store: repaired, converted, hashed, encrypted, synced to the disk. It
 * computes for seconds, so it runs in a worker thread; it never touches the WAV itself.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import type { RecordingFormat } from './recording-formats.ts'
import { createAudioEncoder } from './encode-audio.ts'
import { createSealer } from './sealed-format.ts'
import { readWav, wavHeader, type Wav } from './wav.ts'

export type PrepareRequest = {
  /** The switch's file. */
  readonly source: string
  /** Written from its beginning, whatever is there. */
  readonly target: string
  readonly format: RecordingFormat
  readonly recordingId: string
  /** Undefined: it is not encrypted. */
  readonly fileKey: Uint8Array | undefined
}

export type Prepared = {
  readonly sampleRate: number
  readonly channels: number
  readonly durationMs: number
  /** As it is heard, and as it lies in the store. */
  readonly sizeBytes: number
  readonly storedBytes: number
  /** Of what is heard, in hex. */
  readonly sha256: string
  readonly sourceBytes: number
  readonly repaired: boolean
}

/** Between two looks of the encoder at its memory: a second of speech or so. */
const PIECE_BYTES = 32_768

/** Throws MEDIA_BAD_WAV where the file is no recording, and what the disk throws. */
export const prepareRecording = async (request: PrepareRequest): Promise<Prepared> => {
  const source = openSync(request.source, 'r')
  try {
    const sourceBytes = fstatSync(source).size
    const readAt = (offset: number, bytes: number): Buffer => {
      const piece = Buffer.alloc(bytes)
      return piece.subarray(0, readSync(source, piece, 0, bytes, offset))
    }
    const wav = readWav(readAt, sourceBytes)
    const target = openSync(request.target, 'w', 0o640)
    try {
      const written = await write(target, request, piecesOf(wav, readAt), wav)
      fsyncSync(target)
      const { sampleRate, channels, durationMs, repaired } = wav
      return { sampleRate, channels, durationMs, repaired, sourceBytes, ...written }
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}

function* piecesOf({ dataOffset, dataBytes }: Wav, readAt: (offset: number, bytes: number) => Buffer) {
  for (let done = 0; done < dataBytes;) {
    const piece = readAt(dataOffset + done, Math.min(PIECE_BYTES, dataBytes - done))
    // It cannot be shorter than when it was measured, unless somebody cuts it.
    if (piece.length === 0) return
    done += piece.length
    yield piece
  }
}

const write = async (
  target: number,
  { format, fileKey, recordingId }: PrepareRequest,
  pcm: Iterable<Buffer>,
  wav: Wav,
): Promise<Pick<Prepared, 'sizeBytes' | 'storedBytes' | 'sha256'>> => {
  const hash = createHash('sha256')
  const sealer = fileKey === undefined ? undefined : createSealer(Buffer.from(fileKey), recordingId)
  let sizeBytes = 0
  let storedBytes = 0
  const store = (pieces: readonly Buffer[]): void => {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) at += writeSync(target, piece, at)
      storedBytes += piece.length
    }
  }
  const take = (piece: Buffer): void => {
    hash.update(piece)
    sizeBytes += piece.length
    store(sealer === undefined ? [piece] : sealer.update(piece))
  }
  if (format === 'wav') {
    take(wavHeader(wav))
    for (const piece of pcm) take(piece)
  } else {
    const encoder = await createAudioEncoder(format, wav.sampleRate, wav.channels === 2 ? 2 : 1)
    for (const piece of pcm) take(encoder.encode(piece))
    take(encoder.final())
  }
  if (sealer !== undefined) store(sealer.final())
  return { sizeBytes, storedBytes, sha256: hash.digest('hex') }
}
