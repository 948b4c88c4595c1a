/**
 * Recordings in a bucket of S3 or of anything that speaks S3. Credentials come by the SDK's own chain (environment,
 * profile, role of the machine) and are known to nobody here.
 *
 * Checksums only where S3 demands them: since 3.729 the SDK sends trailing CRC32 by itself, which servers other than
 * Amazon's refuse. The size is asked for after every upload instead, and every segment of an encrypted file proves itself.
 */
import { createReadStream } from 'node:fs'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { EngineError } from '../base/errors.ts'
import type { StorageClass } from '../config/storage-classes.ts'
import { goneFault, isStorageKey, storeFault, type RecordingStore } from './recording-store.ts'

export type S3Settings = {
  readonly bucket: string
  /** Undefined: Amazon's own of the region. */
  readonly endpoint: string | undefined
  /** Undefined: as the SDK finds it. */
  readonly region: string | undefined
  /** `endpoint/bucket/key` rather than `bucket.endpoint/key`. */
  readonly pathStyle: boolean
  /** Asks the store to encrypt as well; undefined: its own default. */
  readonly serverSideEncryption: 'AES256' | 'aws:kms' | undefined
  readonly storageClass: StorageClass | undefined
  /** Above it the object goes in parts of this size; 5 MiB is the least that S3 takes. */
  readonly partBytes?: number | undefined
}

const PART_BYTES = 8 * 1024 * 1024
/** Of one file: more would only crowd out the others. */
const PARTS_AT_ONCE = 2
/** Others may have uploads in the same bucket. */
const OUR_KEY = /^(?:archive\/)?\d+\/\d{4}\/\d\d\/\d\d\/[0-9a-f-]{36}/
const CONNECT_TIMEOUT_MS = 5_000
/** Without a byte in either direction. */
const SILENCE_MS = 30_000

export const createS3Store = (settings: S3Settings): RecordingStore => {
  const { bucket, endpoint } = settings
  const client = new S3Client({
    ...(settings.region === undefined ? {} : { region: settings.region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: settings.pathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The intake tries again by itself, and later.
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS },
  })
  const place = `bucket ${bucket}${endpoint === undefined ? '' : ` at ${endpoint}`}`
  const checked = (key: string): string => {
    if (isStorageKey(key)) return key
    throw new EngineError('MEDIA_BAD_STORAGE_KEY', 'no key of a recording looks like this')
  }
  const size = async (key: string): Promise<number | undefined> => {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: checked(key) }))
      return head.ContentLength ?? 0
    } catch (fault) {
      if (isMissingObject(fault)) return undefined
      throw storeFault(`${place} refuses`, fault)
    }
  }
  return {
    put: async (key, path, { contentType, metadata, storageClass = settings.storageClass }) => {
      const body = createReadStream(path)
      try {
        await new Upload({
          client,
          queueSize: PARTS_AT_ONCE,
          partSize: settings.partBytes ?? PART_BYTES,
          params: {
            Bucket: bucket,
            Key: checked(key),
            Body: body,
            ContentType: contentType,
            Metadata: { ...metadata },
            ...(settings.serverSideEncryption === undefined
              ? {}
              : { ServerSideEncryption: settings.serverSideEncryption }),
            ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
          },
        }).done()
      } catch (fault) {
        throw storeFault(`${place} takes nothing`, fault)
      } finally {
        body.destroy()
      }
    },
    size,
    read: async function* (key, first, last) {
      try {
        const { Body: body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: checked(key), Range: `bytes=${first}-${last}` }),
        )
        if (body === undefined) throw goneFault(key)
        for await (const piece of body as AsyncIterable<Uint8Array>) yield piece
      } catch (fault) {
        if (isMissingObject(fault)) throw goneFault(key, fault)
        throw storeFault(`${place} gives nothing`, fault)
      }
    },
    remove: async (key) => {
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: checked(key) }))
      } catch (fault) {
        if (!isMissingObject(fault)) throw storeFault(`${place} deletes nothing`, fault)
      }
    },
    sweep: async (before) => {
      try {
        const { Uploads: uploads = [] } = await client.send(
          new ListMultipartUploadsCommand({ Bucket: bucket }),
        )
        const stale = uploads.flatMap(({ Key: key, UploadId: uploadId, Initiated: begun }) =>
          key !== undefined && OUR_KEY.test(key) && begun !== undefined && begun.getTime() < before
            ? [{ Bucket: bucket, Key: key, UploadId: uploadId }]
            : [],
        )
        for (const upload of stale) await client.send(new AbortMultipartUploadCommand(upload))
        return stale.length
      } catch (fault) {
        throw storeFault(`${place} lists no uploads`, fault)
      }
    },
    close: () => client.destroy(),
  }
}

/** A bucket that is missing is a fault of the configuration, and no reason to call its objects gone. HEAD has no body to tell. */
const isMissingObject = (fault: unknown): boolean =>
  fault instanceof Error && (fault.name === 'NoSuchKey' || fault.name === 'NotFound')
