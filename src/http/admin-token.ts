/**
 * The token of the API, in `<dataDir>/admin-token`, made at the first start. Who reads the file commands the
 * switch: one that others may read is refused rather than repaired, because they may have read it already.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../base/errors.ts'
import { createOnce } from '../base/secret-file.ts'

const TOKEN_BYTES = 32

export type AdminToken = { readonly token: string; readonly path: string; readonly created: boolean }

/** Throws HTTP_TOKEN_EXPOSED and HTTP_TOKEN_UNREADABLE. */
export const readAdminToken = async (dataDir: string): Promise<AdminToken> => {
  const path = join(dataDir, 'admin-token')
  await mkdir(dataDir, { recursive: true, mode: 0o711 })
  const created = await createOnce(path, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`)
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new EngineError(
      'HTTP_TOKEN_EXPOSED',
      `${path} can be read by other users (mode ${(mode & 0o777).toString(8)}): delete it, a new token is made at the next start`,
      { path },
    )
  }
  const token = (await readFile(path, 'utf8')).trim()
  if (!/^[\x21-\x7e]{16,256}$/.test(token)) {
    throw new EngineError(
      'HTTP_TOKEN_UNREADABLE',
      `${path} holds no token of 16 characters or more: delete it, a new one is made`,
      {
        path,
      },
    )
  }
  return { token, path, created }
}
