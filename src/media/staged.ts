/**
 * A recording that is ready for the store, kept beside a note of what it is until the store has it: after a crash it goes
 * on from there, under the same name and the same key, without converting it again. The note is written last and whole,
 * so what has a note is complete.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../base/errors.ts'
import type { RecordingFile } from '../recording/file-name.ts'
import type { Prepared } from './prepare-recording.ts'
import { RECORDING_FORMATS, type RecordingFormat } from './recording-formats.ts'

export type Staged = {
  readonly file: RecordingFile
  readonly source: string
  readonly format: RecordingFormat
  readonly prepared: Prepared
  readonly storageKey: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly retentionDays: number | undefined
  readonly archivePolicyId: number | undefined
  readonly keyId: number | undefined
  readonly wrappedKey: Buffer | undefined
}

type Name = Pick<RecordingFile, 'recordingId' | 'part'>

export type Staging = {
  /** Where its bytes are written before they are noted. */
  readonly pathOf: (name: Name) => string
  readonly note: (staged: Staged) => Promise<void>
  /** Undefined: nothing, or nothing whole. */
  readonly find: (name: Name) => Promise<Staged | undefined>
  readonly list: () => Promise<readonly Staged[]>
  readonly drop: (name: Name) => Promise<void>
  /** What a crash left without a note. Only while nothing is being prepared. */
  readonly sweep: () => Promise<void>
}

export const createStaging = (folder: string): Staging => {
  const bytesOf = ({ recordingId, part }: Name): string => join(folder, `${recordingId}.${part}.bin`)
  const noteOf = ({ recordingId, part }: Name): string => join(folder, `${recordingId}.${part}.json`)

  const read = async (path: string): Promise<Staged | undefined> => {
    let staged: Staged | undefined
    try {
      staged = parse(JSON.parse(await readFile(path, 'utf8')))
    } catch (fault) {
      if (codeOf(fault) === 'ENOENT' || fault instanceof SyntaxError) return undefined
      throw fault
    }
    if (staged === undefined) return undefined
    const bytes = await sizeOf(bytesOf(staged.file))
    return bytes === staged.prepared.storedBytes ? staged : undefined
  }

  return {
    pathOf: bytesOf,
    note: async (staged) => {
      await mkdir(folder, { recursive: true, mode: 0o750 })
      const path = noteOf(staged.file)
      const { wrappedKey } = staged
      const text = JSON.stringify({ ...staged, wrappedKey: wrappedKey?.toString('base64') }, undefined, 2)
      const handle = await open(`${path}.part`, 'w', 0o640)
      try {
        await handle.writeFile(`${text}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(`${path}.part`, path)
      const directory = await open(dirname(path), 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    },
    find: (name) => read(noteOf(name)),
    list: async () => {
      const found = await namesIn(folder)
      const staged = await Promise.all(
        found.filter((name) => name.endsWith('.json')).map((name) => read(join(folder, name))),
      )
      return staged.flatMap((one) => (one === undefined ? [] : [one]))
    },
    drop: async (name) => {
      // The note first: what has one is complete.
      await rm(noteOf(name), { force: true })
      await rm(bytesOf(name), { force: true })
    },
    sweep: async () => {
      const found = await namesIn(folder)
      for (const name of found) {
        const note = `${name.replace(/\.[a-z]+$/, '')}.json`
        const isWhole = /\.(?:bin|json)$/.test(name) && found.includes(note)
        if (!isWhole || (await read(join(folder, note))) === undefined)
          await rm(join(folder, name), { force: true })
      }
    },
  }
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return []
    throw fault
  }
}

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return undefined
    throw fault
  }
}

/** A note that another version of this engine wrote, or half a one, is none: the work is done again. */
const parse = (json: unknown): Staged | undefined => {
  if (typeof json !== 'object' || json === null) return undefined
  const note = json as Partial<Omit<Staged, 'wrappedKey'>> & { readonly wrappedKey?: unknown }
  const { file, source, prepared, storageKey, startedAt, keyId, wrappedKey } = note
  const format = RECORDING_FORMATS.find((one) => one === note.format)
  if (file === undefined || prepared === undefined || format === undefined) return undefined
  if (typeof source !== 'string' || typeof storageKey !== 'string' || typeof startedAt !== 'number')
    return undefined
  return {
    file,
    source,
    format,
    prepared,
    storageKey,
    startedAt,
    retentionDays: note.retentionDays,
    archivePolicyId: note.archivePolicyId,
    keyId,
    wrappedKey: typeof wrappedKey === 'string' ? Buffer.from(wrappedKey, 'base64') : undefined,
  }
}
