/**
 * A file's own key, wrapped by its organisation's: AES-256-GCM, as nonce (12), tag (16) and cipher text (32). What it is
 * bound to (recording and part) is the additional data: a wrapped key that was moved to another row does not open.
 * Turning the organisation's key wraps 60 bytes anew and leaves the file as it is.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { EngineError } from '../base/errors.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The file that a key is for. */
export type KeyedFile = { readonly recordingId: string; readonly part: string }

export const wrapFileKey = (organizationKey: Buffer, fileKey: Buffer, file: KeyedFile): Buffer => {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', organizationKey, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(boundTo(file))
  const text = Buffer.concat([cipher.update(fileKey), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text])
}

/** Throws MEDIA_BAD_KEY. */
export const unwrapFileKey = (organizationKey: Buffer, wrapped: Buffer, file: KeyedFile): Buffer => {
  try {
    const decipher = createDecipheriv('aes-256-gcm', organizationKey, wrapped.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(boundTo(file))
    decipher.setAuthTag(wrapped.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  } catch (fault) {
    const { recordingId } = file
    throw new EngineError(
      'MEDIA_BAD_KEY',
      `the key of recording ${recordingId} does not open`,
      { recordingId },
      fault,
    )
  }
}

const boundTo = ({ recordingId, part }: KeyedFile): Buffer =>
  Buffer.from(`strowger recording ${recordingId} ${part}`)
