/** PCM to MP3 (LAME) and Ogg Vorbis, by their own encoders compiled to WebAssembly. For a worker thread: it computes. */
import { createMp3Encoder, createOggEncoder } from 'wasm-media-encoders'

export type AudioEncoder = {
  /** Whole frames of 16 bit, little endian, channels interleaved. What it gives is the caller's. */
  readonly encode: (pcm: Buffer) => Buffer
  readonly final: () => Buffer
}

/**
 * Variable bit rates for speech. LAME's V5 is about 16 kbit/s for a channel of a telephone call; Vorbis's quality 3 is
 * about the same. Files keep the sample rate that was recorded: a higher one would hold nothing more.
 */
const MP3_QUALITY = 5
const OGG_QUALITY = 3

export const createAudioEncoder = async (
  format: 'mp3' | 'ogg',
  sampleRate: number,
  channels: 1 | 2,
): Promise<AudioEncoder> => {
  const configured = async () => {
    if (format === 'mp3') {
      const mp3 = await createMp3Encoder()
      mp3.configure({ sampleRate, channels, vbrQuality: MP3_QUALITY })
      return mp3
    }
    const ogg = await createOggEncoder()
    ogg.configure({ sampleRate, channels, vbrQuality: OGG_QUALITY })
    return ogg
  }
  const encoder = await configured()
  return {
    // What the encoder gives lies in its own memory until the next call.
    encode: (pcm) => Buffer.from(encoder.encode(channelsOf(pcm, channels))),
    final: () => Buffer.from(encoder.finalize()),
  }
}

const channelsOf = (pcm: Buffer, channels: 1 | 2): readonly Float32Array[] => {
  const frames = Math.floor(pcm.length / 2 / channels)
  // Int16Array wants its bytes at an even place.
  const aligned = pcm.byteOffset % 2 === 0 ? pcm : Buffer.from(pcm)
  const samples = new Int16Array(aligned.buffer, aligned.byteOffset, frames * channels)
  return Array.from({ length: channels }, (_, channel) => {
    const floats = new Float32Array(frames)
    for (let frame = 0; frame < frames; frame += 1)
      floats[frame] = (samples[frame * channels + channel] ?? 0) / 32_768
    return floats
  })
}
