/**
 * What an hour of a call costs when it is taken in: how fast it is encrypted and stored, beside the same without
 * encryption; how fast it is converted; and how long the main thread, which serves calls, stands still meanwhile,
 * beside the same work done in it.
 */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createRecordingWorker } from '../../src/app/recording-worker.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createDiskStore } from '../../src/media/disk-store.ts'
import { prepareRecording, type PrepareRequest, type Prepared } from '../../src/media/prepare-recording.ts'
import { RECORDING_FORMATS } from '../../src/media/recording-formats.ts'
import { newFileKey } from '../../src/media/sealed-format.ts'
import { wavHeader } from '../../src/media/wav.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { pcmTone } from '../support/sound.ts'
import type { Bench, Figure } from './run.ts'

const SECONDS = 3_600
const SAMPLE_RATE = 8_000
const CHANNELS = 2

const run = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-bench-'))
  const worker = createRecordingWorker(silentLogger)
  try {
    const source = join(folder, 'hour.wav')
    writeHour(source)
    const store = createDiskStore(join(folder, 'store'))
    const recordingId = newCallUuid()
    const request = (format: PrepareRequest['format'], fileKey: Buffer | undefined): PrepareRequest => ({
      source,
      target: join(folder, 'target'),
      format,
      recordingId,
      fileKey,
    })
    // The thread starts with the first recording, and an engine lives longer than that.
    await worker.prepare(request('wav', undefined))
    const megabytes = statSync(source).size / 1e6
    const stored = async (fileKey: Buffer | undefined): Promise<number> => {
      const begun = performance.now()
      await worker.prepare(request('wav', fileKey))
      await store.put('1/hour.wav', join(folder, 'target'), { contentType: 'audio/wav', metadata: {} })
      return megabytes / ((performance.now() - begun) / 1_000)
    }
    const plain = await stored(undefined)
    const sealed = await stored(newFileKey())
    const figures: Figure[] = [
      { name: 'stored without encryption', value: plain, unit: 'MB/s' },
      {
        name: 'encrypted and stored',
        value: sealed,
        unit: 'MB/s',
        peer: 'without encryption',
        ratio: sealed / plain,
      },
    ]
    for (const format of RECORDING_FORMATS) {
      const fileKey = newFileKey()
      const beside = await measured(() => worker.prepare(request(format, fileKey)))
      const within = await measured(() => prepareRecording(request(format, fileKey)))
      figures.push(
        {
          name: 'converted and encrypted',
          of: format,
          value: SECONDS / beside.seconds,
          unit: 'times real time',
        },
        { name: 'size', of: format, value: beside.prepared.sizeBytes / 1e6, unit: 'MB an hour' },
        { name: 'longest stall, in the main thread', of: format, value: within.stallMs, unit: 'ms' },
        {
          name: 'longest stall, in a thread of its own',
          of: format,
          value: beside.stallMs,
          unit: 'ms',
          peer: 'in the main thread',
          ratio: beside.stallMs / within.stallMs,
        },
      )
    }
    return figures
  } finally {
    await worker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One second of two tones after the other: what it sounds like changes nothing but the size of what is converted. */
const writeHour = (path: string): void => {
  const second = pcmTone({ seconds: 1, sampleRate: SAMPLE_RATE, tones: [440, 1_000] })
  const file = openSync(path, 'w')
  writeSync(
    file,
    wavHeader({ sampleRate: SAMPLE_RATE, channels: CHANNELS, dataBytes: second.length * SECONDS }),
  )
  for (let at = 0; at < SECONDS; at += 1) writeSync(file, second)
  closeSync(file)
}

type Measured = { readonly prepared: Prepared; readonly seconds: number; readonly stallMs: number }

const measured = async (work: () => Promise<Prepared>): Promise<Measured> => {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // It measures from its own first turn on.
  await new Promise((resolve) => setTimeout(resolve, 20))
  const begun = performance.now()
  const prepared = await work()
  const seconds = (performance.now() - begun) / 1_000
  // The last stall is seen by the turn after it.
  await new Promise((resolve) => setTimeout(resolve, 20))
  delay.disable()
  return { prepared, seconds, stallMs: delay.max / 1e6 }
}

export const bench: Bench = {
  name: 'recordings',
  describe: 'an hour of a call is converted, encrypted and stored',
  run,
}
