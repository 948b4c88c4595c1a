/** The endurance world on the simulator: calls with every outcome, a few seconds each. */
import { metric } from '../support/engine.ts'
import { openBench, until, type Bench } from '../integration/engine-bench.ts'
import type { ChaosPostgres } from './chaos-postgres.ts'
import { startPostFront, type PostFront } from './post-front.ts'
import type { EnduranceWorld } from './world.ts'

export const openSimulated = async (options: {
  readonly postgres: ChaosPostgres
  readonly random: () => number
  readonly swallow: number
}): Promise<{ readonly world: EnduranceWorld; readonly front: PostFront }> => {
  const { postgres, random, swallow } = options
  const place: { front: PostFront | undefined } = { front: undefined }
  const bench = await openBench({
    testDatabase: { url: postgres.url, drop: () => Promise.resolve() },
    cdrFront: async (target) => {
      place.front = await startPostFront({ target, random, swallow })
      return place.front.url
    },
    scenario: {
      gateway: () => {
        const kind = random()
        if (kind < 0.15) return { outcome: { kind: 'refuse', status: 503, afterMs: 20 } }
        if (kind < 0.25) return { ringAfterMs: 20, outcome: { kind: 'refuse', status: 486, afterMs: 200 } }
        return { ringAfterMs: 20, outcome: { kind: 'answer', afterMs: 30 + random() * 500 } }
      },
      phone: () => ({ ringAfterMs: 20, outcome: { kind: 'answer', afterMs: 50 } }),
    },
  })
  const { front } = place
  if (front === undefined) throw new Error('nothing stands before the engine')
  return { front, world: worldOf(bench, front, random) }
}

const worldOf = (bench: Bench, front: PostFront, random: () => number): EnduranceWorld => ({
  name: 'simulator',
  call: async () => {
    const to = random() < 0.1 ? '1002' : `+44207946${String(Math.floor(random() * 10_000)).padStart(4, '0')}`
    const { final } = await bench.call(to, 200 + random() * 6_000)
    await final
  },
  callsOver: () =>
    until('the switch has no channel', () => bench.simulator().channels().length === 0, 60_000),
  channels: bench.channelsSeen,
  killEngine: async () => {
    await bench.engine().kill('SIGKILL')
  },
  startEngine: async () => {
    await bench.startEngine('greeted')
  },
  stopEngine: async () => {
    await bench.engine().kill('SIGTERM')
  },
  metric: (name) => metric(bench.engine(), name),
  database: bench.database,
  cdrFolder: bench.cdrFolder,
  dataDir: bench.dataDir,
  close: async () => {
    await bench.close()
    await front.close()
  },
})
