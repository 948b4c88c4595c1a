/** Finished recordings: taken from the folder of the switch into the store, heard from there, and deleted when they are due. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { EventDetail } from '../call/live-call.ts'
import type { Config } from '../config/config.ts'
import { storeFolderOf } from '../config/recording-store.ts'
import type { Board } from '../engine/board.ts'
import type { World } from '../engine/world.ts'
import type { LinkQuery, RecordingDoors } from '../http/recordings-doors.ts'
import { unwrapFileKey, wrapFileKey } from '../media/file-key.ts'
import { createIntake, type Intake, type IntakeState } from '../media/intake.ts'
import { newFileKey, openRange } from '../media/sealed-format.ts'
import { createStaging } from '../media/staged.ts'
import type { KeepingPolicy, TakenIn } from '../media/take-in.ts'
import { RECORDING_PARTS, type RecordingFile } from '../recording/file-name.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import * as archives from '../store/archive-policies.ts'
import type { Database } from '../store/database.ts'
import { createKeyRing } from '../store/recording-keys.ts'
import * as reads from '../store/recording-reads.ts'
import * as writes from '../store/recording-writes.ts'
import { createRecordingJobs, type RecordingJobs } from './recording-jobs.ts'
import { openRecordingStores } from './recording-stores.ts'
import { createRecordingWorker } from './recording-worker.ts'
import { scheduleRetention } from './retention.ts'

export type Recordings = Part & {
  readonly doors: RecordingDoors
  readonly jobs: RecordingJobs
  readonly intake: Intake
  /** The records of these calls are stored: their recordings get who called whom. */
  readonly callsRecorded: (cdrs: readonly { readonly callId: string }[]) => void
}

