/**
 * Records that could not become what they are to become: kept with the reason, one file each, for a person to read, to
 * mend and to take in again. A file is written whole and durably before its record leaves the journal, and is removed
 * only by who has taken the record in again or gives it up.
 */
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, EngineError } from '../base/errors.ts'
import { removeFile, replaceFile } from './disk.ts'
import type { JournalRecord } from './journal.ts'

export type QuarantinedRecord = {
  /** The file's name without its ending: when it arrived and a hash of what it is. */
  readonly id: string
  readonly why: string
  /** ISO 8601. */
  readonly refusedAt: string
  readonly arrivedAt: string
  readonly bytes: Buffer
}

export type Quarantine = {
  /**
   * Durable when it resolves, with the path. The name comes from the record, so that one which is delivered again after
   * a crash does not become two files.
   */
  readonly keep: (record: JournalRecord, why: string) => Promise<string>
  /** The same for one that never was in the journal: what is there already, whenever it came, is not kept again. */
  readonly keepOnce: (bytes: Buffer, why: string) => Promise<string | undefined>
  /** Newest first. */
  readonly list: (
    limit: number,
  ) => Promise<{ readonly total: number; readonly records: readonly QuarantinedRecord[] }>
  readonly read: (id: string) => Promise<QuarantinedRecord | undefined>
  /** False: it is not there. */
  readonly remove: (id: string) => Promise<boolean>
  /** As of the last change or look. */
  readonly count: () => number
}

/** Nothing but a name of ours becomes a path. */
const ID = /^\d{1,16}-[0-9a-f]{16}$/
const NAME = /^(\d{1,16}-[0-9a-f]{16})\.json$/

export const isQuarantineId = (text: string): boolean => ID.test(text)

/** `directory` is made when the first record is kept. */
export const openQuarantine = async (directory: string, now: () => number): Promise<Quarantine> => {
  const known = new Set(await idsIn(directory))
  const pathOf = (id: string): string => join(directory, `${id}.json`)

  const keep = async (record: JournalRecord, why: string): Promise<string> => {
    await mkdir(directory, { recursive: true, mode: 0o750 })
    const id = `${record.arrivedAt}-${hashOf(record.bytes)}`
    const path = pathOf(id)
    const content = {
      why,
      refusedAt: new Date(now()).toISOString(),
      arrivedAt: new Date(record.arrivedAt).toISOString(),
      ...(isUtf8(record.bytes)
        ? { record: record.bytes.toString('utf8') }
        : { recordBase64: record.bytes.toString('base64') }),
    }
    await replaceFile(path, `${JSON.stringify(content, undefined, 2)}\n`)
    known.add(id)
    return path
  }

  const read = async (id: string): Promise<QuarantinedRecord | undefined> => {
    if (!isQuarantineId(id)) return undefined
    try {
      return recordOf(id, await readFile(pathOf(id), 'utf8'))
    } catch (fault) {
      if (codeOf(fault) === 'ENOENT') return undefined
      throw fault
    }
  }

  return {
    keep,
    keepOnce: async (bytes, why) => {
      const hash = hashOf(bytes)
      const is = (await idsIn(directory)).some((id) => id.endsWith(`-${hash}`))
      return is ? undefined : keep({ bytes, arrivedAt: now() }, why)
    },
    list: async (limit) => {
      const ids = await idsIn(directory)
      // Files that came or went without us; one that is being written now may be in neither.
      for (const id of ids) known.add(id)
      for (const id of known) if (!ids.includes(id) && !(await isThere(pathOf(id)))) known.delete(id)
      const records: QuarantinedRecord[] = []
      for (const id of ids.toReversed().slice(0, limit)) {
        const record = await read(id)
        if (record !== undefined) records.push(record)
      }
      return { total: ids.length, records }
    },
    read,
    remove: async (id) => {
      if (!isQuarantineId(id) || !(await isThere(pathOf(id)))) return false
      await removeFile(pathOf(id))
      known.delete(id)
      return true
    },
    count: () => known.size,
  }
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

/** In the order of arrival. */
const idsIn = async (directory: string): Promise<readonly string[]> =>
  (await namesIn(directory)).toSorted((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))

const isThere = async (path: string): Promise<boolean> => {
  try {
    await stat(path)
    return true
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return false
    throw fault
  }
}

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    return (await readdir(directory)).flatMap((name) => NAME.exec(name)?.[1] ?? [])
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT' || codeOf(fault) === 'ENOTDIR') return []
    throw fault
  }
}

const recordOf = (id: string, text: string): QuarantinedRecord => {
  const content = JSON.parse(text) as Readonly<Record<string, unknown>>
  const field = (name: string): string => {
    const value = content[name]
    if (typeof value !== 'string') throw new EngineError('SPOOL_QUARANTINE', `${id} has no ${name}`, { id })
    return value
  }
  return {
    id,
    why: field('why'),
    refusedAt: field('refusedAt'),
    arrivedAt: field('arrivedAt'),
    bytes:
      typeof content['record'] === 'string'
        ? Buffer.from(content['record'], 'utf8')
        : Buffer.from(field('recordBase64'), 'base64'),
  }
}
