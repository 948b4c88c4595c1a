/** Sound for tests: tones in WAV files as the switch writes them. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { wavHeader } from '../../src/media/wav.ts'
import { recordingFileName, type RecordingFile } from '../../src/recording/file-name.ts'
import { asCallUuid, newCallUuid } from '../../src/telephony/call-uuid.ts'

export type ToneOptions = {
  readonly seconds: number
  readonly sampleRate?: number
  /** In Hz, one a channel. */
  readonly tones?: readonly number[]
  /** What the header says of the samples' length, where it is wrong. */
  readonly saidBytes?: number
}

export const pcmTone = ({ seconds, sampleRate = 8_000, tones = [440] }: ToneOptions): Buffer => {
  const frames = Math.round(seconds * sampleRate)
  const pcm = Buffer.alloc(frames * tones.length * 2)
  for (let frame = 0; frame < frames; frame += 1) {
    tones.forEach((hertz, channel) => {
      const value = Math.round(12_000 * Math.sin((2 * Math.PI * hertz * frame) / sampleRate))
      pcm.writeInt16LE(value, (frame * tones.length + channel) * 2)
    })
  }
  return pcm
}

export const wavTone = (options: ToneOptions): Buffer => {
  const { sampleRate = 8_000, tones = [440], saidBytes } = options
  const pcm = pcmTone(options)
  const header = wavHeader({ sampleRate, channels: tones.length, dataBytes: saidBytes ?? pcm.length })
  return Buffer.concat([header, pcm])
}

export type LeftRecording = RecordingFile & { readonly path: string; readonly bytes: Buffer }

/** Writes a file as the switch would leave it. */
export const leaveRecording = (
  folder: string,
  given: Partial<RecordingFile> & { readonly bytes?: Buffer; readonly writtenAt?: number } = {},
): LeftRecording => {
  const { bytes = wavTone({ seconds: 1 }), writtenAt = Date.now(), ...name } = given
  const file: RecordingFile = {
    organizationId: 1,
    day: new Date(writtenAt).toISOString().slice(0, 10),
    recordingId: newCallUuid(),
    part: 'mix',
    policyId: 0,
    callId: newCallUuid(),
    ...name,
  }
  const path = join(folder, recordingFileName(file))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  utimesSync(path, writtenAt / 1_000, writtenAt / 1_000)
  return { ...file, path, bytes }
}

/** How much of a tone is in samples: near 1 for the tone alone, near 0 where it is not (Goertzel). */
export const shareOf = (samples: Int16Array, hertz: number, sampleRate: number): number => {
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / sampleRate)
  let [one, two, energy] = [0, 0, 0]
  for (const sample of samples) {
    const next = sample + coefficient * one - two
    two = one
    one = next
    energy += sample * sample
  }
  const power = one * one + two * two - coefficient * one * two
  return energy === 0 ? 0 : power / (energy * (samples.length / 2))
}

export const aCall = (n: number) => asCallUuid(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
