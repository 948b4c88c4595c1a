/** Which codecs a caller offers: the names in its SDP (RFC 4566, RFC 3551), as FreeSWITCH spells them. */

/** In the order of the offer; empty: it offers none, or says so later (an INVITE without SDP). */
export const offeredCodecs = (body: string | undefined): readonly string[] => {
  if (body === undefined || body.length > MAX_SDP) return []
  // Lines, wherever they stand: an SDP may be one part of a multipart body.
  const lines = body.split(/\r\n|\r|\n/)
  const begin = lines.findIndex((line) => AUDIO.test(line))
  if (begin < 0) return []
  const after = lines.slice(begin + 1)
  const end = after.findIndex((line) => line.startsWith('m='))
  const names = namesOf(end < 0 ? after : after.slice(0, end))
  const payloadTypes = AUDIO.exec(lines[begin] ?? '')?.[1] ?? ''
  const codecs = payloadTypes.split(' ').flatMap((type) => {
    const codec = /^\d{1,3}$/.test(type) ? (names.get(Number(type)) ?? STATIC[Number(type)]) : undefined
    return codec === undefined || NO_SPEECH.has(codec) ? [] : [codec]
  })
  return [...new Set(codecs)]
}

const MAX_SDP = 65_536

/** The first audio line that is not refused (port 0), with its payload types. */
const AUDIO = /^m=audio (?!0[ /])\d{1,5}(?:\/\d{1,5})? [A-Za-z/]{3,40} ([\d ]{1,400})$/

/** RFC 3551, table 4. */
const STATIC: Readonly<Record<number, string>> = {
  0: 'PCMU',
  3: 'GSM',
  4: 'G723',
  7: 'LPC',
  8: 'PCMA',
  9: 'G722',
  15: 'G728',
  18: 'G729',
}

const NO_SPEECH: ReadonlySet<string> = new Set(['TELEPHONE-EVENT', 'CN', 'RED', 'TONE'])

/** Names in SDP have no case; FreeSWITCH writes these two so. */
const SPELLED: Readonly<Record<string, string>> = { OPUS: 'opus', ILBC: 'iLBC' }

const namesOf = (lines: readonly string[]): ReadonlyMap<number, string> =>
  new Map(
    lines.flatMap((line) => {
      const [, type, name] = /^a=rtpmap:(\d{1,3}) ([A-Za-z0-9._-]{1,40})\//.exec(line) ?? []
      if (type === undefined || name === undefined) return []
      const codec = name.toUpperCase()
      return [[Number(type), SPELLED[codec] ?? codec] as const]
    }),
  )
