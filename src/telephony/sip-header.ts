/**
 * SIP headers that a program may add to a call's INVITE: names and values that sofia copies from a channel variable
 * (`sip_h_NAME`) as they stand (sofia_glue.c, sofia_glue_get_extra_headers). What is allowed here needs no escape
 * anywhere on the way: a name is letters, digits and hyphens; a value has no backslash and no dollar, which the
 * dialplan would read, and no control character, which would end the header.
 */

/** Headers of one call, and the length of a value: an INVITE over UDP has to stay within a few packets. */
export const MOST_HEADERS = 20
export const LONGEST_VALUE = 256
const LONGEST_NAME = 64

/**
 * What sofia writes or reads itself, by name or beginning: a second copy would contradict it, or command it. X-FS- and
 * X-AUTH-IP are read by other FreeSWITCHes (mod_sofia.c, sofia.c), X-Strowger- is ours.
 */
const OURS =
  /^(?:via|from|to|contact|call-id|cseq|max-forwards|route|record-route|path|service-route|authorization|proxy-.*|www-authenticate|content-.*|require|supported|unsupported|allow.*|accept.*|expires|min-.*|session-expires|date|timestamp|event|subscription-state|privacy|p-asserted-identity|p-preferred-identity|remote-party-id|identity.*|replaces|join|refer-.*|referred-by|reason|retry-after|user-agent|server|warning|mime-version|rack|rseq|geolocation.*|x-fs-.*|x-auth-.*|x-strowger.*|x-pre-process.*)$/i

/** One letter is the compact form of a header that is sofia's (RFC 3261, 7.3.3). */
const NAME = /^[A-Za-z][A-Za-z0-9-]+$/

/** Undefined: the name may be used. `allowed`: names beyond those that begin with X-. */
export const whyNotHeaderName = (name: string, allowed: readonly string[]): string | undefined => {
  if (!NAME.test(name) || name.length > LONGEST_NAME)
    return `a header is named in 2 to ${LONGEST_NAME} letters, digits and hyphens`
  if (OURS.test(name)) return 'this header is written by the switch alone'
  const lower = name.toLowerCase()
  if (lower.startsWith('x-') && lower.length > 2) return undefined
  return allowed.some((one) => one.toLowerCase() === lower)
    ? undefined
    : 'only headers that begin with X- and those of SIP_CUSTOM_HEADERS may be added'
}

/** Undefined: the value may be sent. */
export const whyNotHeaderValue = (value: string): string | undefined => {
  if (value.length === 0 || value.length > LONGEST_VALUE)
    return `a value has 1 to ${LONGEST_VALUE} characters`
  if (!/^[\x20-\x7e]*$/.test(value))
    return 'a value is printable ASCII: no line break and no control character'
  if (value !== value.trim()) return 'a value neither begins nor ends with a blank'
  if (/[\\$]/.test(value)) return 'a value has no backslash and no dollar'
  return undefined
}

/** Of all headers of a call: the first fault, with the name that has it; undefined: they may be sent. */
export const faultInHeaders = (
  headers: Readonly<Record<string, string>>,
  allowed: readonly string[],
): { readonly name: string; readonly why: string } | undefined => {
  const seen = new Set<string>()
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    const why =
      whyNotHeaderName(name, allowed) ??
      whyNotHeaderValue(value) ??
      (seen.has(lower) ? 'the same header stands twice' : undefined)
    if (why !== undefined) return { name, why }
    seen.add(lower)
    if (seen.size > MOST_HEADERS) return { name, why: `a call takes ${MOST_HEADERS} headers at the most` }
  }
  return undefined
}
