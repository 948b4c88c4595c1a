/** Records that the store refused: kept with the reason, for a person to read and to take in again. */
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './disk.ts'
import type { JournalRecord } from './journal.ts'

/**
 * Writes `<arrival>-<hash>.json`, durably. The name comes from the record, so that one which is delivered again
 * after a crash does not become two files. The result is the file's path.
 */
export const quarantine = async (
  directory: string,
  record: JournalRecord,
  why: string,
  now: number,
): Promise<string> => {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const hash = createHash('sha256').update(record.bytes).digest('hex').slice(0, 16)
  const path = join(directory, `${record.arrivedAt}-${hash}.json`)
  const content = {
    why,
    refusedAt: new Date(now).toISOString(),
    arrivedAt: new Date(record.arrivedAt).toISOString(),
    ...(isUtf8(record.bytes)
      ? { record: record.bytes.toString('utf8') }
      : { recordBase64: record.bytes.toString('base64') }),
  }
  await replaceFile(path, `${JSON.stringify(content, undefined, 2)}\n`)
  return path
}
