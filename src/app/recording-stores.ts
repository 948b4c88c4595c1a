/** The stores by what rows say of them: the one for new recordings, and those of recordings that were stored or moved elsewhere. */
import { EngineError } from '../base/errors.ts'
import type { RecordingStoreConfig } from '../config/recording-store.ts'
import { createDiskStore } from '../media/disk-store.ts'
import type { RecordingStore, StoredAt } from '../media/recording-store.ts'
import type { S3Settings } from '../media/s3-store.ts'

export type RecordingStores = {
  /** Of new recordings. */
  readonly place: Pick<StoredAt, 'store' | 'bucket'>
  readonly at: (place: Pick<StoredAt, 'store' | 'bucket'>) => RecordingStore
  readonly close: () => void
}

export const openRecordingStores = (settings: RecordingStoreConfig, folder: string): RecordingStores => {
  const { s3, s3Access } = settings
  const disk = createDiskStore(folder)
  const buckets = new Map<string, RecordingStore>()
  return {
    place: s3 === undefined ? { store: 'disk', bucket: undefined } : { store: 's3', bucket: s3.bucket },
    at: ({ store, bucket }) => {
      if (store === 'disk') return disk
      if (bucket === undefined)
        throw new EngineError('MEDIA_STORE_UNAVAILABLE', 'a recording is in no bucket')
      const open =
        buckets.get(bucket) ??
        lazyS3Store({
          ...s3Access,
          bucket,
          storageClass: bucket === s3?.bucket ? s3.storageClass : undefined,
        })
      buckets.set(bucket, open)
      return open
    },
    close: () => {
      for (const store of buckets.values()) store.close()
    },
  }
}

/** The SDK is loaded by the first recording that goes to S3 or comes from there: it costs memory and half a second. */
const lazyS3Store = (settings: S3Settings): RecordingStore => {
  let opened: Promise<RecordingStore> | undefined
  const open = (): Promise<RecordingStore> =>
    (opened ??= import('../media/s3-store.ts').then(({ createS3Store }) => createS3Store(settings)))
  return {
    put: async (...given) => (await open()).put(...given),
    size: async (...given) => (await open()).size(...given),
    read: async function* (...given) {
      yield* (await open()).read(...given)
    },
    remove: async (...given) => (await open()).remove(...given),
    sweep: async (...given) => (await open()).sweep(...given),
    close: () => void opened?.then((store) => store.close()),
  }
}
