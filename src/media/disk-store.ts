/** Recordings in a folder: written aside, synced, renamed, and the folder synced, as a file outlives a power cut. */
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { codeOf, EngineError } from '../base/errors.ts'
import { goneFault, isStorageKey, storeFault, type RecordingStore } from './recording-store.ts'

export const createDiskStore = (folder: string): RecordingStore => {
  const pathOf = (key: string): string => {
    if (!isStorageKey(key))
      throw new EngineError('MEDIA_BAD_STORAGE_KEY', 'no key of a recording looks like this')
    return join(folder, key)
  }
  return {
    put: async (key, path) => {
      const target = pathOf(key)
      const part = `${target}.part`
      try {
        const made = await mkdir(dirname(target), { recursive: true, mode: 0o750 })
        await copyFile(path, part)
        await syncPath(part)
        await rename(part, target)
        await syncPath(dirname(target))
        if (made !== undefined) await syncUpTo(dirname(target), folder)
      } catch (fault) {
        await rm(part, { force: true }).catch(() => undefined)
        throw storeFault(`the folder of recordings ${folder} cannot be written`, fault)
      }
    },
    size: async (key) => {
      try {
        return (await stat(pathOf(key))).size
      } catch (fault) {
        if (codeOf(fault) === 'ENOENT') return undefined
        throw storeFault(`the folder of recordings ${folder} cannot be read`, fault)
      }
    },
    read: async function* (key, first, last) {
      try {
        for await (const piece of createReadStream(pathOf(key), {
          start: first,
          end: last,
          highWaterMark: 65_536,
        }))
          yield piece as Buffer
      } catch (fault) {
        if (codeOf(fault) === 'ENOENT') throw goneFault(key, fault)
        throw storeFault(`the folder of recordings ${folder} cannot be read`, fault)
      }
    },
    remove: async (key) => {
      try {
        await rm(pathOf(key), { force: true })
        await removeEmpty(dirname(pathOf(key)), folder)
      } catch (fault) {
        throw storeFault(`the folder of recordings ${folder} cannot be written`, fault)
      }
    },
    // What a crash left half is overwritten by the next try, under the same name.
    sweep: () => Promise.resolve(0),
    close: () => undefined,
  }
}

const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Folders that were just made are there after a power cut only when those above them are synced too. */
const syncUpTo = async (path: string, top: string): Promise<void> => {
  for (let at = dirname(path); !relative(top, at).startsWith('..'); at = dirname(at)) await syncPath(at)
}

/** A day without recordings leaves no folder behind. */
const removeEmpty = async (path: string, top: string): Promise<void> => {
  for (let at = path; relative(top, at) !== '' && !relative(top, at).startsWith('..'); at = dirname(at)) {
    try {
      await rmdir(at)
    } catch (fault) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM'].includes(codeOf(fault) ?? '')) return
      throw fault
    }
  }
}
