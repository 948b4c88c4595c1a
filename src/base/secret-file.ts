/** Secrets that are made at the first start and kept in files that only their owner reads. */
import { randomUUID } from 'node:crypto'
import { chmod, link, open, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from './errors.ts'

/**
 * Writes `text` to `file` (0600), durably, unless the file exists. Whole or not at all: a half-written key that
 * encrypted something would be the end of it. Two that do this at once agree on the first; the result says whether it was this one.
 */
export const createOnce = async (file: string, text: string): Promise<boolean> => {
  if (await exists(file)) return false
  const staged = `${file}.${randomUUID()}`
  const handle = await open(staged, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await chmod(staged, 0o600)
    await link(staged, file)
    await syncFolder(dirname(file))
    return true
  } catch (fault) {
    if (codeOf(fault) !== 'EEXIST') throw fault
    return false
  } finally {
    await unlink(staged)
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const exists = async (file: string): Promise<boolean> => {
  try {
    await stat(file)
    return true
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return false
    throw fault
  }
}
