/** What FreeSWITCH shows us when nobody configured it: made once, kept where only the engine's user reads it. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createOnce } from '../base/secret-file.ts'

export const xmlCurlPassword = async (dataDir: string): Promise<string> => {
  const file = join(dataDir, 'xml-curl-password')
  await createOnce(file, `${randomBytes(18).toString('base64url')}\n`)
  return (await readFile(file, 'utf8')).trim()
}
