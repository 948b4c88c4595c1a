import { createServer, type Server } from 'node:http'
import { countDeliveries } from '../../src/store/delivery-log.ts'
import { openOutboxBench, tellCall, until, type OutboxBench } from '../integration/outbox-bench.ts'
import type { Bench, Figure } from './run.ts'

/**
 * Calls told on a board, delivered to ten receivers on this host over a real PostgreSQL. Twice in one run: with ten
 * that answer, and with one of them dead. Delay is from the moment of the event to the POST; the load is below what
 * the box carries, the rate is measured by itself with all calls at once.
 */
export const bench: Bench = {
  name: 'outbox',
  describe:
    'events to webhooks: how many a second, and how late, with ten receivers and with one of ten dead',
  run: async () => {
    const well = await measure(0)
    const ill = await measure(1)
    return [...figuresOf('ten receivers', well), ...figuresOf('one of ten dead', ill, well)]
  },
}

const RECEIVERS = 10
const BURST_CALLS = 500
/** Calls a second while the delay is measured: each is five events for each receiver. */
const STEADY_CALLS_PER_SECOND = 10
const STEADY_SECONDS = 15
const EVENTS = ['call.*', 'cdr.stored']

type Measured = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly tellUs: number
}

const measure = async (dead: number): Promise<Measured> => {
  const place = await openOutboxBench()
  const receivers = await Promise.all(Array.from({ length: RECEIVERS - dead }, startCounter))
  try {
    for (const { url } of receivers) await place.webhook(url, EVENTS)
    for (let n = 0; n < dead; n += 1) await place.webhook('http://127.0.0.1:1999/', EVENTS)
    return { ...(await burst(place, receivers)), ...(await steady(place, receivers)) }
  } finally {
    await place.close()
    for (const { server } of receivers) {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** All calls at once: how fast the last of them is told everywhere, and what telling costs the call's path. */
const burst = async (
  place: OutboxBench,
  receivers: readonly Counter[],
): Promise<Pick<Measured, 'perSecond' | 'tellUs'>> => {
  reset(receivers)
  const startedAt = performance.now()
  for (let n = 0; n < BURST_CALLS; n += 1) tellCall(place.board, place.organizationId)
  await place.board.idle()
  const tellUs = ((performance.now() - startedAt) * 1_000) / (BURST_CALLS * EVENTS_A_CALL)
  const wanted = BURST_CALLS * EVENTS_A_CALL
  await until('all are told', () => receivers.every(({ delays }) => delays.length >= wanted), 300_000)
  const seconds = (performance.now() - startedAt) / 1_000
  return { perSecond: (wanted * receivers.length) / seconds, tellUs }
}

const steady = async (
  place: OutboxBench,
  receivers: readonly Counter[],
): Promise<Pick<Measured, 'p50Ms' | 'p99Ms'>> => {
  await until(
    'it is quiet',
    async () => (await countDeliveries(place.database)).waiting < BURST_CALLS * EVENTS_A_CALL + 1,
  )
  reset(receivers)
  const calls = STEADY_CALLS_PER_SECOND * STEADY_SECONDS
  for (let n = 0; n < calls; n += 1) {
    tellCall(place.board, place.organizationId)
    await new Promise((resolve) => setTimeout(resolve, 1_000 / STEADY_CALLS_PER_SECOND))
  }
  await until(
    'all are told',
    () => receivers.every(({ delays }) => delays.length >= calls * EVENTS_A_CALL),
    60_000,
  )
  const delays = receivers.flatMap((receiver) => receiver.delays).sort((a, b) => a - b)
  const at = (share: number): number => delays[Math.floor((delays.length - 1) * share)] ?? 0
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** initiated, ringing, answered, talking, completed. */
const EVENTS_A_CALL = 5

type Counter = { readonly url: string; readonly server: Server; readonly delays: number[] }

const reset = (receivers: readonly Counter[]): void => {
  for (const { delays } of receivers) delays.length = 0
}

const startCounter = async (): Promise<Counter> => {
  const delays: number[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { at } = JSON.parse(Buffer.concat(pieces).toString()) as { at: string }
      delays.push(Date.now() - Date.parse(at))
      response.statusCode = 204
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/`,
    server,
    delays,
  }
}

const figuresOf = (of: string, measured: Measured, peer?: Measured): readonly Figure[] => {
  const one = (name: string, unit: string, read: (each: Measured) => number): Figure => ({
    name,
    of,
    value: read(measured),
    unit,
    ...(peer === undefined ? {} : { peer: 'ten receivers', ratio: read(measured) / read(peer) }),
  })
  return [
    one('events delivered, all calls at once', '/s to those that answer', ({ perSecond }) => perSecond),
    one('from the event to the POST, p50', 'ms', ({ p50Ms }) => p50Ms),
    one('from the event to the POST, p99', 'ms', ({ p99Ms }) => p99Ms),
    one('telling an event in the call’s path', 'us, with the board', ({ tellUs }) => tellUs),
  ]
}