export type RecordingsOptions = {
  readonly config: Pick<Config, 'dataDir' | 'recording' | 'recordingStore' | 'maxCallDurationSeconds'>
  readonly database: Database
  /** The first seals. */
  readonly masterKeys: readonly [Buffer, ...Buffer[]]
  readonly board: Pick<Board, 'call' | 'watch' | 'post'>
  readonly world: Pick<World, 'directory' | 'isKnown'>
  /** The picture of live calls is whole. */
  readonly isSwitchUp: () => boolean
  readonly isDatabaseUp: () => boolean
  /** Beside the event on the board, which only a call that is still there tells. */
  readonly onStored?: ((stored: ToldAsStored) => void) | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export type ToldAsStored = {
  /** With its side, where it is one of two: each is told once. */
  readonly recordingId: string
  readonly callId: CallUuid
  readonly organizationId: number
  readonly at: number
  readonly detail: EventDetail
}

export const createRecordings = (options: RecordingsOptions): Recordings => {
  const { config, database, board, world, clock, logger, masterKeys } = options
  const { recordingStore: settings } = config
  const stores = openRecordingStores(settings, storeFolderOf(settings, config.dataDir))
  const keys = createKeyRing(database, masterKeys)
  const worker = createRecordingWorker(logger)
  const stagingFolder = join(config.dataDir, 'recording-staging')

  const policyOf = ({ policyId, organizationId }: RecordingFile): KeepingPolicy => {
    if (policyId !== 0 && !world.isKnown())
      throw new EngineError('MEDIA_NOT_READY', 'the policies of recordings are not known yet')
    const policy = policyId === 0 ? undefined : world.directory().recordingPolicy(policyId)
    // A policy that was removed meanwhile, or is another's, says nothing: what is asked of none is asked of its files.
    if (policy?.organizationId !== organizationId) {
      return {
        format: settings.format,
        retentionDays: settings.retentionDays,
        archivePolicyId: undefined,
        encryptAtRest: settings.encrypt,
      }
    }
    const { retention, archivePolicy, encryptAtRest } = policy.storage
    return {
      format: policy.settings.format,
      retentionDays: retention === 0 ? undefined : retention,
      archivePolicyId: archivePolicy,
      encryptAtRest,
    }
  }

  const stored = (taken: TakenIn & { readonly durationMs: number }): void => {
    const { callId, organizationId, recordingId, part } = taken.file
    const detail = { recordingId, part, durationMs: taken.durationMs }
    board.post(callId, { kind: 'noted', what: 'recording-stored', legUuid: undefined, detail })
    const told = part === 'mix' ? recordingId : `${recordingId} ${part}`
    options.onStored?.({ recordingId: told, callId, organizationId, at: clock.now(), detail })
  }

  const intake = createIntake({
    folder: config.recording.folder,
    staging: createStaging(stagingFolder),
    place: stores.place,
    storeAt: stores.at,
    rows: {
      find: async (file) => {
        if (!options.isDatabaseUp()) throw new EngineError('MEDIA_NOT_READY', 'the database is away')
        return reads.findRecordingFile(database, file)
      },
      insert: (recording) => writes.insertRecording(database, recording),
      partiesOf: (callId) => reads.partiesOf(database, callId),
    },
    prepare: worker.prepare,
    policyOf,
    newFileKey: async (file) => {
      const { id, key } = await keys.current(file.organizationId)
      const fileKey = newFileKey()
      return { key: fileKey, keyId: id, wrapped: wrapFileKey(key, fileKey, file) }
    },
    reserveBytes: settings.reserveBytes,
    livenessOf: (callId) => {
      if (!options.isSwitchUp()) return 'unknown'
      const call = board.call(callId)
      return call === undefined || call.state === 'ended' ? 'gone' : 'live'
    },
    maxCallMs: config.maxCallDurationSeconds * 1_000,
    onStored: stored,
    clock,
    logger,
  })
  const jobs = createRecordingJobs({
    database,
    storeAt: stores.at,
    place: stores.place,
    workFolder: stagingFolder,
    purgeDays: settings.purgeDays,
    clock,
    logger,
  })
  const { cdrRetentionDays, cdrDetachedDays } = settings
  const retention = scheduleRetention({
    database,
    jobs,
    cdrRetentionDays,
    cdrDetachedDays,
    clock,
    logger,
  })
  let unwatch: () => void = () => undefined

  return {
    name: 'recordings',
    start: async () => {
      await retention.start()
      unwatch = board.watch(undefined, ({ kind, detail }) => {
        const recordingId = detail?.['recordingId']
        if (kind === 'recording-stopped' && typeof recordingId === 'string') intake.stopped(recordingId)
      })
      intake.start()
    },
    stop: async () => {
      await retention.stop()
      unwatch()
      await intake.stop()
      await worker.stop()
      stores.close()
    },
    jobs,
    intake,
    callsRecorded: (cdrs) => {
      writes
        .fillCallFacts(database, [...new Set(cdrs.map(({ callId }) => callId))])
        .catch((fault: unknown) => {
          // The hourly job asks again for all of them.
          logger.warn({ err: asError(fault) }, 'recordings did not get who called whom')
        })
    },
    doors: createDoors({ ...options, stores, keys, intake }),
  }
}

/** For /ready: what waits, and why. */
export const recordingsCheck = ({ pending, oldestAgeMs, quarantined, trouble }: IntakeState) => ({
  name: 'recordings',
  ok: trouble === undefined,
  detail: [
    pending === 0
      ? 'nothing waits'
      : `${pending} wait for the store, the oldest for ${Math.round(oldestAgeMs / 1_000)} s`,
    ...(trouble === undefined ? [] : [trouble]),
    ...(quarantined === 0 ? [] : [`${quarantined} in quarantine`]),
  ].join('; '),
})

type DoorParts = Pick<RecordingsOptions, 'database' | 'clock' | 'masterKeys' | 'world'> & {
  readonly stores: ReturnType<typeof openRecordingStores>
  readonly keys: ReturnType<typeof createKeyRing>
  readonly intake: Intake
}

const createDoors = ({
  database,
  clock,
  masterKeys,
  world,
  stores,
  keys,
  intake,
}: DoorParts): RecordingDoors => {
  const links = createLinks(masterKeys)
  return {
    list: (query) => reads.listRecordings(database, query),
    find: ({ recordingId, organizationId }) => reads.findRecording(database, recordingId, organizationId),
    listen: async ({ recordingId, organizationId }, file, range, actor) => {
      const fileKey =
        file.key === undefined
          ? undefined
          : unwrapFileKey(await keys.byId(file.key.id), file.key.wrapped, { recordingId, part: file.part })
      const store = stores.at(file.at)
      await writes.audit(database, {
        recordingId,
        organizationId,
        action: 'listened',
        part: file.part,
        range,
        ...actor,
      })
      const read = (first: number, last: number): AsyncIterable<Uint8Array> =>
        store.read(file.at.key, first, last)
      const { first, last } = range
      if (fileKey === undefined) return firstKnown(read(first, last))
      return firstKnown(
        openRange(read, { key: fileKey, recordingId, plainBytes: file.sizeBytes }, first, last),
      )
    },
    remove: (bound, actor) => writes.deleteRecording(database, bound, actor),
    hold: (bound, reason, actor) => writes.holdRecording(database, bound, reason, actor),
    release: (bound, actor) => writes.releaseRecording(database, bound, actor),
    audit: ({ recordingId, organizationId }) => reads.listAudit(database, recordingId, organizationId),
    link: async ({ recordingId, organizationId }, { part, minutes }, actor) => {
      const expiresAt = Math.floor(clock.now() / 1_000) + minutes * 60
      const detail = `good until ${new Date(expiresAt * 1_000).toISOString()}`
      await writes.audit(database, { recordingId, organizationId, action: 'linked', part, detail, ...actor })
      return {
        query: links.sign({ recordingId, part, expires: expiresAt, by: actor.who }),
        expiresAt: expiresAt * 1_000,
      }
    },
    readLink: (query) => {
      const part = RECORDING_PARTS.find((one) => one === query.part)
      if (part === undefined || query.expires * 1_000 <= clock.now() || !links.isOurs(query)) return undefined
      return { part, by: query.by }
    },
    rotateKey: async (organizationId) => {
      if (world.directory().organization(organizationId) === undefined) return undefined
      return keys.rotate(organizationId, (wrapped, file, from, to) =>
        wrapFileKey(to, unwrapFileKey(from, wrapped, file), file),
      )
    },
    state: intake.state,
    pending: async (organizationId) => {
      const pending = await intake.pending()
      if (organizationId === undefined) return pending
      return pending.flatMap((one) =>
        one.organizationId !== organizationId
          ? []
          : [one.isHeldUp ? { ...one, why: 'the store does not take it yet' } : one],
      )
    },
    quarantined: async (organizationId) =>
      (await intake.quarantined()).filter(
        (one) => organizationId === undefined || one.organizationId === organizationId,
      ),
    archivePolicies: {
      list: (organizationId) => archives.listArchivePolicies(database, organizationId),
      find: (id, organizationId) => archives.findArchivePolicy(database, id, organizationId),
      add: (policy) => archives.addArchivePolicy(database, policy),
      remove: (id) => archives.removeArchivePolicy(database, id),
    },
  }
}

/** Waits for the first piece: what is wrong with the file is found while the answer can still say so. */
const firstKnown = async (pieces: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> => {
  const iterator = pieces[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      for (let piece = first; piece.done !== true; piece = await iterator.next()) yield piece.value
    } finally {
      // Who hangs up in the middle leaves no open file behind.
      await iterator.return?.()
    }
  })()
}

type Signed = Omit<LinkQuery, 'signature'>

/** Under a key of their own, made from the master key: whoever rotates that ends the links of the old one with it. */
const createLinks = (masterKeys: readonly [Buffer, ...Buffer[]]) => {
  const secrets = masterKeys.map((key) =>
    Buffer.from(hkdfSync('sha256', key, '', 'strowger recording links', 32)),
  )
  const signature = (secret: Buffer, { recordingId, part, expires, by }: Signed): Buffer =>
    createHmac('sha256', secret)
      .update(JSON.stringify([recordingId, part, expires, by]))
      .digest()
  return {
    sign: (link: Signed): string => {
      const [secret = Buffer.alloc(0)] = secrets
      return new URLSearchParams({
        part: link.part,
        expires: String(link.expires),
        by: link.by,
        signature: signature(secret, link).toString('base64url'),
      }).toString()
    },
    isOurs: (link: LinkQuery): boolean => {
      const given = Buffer.from(link.signature, 'base64url')
      return secrets.some((secret) => {
        const right = signature(secret, link)
        return given.length === right.length && timingSafeEqual(given, right)
      })
    },
  }
}
