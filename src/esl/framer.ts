import { EngineError } from '../base/errors.ts'
import { decodeValue } from './percent.ts'

/**
 * Owns framing: bytes of an event socket in, whole frames out. It does no I/O and knows no command.
 *
 * A frame is a block of `Name: value` lines, an empty line and, when the block has a Content-Length, that many
 * BYTES of body (mod_event_socket.c writes nothing else). Newlines between frames are skipped: some replies of
 * the switch end with one too many. The cost is linear in the bytes, however they are cut: a frame that lies
 * within one chunk is never copied, a frame that is cut is copied once into a buffer that grows by doubling.
 */
export type Frame = {
  /** As written, usually lower case: `command/reply`, `api/response`, `text/event-plain`. */
  readonly contentType: string
  /** A header of the frame itself (not of the event in its body), by any case; percent-decoded. */
  readonly get: (header: string) => string | undefined
  /** Undefined without a Content-Length; empty when it was 0. Shares memory with `bytes`. */
  readonly body: Buffer | undefined
  /** What was received; the offsets below point into it. For readers that decode lazily. */
  readonly bytes: Buffer
  readonly headerStart: number
  /** The offset of the two newlines that end the header block. */
  readonly headerEnd: number
  readonly bodyStart: number
  readonly bodyEnd: number
}

export type Framer = {
  /**
   * The frames that this chunk completes, in order.
   * @throws EngineError ESL_FRAME_HEADER_TOO_LARGE, ESL_FRAME_BODY_TOO_LARGE, ESL_FRAME_BAD_LENGTH or
   * ESL_FRAME_NO_TYPE when the stream is not an event socket's; every later push throws the same.
   */
  readonly push: (chunk: Buffer) => readonly Frame[]
}

export type FramerOptions = { readonly maxHeaderBytes?: number; readonly maxBodyBytes?: number }

/** The `connect` reply of a channel with many variables is one header block: tens of kB, never megabytes. */
const MAX_HEADER_BYTES = 1024 * 1024
/** `show channels as json` of a thousand channels is about 1 MB; a body beyond this is not a reply to us. */
const MAX_BODY_BYTES = 64 * 1024 * 1024
const FIRST_STORE_BYTES = 16 * 1024

export const createFramer = ({
  maxHeaderBytes = MAX_HEADER_BYTES,
  maxBodyBytes = MAX_BODY_BYTES,
}: FramerOptions = {}): Framer => {
  let fault: EngineError | undefined
  // The beginning of a frame whose end has not come yet.
  let store: Buffer = Buffer.alloc(0)
  let stored = 0
  let frameBytes = 0 // how long the stored frame is, once its header block is complete
  // What readHead found in the header block that it read last.
  let head = NO_HEAD

  const push = (chunk: Buffer): readonly Frame[] => {
    if (fault !== undefined) throw fault
    try {
      const frames: Frame[] = []
      let at = 0
      if (stored > 0) at = continueStored(chunk, frames)
      while (at < chunk.length) at = readFrame(chunk, at, frames)
      return frames
    } catch (thrown) {
      if (thrown instanceof EngineError) fault = thrown
      store = Buffer.alloc(0)
      throw thrown
    }
  }

  /** Reads one frame at `at`; the result is where the next begins. */
  const readFrame = (chunk: Buffer, at: number, frames: Frame[]): number => {
    const byte = chunk[at]
    if (byte === NEWLINE || byte === RETURN) return at + 1
    const headerEnd = endOfHeader(chunk, at)
    if (headerEnd < 0) {
      checkHeader(chunk.length - at)
      frameBytes = 0
      keep(chunk, at, chunk.length)
      return chunk.length
    }
    checkHeader(headerEnd - at)
    head = readHead(chunk, at, headerEnd)
    checkHead()
    const end = headerEnd + 2 + Math.max(0, head.contentLength)
    if (end > chunk.length) {
      frameBytes = end - at
      keep(chunk, at, chunk.length)
      return chunk.length
    }
    frames.push(frameOf(chunk, at, headerEnd, end))
    return end
  }

  /** Adds to the stored frame what belongs to it; the result is where the chunk's own frames begin. */
  const continueStored = (chunk: Buffer, frames: Frame[]): number => {
    let at = 0
    if (frameBytes === 0) {
      const end = store[stored - 1] === NEWLINE && chunk[0] === NEWLINE ? -1 : endOfHeader(chunk, 0)
      const found = end >= 0 || (store[stored - 1] === NEWLINE && chunk[0] === NEWLINE)
      at = found ? end + 2 : chunk.length
      checkHeader(stored + at - 2)
      keep(chunk, 0, at)
      if (!found) return at
      head = readHead(store, 0, stored - 2)
      checkHead()
      frameBytes = stored + Math.max(0, head.contentLength)
    }
    const until = Math.min(chunk.length, at + frameBytes - stored)
    keep(chunk, at, until)
    if (stored < frameBytes) return until
    const headerEnd = frameBytes - 2 - Math.max(0, head.contentLength)
    frames.push(frameOf(store.subarray(0, stored), 0, headerEnd, stored))
    store = Buffer.alloc(0)
    stored = 0
    frameBytes = 0
    return until
  }

  const keep = (chunk: Buffer, from: number, until: number): void => {
    const needed = stored + until - from
    if (needed > store.length) {
      const doubled = Math.max(needed, FIRST_STORE_BYTES, store.length * 2)
      const grown = Buffer.allocUnsafe(
        frameBytes > 0 ? Math.max(needed, Math.min(frameBytes, doubled)) : doubled,
      )
      store.copy(grown, 0, 0, stored)
      store = grown
    }
    chunk.copy(store, stored, from, until)
    stored = needed
  }

  const frameOf = (bytes: Buffer, start: number, headerEnd: number, end: number): Frame =>
    new ByteFrame(head.contentType, bytes, start, headerEnd, head.contentLength < 0 ? -1 : end)

  const checkHeader = (length: number): void => {
    if (length <= maxHeaderBytes) return
    throw new EngineError('ESL_FRAME_HEADER_TOO_LARGE', 'a header block of the event socket does not end', {
      maxHeaderBytes,
    })
  }

  const checkHead = (): void => {
    if (head.contentLength > maxBodyBytes) {
      throw new EngineError('ESL_FRAME_BODY_TOO_LARGE', 'the event socket announces too large a body', {
        contentLength: head.contentLength,
        maxBodyBytes,
      })
    }
  }

  return { push }
}

