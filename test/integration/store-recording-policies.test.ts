/** Policies, groups and sounds in a real PostgreSQL: what is refused names its field, what is kept reaches the snapshot. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import { createAudioFiles } from '../../src/engine/audio-files.ts'
import { addAudioFile, readAudioFile, removeAudioFile } from '../../src/store/audio-file-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { addOrganization, addUser, removeUser } from '../../src/store/organization-writes.ts'
import {
  addGroup,
  addPolicy,
  findGroup,
  findPolicy,
  listPolicies,
  removeGroup,
  removePolicy,
  updateGroup,
  updatePolicy,
  type PolicyInput,
} from '../../src/store/recording-policy-writes.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'

suite('store: recording policies', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database
  let [own, other, userId, otherUser] = [0, 0, 0, 0]

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    await migrate({ url: place.url, folder: SQL_FOLDER, logger: silentLogger })
    const organization = { country: 'GB', currency: 'GBP' }
    own = await addOrganization(database, { ...organization, name: 'Own', sipDomain: 'own.test' })
    other = await addOrganization(database, { ...organization, name: 'Other', sipDomain: 'other.test' })
    userId = await addUser(database, { organizationId: own, name: 'Ada', extension: '1001' })
    otherUser = await addUser(database, { organizationId: other, name: 'Eve', extension: '1001' })
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
  })
  teardown(async () => {
    for (const { id } of await listPolicies(database, undefined)) await removePolicy(database, id)
    await database.query('DELETE FROM audio_files')
    await database.query('DELETE FROM user_groups')
  })

  const give = (given: Partial<PolicyInput> = {}): Promise<number> =>
    addPolicy(database, { organizationId: own, name: 'All', scope: { type: 'all' }, ...given })

  const sound = (organizationId = own, name = 'Told'): Promise<number> =>
    addAudioFile(database, {
      organizationId,
      name,
      content: Buffer.alloc(144, 7),
      sampleRate: 8_000,
      durationMs: 6,
    })

  const fieldOf = async (write: Promise<unknown>): Promise<string> => {
    try {
      await write
    } catch (fault) {
      if (fault instanceof EngineError) return `${fault.code} ${String(fault.details['field'])}`
      throw fault
    }
    return 'kept'
  }

  test('what is not said is the default, and a change keeps what it does not name', async () => {
    const id = await give({ settings: { format: 'mp3', pauseDigits: '*1', resumeDigits: '*2' } })
    assert.ok(
      await updatePolicy(database, id, {
        storage: { retention: 30 },
        settings: { startOn: 'ring', resumeDigits: null },
      }),
    )
    const policy = await findPolicy(database, id)
    assert.deepEqual(policy?.storage, { retention: 30, archivePolicy: undefined, encryptAtRest: true })
    assert.deepEqual(
      [
        policy.settings.format,
        policy.settings.startOn,
        policy.settings.pauseDigits,
        policy.settings.resumeDigits,
      ],
      ['mp3', 'ring', '*1', undefined],
    )
  })

  const refusals: readonly (readonly [sentence: string, given: () => Partial<PolicyInput>, field: string])[] =
    [
      ['no organisation', () => ({ organizationId: 999_999 }), 'STORE_BAD_INPUT organizationId'],
      [
        'another organisation’s user',
        () => ({ scope: { type: 'specific', users: [otherUser] } }),
        'STORE_BAD_INPUT scope.users',
      ],
      [
        'a group that is not there',
        () => ({ scope: { type: 'specific', groups: [77] } }),
        'STORE_BAD_INPUT scope.groups',
      ],
      [
        'a number that is none',
        () => ({ scope: { type: 'specific', numbers: ['12'] } }),
        'STORE_BAD_INPUT scope.numbers',
      ],
      [
        'a specific scope that names nothing',
        () => ({ scope: { type: 'specific' } }),
        'STORE_BAD_INPUT scope.type',
      ],
      [
        'a rate that is not offered',
        () => ({ settings: { sampleRate: 11_025 } }),
        'STORE_BAD_INPUT settings.sampleRate',
      ],
      [
        'digits with letters',
        () => ({ settings: { pauseDigits: 'x1' } }),
        'STORE_BAD_INPUT settings.pauseDigits',
      ],
      [
        'the same digits twice',
        () => ({ settings: { pauseDigits: '*1', resumeDigits: '*1' } }),
        'STORE_BAD_INPUT settings.resumeDigits',
      ],
      [
        'digits that resume what nothing pauses',
        () => ({ settings: { resumeDigits: '*1' } }),
        'STORE_BAD_INPUT settings.resumeDigits',
      ],
      [
        'a sound that is not there',
        () => ({ settings: { announcement: { enabled: true, audioFileId: 5_000 } } }),
        'STORE_BAD_INPUT settings.announcement.audioFileId',
      ],
      [
        'GDPR without a word to the other party',
        () => ({ compliance: { gdprEnabled: true } }),
        'STORE_BAD_INPUT compliance.gdprEnabled',
      ],
      ['no days', () => ({ storage: { retention: 0 } }), 'STORE_BAD_INPUT storage.retention'],
    ]
  for (const [sentence, given, field] of refusals)
    test(`refused: ${sentence}`, async () => assert.equal(await fieldOf(give(given())), field))

  test('a name is taken once an organisation', async () => {
    await give()
    assert.equal(await fieldOf(give()), 'STORE_CONFLICT name')
    assert.equal(await fieldOf(give({ organizationId: other })), 'kept')
  })

  test("another organisation's sound is none", async () => {
    const foreign = await sound(other)
    assert.equal(
      await fieldOf(give({ settings: { announcement: { enabled: true, audioFileId: foreign } } })),
      'STORE_BAD_INPUT settings.announcement.audioFileId',
    )
  })

  test('GDPR is content with an announcement to the other party, or with consent', async () => {
    const announcement = { enabled: true, playTo: 'all' }
    assert.equal(
      await fieldOf(give({ settings: { announcement }, compliance: { gdprEnabled: true } })),
      'kept',
    )
    assert.equal(
      await fieldOf(give({ name: 'Asks', compliance: { gdprEnabled: true, consentRequired: true } })),
      'kept',
    )
  })

  test('a sound that a policy plays is not removed', async () => {
    const fileId = await sound()
    const id = await give({ settings: { announcement: { enabled: true, audioFileId: fileId } } })
    assert.equal(await fieldOf(removeAudioFile(database, fileId)), 'STORE_CONFLICT id')
    await removePolicy(database, id)
    assert.equal(await removeAudioFile(database, fileId), true)
    assert.equal(await removeAudioFile(database, fileId), false)
  })

  test('a group has users of its own organisation, and a user who goes leaves it', async () => {
    assert.equal(
      await fieldOf(addGroup(database, { organizationId: own, name: 'Mixed', userIds: [userId, otherUser] })),
      'STORE_BAD_INPUT userIds',
    )
    const leaving = await addUser(database, { organizationId: own, name: 'Bob', extension: '1002' })
    const id = await addGroup(database, { organizationId: own, name: 'Sales', userIds: [leaving, userId] })
    assert.deepEqual(
      (await findGroup(database, id))?.userIds,
      [userId, leaving].sort((one, two) => one - two),
    )
    await removeUser(database, leaving)
    assert.deepEqual((await findGroup(database, id))?.userIds, [userId])
    assert.ok(await updateGroup(database, id, { name: 'Sellers', userIds: [] }))
    assert.deepEqual(await findGroup(database, id), { id, organizationId: own, name: 'Sellers', userIds: [] })
    assert.equal(await removeGroup(database, id), true)
  })

  test('the snapshot has them, indexed, and the sounds are laid down for the switch and swept when they are gone', async () => {
    const group = await addGroup(database, { organizationId: own, name: 'Sales', userIds: [userId] })
    const fileId = await sound()
    const [disabled, enabled] = [
      await give({ enabled: false }),
      await give({ name: 'Group', scope: { type: 'specific', groups: [group] } }),
    ]
    const read = async () => createDirectory((await loadSnapshot(database, randomBytes(32))).snapshot)
    let directory = await read()
    assert.deepEqual(
      directory.recordingPoliciesOf(own).map(({ id }) => id),
      [enabled],
    )
    assert.equal(directory.recordingPolicy(disabled)?.enabled, false)
    assert.deepEqual(directory.groupsOf(userId), [group])
    const folder = mkdtempSync(join(tmpdir(), 'strowger-sounds-'))
    try {
      const sounds = createAudioFiles({
        folder,
        switchFolder: '/switch/sounds',
        directory: () => directory,
        read: (id) => readAudioFile(database, id),
        logger: silentLogger,
      })
      await sounds.sync()
      const path = (await sounds.pathOf(own, fileId)) ?? ''
      assert.match(path, new RegExp(`^/switch/sounds/${own}/${fileId}-[0-9a-f]{16}\\.wav$`))
      assert.deepEqual(readFileSync(path.replace('/switch/sounds', folder)), Buffer.alloc(144, 7))
      assert.equal(await sounds.pathOf(other, fileId), undefined)
      await removeAudioFile(database, fileId)
      directory = await read()
      await sounds.sync()
      assert.deepEqual(readdirSync(join(folder, String(own))), [])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
