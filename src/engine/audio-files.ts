/**
 * Uploaded sounds as files that the switch can play. The database has them; this engine lays them down in its folder
 * of sounds, under names that hold their hash: a file that is there is right, and one that is not is written again.
 */
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Directory } from '../directory/directory.ts'
import { audioFileName, type AudioFile } from '../directory/recording-records.ts'

export type AudioFiles = {
  /** Writes what is missing, removes what no row has any more. Never rejects: the next change tries again. */
  readonly sync: () => Promise<void>
  /** As the switch names it, when it lies there; undefined: the organisation has no such sound. */
  readonly pathOf: (organizationId: number, fileId: number) => Promise<string | undefined>
}

export type AudioFilesOptions = {
  /** As this engine sees it. */
  readonly folder: string
  /** As the switch sees it; undefined: it cannot be told. */
  readonly switchFolder: string | undefined
  readonly directory: () => Directory
  /** The content, WAV; undefined: the row is gone. */
  readonly read: (fileId: number) => Promise<Buffer | undefined>
  readonly logger: Logger
}

export const createAudioFiles = (options: AudioFilesOptions): AudioFiles => {
  const { folder, switchFolder, directory, read, logger } = options

  const lay = async (file: AudioFile): Promise<boolean> => {
    const path = join(folder, audioFileName(file))
    if (await exists(path)) return true
    const content = await read(file.id)
    if (content === undefined) return false
    // The switch's own user reads them.
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    const unfinished = `${path}.${process.pid}.part`
    await writeFile(unfinished, content, { mode: 0o644 })
    await rename(unfinished, path)
    return true
  }

  const sweep = async (wanted: ReadonlySet<string>): Promise<void> => {
    for (const organization of await entriesOf(folder)) {
      if (!/^[1-9][0-9]*$/.test(organization)) continue
      for (const name of await entriesOf(join(folder, organization)))
        if (/^[0-9]+-[0-9a-f]{16}\.wav$/.test(name) && !wanted.has(`${organization}/${name}`))
          await rm(join(folder, organization, name), { force: true })
    }
  }

  const syncOnce = async (): Promise<void> => {
    const files = directory().audioFiles()
    for (const file of files) {
      try {
        await lay(file)
      } catch (fault) {
        logger.error(
          { err: asError(fault), audioFileId: file.id },
          'a sound cannot be laid down for the switch',
        )
      }
    }
    try {
      await sweep(new Set(files.map(audioFileName)))
    } catch (fault) {
      logger.warn({ err: asError(fault) }, 'sounds that are no more cannot be removed')
    }
  }

  // One at a time; a change that comes meanwhile is seen by the next.
  let running: Promise<void> = Promise.resolve()
  return {
    sync: () => {
      running = running.then(syncOnce)
      return running
    },
    pathOf: async (organizationId, fileId) => {
      const file = directory().audioFile(fileId)
      if (file?.organizationId !== organizationId || switchFolder === undefined) return undefined
      return (await lay(file)) ? `${switchFolder}/${audioFileName(file)}` : undefined
    },
  }
}

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )

const entriesOf = async (path: string): Promise<readonly string[]> => {
  try {
    return await readdir(path)
  } catch (fault) {
    if (asError(fault).message.includes('ENOENT') || asError(fault).message.includes('ENOTDIR')) return []
    throw fault
  }
}
