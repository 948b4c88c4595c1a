import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RecordingDoors } from '../../src/http/recordings-doors.ts'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { fakeRecordings, recording, RECORDING_ID, SOUND } from '../http/fake-recordings.ts'
import { run, type Ran } from './run.ts'

suite('strowger: recordings', () => {
  let fake: Fake
  const start = async (changes: Partial<RecordingDoors> = {}): Promise<void> => {
    fake = await startFake({ recordings: fakeRecordings([], changes) })
  }
  teardown(() => fake.server.stop())
  const strowger = (...args: readonly string[]): Promise<Ran> =>
    run(['recordings', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })

  test('list shows when, who and how long; --json the whole answer', async () => {
    await start()
    const listed = await strowger('list', '--number', '4420')
    assert.equal(listed.err, '')
    assert.match(listed.out, /^STARTED +ID +FROM +TO +LENGTH\n/)
    assert.match(listed.out, new RegExp(`${RECORDING_ID} {2}\\+442079460001 +\\+442079460123 +3 s\n$`))
    const json = JSON.parse((await strowger('list', '--json')).out) as { recordings: { id: string }[] }
    assert.deepEqual(
      json.recordings.map(({ id }) => id),
      [RECORDING_ID],
    )
    assert.equal((await strowger('list', '--organization', '2')).code, 0)
  })

  test('show describes its files and its hold', async () => {
    await start({
      find: () =>
        Promise.resolve({ ...recording, legalHold: { at: 0, by: 'key 3 (CRM)', reason: 'case 12/34' } }),
    })
    const { out } = await strowger('show', RECORDING_ID)
    assert.match(out, /held {8}case 12\/34 \(key 3 \(CRM\)\)\n/)
    assert.match(out, /file {8}mix, wav 8000 Hz, 2 channels, 3 s, 100000 bytes, encrypted\n/)
  })

  test('download writes the sound, for its owner alone, and leaves nothing half behind', async () => {
    await start()
    const folder = mkdtempSync(join(tmpdir(), 'strowger-cli-'))
    try {
      const file = join(folder, 'call.wav')
      const { code, err, out } = await strowger('download', RECORDING_ID, '--out', file)
      assert.deepEqual([code, err], [0, ''])
      assert.match(out, /100000 bytes/)
      assert.deepEqual(readFileSync(file), SOUND)
      assert.equal(statSync(file).mode & 0o077, 0)
      const missing = await strowger(
        'download',
        RECORDING_ID.replace('7d3c', '0000'),
        '--out',
        join(folder, 'no.wav'),
      )
      assert.equal(missing.code, 2)
      assert.throws(() => statSync(join(folder, 'no.wav.part')))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('delete, hold, release, audit and rotate-keys say what they did', async () => {
    await start()
    assert.equal((await strowger('delete', RECORDING_ID)).out, `recording ${RECORDING_ID} deleted\n`)
    assert.equal((await strowger('hold', RECORDING_ID)).code, 2)
    assert.equal(
      (await strowger('hold', RECORDING_ID, '--reason', 'case 12')).out,
      `recording ${RECORDING_ID} is held\n`,
    )
    assert.equal((await strowger('release', RECORDING_ID)).out, `recording ${RECORDING_ID} is released\n`)
    assert.match(
      (await strowger('audit', RECORDING_ID)).out,
      /listened {3}admin {2}127\.0\.0\.1 {2}bytes 0 to 99999\n/,
    )
    assert.equal(
      (await strowger('rotate-keys', '--organization', '1')).out,
      'key 2 is in use; 1 files have it\n',
    )
    assert.match((await strowger('rotate-keys')).err, /organizationId/)
    assert.equal((await strowger('show', 'no-uuid')).code, 2)
  })

  test('what is held is not deleted, and says why', async () => {
    await start({ remove: () => Promise.resolve('held') })
    const { code, err } = await strowger('delete', RECORDING_ID)
    assert.equal(code, 1)
    assert.match(err, /legal hold/)
  })

  test('pending ends with 1 while something holds everything up', async () => {
    await start()
    const calm = await strowger('pending')
    assert.equal(calm.code, 0)
    assert.match(calm.out, /44 bytes, 5 s old: its call goes on/)
    await fake.server.stop()
    await start({
      state: () => ({ pending: 1, oldestAgeMs: 5_000, quarantined: 0, trouble: 'the store is away' }),
      quarantined: () =>
        Promise.resolve([
          {
            name: '2026-11-21/x.wav',
            organizationId: 1,
            recordingId: RECORDING_ID,
            callId: 'c',
            bytes: 3,
            why: 'it is empty',
            at: '',
          },
        ]),
    })
    const held = await strowger('pending')
    assert.equal(held.code, 1)
    assert.match(held.out, /^everything waits: the store is away\n/)
    assert.match(held.out, /in quarantine: 2026-11-21\/x\.wav: it is empty\n$/)
  })

  test('archives: added, listed, removed; either a folder or a bucket', async () => {
    await start({
      archivePolicies: {
        ...fakeRecordings().archivePolicies,
        list: () =>
          Promise.resolve([
            {
              id: 4,
              organizationId: undefined,
              name: 'cold',
              afterDays: 90,
              target: 'bucket',
              folder: undefined,
              bucket: 'calls-cold',
              storageClass: 'GLACIER_IR',
            },
          ]),
      },
    })
    const archives = (...args: readonly string[]): Promise<Ran> =>
      run(['archives', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })
    assert.equal(
      (await archives('add', 'slow disk', '--after', '90', '--folder', 'slow')).out,
      'archive policy 1 added\n',
    )
    assert.equal((await archives('add', 'x', '--after', '90')).code, 2)
    assert.equal(
      (await archives('add', 'x', '--after', '9', '--bucket', 'b', '--storage-class', 'DEEP')).code,
      2,
    )
    assert.match(
      (await archives('list')).out,
      /4 {3}cold {2}90 days {2}bucket calls-cold {2}GLACIER_IR {2}all\n$/,
    )
    assert.equal((await archives('remove', '1')).out, 'archive policy 1 removed\n')
    assert.equal((await archives('remove', '2')).code, 2)
  })
})
