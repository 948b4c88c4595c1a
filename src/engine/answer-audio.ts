/**
 * What an answered leg says, as it says it. FreeSWITCH's event socket carries no sound, so the switch records what it
 * reads from the leg into a folder that engine and switch share, unbuffered, 320 bytes each 20 ms, and here the growing
 * file is read. A file lives as long as somebody listens; what a crash leaves behind is swept up some minutes later.
 */
import { chmod, mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { asError, codeOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { errorIn, type SwitchCommands } from './commands.ts'

export type AnswerAudio = {
  /** Makes the folder. */
  readonly prepare: () => Promise<void>
  /** Removes what is older than anything that is still listened to. */
  readonly sweep: () => Promise<void>
  /**
   * Begins. `onSamples` gets 8 kHz linear samples in order. Rejects with ESL_* as commands do; resolves with undefined
   * where the switch cannot record the leg.
   */
  readonly listen: (
    legUuid: CallUuid,
    onSamples: (samples: Int16Array) => void,
  ) => Promise<Listening | undefined>
}

export type Listening = {
  /** Something was recorded: engine and switch share the folder. */
  readonly hasSound: () => boolean
  /** Stops the recording and removes its file. Never rejects. */
  readonly stop: () => Promise<void>
}

export type AnswerAudioOptions = {
  readonly commands: SwitchCommands
  /** As the engine sees it. */
  readonly folder: string
  /** The same folder as the switch sees it. */
  readonly switchFolder: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Half of what is heard as a delay, twice as long as the switch writes. */
const READ_EVERY_MS = 20
/** The switch ends the recording by itself, should nobody else. */
const LONGEST_SECONDS = 120
const LEFT_BEHIND_MS = 2 * LONGEST_SECONDS * 1_000
/** A second of sound at once: what waited while the engine was busy. */
const CHUNK_BYTES = 16_000

/** Without headers, 16 bit, 8 kHz (mod_sndfile.c). */
const fileName = (legUuid: CallUuid): string => `${legUuid}.r8`
/** What we make here and nothing else is removed. */
const OURS = /^[0-9a-f-]{36}\.r8$/

export const createAnswerAudio = (options: AnswerAudioOptions): AnswerAudio => {
  const { commands, folder, switchFolder, clock, logger } = options
  return {
    prepare: async () => {
      // The switch may run as another user: it may write here, and see nothing of what others wrote.
      await mkdir(folder, { recursive: true })
      await chmod(folder, 0o1733).catch((fault: unknown) => {
        // Somebody else's folder: whoever made it gave it the rights that it needs.
        if (codeOf(fault) !== 'EPERM') throw fault
      })
    },
    sweep: async () => {
      for (const name of await readdir(folder)) {
        if (!OURS.test(name)) continue
        const path = join(folder, name)
        if (clock.now() - (await stat(path)).mtimeMs > LEFT_BEHIND_MS) await rm(path, { force: true })
      }
    },
    listen: async (legUuid, onSamples) => {
      const path = join(folder, fileName(legUuid))
      const switchPath = `${switchFolder}/${fileName(legUuid)}`
      const reply = await commands.api(
        'uuid_record',
        `${legUuid} start ${quoted(switchPath)} ${LONGEST_SECONDS} {RECORD_READ_ONLY=true,enable_file_write_buffering=false}`,
      )
      const refused = errorIn(reply)
      if (refused !== undefined) {
        logger.info({ legUuid, why: refused }, 'an answered leg cannot be listened to')
        return undefined
      }
      return tail({ path, onSamples, clock, logger }, async () => {
        await commands.api('uuid_record', `${legUuid} stop ${quoted(switchPath)}`)
      })
    },
  }
}

/** One word of an API command, which FreeSWITCH separates at blanks (switch_utils.c, switch_separate_string). */
const quoted = (path: string): string =>
  /^[\w./:-]+$/.test(path) ? path : `'${path.replace(/[\\']/g, '\\$&')}'`

type Tailed = {
  readonly path: string
  readonly onSamples: (samples: Int16Array) => void
  readonly clock: Clock
  readonly logger: Logger
}

const tail = ({ path, onSamples, clock, logger }: Tailed, end: () => Promise<void>): Listening => {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  let handle: FileHandle | undefined
  let read = 0
  let stopped = false
  let reading: Promise<void> = Promise.resolve()
  const readOnce = async (): Promise<void> => {
    try {
      handle ??= await open(path, 'r')
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, read)
      const whole = bytesRead - (bytesRead % 2)
      if (whole === 0) return
      read += whole
      const samples = new Int16Array(whole / 2)
      for (let index = 0; index < samples.length; index += 1) samples[index] = buffer.readInt16LE(index * 2)
      onSamples(samples)
    } catch (fault) {
      if (codeOf(fault) !== 'ENOENT')
        logger.error({ err: asError(fault), path }, 'what a callee says cannot be read')
    }
  }
  const turn = (): void => {
    if (stopped) return
    reading = readOnce().then(() => {
      clock.after(READ_EVERY_MS, turn)
    })
  }
  turn()
  return {
    hasSound: () => read > 0,
    stop: async () => {
      if (stopped) return
      stopped = true
      try {
        await reading
        await handle?.close()
        await end()
        await rm(path, { force: true })
      } catch (fault) {
        // The leg or the switch is gone; the file goes at the next start.
        logger.debug({ err: asError(fault), path }, 'listening to a callee did not end cleanly')
        await rm(path, { force: true }).catch((also: unknown) => {
          logger.warn({ err: asError(also), path }, 'a file of a callee that was listened to is left')
        })
      }
    },
  }
}
