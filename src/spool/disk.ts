/** What it takes on a POSIX disk for a file to be there after the power went: sync the file, then its folder. */
import { open, rename, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asError, codeOf, EngineError } from '../base/errors.ts'

/** A new name, or one less, is durable only when the folder that lists it is. */
export const syncFolder = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Replaces `path` as a whole: after a crash there is the old content or the new, never a part. */
export const replaceFile = async (path: string, content: string | Buffer): Promise<void> => {
  const draft = `${path}.tmp`
  const handle = await open(draft, 'w', 0o640)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, path)
  await syncFolder(dirname(path))
}

/** The same for what may be lost with the power, and is only never to be seen in part: nothing is synced. */
export const swapFile = async (path: string, content: string): Promise<void> => {
  const draft = `${path}.tmp`
  await writeFile(draft, content, { mode: 0o640 })
  await rename(draft, path)
}

/** Removes a file; one that is gone already is what was wanted. */
export const removeFile = async (path: string): Promise<void> => {
  try {
    await unlink(path)
  } catch (fault) {
    if (codeOf(fault) !== 'ENOENT') throw fault
  }
}

/** EDQUOT and EFBIG are full disks too, for us. */
const FULL_CODES: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'SPOOL_FULL']

/** A fault of the disk as SPOOL_FULL or SPOOL_UNWRITABLE: both mean that nothing was taken in. */
export const spoolFault = (fault: unknown, directory: string): EngineError => {
  if (fault instanceof EngineError && fault.code.startsWith('SPOOL_')) return fault
  const full = FULL_CODES.includes(codeOf(fault))
  return new EngineError(
    full ? 'SPOOL_FULL' : 'SPOOL_UNWRITABLE',
    `the spool in ${directory} ${full ? 'is full' : 'cannot be written'}: ${asError(fault).message}`,
    { directory, reason: codeOf(fault) },
    fault,
  )
}

const PROBE_BYTES = 64 * 1024

/** Writes as much as a few CDRs, durably, and takes it away again. Throws what the disk throws. */
export const probeDisk = async (directory: string): Promise<void> => {
  const path = join(directory, 'probe')
  try {
    await replaceFile(path, Buffer.alloc(PROBE_BYTES, 'x'))
  } finally {
    await removeFile(path)
    await removeFile(`${path}.tmp`)
  }
}
