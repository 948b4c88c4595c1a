import assert from 'node:assert/strict'
import { readConfig } from '../../src/config/config.ts'
import { storeFolderOf } from '../../src/config/recording-store.ts'

const read = (environment: Record<string, string>) => readConfig(environment, '/srv').recordingStore

suite('configuration: where recordings are kept', () => {
  test('as it comes: on the disk, encrypted, until somebody deletes them; call records for a year', () => {
    const settings = read({})
    assert.deepEqual(settings, {
      directory: undefined,
      s3: undefined,
      s3Access: { endpoint: undefined, region: undefined, pathStyle: false, serverSideEncryption: 'AES256' },
      format: 'wav',
      encrypt: true,
      retentionDays: undefined,
      purgeDays: 7,
      reserveBytes: 500_000_000,
      cdrRetentionDays: 365,
      cdrDetachedDays: 30,
    })
    assert.equal(storeFolderOf(settings, '/var/lib/x'), '/var/lib/x/recording-store')
    assert.equal(storeFolderOf(read({ RECORDING_STORE_DIR: 'kept' }), '/var/lib/x'), '/srv/kept')
  })

  test('a server of its own is asked in its own way', () => {
    const { s3, s3Access } = read({
      RECORDING_BUCKET: 'calls',
      RECORDING_S3_ENDPOINT: 'http://127.0.0.1:9000',
    })
    assert.deepEqual(s3, { bucket: 'calls', storageClass: undefined })
    assert.deepEqual(s3Access, {
      endpoint: 'http://127.0.0.1:9000',
      region: 'us-east-1',
      pathStyle: true,
      serverSideEncryption: undefined,
    })
  })

  test('what is said counts more than what is guessed', () => {
    const { s3, s3Access } = read({
      RECORDING_BUCKET: 'calls',
      RECORDING_S3_ENDPOINT: 'https://s3.example',
      RECORDING_S3_PATH_STYLE: 'false',
      RECORDING_S3_ENCRYPTION: 'aws:kms',
      RECORDING_S3_REGION: 'eu-west-1',
      RECORDING_S3_STORAGE_CLASS: 'STANDARD_IA',
    })
    assert.equal(s3?.storageClass, 'STANDARD_IA')
    assert.deepEqual(s3Access, {
      endpoint: 'https://s3.example',
      region: 'eu-west-1',
      pathStyle: false,
      serverSideEncryption: 'aws:kms',
    })
  })

  for (const [name, value] of [
    ['RECORDING_BUCKET', 'Not A Bucket'],
    ['RECORDING_S3_ENDPOINT', 'ftp://x'],
    ['RECORDING_S3_REGION', 'eu west'],
    ['RECORDING_S3_PATH_STYLE', 'maybe'],
    ['RECORDING_S3_ENCRYPTION', 'rot13'],
    ['RECORDING_S3_STORAGE_CLASS', 'DEEP_ARCHIVE'],
    ['RECORDING_FORMAT', 'flac'],
    ['RECORDING_ENCRYPT', 'perhaps'],
    ['RECORDING_RETENTION_DAYS', '-1'],
    ['RECORDING_PURGE_DAYS', '1.5'],
    ['CDR_RETENTION_DAYS', 'long'],
    ['CDR_DETACHED_DAYS', '-3'],
  ] as const) {
    test(`${name}=${value} is a problem that names it`, () => {
      assert.throws(() => read({ [name]: value }), new RegExp(name))
    })
  }
})
