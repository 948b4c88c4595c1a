import { isUtf8 } from 'node:buffer'

/**
 * Owns the text of header values. Raw values come as Latin-1 strings, one character a byte. Nothing here can
 * throw: a caller chooses the bytes of his own name, and replies hold bare percent signs.
 */

/** A raw header value of the wire as text: percent-decoded, then UTF-8, or Latin-1 where it is not UTF-8. */
export const decodeValue = (raw: string): string => {
  if (!raw.includes('%')) return decodeBytes(raw)
  try {
    if (!HIGH.test(raw)) return decodeURIComponent(raw)
  } catch (fault) {
    // A bare percent sign or bytes that are not UTF-8: the slow way below decodes what there is.
    if (!(fault instanceof URIError)) throw fault
  }
  return decodeBytes(
    raw.replace(ESCAPED_BYTE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  )
}

/** Bytes (one a character) as UTF-8 text, or as Latin-1 where they are not UTF-8. */
export const decodeBytes = (raw: string): string => {
  if (!HIGH.test(raw)) return raw
  const bytes = Buffer.from(raw, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : raw
}

/** As switch_url_encode does it: everything that is not printable ASCII, and the characters of UNSAFE. */
export const encodeValue = (text: string): string => {
  if (!UNSAFE.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte)
    encoded += UNSAFE.test(character) ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}` : character
  }
  return encoded
}

const HIGH = /[\x80-\xff]/
const ESCAPED_BYTE = /%([0-9a-f]{2})/gi
// switch_utils.h: SWITCH_URL_UNSAFE "\r\n #%&+:;<=>?@[\\]^`{|}\"", and all below space or above `~`.
const UNSAFE = /[^!$'()*,\-./0-9A-Z_a-z~]/
