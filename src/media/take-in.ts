/**
 * One finished file of the switch into the store. The order of the steps is what keeps it from being lost, whichever of
 * them a crash interrupts: prepared aside; noted; put into the store; its size there compared; its row written; only then
 * the switch's file is deleted, and the staged one last. Every step may be done twice.
 *
 * Each try has an object of its own in the store, so two engines that take in the same file never overwrite what the
 * other's row points to: the one whose row comes second removes its own.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EngineError } from '../base/errors.ts'
import { maskNumber, type Logger } from '../base/logger.ts'
import type { RecordingFile } from '../recording/file-name.ts'
import type { PrepareRequest, Prepared } from './prepare-recording.ts'
import { lookAt, type FoundRecording } from './recording-folder.ts'
import { CONTENT_TYPES, type RecordingFormat } from './recording-formats.ts'
import type { RecordingStore, StoredAt } from './recording-store.ts'
import type { Staged, Staging } from './staged.ts'

/** What a recording's policy says of its file. */
export type KeepingPolicy = {
  readonly format: RecordingFormat
  /** Undefined: until somebody deletes it. */
  readonly retentionDays: number | undefined
  readonly archivePolicyId: number | undefined
  readonly encryptAtRest: boolean
}

export type NewRecording = {
  readonly file: RecordingFile
  readonly format: RecordingFormat
  readonly prepared: Prepared
  readonly at: StoredAt
  readonly startedAt: number
  /** Milliseconds since the epoch. */
  readonly retainUntil: number | undefined
  readonly archivePolicyId: number | undefined
  readonly keyId: number | undefined
  readonly wrappedKey: Buffer | undefined
  /** The row's object is missing in the store: this one replaces it. */
  readonly replaces: StoredAt | undefined
}

export type KnownRecording = {
  readonly at: StoredAt
  readonly storedBytes: number
  readonly sourceBytes: number
  /** Deleted from the store, as it was due. */
  readonly removed: boolean
}

export type RecordingRows = {
  readonly find: (file: RecordingFile) => Promise<KnownRecording | undefined>
  /** `known`: another object is the recording's, and stays it. */
  readonly insert: (recording: NewRecording) => Promise<'stored' | 'known'>
  /** Numbers of the call, where its record is there already. */
  readonly partiesOf: (
    callId: string,
  ) => Promise<{ readonly caller: string; readonly callee: string } | undefined>
}

export type TakeInOptions = {
  readonly staging: Staging
  readonly place: { readonly store: StoredAt['store']; readonly bucket: string | undefined }
  readonly storeAt: (place: Pick<StoredAt, 'store' | 'bucket'>) => RecordingStore
  readonly rows: RecordingRows
  readonly prepare: (request: PrepareRequest) => Promise<Prepared>
  /** Throws where it cannot be said just now. */
  readonly policyOf: (file: RecordingFile) => KeepingPolicy
  readonly newFileKey: (
    file: RecordingFile,
  ) => Promise<{ readonly key: Buffer; readonly keyId: number; readonly wrapped: Buffer }>
  /** Bytes that stay free on the disk of the staging folder. */
  readonly reserveBytes: number
  readonly logger: Logger
}

export type TakenIn = { readonly file: RecordingFile; readonly durationMs: number | undefined }

/** `source`: undefined where only what was staged of it is left. */
export const takeIn = async (
  name: RecordingFile,
  source: FoundRecording | undefined,
  options: TakeInOptions,
): Promise<TakenIn> => {
  const { staging, place, storeAt, rows, logger } = options
  const step = (what: string): void =>
    logger.trace({ step: what, recordingId: name.recordingId, part: name.part }, 'taking in a recording')
  const known = await rows.find(name)
  if (known !== undefined && (source === undefined || known.sourceBytes >= source.bytes)) {
    if (known.removed || (await storeAt(known.at).size(known.at.key)) === known.storedBytes) {
      step('known')
      await removeLocal(source, name, staging, step)
      return { file: name, durationMs: undefined }
    }
    logger.error(
      { recordingId: name.recordingId, key: known.at.key },
      'the store lost a recording whose file is still here; it is stored again',
    )
  }
  const staged = await stage(name, source, options, step)
  const store = storeAt(place)
  const { prepared, storageKey } = staged
  await store.put(storageKey, staging.pathOf(name), {
    contentType: staged.keyId === undefined ? CONTENT_TYPES[staged.format] : 'application/octet-stream',
    metadata: await metadataOf(staged, rows),
  })
  step('put')
  const size = await store.size(storageKey)
  if (size !== prepared.storedBytes) {
    throw new EngineError(
      'MEDIA_STORE_UNAVAILABLE',
      `the store says that it has ${size ?? 'no'} bytes of the ${prepared.storedBytes} that it took`,
    )
  }
  step('compared')
  const at: StoredAt = { ...place, key: storageKey }
  const { retentionDays } = staged
  const outcome = await rows.insert({
    file: name,
    format: staged.format,
    prepared,
    at,
    startedAt: staged.startedAt,
    retainUntil:
      retentionDays === undefined
        ? undefined
        : staged.startedAt + prepared.durationMs + retentionDays * DAY_MS,
    archivePolicyId: staged.archivePolicyId,
    keyId: staged.keyId,
    wrappedKey: staged.wrappedKey,
    replaces: known?.at,
  })
  step('row')
  if (outcome === 'known') {
    const other = await rows.find(name)
    if (other?.at.key !== storageKey) await store.remove(storageKey)
  }
  if (source !== undefined) {
    const now = await lookAt(source.path)
    // The switch went on after all: what came is taken in as a longer file of the same recording.
    if (now !== undefined && now.bytes !== prepared.sourceBytes) {
      await staging.drop(name)
      throw new EngineError('MEDIA_STILL_WRITTEN', 'it grew while it was taken in', { bytes: now.bytes })
    }
  }
  await removeLocal(source, name, staging, step)
  return { file: name, durationMs: outcome === 'stored' ? prepared.durationMs : undefined }
}

