/** The endurance world on a real FreeSWITCH, with SIPp as phones and carriers: a hunt whose first carrier refuses. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asError } from '../../src/base/errors.ts'
import { findBinaries } from '../live/binary.ts'
import { passwordOf } from '../live/house.ts'
import { until } from '../live/net.ts'
import { callerXml, partyXml } from '../live/sipp-xml.ts'
import { openStage, type Stage } from '../live/stage.ts'
import { ANSWERS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import type { ChaosPostgres } from './chaos-postgres.ts'
import { startPostFront, type PostFront } from './post-front.ts'
import type { EnduranceWorld } from './world.ts'

export const openReal = async (options: {
  readonly postgres: ChaosPostgres
  readonly random: () => number
  readonly swallow: number
}): Promise<{ readonly world: EnduranceWorld; readonly front: PostFront }> => {
  const { postgres, random, swallow } = options
  const binaries = findBinaries(process.env)
  if (typeof binaries === 'string') throw new Error(binaries)
  // The stage makes its database on this server, and so reaches it through what can be killed.
  process.env['STROWGER_TEST_DATABASE_URL'] = postgres.url
  const place: { front: PostFront | undefined } = { front: undefined }
  const stage = await openStage(binaries, {
    front: async (target) => {
      place.front = await startPostFront({ target, random, swallow })
      return place.front.url
    },
    // Phones that call while no engine is there are refused; that is no attack.
    engineEnvironment: { STROWGER_BAN_FAILURES: '1000' },
  })
  const { front } = place
  if (front === undefined) throw new Error('nothing stands before the engine')
  await stage.sipp({
    name: 'endurance-refuses',
    port: stage.ports.carrier.A,
    trace: false,
    xml: partyXml({ outcome: { kind: 'refuse', status: 503, afterMs: 20 } }),
  })
  for (const name of ['B', 'C'] as const)
    await stage.sipp({
      name: `endurance-${name}`,
      port: stage.ports.carrier[name],
      trace: false,
      xml: partyXml(ANSWERS),
    })
  return { front, world: worldOf(stage, binaries.version, front, random) }
}

const worldOf = (stage: Stage, version: string, front: PostFront, random: () => number): EnduranceWorld => ({
  name: version,
  call: async () => {
    const caller = await stage.sipp({
      name: 'endurance-caller',
      remote: `127.0.0.1:${stage.ports.phones}`,
      trace: false,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: `+44207946${String(Math.floor(random() * 10_000)).padStart(4, '0')}`,
        hangupAfterMs: Math.round(200 + random() * 5_000),
      }),
    })
    // What it met while the engine was away is its own affair: what counts is that its channels have records.
    await caller.done
  },
  callsOver: () =>
    until('the switch has no channel', async () => (await stage.recorder.channels()).length === 0, 60_000),
  channels: () => [...stage.recorder.created()],
  killEngine: stage.engine.kill,
  startEngine: async () => {
    await stage.engine.start()
  },
  stopEngine: stage.engine.stop,
  metric: async (name) => {
    const token = readFileSync(join(stage.folder, 'engine', 'admin-token'), 'utf8').trim()
    const reply = await fetch(`http://127.0.0.1:${stage.ports.http}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    }).catch((fault: unknown) => {
      throw asError(fault)
    })
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(await reply.text())?.[1]
    if (value === undefined) throw new Error(`there is no metric ${name}`)
    return Number(value)
  },
  database: stage.database,
  cdrFolder: stage.freeswitch.cdrFolder,
  dataDir: join(stage.folder, 'engine'),
  close: async () => {
    await stage.stop()
    await front.close()
  },
})
