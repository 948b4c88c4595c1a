/** Recordings as an engine has them, over a real PostgreSQL and a real disk, without an engine. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createRecordings, type Recordings, type ToldAsStored } from '../../src/app/recordings.ts'
import { silentLogger, type Logger } from '../../src/base/logger.ts'
import type { LiveCall } from '../../src/call/live-call.ts'
import { readConfig } from '../../src/config/config.ts'
import type { RecordingPolicy } from '../../src/directory/recording-records.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { addOrganization } from '../../src/store/organization-writes.ts'
import type { CallUuid } from '../../src/telephony/call-uuid.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'
import { openFolder, testDatabase } from './postgres.ts'
import { worldWith } from './world.ts'

export type RecordingsBench = {
  readonly recordings: Recordings
  readonly database: Database
  readonly clock: ManualClock
  /** Into which the switch records. */
  readonly folder: string
  readonly storeFolder: string
  readonly stagingFolder: string
  readonly live: Set<string>
  readonly policies: Map<number, RecordingPolicy>
  readonly posted: { readonly callId: string; readonly what: string; readonly detail: unknown }[]
  /** What whoever tells of calls outside is told, too. */
  readonly told: ToldAsStored[]
  /** What the switch and the database are said to be. */
  readonly up: { switch: boolean; database: boolean }
  /** Time enough for files to be quiet, and everything that is finished is taken in. */
  readonly settle: () => Promise<void>
  /** Another start of the engine on the same folders. */
  readonly restart: () => Promise<void>
  readonly addCdr: (callId: CallUuid, given?: Parameters<typeof cdrOf>[0]) => Promise<void>
  readonly close: () => Promise<void>
}

export type RecordingsBenchOptions = {
  readonly environment?: Readonly<Record<string, string>>
  readonly logger?: Logger
  readonly startMs?: number
}

export const openRecordingsBench = async (options: RecordingsBenchOptions = {}): Promise<RecordingsBench> => {
  const place = await testDatabase()
  const database = openDatabase({ url: place.url, logger: silentLogger })
  for (const name of ['one', 'two'])
    await addOrganization(database, { name, sipDomain: `${name}.example`, country: 'GB', currency: 'GBP' })
  const { folder: top, remove } = openFolder()
  const folder = join(top, 'recordings')
  mkdirSync(folder)
  const clock = createManualClock(options.startMs ?? Date.now())
  const config = readConfig(
    { STROWGER_DATA_DIR: top, RECORDING_RESERVE_MB: '1', RECORDING_DIR: folder, ...options.environment },
    top,
  )
  const live = new Set<string>()
  const policies = new Map<number, RecordingPolicy>()
  const posted: { readonly callId: string; readonly what: string; readonly detail: unknown }[] = []
  const told: ToldAsStored[] = []
  const up = { switch: true, database: true }
  const masterKey = randomBytes(32)
  const world = worldWith()
  const open = (): Recordings =>
    createRecordings({
      config,
      database,
      masterKeys: [masterKey],
      board: {
        call: (callId) => (live.has(callId) ? ({ callId, state: 'talking' } as LiveCall) : undefined),
        watch: () => () => undefined,
        post: (callId, input) => {
          if (input.kind === 'noted') posted.push({ callId, what: input.what, detail: input.detail })
        },
      },
      world: {
        isKnown: () => true,
        directory: () => ({
          ...world.directory(),
          recordingPolicy: (id) => policies.get(id),
          organization: (id) => ([1, 2].includes(id) ? world.directory().organization(1) : undefined),
        }),
      },
      isSwitchUp: () => up.switch,
      isDatabaseUp: () => up.database,
      onStored: (stored) => void told.push(stored),
      clock,
      logger: options.logger ?? silentLogger,
    })
  let recordings = open()
  const bench: RecordingsBench = {
    get recordings() {
      return recordings
    },
    database,
    clock,
    folder,
    storeFolder: join(top, 'recording-store'),
    stagingFolder: join(top, 'recording-staging'),
    live,
    policies,
    posted,
    told,
    up,
    settle: async () => {
      await recordings.intake.run()
      clock.advance(20_000)
      await recordings.intake.run()
    },
    restart: async () => {
      await recordings.stop()
      recordings = open()
    },
    addCdr: async (callId, given = {}) => {
      const cdr = cdrOf({ legUuid: callId, callId, ...given })
      await insertCdrs(database, [cdr])
      recordings.callsRecorded([cdr])
    },
    close: async () => {
      await recordings.stop()
      await database.close()
      await place.drop()
      remove()
    },
  }
  return bench
}

export type Steps = { on: ((step: string, recordingId: string) => void) | undefined; readonly logger: Logger }

/** Hears every step of taking in a recording, in the moment after it. */
export const watchSteps = (): Steps => {
  const steps: Steps = {
    on: undefined,
    logger: Object.assign(Object.create(silentLogger) as Logger, {
      trace: ({ step, recordingId }: { readonly step?: string; readonly recordingId?: string }) =>
        steps.on?.(step ?? '', recordingId ?? ''),
    }),
  }
  return steps
}

/** Every file below a folder, with `/` between its parts. */
export const filesBelow = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort()
    : []

export const policyWith = (
  given: Partial<Pick<RecordingPolicy, 'id' | 'organizationId'>> & {
    readonly format?: RecordingPolicy['settings']['format']
    readonly storage?: Partial<RecordingPolicy['storage']>
  } = {},
): RecordingPolicy => ({
  id: given.id ?? 7,
  organizationId: given.organizationId ?? 1,
  name: 'All',
  enabled: true,
  scope: { type: 'all', users: [], groups: [], numbers: [] },
  settings: {
    format: given.format ?? 'wav',
    channels: 'stereo',
    sampleRate: 8000,
    startOn: 'answer',
    announcement: { enabled: false, audioFileId: undefined, playTo: 'all' },
    pauseOnHold: false,
    pauseDigits: undefined,
    resumeDigits: undefined,
    optional: false,
  },
  storage: { retention: 30, archivePolicy: undefined, encryptAtRest: true, ...given.storage },
  compliance: { pciEnabled: false, gdprEnabled: false, consentRequired: false },
})
