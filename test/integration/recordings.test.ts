/** From the file that the switch leaves to the sound that comes out of the API: a real PostgreSQL, a real disk, real HTTP. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { bearer, startFake, type Fake } from '../http/fake-doors.ts'
import {
  filesBelow,
  openRecordingsBench,
  policyWith,
  watchSteps,
  type RecordingsBench,
} from '../support/recordings.ts'
import { leaveRecording, wavTone } from '../support/sound.ts'

suite('recordings: from the switch to the store', function () {
  this.timeout(30_000)
  let bench: RecordingsBench
  let fake: Fake
  const steps = watchSteps()
  suiteSetup(async () => {
    bench = await openRecordingsBench({ logger: steps.logger })
    fake = await startFake({ recordings: { ...bench.recordings.doors } })
  })
  suiteTeardown(async () => {
    await fake.server.stop()
    await bench.close()
  })
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${fake.url}${path}`, { headers: { ...bearer, ...headers } })
  const soundOf = async (recordingId: string): Promise<Buffer> => {
    const answer = await get(`/v1/recordings/${recordingId}/audio`)
    assert.equal(answer.status, 200)
    return Buffer.from(await answer.arrayBuffer())
  }
  const countRows = async (recordingId: string): Promise<number> =>
    (await bench.database.query('SELECT 1 FROM recording_files WHERE recording_uuid = $1', [recordingId]))
      .length

  test('a finished file is encrypted, stored, listed and heard; only then it is gone from the switch', async () => {
    const left = leaveRecording(bench.folder, { bytes: wavTone({ seconds: 3, tones: [440, 880] }) })
    await bench.settle()
    assert.equal(existsSync(left.path), false)
    const stored = filesBelow(bench.storeFolder).filter((name) => name.includes(left.recordingId))
    assert.equal(stored.length, 1)
    const raw = readFileSync(join(bench.storeFolder, stored[0] ?? ''))
    assert.equal(raw.toString('latin1', 0, 7), 'STRWREC')
    assert.equal(raw.includes(left.bytes.subarray(1_000, 1_100)), false)
    assert.deepEqual(filesBelow(bench.stagingFolder), [])

    assert.deepEqual(await soundOf(left.recordingId), left.bytes)
    const listed = (await (await get('/v1/recordings')).json()) as { recordings: Record<string, unknown>[] }
    const [recording] = listed.recordings
    assert.equal(recording?.['id'], left.recordingId)
    assert.equal(recording['callId'], left.callId)
    assert.equal(recording['durationMs'], 3_000)
    assert.deepEqual(bench.posted.at(-1), {
      callId: left.callId,
      what: 'recording-stored',
      detail: { recordingId: left.recordingId, part: 'mix', durationMs: 3_000 },
    })
  })

  test('what the switch still writes, or may write, is left alone', async () => {
    const live = leaveRecording(bench.folder)
    bench.live.add(live.callId)
    await bench.settle()
    await bench.settle()
    assert.equal(existsSync(live.path), true)
    bench.live.delete(live.callId)
    appendFileSync(live.path, Buffer.alloc(160))
    await bench.recordings.intake.run()
    bench.clock.advance(9_000)
    appendFileSync(live.path, Buffer.alloc(160))
    await bench.recordings.intake.run()
    bench.clock.advance(9_000)
    await bench.recordings.intake.run()
    assert.equal(existsSync(live.path), true, 'it changed nine seconds ago')
    bench.clock.advance(2_000)
    await bench.recordings.intake.run()
    assert.equal(existsSync(live.path), false)
    assert.equal((await soundOf(live.recordingId)).length, live.bytes.length + 320)
  })

  test('while the switch cannot be asked, only what is older than any call is taken in', async () => {
    bench.up.switch = false
    const now = bench.clock.now()
    const young = leaveRecording(bench.folder, { writtenAt: now - 7_200_000 })
    const old = leaveRecording(bench.folder, { writtenAt: now - 7_200_000 - 3_601_000 })
    await bench.settle()
    assert.deepEqual([existsSync(young.path), existsSync(old.path)], [true, false])
    const { pending } = (await (await get('/v1/recordings/pending')).json()) as {
      pending: { recordingId: string; why: string }[]
    }
    assert.match(pending.find((one) => one.recordingId === young.recordingId)?.why ?? '', /cannot be asked/)
    bench.up.switch = true
    await bench.settle()
    assert.equal(existsSync(young.path), false)
  })

  test('when the switch says that it stopped, two quiet seconds are enough', async () => {
    const left = leaveRecording(bench.folder)
    await bench.recordings.intake.run()
    bench.recordings.intake.stopped(left.recordingId)
    bench.clock.advance(2_100)
    await bench.recordings.intake.run()
    assert.equal(existsSync(left.path), false)
  })

  for (const [format, type] of [
    ['mp3', 'audio/mpeg'],
    ['ogg', 'audio/ogg'],
  ] as const) {
    test(`a policy's format, retention and encryption are kept: ${format}`, async () => {
      bench.policies.set(
        7,
        policyWith({ format, storage: { retention: 30, encryptAtRest: format === 'mp3' } }),
      )
      const left = leaveRecording(bench.folder, {
        policyId: 7,
        bytes: wavTone({ seconds: 5, tones: [440, 880] }),
      })
      await bench.settle()
      const answer = await get(`/v1/recordings/${left.recordingId}`)
      const { recording } = (await answer.json()) as {
        recording: {
          startedAt: string
          retainUntil: string
          policyId: number
          files: Record<string, unknown>[]
        }
      }
      const [file] = recording.files
      assert.equal(recording.policyId, 7)
      assert.deepEqual(
        [
          file?.['format'],
          file?.['contentType'],
          file?.['encrypted'],
          file?.['channels'],
          file?.['durationMs'],
        ],
        [format, type, format === 'mp3', 2, 5_000],
      )
      const keptFor = Date.parse(recording.retainUntil) - Date.parse(recording.startedAt)
      assert.equal(keptFor, 30 * 86_400_000 + 5_000)
      const sound = await get(`/v1/recordings/${left.recordingId}/audio`)
      assert.equal(sound.headers.get('content-type'), type)
      const bytes = Buffer.from(await sound.arrayBuffer())
      assert.equal(createHash('sha256').update(bytes).digest('hex'), file?.['sha256'])
    })
  }

  test('the policy of another organisation says nothing', async () => {
    bench.policies.set(8, policyWith({ id: 8, organizationId: 2, storage: { encryptAtRest: false } }))
    const left = leaveRecording(bench.folder, { policyId: 8 })
    await bench.settle()
    const found = await bench.recordings.doors.find({ recordingId: left.recordingId, organizationId: 1 })
    assert.notEqual(found?.files[0]?.key, undefined)
    assert.equal(found?.retainUntil, undefined)
  })

  test('the sides of a split recording are one recording of two files', async () => {
    const callId = randomUUID() as never
    const a = leaveRecording(bench.folder, {
      callId,
      part: 'a',
      bytes: wavTone({ seconds: 1, tones: [440] }),
    })
    const { recordingId } = a
    const b = leaveRecording(bench.folder, {
      callId,
      recordingId,
      part: 'b',
      bytes: wavTone({ seconds: 2, tones: [880] }),
    })
    await bench.settle()
    const found = await bench.recordings.doors.find({ recordingId, organizationId: undefined })
    assert.deepEqual(
      found?.files.map(({ part, durationMs }) => [part, durationMs]),
      [
        ['a', 1_000],
        ['b', 2_000],
      ],
    )
    // Outside each side is told once, under a name of its own.
    assert.deepEqual(bench.told.flatMap((one) => (one.callId === callId ? [one.recordingId] : [])).sort(), [
      `${recordingId} a`,
      `${recordingId} b`,
    ])
    const side = await get(`/v1/recordings/${recordingId}/audio?part=b`)
    assert.deepEqual(Buffer.from(await side.arrayBuffer()), b.bytes)
    assert.equal((await get(`/v1/recordings/${recordingId}/audio?part=mix`)).status, 404)
    assert.deepEqual(await soundOf(recordingId), a.bytes)
  })

  test('the file of a switch that died is repaired, and says so', async () => {
    const left = leaveRecording(bench.folder, { bytes: wavTone({ seconds: 2, saidBytes: 0 }) })
    await bench.settle()
    assert.deepEqual(await soundOf(left.recordingId), wavTone({ seconds: 2 }))
    const found = await bench.recordings.doors.find({ recordingId: left.recordingId, organizationId: 1 })
    assert.equal(found?.files[0]?.repaired, true)
  })

  test('what cannot be used is put into quarantine with the reason, and holds nobody up', async () => {
    const bad = leaveRecording(bench.folder, { bytes: Buffer.from('not sound') })
    const empty = leaveRecording(bench.folder, { bytes: Buffer.alloc(0) })
    const good = leaveRecording(bench.folder)
    await bench.settle()
    assert.deepEqual(
      [bad, empty, good].map(({ path }) => existsSync(path)),
      [false, false, false],
    )
    assert.equal(await countRows(good.recordingId), 1)
    const { quarantined } = (await (await get('/v1/recordings/pending')).json()) as {
      quarantined: { recordingId: string; why: string; bytes: number }[]
    }
    const why = (id: string): string | undefined =>
      quarantined.find(({ recordingId }) => recordingId === id)?.why
    assert.match(why(bad.recordingId) ?? '', /too short|no WAV/)
    assert.match(why(empty.recordingId) ?? '', /empty/)
    assert.deepEqual(
      readFileSync(join(bench.folder, 'quarantine', '1', bad.day, bad.path.split('/').at(-1) ?? '')),
      bad.bytes,
    )
    assert.equal(bench.recordings.intake.state().quarantined, 2)
  })

  test('the files of others are left alone', async () => {
    const other = join(bench.folder, '1', '2026-11-20', 'voicemail.wav')
    mkdirSync(join(bench.folder, '1', '2026-11-20'), { recursive: true })
    writeFileSync(other, wavTone({ seconds: 1 }))
    await bench.settle()
    assert.equal(existsSync(other), true)
    unlinkSync(other)
  })

  test('a file that grows while it is taken in is taken in again, whole', async () => {
    const left = leaveRecording(bench.folder)
    const taken: string[] = []
    steps.on = (step, recordingId) => {
      if (step !== 'row' || recordingId !== left.recordingId) return
      taken.push(recordingId)
      if (taken.length === 1) appendFileSync(left.path, left.bytes.subarray(44))
    }
    await bench.settle()
    steps.on = undefined
    assert.equal(existsSync(left.path), true, 'what came is not deleted')
    bench.clock.advance(20_000)
    await bench.settle()
    assert.equal(existsSync(left.path), false)
    assert.equal((await soundOf(left.recordingId)).length, 44 + 2 * (left.bytes.length - 44))
    assert.equal(await countRows(left.recordingId), 1)
    // The shorter one is nobody's any more.
    await bench.database.query("UPDATE recording_leftovers SET left_at = now() - interval '61 minutes'")
    assert.equal((await bench.recordings.jobs.run())?.leftovers, 1)
    assert.equal(filesBelow(bench.storeFolder).filter((name) => name.includes(left.recordingId)).length, 1)
  })

  test('the same recording found again is not stored again; one whose object is lost is', async () => {
    const left = leaveRecording(bench.folder)
    await bench.settle()
    const [object] = filesBelow(bench.storeFolder).filter((name) => name.includes(left.recordingId))
    writeFileSync(left.path, left.bytes)
    await bench.settle()
    assert.equal(existsSync(left.path), false)
    assert.deepEqual(
      filesBelow(bench.storeFolder).filter((name) => name.includes(left.recordingId)),
      [object],
    )

    unlinkSync(join(bench.storeFolder, object ?? ''))
    assert.equal((await get(`/v1/recordings/${left.recordingId}/audio`)).status, 503)
    writeFileSync(left.path, left.bytes)
    await bench.settle()
    assert.deepEqual(await soundOf(left.recordingId), left.bytes)
  })

  test('an object that was cut off or changed is not played as if it were whole', async () => {
    const left = leaveRecording(bench.folder, { bytes: wavTone({ seconds: 10 }) })
    await bench.settle()
    const [name = ''] = filesBelow(bench.storeFolder).filter((one) => one.includes(left.recordingId))
    const path = join(bench.storeFolder, name)
    const whole = readFileSync(path)
    truncateSync(path, 40_000)
    const cut = await get(`/v1/recordings/${left.recordingId}/audio`)
    assert.equal(cut.status, 503)
    assert.match(await cut.text(), /RECORDING_UNAVAILABLE/)
    const changed = Buffer.from(whole)
    changed.writeUInt8(changed.readUInt8(70_000) ^ 1, 70_000)
    writeFileSync(path, changed)
    // The first segment is proved and sent before the second is read: the answer breaks off.
    await assert.rejects(
      get(`/v1/recordings/${left.recordingId}/audio`).then((answer) => answer.arrayBuffer()),
    )
    writeFileSync(path, whole)
    assert.deepEqual(await soundOf(left.recordingId), left.bytes)
  })

  test('while the database is away everything waits, and nothing is lost', async () => {
    bench.up.database = false
    const left = leaveRecording(bench.folder)
    await bench.settle()
    assert.equal(existsSync(left.path), true)
    assert.match(bench.recordings.intake.state().trouble ?? '', /database is away/)
    assert.equal(bench.recordings.intake.state().pending, 1)
    bench.clock.advance(3_600_000)
    assert.ok(bench.recordings.intake.state().oldestAgeMs >= 3_600_000)
    bench.up.database = true
    await bench.settle()
    assert.equal(existsSync(left.path), false)
    assert.equal(bench.recordings.intake.state().trouble, undefined)
    assert.equal(bench.recordings.intake.state().pending, 0)
  })

  test('who called whom comes with the record of the call, before or after the recording', async () => {
    const early = leaveRecording(bench.folder)
    await bench.addCdr(early.callId)
    await bench.settle()
    const late = leaveRecording(bench.folder)
    await bench.settle()
    await bench.addCdr(late.callId, { callerUserId: 2 })
    await until(
      async () =>
        (await bench.recordings.doors.find({ recordingId: late.recordingId, organizationId: 1 }))
          ?.callerNumber !== undefined,
    )
    for (const { recordingId } of [early, late]) {
      const found = await bench.recordings.doors.find({ recordingId, organizationId: 1 })
      assert.equal(found?.callerNumber, '+442079460100')
      assert.equal(found.direction, 'outbound')
    }
    const byUser = (await (await get('/v1/recordings?user=2')).json()) as { recordings: { id: string }[] }
    assert.deepEqual(
      byUser.recordings.map(({ id }) => id),
      [late.recordingId],
    )
    const byNumber = (await (await get('/v1/recordings?number=2079460100')).json()) as {
      recordings: { id: string }[]
    }
    assert.deepEqual(
      byNumber.recordings.map(({ id }) => id).sort(),
      [early.recordingId, late.recordingId].sort(),
    )
    const byCall = (await (await get(`/v1/recordings?call=${early.callId}`)).json()) as {
      recordings: { id: string }[]
    }
    assert.deepEqual(
      byCall.recordings.map(({ id }) => id),
      [early.recordingId],
    )
  })

  test('a list is walked a page at a time, newest first, each recording once', async () => {
    const ids: string[] = []
    let next: string | null = null
    do {
      const page = (await (
        await get(`/v1/recordings?limit=3${next === null ? '' : `&cursor=${next}`}`)
      ).json()) as {
        recordings: { id: string; startedAt: string }[]
        next: string | null
      }
      ids.push(...page.recordings.map(({ id }) => id))
      next = page.next
    } while (next !== null)
    const all = (await (await get('/v1/recordings?limit=1000')).json()) as {
      recordings: { id: string; startedAt: string }[]
    }
    assert.deepEqual(
      ids,
      all.recordings.map(({ id }) => id),
    )
    assert.equal(new Set(ids).size, ids.length)
    const times = all.recordings.map(({ startedAt }) => startedAt)
    assert.deepEqual(times, [...times].sort().reverse())
    assert.equal((await get('/v1/recordings?cursor=rubbish')).status, 400)
  })
})

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come to it')
}
