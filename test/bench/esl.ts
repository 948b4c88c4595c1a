import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import Parser from 'modesl/lib/esl/Parser.js'
import { parseEvent } from '../../src/esl/event.ts'
import { createFramer } from '../../src/esl/framer.ts'
import type { Bench, Figure } from './run.ts'

/**
 * Events a CPU second, from the bytes of the socket to the headers that an engine reads of each event. The
 * events are those of a recorded call (5.5 kB on average), in chunks as a socket hands them on. All readers
 * take turns in one process; each one's best round counts.
 */
export const bench: Bench = {
  name: 'esl',
  describe: 'events a CPU second: our parsing against modesl, a straightforward parser and a bare byte scan',
  run: () => Promise.resolve((['plain', 'json'] as const).flatMap(measure)),
}

const UNIT = 'events/CPU s'
const ROUNDS = 9
/** A turn lasts about so long in CPU time: what processor clocks and the collector do evens out. */
const TURN_US = 150_000
const REPEATS = 40
const CHUNK_BYTES = 65_536
const WANTED = [
  'Event-Name',
  'Unique-ID',
  'Event-Date-Timestamp',
  'Other-Leg-Unique-ID',
  'variable_originating_leg_uuid',
  'Hangup-Cause',
] as const

/** Reads all chunks; the result is how many events it saw, and a sum that keeps the work from being skipped. */
type Reader = (chunks: readonly Buffer[]) => { readonly events: number; readonly length: number }

const measure = (format: 'plain' | 'json'): Figure[] => {
  const { chunks, bytes } = load(format)
  const readers: Readonly<Record<string, Reader>> = {
    strowger: readWithOurs,
    'bare scan': scanOnly,
    'straightforward parser': format === 'plain' ? readStraightforwardPlain : readStraightforwardJson,
    modesl: readWithModesl,
  }
  const best = new Map<string, number>()
  let lengths: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    lengths = []
    for (const [name, read] of Object.entries(readers)) {
      const before = process.cpuUsage()
      let events = 0
      let length = 0
      let usedUs = 0
      while (usedUs < TURN_US) {
        const seen = read(chunks)
        events += seen.events
        length = seen.length
        const { user, system } = process.cpuUsage(before)
        usedUs = user + system
      }
      best.set(name, Math.max(best.get(name) ?? 0, (events * 1e6) / usedUs))
      if (name !== 'bare scan') lengths.push(length)
    }
  }
  if (new Set(lengths).size !== 1) throw new Error(`the readers disagree: ${lengths.join(', ')}`)
  const ours = best.get('strowger') ?? 0
  const peers = [...best].filter(([name]) => name !== 'strowger')
  const events = scanOnly(chunks).events
  return [
    { name: `${format}: event size`, value: bytes / events, unit: 'bytes on average' },
    ...peers.map(([peer, value]) => ({ name: `${format}: ${peer}`, value, unit: UNIT })),
    ...peers.map(([peer, value]) => ({
      name: `${format}: strowger`,
      value: ours,
      unit: UNIT,
      peer,
      ratio: ours / value,
    })),
  ]
}

const load = (format: string): { readonly chunks: readonly Buffer[]; readonly bytes: number } => {
  const recording = readFileSync(new URL(`../esl/samples/${format}.bin`, import.meta.url))
  const events = createFramer()
    .push(recording)
    .filter(({ contentType }) => contentType.startsWith('text/event-'))
    .map((frame) => recording.subarray(frame.headerStart, frame.bodyEnd))
  const stream = Buffer.concat(Array.from({ length: REPEATS }, () => events).flat())
  const chunks = []
  for (let at = 0; at < stream.length; at += CHUNK_BYTES)
    chunks.push(Buffer.from(stream.subarray(at, at + CHUNK_BYTES)))
  return { chunks, bytes: stream.length }
}

const readWithOurs: Reader = (chunks) => {
  const framer = createFramer()
  let events = 0
  let length = 0
  for (const chunk of chunks) {
    for (const frame of framer.push(chunk)) {
      const event = parseEvent(frame)
      events++
      for (const name of WANTED) length += event.get(name)?.length ?? 0
    }
  }
  return { events, length }
}

const readWithModesl: Reader = (chunks) => {
  const socket = new EventEmitter()
  const parser = new Parser(socket)
  let events = 0
  let length = 0
  parser.on('esl::event', (event: { getHeader: (name: string) => string | null }) => {
    events++
    for (const name of WANTED) length += event.getHeader(name)?.length ?? 0
  })
  for (const chunk of chunks) socket.emit('data', chunk)
  return { events, length }
}

/** Only where each event begins and ends: what no reader can do without. */
const scanOnly: Reader = (chunks) => {
  let events = 0
  eachBody(chunks, () => events++)
  return { events, length: 0 }
}

/** As one writes it first: split the lines, decode every value, put them into an object. */
const readStraightforwardPlain: Reader = (chunks) => {
  let events = 0
  let length = 0
  eachBody(chunks, (bytes, start, end) => {
    const headers: Record<string, string> = {}
    for (const line of bytes.toString('utf8', start, end).split('\n')) {
      const colon = line.indexOf(': ')
      if (colon > 0) headers[line.slice(0, colon)] = decodeURIComponent(line.slice(colon + 2))
    }
    events++
    for (const name of WANTED) length += headers[name]?.length ?? 0
  })
  return { events, length }
}

const readStraightforwardJson: Reader = (chunks) => {
  let events = 0
  let length = 0
  eachBody(chunks, (bytes, start, end) => {
    const headers = JSON.parse(bytes.toString('utf8', start, end)) as Record<string, string>
    events++
    for (const name of WANTED) length += headers[name]?.length ?? 0
  })
  return { events, length }
}

const LENGTH = 'Content-Length: '

const eachBody = (
  chunks: readonly Buffer[],
  take: (bytes: Buffer, start: number, end: number) => void,
): void => {
  let held: Buffer = Buffer.alloc(0)
  for (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    let at = 0
    for (;;) {
      const headerEnd = held.indexOf('\n\n', at)
      if (headerEnd < 0) break
      const head = held.toString('latin1', at, headerEnd)
      const end = headerEnd + 2 + Number.parseInt(head.slice(head.indexOf(LENGTH) + LENGTH.length), 10)
      if (end > held.length) break
      take(held, headerEnd + 2, end)
      at = end
    }
    held = held.subarray(at)
  }
}
