/** The short form of test/endurance: kills of the engine and of PostgreSQL under calls, and what remains at the end. */
import assert from 'node:assert/strict'
import { startChaosPostgres } from '../endurance/chaos-postgres.ts'
import { runEndurance, type EnduranceReport } from '../endurance/endurance.ts'
import { seeded } from '../endurance/seeded.ts'
import { openSimulated } from '../endurance/simulated.ts'

const run = async (seed: number, seconds: number, swallow: number): Promise<EnduranceReport> => {
  const random = seeded(seed)
  const postgres = await startChaosPostgres()
  const { world, front } = await openSimulated({ postgres, random, swallow })
  try {
    return await runEndurance(world, front, postgres, {
      seconds,
      callsPerSecond: 6,
      random,
      say: () => undefined,
      restSeconds: swallow === 0 ? 40 : 6,
    })
  } finally {
    await world.close()
    await postgres.stop()
  }
}

suite('endurance: records under kills', function () {
  this.timeout(180_000)

  test('the engine and PostgreSQL die at random: every channel has its record once, and the sums are those of the posts', async () => {
    const { figures, differences } = await run(20_261_121, 20, 0)
    assert.deepEqual(differences, [], JSON.stringify(figures))
    assert.ok(Number(figures['kills of the engine']) >= 1 && Number(figures['kills of PostgreSQL']) >= 1)
    assert.ok(Number(figures['posts doubled']) > 0 && Number(figures['posts delayed']) > 0)
    assert.ok(Number(figures['records']) >= 50, JSON.stringify(figures))
  })

  test('a record that is lost is seen: it would fail', async () => {
    const { differences } = await run(1, 6, 1)
    assert.ok(
      differences.some((difference) => difference.startsWith('posts without a record: 1')),
      differences.join('\n'),
    )
    assert.ok(differences.some((difference) => difference.startsWith('channels without a record: 1')))
  })
})
