/** Recording while calls live, joined: policies, groups and sounds in the database, the switch, the board. */
import { mkdir } from 'node:fs/promises'
import { asError, EngineError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { RecordingConfig } from '../config/recording.ts'
import { createAudioFiles, type AudioFiles } from '../engine/audio-files.ts'
import type { Board } from '../engine/board.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import { createRecordingControl, type RecordingControl } from '../engine/recording-control.ts'
import type { World } from '../engine/world.ts'
import type { CallRecordingDoors } from '../http/recording-policy-doors.ts'
import { normaliseWave } from '../recording/wave.ts'
import {
  addAudioFile,
  findAudioFile,
  listAudioFiles,
  readAudioFile,
  removeAudioFile,
} from '../store/audio-file-writes.ts'
import type { Database } from '../store/database.ts'
import {
  addGroup,
  addPolicy,
  findGroup,
  findPolicy,
  listGroups,
  listPolicies,
  removeGroup,
  removePolicy,
  updateGroup,
  updatePolicy,
} from '../store/recording-policy-writes.ts'
import { newCallUuid } from '../telephony/call-uuid.ts'

export type CallRecording = {
  readonly doors: CallRecordingDoors
  readonly control: RecordingControl
  readonly sounds: AudioFiles
  /** Makes the folders; a folder that cannot be made is the switch's to make, and logged. */
  readonly start: () => Promise<void>
  /** The snapshot changed. */
  readonly worldChanged: () => void
  /** The switch is connected: whether it has a voice, and what it records. */
  readonly switchIsUp: () => Promise<void>
}

/** Whether the switch has mod_flite: known when it was asked. */
export type Voice = { isThere: boolean }

export type CallRecordingOptions = {
  readonly config: RecordingConfig
  readonly database: Database
  readonly world: World
  readonly board: Board
  readonly commands: SwitchCommands
  readonly voice: Voice
  readonly clock: Clock
  readonly logger: Logger
}

export const createCallRecording = (options: CallRecordingOptions): CallRecording => {
  const { config, database, world, board, commands, voice, clock, logger } = options
  const control = createRecordingControl({
    commands,
    board,
    directory: world.directory,
    recordingFolder: config.switchFolder,
    newUuid: newCallUuid,
    now: clock.now,
    logger,
  })
  const sounds = createAudioFiles({
    folder: config.soundFolder,
    switchFolder: config.switchSoundFolder,
    directory: world.directory,
    read: (fileId) => readAudioFile(database, fileId),
    logger,
  })
  const found = async <Row>(row: Promise<Row | undefined>): Promise<Row> => {
    const value = await row
    if (value !== undefined) return value
    throw new EngineError('STORE_NOT_FOUND', 'the record was removed as soon as it was added')
  }
  return {
    control,
    sounds,
    doors: {
      policies: {
        list: (organizationId) => listPolicies(database, organizationId),
        get: (id) => findPolicy(database, id),
        add: async (record) => found(findPolicy(database, await addPolicy(database, record))),
        update: async (id, changes) =>
          (await updatePolicy(database, id, changes)) ? findPolicy(database, id) : undefined,
        remove: (id) => removePolicy(database, id),
      },
      groups: {
        list: (organizationId) => listGroups(database, organizationId),
        get: (id) => findGroup(database, id),
        add: async (record) => found(findGroup(database, await addGroup(database, record))),
        update: async (id, changes) =>
          (await updateGroup(database, id, changes)) ? findGroup(database, id) : undefined,
        remove: (id) => removeGroup(database, id),
      },
      audioFiles: {
        list: (organizationId) => listAudioFiles(database, organizationId),
        get: (id) => findAudioFile(database, id),
        add: async ({ organizationId, name, content }) => {
          const sound = normaliseWave(content)
          return found(
            findAudioFile(database, await addAudioFile(database, { organizationId, name, ...sound })),
          )
        },
        remove: (id) => removeAudioFile(database, id),
      },
      control: control.control,
      state: control.state,
    },
    start: async () => {
      for (const folder of [config.folder, config.soundFolder]) {
        try {
          await mkdir(folder, { recursive: true })
        } catch (fault) {
          logger.warn({ err: asError(fault), folder }, 'a folder cannot be made')
        }
      }
      if (config.switchFolder === undefined)
        logger.warn({ folder: config.folder }, 'nothing can be recorded: set RECORDING_DIR to a plain path')
      board.watch(undefined, control.onLive)
    },
    worldChanged: () => void sounds.sync(),
    switchIsUp: async () => {
      try {
        voice.isThere = (await commands.api('module_exists', 'mod_flite')).trim() === 'true'
      } catch (fault) {
        logger.warn({ err: asError(fault) }, 'the switch does not say whether it has a voice')
      }
      await control.resync()
    },
  }
}
