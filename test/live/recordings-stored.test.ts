/** What becomes of a recording: from the switch's file to the sound that the API gives, whoever dies in between. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { recordingFileName, type RecordingFile } from '../../src/recording/file-name.ts'
import { asCallUuid, newCallUuid } from '../../src/telephony/call-uuid.ts'
import { filesBelow } from '../support/recordings.ts'
import { S3_KEYS, startS3 } from '../support/s3.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { openRecordingHouse, OTHER_TONE, pause, TO, USER_TONE } from './recording-house.ts'
import { readWav, toneIn } from './wav.ts'

const STORED_MS = 30_000

live('recordings in the store', (stage) => {
  const house = openRecordingHouse(stage)
  teardown(async function () {
    this.timeout(40_000)
    await house.clear()
  })
  const dataDir = (): string => join(stage().folder, 'engine')

  /** 1001 talks with the carrier; both send their tones. The call's id. */
  const talk = async (): Promise<string> => {
    const { ports, engine, register } = stage()
    await register('1001')
    await house.phone({ port: ports.phone['1001'], tone: USER_TONE })
    await house.phone({ port: ports.carrier.A, tone: OTHER_TONE, answerAfterMs: 300 })
    const { status, json } = await engine.api('/v1/calls/originate', { from: '1001', to: TO })
    assert.equal(status, 200, JSON.stringify(json))
    const callId = String(json['callId'])
    await until('the switch records', () => house.files(callId).length > 0)
    return callId
  }
  const end = async (callId: string): Promise<void> => {
    await stage().recorder.client.api('uuid_kill', `${callId} NORMAL_CLEARING`)
    await until('the call is over', async () => !(await stage().recorder.channels()).includes(callId))
  }
  type Listed = {
    readonly id: string
    readonly files: readonly Record<string, unknown>[]
    readonly [field: string]: unknown
  }
  const stored = (callId: string): Promise<Listed> =>
    until(
      'the recording is stored',
      async () => {
        const { json } = await stage().engine.api(`/v1/recordings?call=${callId}`)
        return (json['recordings'] as readonly Listed[] | undefined)?.[0]
      },
      STORED_MS,
    )
  const download = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${stage().ports.http}${path}`, {
      headers: {
        authorization: `Bearer ${readFileSync(join(dataDir(), 'admin-token'), 'utf8').trim()}`,
        ...headers,
      },
    })
  const checkTones = (path: string, leastMs: number): void => {
    const wav = readWav(path)
    const untilMs = wav.durationMs - 300
    const levels = [0, 1].map((channel) =>
      [USER_TONE, OTHER_TONE].map((tone) => toneIn(wav, channel, tone, 400, untilMs)),
    )
    const text = JSON.stringify({ levels, durationMs: wav.durationMs })
    assert.ok(wav.durationMs >= leastMs, text)
    assert.ok((levels[0]?.[0] ?? 0) > 0.8 && (levels[0]?.[1] ?? 1) < 0.05, text)
    assert.ok((levels[1]?.[1] ?? 0) > 0.8 && (levels[1]?.[0] ?? 1) < 0.05, text)
  }
  const heard = (): string => join(stage().folder, 'heard')

  test('stored: what the API plays is what the switch recorded, encrypted in between; call, CDR and audit know of it', async function () {
    this.timeout(90_000)
    await house.policy({ scope: { type: 'all' }, storage: { retention: 30, encryptAtRest: true } })
    const callId = await talk()
    await pause(3_000)
    await end(callId)
    const recording = await stored(callId)
    const [source] = house.files(callId)
    const answer = await download(`/v1/recordings/${recording.id}/audio`)
    assert.equal(answer.headers.get('content-type'), 'audio/wav')
    writeFileSync(heard(), Buffer.from(await answer.arrayBuffer()))
    checkTones(heard(), 2_500)
    // Sample for sample: the header is ours, the sound is the switch's.
    const wav = readWav(source?.path ?? '')
    const played = readWav(heard())
    assert.deepEqual(played.channels, wav.channels)
    assert.equal(recording['durationMs'], Math.round(wav.durationMs))
    const [file] = recording.files
    assert.deepEqual([file?.['encrypted'], file?.['repaired'], file?.['channels']], [true, false, 2])
    const [object = ''] = filesBelow(join(dataDir(), 'recording-store')).filter((name) =>
      name.includes(recording.id),
    )
    assert.equal(readFileSync(join(dataDir(), 'recording-store', object)).toString('latin1', 0, 7), 'STRWREC')

    const part = await download(`/v1/recordings/${recording.id}/audio`, { range: 'bytes=1000-1999' })
    assert.equal(part.status, 206)
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), readFileSync(heard()).subarray(1_000, 2_000))

    const facts = await until('who called whom', async () => {
      const { json } = await stage().engine.api(`/v1/recordings/${recording.id}`)
      const one = json['recording'] as Listed
      return one['calleeNumber'] === null ? undefined : one
    })
    assert.equal(facts['calleeNumber'], TO)
    assert.equal(facts['callerUserId'], stage().house.userIds['1001'])
    const { json: cdrs } = await stage().engine.api(`/v1/cdrs?call=${callId}`)
    assert.deepEqual((cdrs['cdrs'] as readonly { recordings: readonly string[] }[])[0]?.recordings, [
      recording.id,
    ])
    const { json: audit } = await stage().engine.api(`/v1/recordings/${recording.id}/audit`)
    assert.deepEqual(
      (audit['audit'] as readonly { action: string }[]).map(({ action }) => action),
      ['listened', 'listened'],
    )
    const events = await download(`/v1/live?after=0&callId=${callId}`)
    const told = await firstOf(events)
    assert.match(told, /recording-stored/)
  })

  for (const format of ['mp3', 'ogg'] as const) {
    test(`stored-${format}: it is converted after the call, and still each side is in its channel`, async function () {
      this.timeout(90_000)
      await house.policy({
        scope: { type: 'all' },
        settings: { format },
        storage: { retention: 30, encryptAtRest: true },
      })
      const callId = await talk()
      await pause(2_500)
      await end(callId)
      const recording = await stored(callId)
      assert.equal(recording.files[0]?.['format'], format)
      const answer = await download(`/v1/recordings/${recording.id}/audio`)
      writeFileSync(heard(), Buffer.from(await answer.arrayBuffer()))
      if (spawnSync('ffmpeg', ['-version']).status !== 0) {
        console.log('    not run: ffmpeg was not found')
        this.skip()
      }
      const decoded = spawnSync('ffmpeg', [
        '-v',
        'error',
        '-y',
        '-i',
        heard(),
        '-c:a',
        'pcm_s16le',
        `${heard()}.wav`,
      ])
      assert.equal(decoded.status, 0, decoded.stderr.toString())
      checkTones(`${heard()}.wav`, 2_000)
    })
  }

  test('stored-killed: the engine is killed while it is recorded; the next one takes in all of it', async function () {
    this.timeout(90_000)
    await house.policy({ scope: { type: 'all' } })
    const callId = await talk()
    await pause(1_000)
    await stage().engine.kill()
    await pause(1_500)
    await end(callId)
    await stage().engine.start()
    const recording = await stored(callId)
    writeFileSync(
      heard(),
      Buffer.from(await (await download(`/v1/recordings/${recording.id}/audio`)).arrayBuffer()),
    )
    checkTones(heard(), 2_200)
  })

  test('stored-crash: what a switch that dies leaves is repaired, to the last frame that it wrote', async function () {
    this.timeout(90_000)
    await house.policy({ scope: { type: 'all' } })
    const callId = await talk()
    await pause(2_000)
    // As it lies on the disk in this moment is how a crash would leave it.
    const [writing] = house.files(callId)
    assert.ok(writing !== undefined)
    const name: RecordingFile = { ...writing, recordingId: newCallUuid(), callId: asCallUuid(newCallUuid()) }
    const left = join(dataDir(), 'recordings', recordingFileName(name))
    mkdirSync(dirname(left), { recursive: true })
    copyFileSync(writing.path, left)
    const bytes = readFileSync(left)
    const said = bytes.readUInt32LE(40)
    await end(callId)
    const recording = await stored(name.callId)
    console.log(`      the header said ${said} bytes of samples, there were ${bytes.length - 44}`)
    assert.equal(recording.files[0]?.['repaired'], said !== bytes.length - 44)
    writeFileSync(
      heard(),
      Buffer.from(await (await download(`/v1/recordings/${recording.id}/audio`)).arrayBuffer()),
    )
    checkTones(heard(), 1_500)
    await stored(callId)
  })

  test('stored-s3: it goes to a bucket, and what waited while the bucket was away goes after it', async function () {
    this.timeout(120_000)
    const server = await startS3(['recordings-of-calls'])
    try {
      await stage().engine.stop()
      await server.stop()
      await stage().engine.start({
        ...S3_KEYS,
        RECORDING_BUCKET: 'recordings-of-calls',
        RECORDING_S3_ENDPOINT: server.endpoint,
      })
      await house.policy({ scope: { type: 'all' } })
      const callId = await talk()
      await pause(1_500)
      await end(callId)
      await until(
        'the trouble is told',
        async () => {
          const { json } = await stage().engine.api('/v1/recordings/pending')
          return typeof json['trouble'] === 'string'
        },
        STORED_MS,
      )
      const ready = await fetch(`http://127.0.0.1:${stage().ports.http}/ready`)
      assert.equal(ready.status, 200, 'calls go on without the store')
      assert.match(await ready.text(), /"recordings","ok":false/)
      const day = join(dataDir(), 'recordings', String(stage().house.organizationId))
      assert.equal(
        readdirSync(day, { recursive: true, encoding: 'utf8' }).some((name) => name.includes(callId)),
        true,
      )
      await server.start()
      const recording = await stored(callId)
      assert.equal(recording.files[0]?.['store'], 's3')
      writeFileSync(
        heard(),
        Buffer.from(await (await download(`/v1/recordings/${recording.id}/audio`)).arrayBuffer()),
      )
      checkTones(heard(), 1_200)
      assert.equal(
        existsSync(day) &&
          readdirSync(day, { recursive: true, encoding: 'utf8' }).some((name) => name.includes(callId)),
        false,
      )
    } finally {
      if (stage().engine.isRunning()) await stage().engine.stop()
      await stage().engine.start()
      await server.close()
    }
  })
})

/** All that a stream sends in its first moments. */
const firstOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  let text = ''
  const over = setTimeout(() => void reader.cancel(), 1_500)
  for (let piece = await reader.read(); !piece.done; piece = await reader.read())
    text += Buffer.from(piece.value as Uint8Array).toString('utf8')
  clearTimeout(over)
  return text
}
