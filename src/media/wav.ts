/**
 * WAV as FreeSWITCH writes it (mod_sndfile over libsndfile): PCM of 16 bit. libsndfile writes the lengths when it closes
 * the file; a switch that died left zeros, or the lengths of the last time, so the file's own size decides.
 */
import { EngineError } from '../base/errors.ts'

export type Wav = {
  readonly sampleRate: number
  readonly channels: number
  /** Where the samples begin, and how many bytes of them there are: whole frames only. */
  readonly dataOffset: number
  readonly dataBytes: number
  readonly durationMs: number
  /** The header said something else than the file. */
  readonly repaired: boolean
}

/** Reads up to `bytes` bytes at `offset`. */
export type ReadAt = (offset: number, bytes: number) => Buffer

const PCM = 1
const EXTENSIBLE = 0xfffe
const BYTES_A_SAMPLE = 2
/** More chunks before the samples has no file of the switch. */
const MOST_CHUNKS = 64

/** Throws MEDIA_BAD_WAV with the reason. */
export const readWav = (readAt: ReadAt, fileBytes: number): Wav => {
  if (fileBytes === 0) throw badWav('it is empty')
  const riff = readAt(0, 12)
  if (riff.length < 12) throw badWav('it is too short for a WAV file')
  if (riff.toString('latin1', 0, 4) !== 'RIFF' || riff.toString('latin1', 8, 12) !== 'WAVE')
    throw badWav('it is no WAV file')
  let format: { readonly sampleRate: number; readonly channels: number } | undefined
  let offset = 12
  for (let chunks = 0; chunks < MOST_CHUNKS; chunks += 1) {
    const head = readAt(offset, 8)
    if (head.length < 8) throw badWav('it ends before its samples')
    const id = head.toString('latin1', 0, 4)
    const length = head.readUInt32LE(4)
    if (id === 'fmt ') format = readFormat(readAt(offset + 8, Math.min(length, 40)))
    if (id === 'data') {
      if (format === undefined) throw badWav('its samples come before their format')
      return measure(readAt, fileBytes, offset, length, format)
    }
    offset += 8 + length + (length % 2)
  }
  throw badWav('it has no samples')
}

/** The 44 bytes before the samples. */
export const wavHeader = (wav: Pick<Wav, 'sampleRate' | 'channels' | 'dataBytes'>): Buffer => {
  const frame = wav.channels * BYTES_A_SAMPLE
  // A length of 32 bit is all that there is; players read on to the end.
  const dataBytes = Math.min(wav.dataBytes, 0xffff_ffff - 36)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(dataBytes + 36, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(PCM, 20)
  header.writeUInt16LE(wav.channels, 22)
  header.writeUInt32LE(wav.sampleRate, 24)
  header.writeUInt32LE(wav.sampleRate * frame, 28)
  header.writeUInt16LE(frame, 32)
  header.writeUInt16LE(BYTES_A_SAMPLE * 8, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(dataBytes, 40)
  return header
}

const readFormat = (chunk: Buffer): { readonly sampleRate: number; readonly channels: number } => {
  if (chunk.length < 16) throw badWav('its format is cut off')
  // RFC 2361 and Microsoft's WAVEFORMATEXTENSIBLE: the format stands at the beginning of the sub-format.
  const tag = chunk.readUInt16LE(0)
  const format = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag
  const [channels, sampleRate, bits] = [chunk.readUInt16LE(2), chunk.readUInt32LE(4), chunk.readUInt16LE(14)]
  if (format !== PCM || bits !== BYTES_A_SAMPLE * 8)
    throw badWav(`its samples are of format ${format} with ${bits} bit, not PCM of 16 bit`)
  if (channels < 1 || channels > 2) throw badWav(`it has ${channels} channels`)
  if (sampleRate < 8_000 || sampleRate > 48_000) throw badWav(`it has ${sampleRate} samples a second`)
  return { sampleRate, channels }
}

const measure = (
  readAt: ReadAt,
  fileBytes: number,
  chunkOffset: number,
  declared: number,
  { sampleRate, channels }: { readonly sampleRate: number; readonly channels: number },
): Wav => {
  const dataOffset = chunkOffset + 8
  const there = fileBytes - dataOffset
  const isSaid =
    declared <= there && (declared === there || endsInChunks(readAt, fileBytes, dataOffset + declared))
  const frame = channels * BYTES_A_SAMPLE
  const bytes = isSaid ? declared : there
  const dataBytes = bytes - (bytes % frame)
  return {
    sampleRate,
    channels,
    dataOffset,
    dataBytes,
    durationMs: Math.round((dataBytes / frame / sampleRate) * 1_000),
    repaired: !isSaid,
  }
}

/** Whether chunks fill the file from `offset` to its end: else it is sound of which the header does not know. */
const endsInChunks = (readAt: ReadAt, fileBytes: number, offset: number): boolean => {
  let at = offset + (offset % 2)
  for (let chunks = 0; chunks < MOST_CHUNKS && at < fileBytes; chunks += 1) {
    const head = readAt(at, 8)
    if (head.length < 8 || !/^[A-Za-z0-9 ]{4}$/.test(head.toString('latin1', 0, 4))) return false
    const length = head.readUInt32LE(4)
    at += 8 + length + (length % 2)
  }
  // The last chunk's pad byte may be missing.
  return at === fileBytes || at === fileBytes + 1
}

const badWav = (why: string): EngineError => new EngineError('MEDIA_BAD_WAV', why)
