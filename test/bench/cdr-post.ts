import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { openBench, FREESWITCH, until, type Bench as EngineBench } from '../integration/engine-bench.ts'
import { metric } from '../support/engine.ts'
import { wholePosts } from './cdr-bodies.ts'
import type { Bench, Figure } from './run.ts'

/**
 * Posts of whole records (21 kB on average) to a whole engine, in a process of its own, at a fixed rate: each goes out at
 * its moment, whatever became of those before it, and is timed from that moment. So a pause of the engine is in the times
 * of all that it held up. With the database there, and with it away: then records wait in the spool.
 */
export const bench: Bench = {
  name: 'cdr-post',
  describe: 'the reply to FreeSWITCH: how long a posted CDR waits for it at 500 a second',
  run: async () => {
    const place = await openBench()
    try {
      const rate = Number(process.env['POSTS_PER_SECOND'] ?? 500)
      const seconds = Number(process.env['POST_SECONDS'] ?? 20)
      await posted(place, rate, 2)
      const up = await posted(place, rate, seconds)
      await drained(place)
      place.databaseProxy.cut()
      const away = await posted(place, rate, seconds)
      place.databaseProxy.mend()
      const from = performance.now()
      await drained(place)
      const caughtUpIn = (performance.now() - from) / 1_000
      return [
        ...figures('database up', up, rate),
        ...figures('database away', away, rate),
        { name: 'stored after the database came back', value: (rate * seconds) / caughtUpIn, unit: 'CDRs/s' },
      ]
    } finally {
      await place.close()
    }
  },
}

const drained = (place: EngineBench): Promise<unknown> =>
  until(
    'the spool is drained',
    async () => (await metric(place.engine(), 'strowger_spool_pending_records')) === 0,
    120_000,
  )

const figures = (of: string, { times, refused }: Posted, rate: number): Figure[] => {
  if (refused > 0) throw new Error(`${refused} posts were not answered with 200`)
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return [
    { of, name: `p50 at ${rate}/s`, value: at(0.5), unit: 'ms' },
    { of, name: `p99 at ${rate}/s`, value: at(0.99), unit: 'ms' },
    { of, name: 'the longest', value: at(1), unit: 'ms' },
  ]
}

type Posted = { readonly times: readonly number[]; readonly refused: number }

const posted = async (place: EngineBench, rate: number, seconds: number): Promise<Posted> => {
  const bodies = wholePosts(rate * seconds)
  // FreeSWITCH opens a connection a post; here they are kept, so that the engine is what is measured.
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const authorization = `Basic ${Buffer.from(`${FREESWITCH.username}:${FREESWITCH.password}`).toString('base64')}`
  const url = `${place.engine().url}/freeswitch/cdr`
  const times: number[] = []
  let refused = 0
  const post = async (body: Buffer, due: number): Promise<void> => {
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: { authorization, 'content-type': 'application/json', 'content-length': body.length },
    })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    times.push(performance.now() - due)
    if (answer.statusCode !== 200) refused += 1
  }
  const startedAt = performance.now()
  const all: Promise<void>[] = []
  for (const [n, body] of bodies.entries()) {
    const due = startedAt + (n * 1_000) / rate
    const early = due - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    all.push(post(body, due))
  }
  await Promise.all(all)
  agent.destroy()
  return { times, refused }
}
