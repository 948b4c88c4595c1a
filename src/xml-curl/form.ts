/**
 * The form that mod_xml_curl posts, read lazily: an INVITE brings some 150 fields of which a plan asks for a
 * dozen, and decoding them all cost more than planning the call.
 */
import { decodeValue } from '../esl/percent.ts'

/** A field, decoded; undefined where it is missing. Of a repeated name the first counts. A Map is one too. */
export type Form = { readonly get: (name: string) => string | undefined }

/** `application/x-www-form-urlencoded` bytes. Never throws: what is no form has no fields. */
export const readForm = (body: Buffer): Form => {
  // One byte a character: everything beyond ASCII is percent-encoded, and what is not is read as Latin-1.
  const text = body.toString('latin1')
  return {
    get: (name) => {
      // mod_xml_curl writes names as they are; one that would have to be encoded is none of FreeSWITCH's.
      const key = `${name}=`
      const at = text.startsWith(key) ? 0 : text.indexOf(`&${key}`) + 1
      if (at === 0 && !text.startsWith(key)) return undefined
      const from = at + key.length
      const end = text.indexOf('&', from)
      const raw = end === -1 ? text.slice(from) : text.slice(from, end)
      return decodeValue(raw.includes('+') ? raw.replaceAll('+', ' ') : raw)
    },
  }
}
