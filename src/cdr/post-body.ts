/**
 * What comes as a posted CDR, as the JSON document that the journal keeps. mod_json_cdr posts the bare document, or with
 * `encode` a form's one field `cdr=`; mod_xml_cdr posts XML, as a field `cdr=` that is percent-encoded (the default),
 * base64 or plain, or bare with `encode=textxml` (mod_xml_cdr.c, mod_json_cdr.c: `switch_mprintf("cdr=%s", ...)`).
 * Nothing is judged here but the form: what the document says is post.ts's.
 */
import { documentOfXml } from './xml-post.ts'

/** Throws CDR_UNREADABLE where XML cannot be read; what is neither XML nor a form is left as it came. */
export const documentOf = (body: Buffer): Buffer => {
  const bytes = unwrapped(withoutMark(body))
  return first(bytes) === '<' ? Buffer.from(JSON.stringify(documentOfXml(bytes)), 'utf8') : bytes
}

/** Whether a body that cannot be read looks like what may once have been the record of a call. */
export const mayHoldCall = (body: Buffer): boolean => {
  // Without NUL: UTF-16 has one in every character of our words.
  const text = body.subarray(0, LOOK_BYTES).toString('latin1').replaceAll('\0', '')
  return /["<%]?(?:variables|channel_data|callflow|core-uuid)["> %/]/.test(text) || /^cdr=/.test(text)
}

const LOOK_BYTES = 64 * 1024

const unwrapped = (body: Buffer): Buffer => {
  const isField = startsWith(body, FIELD)
  const value = isField ? body.subarray(FIELD.length) : body
  if (first(value) === '<' || first(value) === '{') return value
  if (first(value) === '%') return percentDecoded(value)
  // The files of mod_xml_cdr hold what it would have posted, without the field's name.
  return isField || startsWith(value, XML_IN_BASE64) ? Buffer.from(value.toString('latin1'), 'base64') : value
}

const FIELD = Buffer.from('cdr=', 'latin1')
const XML_IN_BASE64 = Buffer.from(Buffer.from('<?x').toString('base64'), 'latin1')

const startsWith = (bytes: Buffer, what: Buffer): boolean => bytes.subarray(0, what.length).equals(what)

const withoutMark = (body: Buffer): Buffer =>
  body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body

/** The first character that is no white space. */
const first = (bytes: Buffer): string => {
  let at = 0
  while (at < bytes.length && WHITE.has(bytes[at] ?? 0)) at += 1
  return String.fromCharCode(bytes[at] ?? 0)
}

const WHITE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/** Bytes, not text: whatever the phone sent is in there. A `%` that begins no byte stands for itself. */
const percentDecoded = (value: Buffer): Buffer =>
  Buffer.from(
    value
      .toString('latin1')
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
