/** Where finished recordings are kept and for how long: the variables RECORDING_* of the store, CDR_RETENTION_DAYS and CDR_DETACHED_DAYS. */
import { join } from 'node:path'
import type { Reader } from './reader.ts'
import { STORAGE_CLASSES, type StorageClass } from './storage-classes.ts'

export type RecordingStoreConfig = {
  /** The folder of the store; undefined: below the data directory. */
  readonly directory: string | undefined
  /** Undefined: recordings are kept on the disk. */
  readonly s3: S3Config | undefined
  /** For the buckets of archive policies too, so it is read without a bucket of our own. */
  readonly s3Access: S3Access
  /** Of recordings under no policy. */
  readonly format: 'wav' | 'mp3' | 'ogg'
  readonly encrypt: boolean
  /** Undefined: they are kept until somebody deletes them. */
  readonly retentionDays: number | undefined
  /** What was deleted lies in the store so long. */
  readonly purgeDays: number
  readonly reserveBytes: number
  /** Undefined: call records are kept for ever. */
  readonly cdrRetentionDays: number | undefined
  /** Months of them that are over are put aside for so long; undefined: nothing is put aside. */
  readonly cdrDetachedDays: number | undefined
}

export type S3Access = {
  readonly endpoint: string | undefined
  /** Undefined: as the SDK finds it. */
  readonly region: string | undefined
  readonly pathStyle: boolean
  readonly serverSideEncryption: 'AES256' | 'aws:kms' | undefined
}

export type S3Config = { readonly bucket: string; readonly storageClass: StorageClass | undefined }

export const readRecordingStore = (read: Reader): RecordingStoreConfig => {
  const { optional, whole, url, choice, flag, path, problem } = read
  const bucket = optional('RECORDING_BUCKET')
  if (bucket !== undefined && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    problem(`RECORDING_BUCKET is "${bucket}": it takes the name of a bucket`)
  const endpoint = url('RECORDING_S3_ENDPOINT', ['http:', 'https:'])
  const region = optional('RECORDING_S3_REGION')
  if (region !== undefined && !/^[a-z0-9-]{1,40}$/.test(region))
    problem(`RECORDING_S3_REGION is "${region}": it takes a region such as eu-west-1`)
  const encryption =
    optional('RECORDING_S3_ENCRYPTION') === undefined
      ? // Amazon's does it for nothing; others refuse it without a key of their own.
        endpoint === undefined
        ? 'AES256'
        : 'none'
      : choice('RECORDING_S3_ENCRYPTION', ['AES256', 'aws:kms', 'none'])
  const storageClass =
    optional('RECORDING_S3_STORAGE_CLASS') === undefined
      ? 'none'
      : choice('RECORDING_S3_STORAGE_CLASS', [...STORAGE_CLASSES, 'none'])
  const days = (name: string): number | undefined => {
    const value = whole(name, 0, 36_500)
    return value === 0 ? undefined : value
  }
  return {
    directory: path('RECORDING_STORE_DIR'),
    s3:
      bucket === undefined
        ? undefined
        : { bucket, storageClass: storageClass === 'none' ? undefined : storageClass },
    s3Access: {
      endpoint,
      region: region ?? (endpoint === undefined ? undefined : 'us-east-1'),
      pathStyle:
        optional('RECORDING_S3_PATH_STYLE') === undefined
          ? endpoint !== undefined
          : flag('RECORDING_S3_PATH_STYLE'),
      serverSideEncryption: encryption === 'none' ? undefined : encryption,
    },
    format: choice('RECORDING_FORMAT', ['wav', 'mp3', 'ogg']),
    encrypt: flag('RECORDING_ENCRYPT'),
    retentionDays: days('RECORDING_RETENTION_DAYS'),
    purgeDays: whole('RECORDING_PURGE_DAYS', 0, 3_650),
    reserveBytes: whole('RECORDING_RESERVE_MB', 0, 100_000_000) * 1_000_000,
    cdrRetentionDays: days('CDR_RETENTION_DAYS'),
    cdrDetachedDays: days('CDR_DETACHED_DAYS'),
  }
}

/** Where the store's folder is when nothing else is said. */
export const storeFolderOf = (
  { directory }: Pick<RecordingStoreConfig, 'directory'>,
  dataDir: string,
): string => directory ?? join(dataDir, 'recording-store')
