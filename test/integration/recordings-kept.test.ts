/** What is kept, for whom and how long: tenants, deletion, legal holds, retention, archives, keys, links, the audit. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredRecording } from '../../src/store/recording-reads.ts'
import { bearer, startFake, type Fake } from '../http/fake-doors.ts'
import { filesBelow, openRecordingsBench, policyWith, type RecordingsBench } from '../support/recordings.ts'
import { leaveRecording, wavTone, type LeftRecording } from '../support/sound.ts'

const DAY = 86_400_000
const actor = { who: 'key 3 (CRM)', address: '192.0.2.7' }

suite('recordings: kept as long as they must be, and no longer', function () {
  this.timeout(30_000)
  let bench: RecordingsBench
  let fake: Fake
  suiteSetup(async () => {
    bench = await openRecordingsBench({ environment: { RECORDING_PURGE_DAYS: '7' } })
    fake = await startFake({ recordings: { ...bench.recordings.doors } })
  })
  suiteTeardown(async () => {
    await fake.server.stop()
    await bench.close()
  })
  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${fake.url}${path}`, {
      method,
      headers: {
        ...bearer,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const store = async (given: Parameters<typeof leaveRecording>[1] = {}): Promise<LeftRecording> => {
    const left = leaveRecording(bench.folder, given)
    await bench.settle()
    assert.equal(existsSync(left.path), false)
    return left
  }
  const doors = () => bench.recordings.doors
  const find = (recordingId: string, organizationId?: number): Promise<StoredRecording | undefined> =>
    doors().find({ recordingId, organizationId })
  const objectsOf = ({ recordingId }: { readonly recordingId: string }): readonly string[] =>
    filesBelow(bench.storeFolder).filter((name) => name.includes(recordingId))
  const soundOf = async ({ recordingId }: { readonly recordingId: string }): Promise<Buffer> => {
    const answer = await call('GET', `/v1/recordings/${recordingId}/audio`)
    assert.equal(answer.status, 200)
    return Buffer.from(await answer.arrayBuffer())
  }
  const auditOf = async (
    recordingId: string,
  ): Promise<{ action: string; who: string; [field: string]: unknown }[]> => {
    const answer = await call('GET', `/v1/recordings/${recordingId}/audit`)
    assert.equal(answer.status, 200)
    return ((await answer.json()) as { audit: { action: string; who: string }[] }).audit
  }
  /** At a moment so many days from now. */
  const retainedAfter = async (days: number) => {
    const now = bench.clock.now()
    bench.clock.setNow(now + days * DAY)
    const report = await bench.recordings.jobs.run()
    bench.clock.setNow(now)
    return report
  }

  test('an organisation sees, hears, holds and deletes its own alone', async () => {
    const ours = await store({ organizationId: 1 })
    const theirs = await store({ organizationId: 2 })
    const of = (recordingId: string, organizationId: number) => ({ recordingId, organizationId })
    assert.equal(await find(theirs.recordingId, 1), undefined)
    assert.notEqual(await find(ours.recordingId, 1), undefined)
    const { recordings } = await doors().list({ organizationId: 1, limit: 1_000 })
    assert.deepEqual([...new Set(recordings.map(({ organizationId }) => organizationId))], [1])
    assert.equal(await doors().remove(of(theirs.recordingId, 1), actor), 'not-found')
    assert.equal(await doors().hold(of(theirs.recordingId, 1), 'x', actor), 'not-found')
    assert.equal(await doors().release(of(theirs.recordingId, 1), actor), 'not-found')
    assert.equal(await doors().audit(of(theirs.recordingId, 1)), undefined)
    assert.deepEqual(await doors().audit(of(theirs.recordingId, 2)), [])
    leaveRecording(bench.folder, { organizationId: 2, callId: theirs.callId })
    bench.live.add(theirs.callId)
    assert.deepEqual(await doors().pending(1), [])
    assert.equal((await doors().pending(2)).length, 1)
    bench.live.clear()
    await bench.settle()
  })

  test('who listened is written down before the first byte, with the range; who only asked HEAD did not listen', async () => {
    const left = await store()
    const path = `/v1/recordings/${left.recordingId}/audio`
    const head = await call('HEAD', path)
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-length'), String(left.bytes.length))
    assert.equal(head.headers.get('accept-ranges'), 'bytes')
    assert.deepEqual(await auditOf(left.recordingId), [])
    const part = await call('GET', path, undefined, { range: 'bytes=100-299' })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), `bytes 100-299/${left.bytes.length}`)
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), left.bytes.subarray(100, 300))
    const [line] = await auditOf(left.recordingId)
    assert.deepEqual(
      [line?.action, line?.who, line?.['firstByte'], line?.['lastByte'], line?.['part']],
      ['listened', 'admin', 100, 299, 'mix'],
    )
    assert.match(String(line?.['address']), /127\.0\.0\.1/)
  })

  test('where the audit cannot be written nobody listens', async () => {
    const left = await store()
    await bench.database.query('ALTER TABLE recording_audit RENAME TO away')
    try {
      const answer = await call('GET', `/v1/recordings/${left.recordingId}/audio`)
      assert.equal(answer.status, 500)
      assert.equal((await answer.text()).includes('RIFF'), false)
    } finally {
      await bench.database.query('ALTER TABLE away RENAME TO recording_audit')
    }
    assert.deepEqual(await soundOf(left), left.bytes)
  })

  test('a deleted recording is gone for everyone at once, and from the store when its days are over', async () => {
    const left = await store()
    assert.equal((await call('DELETE', `/v1/recordings/${left.recordingId}`)).status, 200)
    for (const path of ['', '/audio'])
      assert.equal((await call('GET', `/v1/recordings/${left.recordingId}${path}`)).status, 404)
    assert.equal((await call('DELETE', `/v1/recordings/${left.recordingId}`)).status, 404)
    await retainedAfter(6)
    assert.equal(objectsOf(left).length, 1)
    await retainedAfter(8)
    assert.equal(objectsOf(left).length, 0)
    assert.deepEqual(
      (await auditOf(left.recordingId)).map(({ action }) => action),
      ['purged', 'deleted'],
    )
    const [row] = await bench.database.query<{ wrapped_key: Buffer | null }>(
      'SELECT wrapped_key FROM recording_files WHERE recording_uuid = $1',
      [left.recordingId],
    )
    assert.equal(row?.wrapped_key, null, 'a copy that somebody may have does not open any more')
  })

  test('what is due goes; what is held, not yet due, or kept for ever stays', async () => {
    bench.policies.set(7, policyWith({ storage: { retention: 30 } }))
    bench.policies.set(9, policyWith({ id: 9, organizationId: 2, storage: { retention: 90 } }))
    const due = await store({ policyId: 7 })
    const held = await store({ policyId: 7 })
    const others = await store({ policyId: 9, organizationId: 2 })
    const forever = await store()
    const path = `/v1/recordings/${held.recordingId}`
    assert.equal((await call('PUT', `${path}/legal-hold`, { reason: 'case 12/34' })).status, 200)
    const refused = await call('DELETE', path)
    assert.equal(refused.status, 409)
    assert.match(await refused.text(), /LEGAL_HOLD/)
    const listed = (await (await call('GET', path)).json()) as {
      recording: { legalHold: { reason: string; by: string } }
    }
    assert.equal(listed.recording.legalHold.reason, 'case 12/34')

    await retainedAfter(29.9)
    assert.equal(objectsOf(due).length, 1)
    await retainedAfter(31)
    assert.deepEqual(
      [due, held, others, forever].map((one) => objectsOf(one).length),
      [0, 1, 1, 1],
    )
    assert.equal(await find(due.recordingId), undefined)

    assert.equal((await call('DELETE', `${path}/legal-hold`)).status, 200)
    assert.equal((await call('DELETE', `${path}/legal-hold`)).status, 404)
    await retainedAfter(31)
    assert.equal(objectsOf(held).length, 0)
    assert.deepEqual(
      (await auditOf(held.recordingId)).map(({ action }) => action),
      ['purged', 'released', 'held'],
    )
    assert.deepEqual((await retainedAfter(31))?.purged, 0, 'what is purged is not purged again')
  })

  test('a purge that is interrupted between object and row goes on', async () => {
    bench.policies.set(7, policyWith({ storage: { retention: 1 } }))
    const left = await store({ policyId: 7 })
    // As after a crash: claimed, the object gone, the row not marked.
    await bench.database.query('UPDATE recordings SET purging_at = now() WHERE uuid = $1', [left.recordingId])
    assert.equal(await find(left.recordingId), undefined)
    assert.equal(
      await doors().hold({ recordingId: left.recordingId, organizationId: 1 }, 'late', actor),
      'not-found',
    )
    assert.equal((await retainedAfter(0))?.purged, 1)
    assert.equal(objectsOf(left).length, 0)
  })

  test('one engine of several does it', async () => {
    const [one, other] = await Promise.all([bench.recordings.jobs.run(), bench.recordings.jobs.run()])
    assert.ok(one === undefined || other === undefined || one.purged + other.purged === 0)
    const blocked = await bench.database.transaction(async (transaction) => {
      await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('strowger recording retention'))`)
      return bench.recordings.jobs.run()
    })
    assert.equal(blocked, undefined)
  })

  test('old recordings move to the archive, can still be heard, and leave nothing behind', async () => {
    const added = await call('POST', '/v1/archive-policies', {
      name: 'slow disk',
      afterDays: 10,
      folder: 'slow',
    })
    assert.equal(added.status, 201)
    const { archivePolicy } = (await added.json()) as { archivePolicy: { id: number } }
    bench.policies.set(7, policyWith({ storage: { retention: 100, archivePolicy: archivePolicy.id } }))
    const left = await store({ policyId: 7, bytes: wavTone({ seconds: 4 }) })
    const [before = ''] = objectsOf(left)
    assert.equal((await retainedAfter(9))?.archived, 0)
    assert.equal((await retainedAfter(11))?.archived, 1)
    assert.deepEqual(objectsOf(left), [before, `archive/slow/${before}`].sort())
    assert.deepEqual(await soundOf(left), left.bytes)
    // Whoever listens meanwhile has an hour for it.
    assert.equal((await retainedAfter(11))?.leftovers, 0)
    await bench.database.query("UPDATE recording_leftovers SET left_at = now() - interval '61 minutes'")
    assert.equal((await retainedAfter(11))?.leftovers, 1)
    assert.deepEqual(objectsOf(left), [`archive/slow/${before}`])
    assert.deepEqual(await soundOf(left), left.bytes)
    assert.notEqual((await find(left.recordingId))?.files[0]?.archivedAt, undefined)
    assert.equal((await retainedAfter(12))?.archived, 0, 'once')
    await retainedAfter(101)
    assert.deepEqual(objectsOf(left), [])
  })

  for (const [sentence, body] of [
    ['a folder outside of the store', { folder: '../../etc' }],
    ['neither folder nor bucket', {}],
    ['both', { folder: 'x', bucket: 'some-bucket' }],
    ['a storage class that takes hours', { bucket: 'some-bucket', storageClass: 'DEEP_ARCHIVE' }],
    ['a storage class of a folder', { folder: 'x', storageClass: 'STANDARD_IA' }],
  ] as const) {
    test(`an archive policy with ${sentence} is refused`, async () => {
      const answer = await call('POST', '/v1/archive-policies', { name: 'x', afterDays: 1, ...body })
      assert.equal(answer.status, 400, await answer.text())
    })
  }

  test("rotating an organisation's key leaves files and other organisations alone, and everything can be heard", async () => {
    const ours = [await store({ organizationId: 1 }), await store({ organizationId: 1 })]
    const theirs = await store({ organizationId: 2 })
    const keyOf = async ({ recordingId }: LeftRecording) => (await find(recordingId))?.files[0]?.key
    const [before, beforeTheirs] = [await keyOf(ours[0] as LeftRecording), await keyOf(theirs)]
    const bytes = ours.map((one) => readFileSync(join(bench.storeFolder, objectsOf(one)[0] ?? '')))
    const answer = await call('POST', '/v1/recordings/rotate-keys', { organizationId: 1 })
    assert.equal(answer.status, 200)
    const { keyId, files } = (await answer.json()) as { keyId: number; files: number }
    assert.ok(files >= 2)
    for (const one of ours) assert.equal((await keyOf(one))?.id, keyId)
    assert.notEqual(before?.id, keyId)
    assert.deepEqual(await keyOf(theirs), beforeTheirs)
    assert.deepEqual(
      ours.map((one) => readFileSync(join(bench.storeFolder, objectsOf(one)[0] ?? ''))),
      bytes,
    )
    for (const one of [...ours, theirs]) assert.deepEqual(await soundOf(one), one.bytes)
    const next = await store({ organizationId: 1 })
    assert.equal((await keyOf(next))?.id, keyId)
    const left = await bench.database.query(
      `SELECT 1 FROM recording_files AS f JOIN recordings AS r ON r.uuid = f.recording_uuid
       WHERE r.organization_id = 1 AND f.key_id IS NOT NULL AND f.key_id <> $1`,
      [keyId],
    )
    assert.equal(left.length, 0)
    assert.equal((await call('POST', '/v1/recordings/rotate-keys', { organizationId: 99 })).status, 404)
  })

  test('keys lie in the database sealed, and wrapped keys open under no other row', async () => {
    const left = await store()
    const rows = await bench.database.query<{ sealed_key: string }>('SELECT sealed_key FROM recording_keys')
    for (const { sealed_key } of rows) assert.match(sealed_key, /^v1\.[0-9a-f]{8}\.[\w-]{60,}$/)
    const other = await store()
    await bench.database.query(
      `UPDATE recording_files SET wrapped_key = (SELECT wrapped_key FROM recording_files WHERE recording_uuid = $2)
       WHERE recording_uuid = $1`,
      [left.recordingId, other.recordingId],
    )
    assert.equal((await call('GET', `/v1/recordings/${left.recordingId}/audio`)).status, 500)
  })

  test('a link is heard without a token until its minutes are over, and names who asked for it', async () => {
    const left = await store()
    const answer = await call('POST', `/v1/recordings/${left.recordingId}/link`, { minutes: 2 })
    const { url, expiresAt } = (await answer.json()) as { url: string; expiresAt: string }
    assert.ok(Math.abs(Date.parse(expiresAt) - bench.clock.now() - 120_000) < 1_500)
    const heard = await fetch(fake.url + url, { headers: { range: 'bytes=0-43' } })
    assert.equal(heard.status, 206)
    assert.deepEqual(Buffer.from(await heard.arrayBuffer()), left.bytes.subarray(0, 44))
    assert.deepEqual(
      (await auditOf(left.recordingId)).map(({ action, who }) => [action, who]),
      [
        ['listened', 'admin by link'],
        ['linked', 'admin'],
      ],
    )
    const other = await store()
    const tampered = [
      url.replace(left.recordingId, other.recordingId),
      url.replace(/expires=\d+/, 'expires=99999999999'),
      url.replace('by=admin', 'by=nobody'),
      url.replace(/signature=./, 'signature=_'),
      url.replace('part=mix', 'part=a'),
    ]
    for (const link of tampered) assert.equal((await fetch(fake.url + link)).status, 403, link)
    bench.clock.setNow(bench.clock.now() + 121_000)
    assert.equal((await fetch(fake.url + url)).status, 403)
    bench.clock.setNow(bench.clock.now() - 121_000)
    assert.equal((await call('DELETE', `/v1/recordings/${left.recordingId}`)).status, 200)
    assert.equal((await fetch(fake.url + url)).status, 404, 'a deleted one is not heard by link either')
  })
})