const NEWLINE = 0x0a
const RETURN = 0x0d
const COLON = 0x3a
const SPACE = 0x20

class ByteFrame implements Frame {
  readonly contentType: string
  readonly bytes: Buffer
  readonly headerStart: number
  readonly headerEnd: number
  readonly bodyStart: number
  readonly bodyEnd: number

  /** `bodyEnd` is -1 when there is no body. */
  constructor(contentType: string, bytes: Buffer, headerStart: number, headerEnd: number, bodyEnd: number) {
    this.contentType = contentType
    this.bytes = bytes
    this.headerStart = headerStart
    this.headerEnd = headerEnd
    this.bodyStart = bodyEnd < 0 ? -1 : headerEnd + 2
    this.bodyEnd = bodyEnd
  }

  get body(): Buffer | undefined {
    return this.bodyEnd < 0 ? undefined : this.bytes.subarray(this.bodyStart, this.bodyEnd)
  }

  get(header: string): string | undefined {
    const wanted = header.toLowerCase()
    const lines = this.bytes.toString('latin1', this.headerStart, this.headerEnd).split('\n')
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon !== wanted.length || line.slice(0, colon).toLowerCase() !== wanted) continue
      return decodeValue(line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1))
    }
    return undefined
  }
}

type Head = { readonly contentType: string; readonly contentLength: number }
const NO_HEAD: Head = { contentType: '', contentLength: -1 }

/** The offset of the first of two newlines in a row, or -1. */
const endOfHeader = (bytes: Buffer, from: number): number => {
  const last = bytes.length - 1
  for (let at = from; at < last; at++) {
    if (bytes[at] !== NEWLINE) continue
    if (bytes[at + 1] === NEWLINE) return at
  }
  return -1
}

const readHead = (bytes: Buffer, start: number, end: number): Head => {
  let contentType = ''
  let contentLength = -1
  let line = start
  while (line < end) {
    let next = line
    while (next < end && bytes[next] !== NEWLINE) next++
    // Only `Content-Type` and `Content-Length` have their colon at 12 and 14.
    if (bytes[line + 12] === COLON && isName(bytes, line, CONTENT_TYPE)) {
      contentType = readType(bytes, valueStart(bytes, line + 13), next)
    } else if (bytes[line + 14] === COLON && isName(bytes, line, CONTENT_LENGTH)) {
      contentLength = readLength(bytes, valueStart(bytes, line + 15), next)
    }
    line = next + 1
  }
  if (contentType === '') {
    throw new EngineError('ESL_FRAME_NO_TYPE', 'a frame of the event socket has no Content-Type', {
      start: bytes.toString('latin1', start, Math.min(end, start + 80)),
    })
  }
  return { contentType, contentLength }
}

const valueStart = (bytes: Buffer, at: number): number => (bytes[at] === SPACE ? at + 1 : at)

const CONTENT_TYPE = Buffer.from('content-type')
const CONTENT_LENGTH = Buffer.from('content-length')

const isName = (bytes: Buffer, at: number, name: Buffer): boolean => {
  // 0x20 makes ASCII letters lower case and leaves the hyphen as it is.
  for (let i = 0; i < name.length; i++) if (((bytes[at + i] ?? 0) | 0x20) !== name[i]) return false
  return true
}

/** The types that the switch sends, so that the common ones cost no new string. */
const TYPES = [
  'text/event-plain',
  'text/event-json',
  'command/reply',
  'api/response',
  'auth/request',
  'text/disconnect-notice',
].map((text) => ({ text, bytes: Buffer.from(text) }))

const readType = (bytes: Buffer, start: number, end: number): string => {
  for (const type of TYPES) {
    if (type.bytes.length === end - start && startsWith(bytes, start, type.bytes)) return type.text
  }
  return decodeValue(bytes.toString('latin1', start, end)).trim()
}

const startsWith = (bytes: Buffer, at: number, wanted: Buffer): boolean => {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

const readLength = (bytes: Buffer, start: number, end: number): number => {
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) throw badLength(bytes, start, end)
    length = length * 10 + digit
  }
  if (start >= end || end - start > 15) throw badLength(bytes, start, end)
  return length
}

const badLength = (bytes: Buffer, start: number, end: number): EngineError =>
  new EngineError('ESL_FRAME_BAD_LENGTH', 'a Content-Length of the event socket is not a number of bytes', {
    contentLength: bytes.toString('latin1', start, Math.min(end, start + 40)),
  })