const DAY_MS = 86_400_000

const removeLocal = async (
  source: FoundRecording | undefined,
  name: RecordingFile,
  staging: Staging,
  step: (what: string) => void,
): Promise<void> => {
  if (source !== undefined) await rm(source.path, { force: true })
  step('source removed')
  await staging.drop(name)
  step('done')
}

const stage = async (
  name: RecordingFile,
  source: FoundRecording | undefined,
  options: TakeInOptions,
  step: (what: string) => void,
): Promise<Staged> => {
  const { staging } = options
  const before = await staging.find(name)
  if (before !== undefined && (source === undefined || before.prepared.sourceBytes === source.bytes)) {
    step('staged before')
    return before
  }
  if (source === undefined)
    throw new EngineError('MEDIA_GONE', 'its file is gone, and nothing of it is staged')
  const policy = options.policyOf(name)
  const target = staging.pathOf(name)
  await mkdir(dirname(target), { recursive: true, mode: 0o750 })
  await checkFree(dirname(target), source.bytes + options.reserveBytes)
  const fileKey = policy.encryptAtRest ? await options.newFileKey(name) : undefined
  const { format } = policy
  const prepared = await options.prepare({
    source: source.path,
    target,
    format,
    recordingId: name.recordingId,
    fileKey: fileKey?.key,
  })
  step('prepared')
  const staged: Staged = {
    file: name,
    source: source.path,
    format,
    prepared,
    storageKey: storageKeyOf(name, format),
    startedAt: Math.round(source.writtenAt - prepared.durationMs),
    retentionDays: policy.retentionDays,
    archivePolicyId: policy.archivePolicyId,
    keyId: fileKey?.keyId,
    wrappedKey: fileKey?.wrapped,
  }
  await staging.note(staged)
  step('noted')
  return staged
}

/** `1/2026/11/21/<recording>-<try>.mp3`, with the part where it is a side alone. */
export const storageKeyOf = (name: RecordingFile, format: RecordingFormat): string => {
  const part = name.part === 'mix' ? '' : `.${name.part}`
  const unique = randomBytes(4).toString('hex')
  return `${name.organizationId}/${name.day.replaceAll('-', '/')}/${name.recordingId}${part}-${unique}.${format}`
}

const checkFree = async (folder: string, bytes: number): Promise<void> => {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= bytes) return
  throw new EngineError(
    'MEDIA_DISK_FULL',
    `${folder} has ${Math.round((bavail * bsize) / 1e6)} MB left, and it takes ${Math.round(bytes / 1e6)}`,
  )
}

/** The reference's, with numbers masked: whoever lists the bucket reads them. S3 takes ASCII only. */
const metadataOf = async (
  { file, prepared, keyId }: Staged,
  rows: RecordingRows,
): Promise<Readonly<Record<string, string>>> => {
  const parties = await rows.partiesOf(file.callId)
  const masked = (number: string): string => maskNumber(number).replace(/[^\x20-\x7e]/g, '?')
  return {
    'x-nb-org-id': String(file.organizationId),
    'x-nb-call-uuid': file.callId,
    ...(parties === undefined
      ? {}
      : { 'x-nb-caller': masked(parties.caller), 'x-nb-callee': masked(parties.callee) }),
    'x-nb-duration': String(Math.round(prepared.durationMs / 1_000)),
    'x-nb-encrypted': String(keyId !== undefined),
  }
}
