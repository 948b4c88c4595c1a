/** Recordings in a bucket: a server that speaks S3 on loopback, its outages, its refusals, and a wire that is cut. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createS3Store, type S3Settings } from '../../src/media/s3-store.ts'
import type { RecordingStore } from '../../src/media/recording-store.ts'
import { filesBelow, openRecordingsBench, type RecordingsBench } from '../support/recordings.ts'
import { S3_KEYS, startS3, type S3Server } from '../support/s3.ts'
import { leaveRecording, wavTone } from '../support/sound.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const BUCKET = 'recordings-of-tests'
const FACTS = { contentType: 'audio/wav', metadata: { 'x-nb-org-id': '1' } }
const MIB = 1024 * 1024

const gather = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}
const failsWith = (code: string, promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (fault: { code?: string }) => {
    assert.equal(fault.code, code)
    return true
  })

suite('recordings: a store that speaks S3', function () {
  this.timeout(60_000)
  let server: S3Server
  let proxy: TcpProxy
  let folder: string
  const before = { ...process.env }
  suiteSetup(async () => {
    Object.assign(process.env, S3_KEYS)
    server = await startS3([BUCKET, 'archive-of-tests'])
    proxy = await startTcpProxy(() => Number(new URL(server.endpoint).port))
    folder = mkdtempSync(join(tmpdir(), 'strowger-s3-files-'))
  })
  suiteTeardown(async () => {
    for (const name of Object.keys(S3_KEYS)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = before[name]
    }
    await proxy.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const storeWith = (given: Partial<S3Settings> = {}): RecordingStore =>
    createS3Store({
      bucket: BUCKET,
      endpoint: server.endpoint,
      region: 'us-east-1',
      pathStyle: true,
      serverSideEncryption: undefined,
      storageClass: undefined,
      ...given,
    })
  const fileOf = (bytes: Buffer): string => {
    const path = join(folder, randomBytes(6).toString('hex'))
    writeFileSync(path, bytes)
    return path
  }

  suite('the store itself', () => {
    for (const size of [0, 1, 100_000, 21 * MIB]) {
      test(`${size} bytes go in and come out, whole and in parts${size > 5 * MIB ? ', in several parts of an upload' : ''}`, async () => {
        const store = storeWith({ partBytes: 5 * MIB })
        const bytes = randomBytes(size)
        const key = `1/2026/11/21/of-${size}.wav`
        await store.put(key, fileOf(bytes), FACTS)
        assert.equal(await store.size(key), size)
        if (size > 0) {
          assert.deepEqual(await gather(store.read(key, 0, size - 1)), bytes)
          const [first, last] = [Math.floor(size / 3), Math.floor(size / 2)]
          assert.deepEqual(await gather(store.read(key, first, last)), bytes.subarray(first, last + 1))
        }
        await store.remove(key)
        assert.equal(await store.size(key), undefined)
        await store.remove(key)
        store.close()
      })
    }

    test('an object that is replaced is the new one', async () => {
      const store = storeWith()
      await store.put('1/x.wav', fileOf(Buffer.from('old and longer')), FACTS)
      await store.put('1/x.wav', fileOf(Buffer.from('new')), FACTS)
      assert.equal((await gather(store.read('1/x.wav', 0, 2))).toString(), 'new')
      store.close()
    })

    test('what it does not have is gone, and said so', async () => {
      const store = storeWith()
      assert.equal(await store.size('1/none.wav'), undefined)
      await failsWith('MEDIA_GONE', gather(store.read('1/none.wav', 0, 9)))
      store.close()
    })

    for (const key of ['../x', '/x', 'a//b', '', 'a/..', 'a b', 'a\nb', '.hidden']) {
      test(`the key ${JSON.stringify(key)} is refused before it is asked for`, async () => {
        const store = storeWith()
        await failsWith('MEDIA_BAD_STORAGE_KEY', store.put(key, fileOf(Buffer.from('x')), FACTS))
        store.close()
      })
    }

    test('a bucket that is not there takes nothing, and a file in it is no file that is gone', async () => {
      const store = storeWith({ bucket: 'no-such-bucket' })
      await failsWith('MEDIA_STORE_UNAVAILABLE', store.put('1/x.wav', fileOf(Buffer.from('x')), FACTS))
      await failsWith('MEDIA_STORE_UNAVAILABLE', gather(store.read('1/x.wav', 0, 0)))
      store.close()
    })

    test('requests are signed, and an unknown key is refused', async () => {
      const signed = storeWith({ endpoint: `http://127.0.0.1:${proxy.port}` })
      await signed.put('1/signed.wav', fileOf(Buffer.from('x')), FACTS)
      assert.match(
        proxy.sent(),
        /authorization: AWS4-HMAC-SHA256 Credential=S3RVER\/\d{8}\/us-east-1\/s3\/aws4_request/i,
      )
      signed.close()
      process.env['AWS_ACCESS_KEY_ID'] = 'NOBODY'
      try {
        const store = storeWith()
        await failsWith('MEDIA_STORE_UNAVAILABLE', store.put('1/x.wav', fileOf(Buffer.from('x')), FACTS))
        store.close()
      } finally {
        process.env['AWS_ACCESS_KEY_ID'] = S3_KEYS.AWS_ACCESS_KEY_ID
      }
    })

    test('an upload whose wire is cut fails, leaves no object, and succeeds the next time', async () => {
      const store = storeWith({ endpoint: `http://127.0.0.1:${proxy.port}`, partBytes: 5 * MIB })
      const path = fileOf(randomBytes(16 * MIB))
      const putting = failsWith('MEDIA_STORE_UNAVAILABLE', store.put('1/cut.wav', path, FACTS))
      const opened = proxy.connections()
      while (proxy.connections() === opened) await new Promise((resolve) => setTimeout(resolve, 1))
      proxy.cut()
      await putting
      proxy.mend()
      assert.equal(await store.size('1/cut.wav'), undefined)
      await store.put('1/cut.wav', path, FACTS)
      assert.equal(await store.size('1/cut.wav'), 16 * MIB)
      store.close()
    })
  })

  suite('behind an engine', () => {
    let bench: RecordingsBench
    suiteSetup(async () => {
      bench = await openRecordingsBench({
        environment: {
          RECORDING_BUCKET: BUCKET,
          RECORDING_S3_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
        },
      })
    })
    suiteTeardown(() => bench.close())
    const soundOf = async (recordingId: string): Promise<Buffer> => {
      const found = await bench.recordings.doors.find({ recordingId, organizationId: 1 })
      const [file] = found?.files ?? []
      assert.ok(found !== undefined && file !== undefined)
      const range = { first: 0, last: file.sizeBytes - 1 }
      return gather(
        await bench.recordings.doors.listen(found, file, range, { who: 'test', address: undefined }),
      )
    }
    const objectsOf = (recordingId: string): readonly string[] =>
      filesBelow(server.folder).filter((name) => name.includes(recordingId) && name.endsWith('_object'))

    test('a recording goes to the bucket, encrypted, and is heard from there', async () => {
      const left = leaveRecording(bench.folder, { bytes: wavTone({ seconds: 3 }) })
      await bench.addCdr(left.callId)
      await bench.settle()
      assert.equal(existsSync(left.path), false)
      assert.equal(objectsOf(left.recordingId).length, 1)
      assert.deepEqual(filesBelow(bench.storeFolder), [])
      assert.deepEqual(await soundOf(left.recordingId), left.bytes)
    })

    test('its metadata are those of the reference, and give no number away', async () => {
      const left = leaveRecording(bench.folder, { bytes: wavTone({ seconds: 3 }) })
      await bench.addCdr(left.callId)
      await bench.settle()
      const [object = ''] = objectsOf(left.recordingId)
      const metadata = readFileSync(join(server.folder, object.replace(/_object$/, '_metadata.json')), 'utf8')
      for (const [name, value] of [
        ['x-nb-org-id', '1'],
        ['x-nb-call-uuid', left.callId],
        ['x-nb-caller', '+442*******00'],
        ['x-nb-callee', '+442*******23'],
        ['x-nb-duration', '3'],
        ['x-nb-encrypted', 'true'],
      ] as const)
        assert.ok(
          metadata.includes(`"x-amz-meta-${name}": "${value}"`) ||
            metadata.includes(`"x-amz-meta-${name}":"${value}"`),
          `${name}: ${metadata}`,
        )
      assert.equal(metadata.includes('2079460123'), false)
    })

    test('while the store is away for an hour recordings wait; then all of them are stored, each once', async () => {
      const early = leaveRecording(bench.folder)
      await bench.settle()
      await server.stop()
      const left = Array.from({ length: 12 }, () => leaveRecording(bench.folder))
      for (let minute = 0; minute < 60; minute += 5) {
        bench.clock.advance(300_000)
        await bench.recordings.intake.run()
      }
      assert.equal(
        left.every(({ path }) => existsSync(path)),
        true,
      )
      // The platform hears where it stands; an organisation hears that it waits.
      assert.match(
        (await bench.recordings.doors.pending(undefined))[0]?.why ?? '',
        /bucket recordings-of-tests/,
      )
      for (const { why } of await bench.recordings.doors.pending(1))
        assert.equal(why, 'the store does not take it yet')
      const { pending, oldestAgeMs, trouble } = bench.recordings.intake.state()
      assert.equal(pending, 12)
      assert.ok(oldestAgeMs >= 3_500_000, `${oldestAgeMs} ms`)
      assert.match(trouble ?? '', /bucket recordings-of-tests/)
      // One is made ready and waits: a store that is away does not fill the disk with copies.
      assert.ok(filesBelow(bench.stagingFolder).length <= 4, filesBelow(bench.stagingFolder).join())
      await bench.restart()
      await server.start()
      await bench.settle()
      assert.equal(
        left.some(({ path }) => existsSync(path)),
        false,
      )
      for (const { recordingId, bytes } of [early, ...left]) {
        assert.equal(objectsOf(recordingId).length, 1)
        assert.deepEqual(await soundOf(recordingId), bytes)
      }
      assert.equal(bench.recordings.intake.state().pending, 0)
      assert.deepEqual(filesBelow(bench.stagingFolder), [])
    })

    test('an upload that is cut goes on after a restart under the same name, without another conversion', async () => {
      const left = leaveRecording(bench.folder, { bytes: wavTone({ seconds: 30 }) })
      proxy.cut()
      await bench.settle()
      const [note = ''] = filesBelow(bench.stagingFolder).filter((name) => name.endsWith('.json'))
      const noted = JSON.parse(readFileSync(join(bench.stagingFolder, note), 'utf8')) as {
        storageKey: string
      }
      const made = statSync(join(bench.stagingFolder, note.replace(/json$/, 'bin'))).mtimeMs
      await bench.restart()
      proxy.mend()
      assert.equal(statSync(join(bench.stagingFolder, note.replace(/json$/, 'bin'))).mtimeMs, made)
      await bench.settle()
      const [object = ''] = objectsOf(left.recordingId)
      assert.ok(object.includes(noted.storageKey), `${object} of ${noted.storageKey}`)
      assert.deepEqual(await soundOf(left.recordingId), left.bytes)
    })

    test('an archive policy moves it to another bucket', async () => {
      const policy = await bench.recordings.doors.archivePolicies.add({
        name: 'cold',
        afterDays: 0,
        bucket: 'archive-of-tests',
        storageClass: 'STANDARD_IA',
      })
      const left = leaveRecording(bench.folder)
      await bench.settle()
      await bench.database.query('UPDATE recordings SET archive_policy_id = $1 WHERE uuid = $2', [
        policy.id,
        left.recordingId,
      ])
      assert.equal((await bench.recordings.jobs.run())?.archived, 1)
      assert.equal(
        objectsOf(left.recordingId).some((name) => name.startsWith('archive-of-tests/')),
        true,
      )
      assert.deepEqual(await soundOf(left.recordingId), left.bytes)
    })

    test('a deletion that the store refuses is tried again, and the row says until then that it is there', async () => {
      const left = leaveRecording(bench.folder)
      await bench.settle()
      await bench.database.query(
        "UPDATE recordings SET retain_until = now() - interval '1 hour' WHERE uuid = $1",
        [left.recordingId],
      )
      await server.stop()
      assert.equal((await bench.recordings.jobs.run())?.failed, 1)
      const removed = async (): Promise<boolean> => {
        const [row] = await bench.database.query<{ removed: boolean }>(
          'SELECT removed_at IS NOT NULL AS removed FROM recording_files WHERE recording_uuid = $1',
          [left.recordingId],
        )
        return row?.removed === true
      }
      assert.equal(await removed(), false)
      await server.start()
      assert.equal((await bench.recordings.jobs.run())?.purged, 1)
      assert.equal(await removed(), true)
      assert.equal(objectsOf(left.recordingId).length, 0)
    })
  })
})
