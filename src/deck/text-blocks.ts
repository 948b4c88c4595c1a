/**
 * Bytes to text, in blocks of whole lines. This file owns what a deck's bytes may be and refuses what is no text
 * within its first block; it must never hold more than a block and a line.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { EngineError } from '../base/errors.ts'
import type { DeckFormat } from './format.ts'

/** No row of a deck comes near; a longer one is another kind of file, or a quote that was never closed. */
export const MOST_BYTES_IN_A_LINE = 65_536
const BLOCK_BYTES = 262_144

/** Where the reader of a deck stands; the cutter of records counts the lines. */
export type Position = {
  /** Of the next line, from 1. */
  line: number
  /** Taken from the caller so far. */
  bytes: number
}

export type TextBlocks = {
  /** Takes any number of bytes; hands out text that ends with a line end. */
  readonly push: (bytes: Uint8Array) => Iterable<string>
  /** The rest; its last line may lack an end. */
  readonly end: () => Iterable<string>
  readonly encoding: () => string
  /** What ends a line: CR alone in files of an old Macintosh. Known from the first block on. */
  readonly lineEnd: () => '\n' | '\r'
}

/**
 * Throws, each with `line`: DECK_NOT_TEXT (a spreadsheet, an archive, binary, UTF-16 without a byte order mark),
 * DECK_BAD_ENCODING (bytes that are no text in the encoding), DECK_LINE_TOO_LONG.
 */
export const createTextBlocks = (told: DeckFormat['encoding'], position: Position): TextBlocks => {
  let pending: Uint8Array[] = []
  let size = 0
  let carried = ''
  let encoding: DeckFormat['encoding'] = told
  let decoder: Decoder | undefined
  let hasMultibyte = false
  let lineEnd: '\n' | '\r' = '\n'
  let isFirst = true

  const begin = (bytes: Uint8Array): Uint8Array => {
    isFirst = false
    const mark = BYTE_ORDER_MARKS.find(({ start }) => startsWith(bytes, start))
    // The file knows better than whoever was asked.
    encoding = mark?.encoding ?? told
    refuseBinary(bytes, encoding)
    if (encoding === 'utf-16le' || encoding === 'utf-16be')
      decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
    return bytes.subarray(mark?.start.length ?? 0)
  }

  const chooseLineEnd = (has: (code: number) => boolean): void => {
    if (has(CR) && !has(LF)) lineEnd = '\r'
  }

  const flush = (isLast: boolean): string => {
    let bytes: Uint8Array = pending.length === 1 ? (pending[0] ?? new Uint8Array()) : Buffer.concat(pending)
    pending = []
    size = 0
    const first = isFirst
    if (first) bytes = begin(bytes)
    if (decoder !== undefined) return fromUtf16(decoder, bytes, first, isLast)
    if (first) chooseLineEnd((code) => bytes.includes(code))
    const cut = isLast ? bytes.length : bytes.lastIndexOf(lineEnd === '\n' ? LF : CR) + 1
    const rest = bytes.subarray(cut)
    if (rest.length > MOST_BYTES_IN_A_LINE) throw tooLong(position.line + count(bytes, cut, lineEnd))
    if (rest.length > 0) pending = [rest]
    size = rest.length
    return fromBytes(bytes.subarray(0, cut))
  }

  const fromUtf16 = (from: Decoder, bytes: Uint8Array, first: boolean, isLast: boolean): string => {
    let text: string
    try {
      text = carried + from.decode(bytes, { stream: !isLast })
    } catch (fault) {
      throw badEncoding(position.line, 'it is cut off or is no UTF-16', fault)
    }
    if (first) chooseLineEnd((code) => text.includes(String.fromCharCode(code)))
    const cut = isLast ? text.length : text.lastIndexOf(lineEnd) + 1
    carried = text.slice(cut)
    if (carried.length > MOST_BYTES_IN_A_LINE)
      throw tooLong(position.line + text.slice(0, cut).split(lineEnd).length - 1)
    if (text.includes('\0'))
      throw binary(position.line + text.slice(0, text.indexOf('\0')).split(lineEnd).length - 1)
    return text.slice(0, cut)
  }

  const fromBytes = (bytes: Uint8Array): string => {
    const zero = bytes.indexOf(0)
    if (zero >= 0) throw binary(position.line + count(bytes, zero, lineEnd))
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (isAscii(bytes)) return buffer.toString('latin1')
    if (encoding !== 'latin-1' && isUtf8(bytes)) {
      hasMultibyte = true
      return buffer.toString('utf8')
    }
    // Nothing but ASCII went before, which both encodings have in common.
    if (encoding === undefined && !hasMultibyte && !hasUtf8Line(bytes, lineEnd)) encoding = 'latin-1'
    if (encoding === 'latin-1') return fromWindows1252(buffer.toString('latin1'))
    throw badEncoding(firstBadLine(bytes, position.line, lineEnd), 'its bytes are no UTF-8')
  }

  return {
    *push(bytes) {
      for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
        const part = bytes.subarray(start, start + BLOCK_BYTES)
        position.bytes += part.length
        // Copied, as the caller may fill its buffer again; a block is whole at once.
        pending.push(Uint8Array.prototype.slice.call(part))
        size += part.length
        if (size >= BLOCK_BYTES) {
          const text = flush(false)
          if (text !== '') yield text
        }
      }
    },
    *end() {
      const text = flush(true)
      if (text !== '') yield text
    },
    encoding: () => encoding ?? 'utf-8',
    lineEnd: () => lineEnd,
  }
}

