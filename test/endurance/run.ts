/**
 * `tsx test/endurance/run.ts [--minutes 2] [--calls-per-second 10] [--seed N] [--switch simulator|real] [--swallow N]`:
 * calls under kills of the engine and of PostgreSQL, and at the end every channel exactly once. Prints what it did; ends
 * with 1 where there is a difference. `--swallow` has the switch lose records on purpose: that must end with 1.
 */
import { parseArgs } from 'node:util'
import { asError } from '../../src/base/errors.ts'
import { startChaosPostgres } from './chaos-postgres.ts'
import { runEndurance } from './endurance.ts'
import { openReal } from './real.ts'
import { seeded } from './seeded.ts'
import { openSimulated } from './simulated.ts'

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      'calls-per-second': { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      switch: { type: 'string', default: 'simulator' },
      swallow: { type: 'string', default: '0' },
    },
  })
  const amount = (name: 'minutes' | 'calls-per-second' | 'seed' | 'swallow'): number => {
    const value = Number(values[name])
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} takes a number`)
    return value
  }
  if (values.switch !== 'simulator' && values.switch !== 'real')
    throw new Error('--switch takes simulator or real')
  const seed = amount('seed')
  console.log(`seed ${seed}; --seed ${seed} does the same again, as far as the clocks of processes do`)
  const random = seeded(seed)
  const postgres = await startChaosPostgres()
  const open = values.switch === 'real' ? openReal : openSimulated
  const { world, front } = await open({ postgres, random, swallow: amount('swallow') })
  try {
    const { figures, differences } = await runEndurance(world, front, postgres, {
      seconds: amount('minutes') * 60,
      callsPerSecond: amount('calls-per-second'),
      random,
      restSeconds: 90,
      say: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
    })
    const width = Math.max(...Object.keys(figures).map((name) => name.length))
    for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(width)}  ${value}`)
    for (const difference of differences.slice(0, 50)) console.log(`DIFFERENCE ${difference}`)
    console.log(
      differences.length === 0
        ? 'every channel exactly once, sums equal'
        : `${differences.length} differences`,
    )
    return differences.length === 0 ? 0 : 1
  } finally {
    await world.close()
    await postgres.stop()
  }
}

main().then(
  (code) => process.exit(code),
  (fault: unknown) => {
    console.error(asError(fault).stack)
    process.exit(2)
  },
)
