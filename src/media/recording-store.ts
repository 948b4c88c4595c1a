/**
 * Where recordings are kept, as a shape: a folder (disk-store) or a bucket (s3-store). A store knows names and bytes; what
 * they are, whose, and whether they are encrypted stands in the rows.
 */
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { StorageClass } from '../config/storage-classes.ts'

/** Where an object lies: enough to find it when the configuration says another place by now. */
export type StoredAt = {
  readonly store: 'disk' | 's3'
  /** Of S3; undefined on a disk. */
  readonly bucket: string | undefined
  /** `1/2026/11/21/<recording>-<try>.mp3`. */
  readonly key: string
}

export type StoredFacts = {
  readonly contentType: string
  /** Kept with the object by a store that can. No secrets, and numbers masked: whoever lists the bucket reads it. */
  readonly metadata: Readonly<Record<string, string>>
  /** Undefined: the store's own. */
  readonly storageClass?: StorageClass | undefined
}

export type RecordingStore = {
  /** When it resolves, the object is whole and stays when the power goes. Replaces what was there. */
  readonly put: (key: string, path: string, facts: StoredFacts) => Promise<void>
  /** In bytes; undefined: there is no such object. */
  readonly size: (key: string) => Promise<number | undefined>
  /** Bytes `first` to `last`, both included. Throws MEDIA_GONE where there is no such object. */
  readonly read: (key: string, first: number, last: number) => AsyncIterable<Uint8Array>
  /** One that is gone already is what was wanted. */
  readonly remove: (key: string) => Promise<void>
  /** Uploads that were begun before `before` and never ended, which some stores keep and bill; how many were dropped. */
  readonly sweep: (before: number) => Promise<number>
  readonly close: () => void
}

/** The store says no, or does not answer: MEDIA_STORE_UNAVAILABLE. What is meant for it waits. */
export const storeFault = (what: string, fault: unknown): EngineError =>
  fault instanceof EngineError
    ? fault
    : new EngineError(
        'MEDIA_STORE_UNAVAILABLE',
        `${what}: ${asError(fault).name === 'Error' ? '' : `${asError(fault).name}: `}${asError(fault).message || (codeOf(fault) ?? 'it does not answer')}`,
        { reason: codeOf(fault) },
        fault,
      )

export const goneFault = (key: string, fault?: unknown): EngineError =>
  new EngineError('MEDIA_GONE', `the store has no ${key}`, { key }, fault)

/** Of keys that we make: no `..`, no empty part, nothing that a path or a URL reads. */
export const isStorageKey = (key: string): boolean =>
  /^[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/.test(key) && key.length <= 512
