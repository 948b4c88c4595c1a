/**
 * Secrets in rows: AES-256-GCM under the master key, as `v1.<key id>.<base64url of iv, tag, text>`. The key id
 * says which key it was, so that keys can be rotated: decrypt with all, encrypt with the first.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { codeOf, EngineError } from '../base/errors.ts'
import { createOnce } from '../base/secret-file.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

export const encryptSecret = (masterKey: Buffer, plain: string): string => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', checked(masterKey), iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(keyIdOf(masterKey)))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return `v1.${keyIdOf(masterKey)}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`
}

/** Throws STORE_BAD_SECRET: another key, or not what `encryptSecret` wrote. Never says what was in it. */
export const decryptSecret = (masterKeys: Buffer | readonly Buffer[], sealed: string): string => {
  const match = /^v1\.([0-9a-f]{8})\.([\w-]+)$/.exec(sealed)
  const [, keyId, body] = match ?? []
  if (keyId === undefined || body === undefined) throw badSecret('it is not in the form v1.<key id>.<text>')
  const keys = Buffer.isBuffer(masterKeys) ? [masterKeys] : masterKeys
  const key = keys.find((candidate) => keyIdOf(candidate) === keyId)
  if (key === undefined) throw badSecret(`it was encrypted under the key ${keyId}, which is not ours`)
  const bytes = Buffer.from(body, 'base64url')
  if (bytes.length < IV_BYTES + TAG_BYTES) throw badSecret('it is too short')
  try {
    const iv = bytes.subarray(0, IV_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', checked(key), iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(keyId))
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    const rest = bytes.subarray(IV_BYTES + TAG_BYTES)
    return Buffer.concat([decipher.update(rest), decipher.final()]).toString('utf8')
  } catch (fault) {
    throw badSecret('it was changed', fault)
  }
}

/** Eight hex digits that name a key and do not give it away. */
export const keyIdOf = (masterKey: Buffer): string =>
  createHash('sha256').update('strowger key id').update(masterKey).digest('hex').slice(0, 8)

/** The key in `file`, made there (0600) if there is none. Throws STORE_BAD_MASTER_KEY. */
export const loadOrCreateMasterKey = async (file: string): Promise<Buffer> => {
  const found = await readMasterKey(file)
  if (found !== undefined) return found
  await createOnce(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`)
  const made = await readMasterKey(file)
  if (made === undefined) throw badMasterKey(file, 'it was there and is gone')
  return made
}

const readMasterKey = async (file: string): Promise<Buffer | undefined> => {
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return undefined
    throw badMasterKey(file, 'it cannot be read', fault)
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) throw badMasterKey(file, 'it is not 64 hex digits')
  return Buffer.from(text, 'hex')
}

const checked = (key: Buffer): Buffer => {
  if (key.length !== KEY_BYTES)
    throw new EngineError('STORE_BAD_MASTER_KEY', `a master key has ${KEY_BYTES} bytes`)
  return key
}

const badSecret = (why: string, cause?: unknown): EngineError =>
  new EngineError('STORE_BAD_SECRET', `a secret cannot be decrypted: ${why}`, {}, cause)

const badMasterKey = (file: string, why: string, cause?: unknown): EngineError =>
  new EngineError('STORE_BAD_MASTER_KEY', `master key ${file}: ${why}`, { file }, cause)