type Decoder = InstanceType<typeof TextDecoder>

const LF = 10
const CR = 13

const BYTE_ORDER_MARKS = [
  { encoding: 'utf-8', start: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', start: [0xff, 0xfe] },
  { encoding: 'utf-16be', start: [0xfe, 0xff] },
] as const

const SPREADSHEET = 'this is a spreadsheet, save it as CSV'
/** First bytes of files that people send instead. */
const KINDS: readonly (readonly [start: readonly number[], what: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], `${SPREADSHEET} (or a zip archive: unpack it)`],
  [[0xd0, 0xcf, 0x11, 0xe0], SPREADSHEET],
  [[0x1f, 0x8b], 'this is compressed by gzip, unpack it'],
  [[0x42, 0x5a, 0x68], 'this is compressed by bzip2, unpack it'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'this is compressed by xz, unpack it'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'this is compressed by zstd, unpack it'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'this is a 7z archive, unpack it'],
  [[0x25, 0x50, 0x44, 0x46], 'this is a PDF, ask for the deck as CSV'],
]
const MARKUP = /^[\s\ufeff]*<(?:!doctype|html|\?xml|table|!--)/i

const refuseBinary = (bytes: Uint8Array, encoding: DeckFormat['encoding']): void => {
  const kind = KINDS.find(([start]) => startsWith(bytes, start))
  if (kind !== undefined) throw notText(1, kind[1])
  const head = Buffer.from(bytes.subarray(0, 1_024))
  if (MARKUP.test(head.toString('latin1'))) throw notText(1, 'this is a web page or XML, and no CSV')
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return
  const zeros = [0, 0]
  for (const [index, byte] of head.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  if (Math.max(even, odd) * 4 >= head.length && Math.min(even, odd) * 20 <= head.length && head.length >= 4)
    throw notText(
      1,
      'this is UTF-16 without a byte order mark: save it as UTF-8, or give the option encoding (utf-16le)',
    )
}

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, index) => bytes[index] === byte)

/** Line ends before `until`. */
const count = (bytes: Uint8Array, until: number, lineEnd: '\n' | '\r'): number => {
  const code = lineEnd === '\n' ? LF : CR
  let lines = 0
  for (let at = bytes.indexOf(code); at >= 0 && at < until; at = bytes.indexOf(code, at + 1)) lines += 1
  return lines
}

/** Latin-1 makes no line of UTF-8 by chance: one that is shows a file pasted together from both. */
const hasUtf8Line = (bytes: Uint8Array, lineEnd: '\n' | '\r'): boolean => {
  const code = lineEnd === '\n' ? LF : CR
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(code, start)
    const line = bytes.subarray(start, found < 0 ? bytes.length : found)
    if (!isAscii(line) && isUtf8(line)) return true
    start += line.length + 1
  }
  return false
}

const firstBadLine = (bytes: Uint8Array, line: number, lineEnd: '\n' | '\r'): number => {
  const code = lineEnd === '\n' ? LF : CR
  let start = 0
  for (let bad = line; ; bad += 1) {
    const end = bytes.indexOf(code, start)
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return bad
    start = end + 1
  }
}

/** Windows-1252, which is what programs mean by Latin-1, differs from it in 0x80 to 0x9f (WHATWG Encoding). */
const fromWindows1252 = (text: string): string =>
  text.replace(/[\u0080-\u009f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character)

const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

const notText = (line: number, why: string): EngineError =>
  new EngineError('DECK_NOT_TEXT', `line ${line}: ${why}`, { line })

const binary = (line: number): EngineError => notText(line, 'a NUL byte, so this is binary and no CSV')

const badEncoding = (line: number, why: string, cause?: unknown): EngineError =>
  new EngineError(
    'DECK_BAD_ENCODING',
    `line ${line}: ${why}; give the option encoding, or save the file as UTF-8`,
    { line },
    cause,
  )

const tooLong = (line: number): EngineError =>
  new EngineError(
    'DECK_LINE_TOO_LONG',
    `line ${line} is longer than ${MOST_BYTES_IN_A_LINE} bytes, so this is no deck`,
    {
      line,
    },
  )
