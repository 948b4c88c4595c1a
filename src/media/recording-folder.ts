/** The folder into which the switch records: what lies there, how it looks, and what cannot be used. */
import { lstat, mkdir, readdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../base/errors.ts'
import { parseRecordingPath, type RecordingFile } from '../recording/file-name.ts'

export type FoundRecording = {
  readonly file: RecordingFile
  readonly path: string
  readonly bytes: number
  /** Milliseconds since the epoch: the last write. */
  readonly writtenAt: number
}

const QUARANTINE = 'quarantine'

/** Oldest first. Links and the files of others are left alone. */
export const findRecordings = async (folder: string): Promise<readonly FoundRecording[]> => {
  const found: FoundRecording[] = []
  for (const organization of await namesIn(folder)) {
    if (!/^[1-9][0-9]*$/.test(organization)) continue
    for (const day of await namesIn(join(folder, organization))) {
      for (const name of await namesIn(join(folder, organization, day))) {
        const one = await lookAt(join(folder, organization, day, name))
        if (one !== undefined) found.push(one)
      }
    }
  }
  return found.sort((one, other) => one.writtenAt - other.writtenAt)
}

/** Undefined: there is none, or it is no recording of ours. */
export const lookAt = async (path: string): Promise<FoundRecording | undefined> => {
  const file = parseRecordingPath(path)
  if (file === undefined) return undefined
  try {
    const { size, mtimeMs, isFile } = await lstat(path).then((stats) => ({
      size: stats.size,
      mtimeMs: stats.mtimeMs,
      isFile: stats.isFile(),
    }))
    return isFile ? { file, path, bytes: size, writtenAt: mtimeMs } : undefined
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return undefined
    throw fault
  }
}

/** Folders of days that are over and empty. `today` and the day before stay: the switch makes them and then opens its file. */
export const removeOldFolders = async (folder: string, recentDays: readonly string[]): Promise<void> => {
  for (const organization of await namesIn(folder)) {
    if (!/^[1-9][0-9]*$/.test(organization)) continue
    for (const day of await namesIn(join(folder, organization))) {
      if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || recentDays.includes(day)) continue
      try {
        await rmdir(join(folder, organization, day))
      } catch (fault) {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EPERM'].includes(codeOf(fault) ?? '')) throw fault
      }
    }
  }
}

export type Quarantined = {
  readonly name: string
  readonly organizationId: number
  readonly recordingId: string
  readonly callId: string
  readonly bytes: number
  readonly why: string
  readonly at: string
}

/** Moves what cannot be used aside, with the reason beside it, for a person to look at. It is never deleted by us. */
export const quarantineRecording = async (
  folder: string,
  { file, path, bytes }: FoundRecording,
  why: string,
  now: number,
): Promise<void> => {
  const target = join(folder, QUARANTINE, String(file.organizationId), file.day)
  await mkdir(target, { recursive: true, mode: 0o750 })
  const noted = { why, at: new Date(now).toISOString(), bytes }
  // The reason first: a crash between the two leaves the file where it is tried again.
  await writeFile(join(target, `${basename(path)}.json`), `${JSON.stringify(noted, undefined, 2)}\n`)
  await rename(path, join(target, basename(path)))
}

export const listQuarantine = async (folder: string): Promise<readonly Quarantined[]> => {
  const listed: Quarantined[] = []
  for (const { file, path, bytes } of await findRecordings(join(folder, QUARANTINE))) {
    const noted = await readNote(`${path}.json`)
    const { organizationId, recordingId, callId } = file
    const name = `${basename(dirname(path))}/${basename(path)}`
    listed.push({ name, organizationId, recordingId, callId, bytes, ...noted })
  }
  return listed
}

const readNote = async (path: string): Promise<Pick<Quarantined, 'why' | 'at'>> => {
  try {
    const { why, at } = JSON.parse(await readFile(path, 'utf8')) as Partial<Quarantined>
    return { why: why ?? '', at: at ?? '' }
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT' || fault instanceof SyntaxError) return { why: '', at: '' }
    throw fault
  }
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return (await readdir(folder)).sort()
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT' || codeOf(fault) === 'ENOTDIR') return []
    throw fault
  }
}
