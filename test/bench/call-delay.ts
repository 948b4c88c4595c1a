/**
 * What the engine adds before a phone rings, at 1, 10 and 50 calls a second: from the caller's INVITE to the carrier's,
 * for both renderings of a plan, beside FreeSWITCH's own static dialplan; and from the API's request to the phone's
 * INVITE, beside `originate` typed into FreeSWITCH's own event socket. Times are SIPp's, of the wire.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { findBinaries, type Binaries } from '../live/binary.ts'
import { MASTER_KEY, passwordOf } from '../live/house.ts'
import { freePort, until } from '../live/net.ts'
import { startRecorder } from '../live/recorder.ts'
import { startSipp, type SipMessage } from '../live/sipp.ts'
import { callerXml, partyXml, registerXml } from '../live/sipp-xml.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import {
  EVENT_SOCKET_PASSWORD,
  withEngine,
  withStaticFiles,
  type CallStage,
  type EngineStage,
} from './call-stage.ts'
import type { Bench, Figure } from './run.ts'

export const bench: Bench = {
  name: 'call-delay',
  describe: 'from INVITE to INVITE and from request to INVITE, beside a static dialplan and a bare originate',
  run: () => measure(),
}

const LOADS = [
  { perSecond: 1, calls: 10 },
  { perSecond: 10, calls: 60 },
  { perSecond: 50, calls: 200 },
] as const
const WARM_UP = { perSecond: 10, calls: 20 } as const
type Load = { readonly perSecond: number; readonly calls: number }

/** Milliseconds. */
type Delays = { readonly median: number; readonly p95: number }

const measure = async (): Promise<Figure[]> => {
  const binaries = findBinaries(process.env)
  if (typeof binaries === 'string') {
    console.log(binaries.replace('live tests', 'bench call-delay'))
    return []
  }
  console.log(binaries.version)
  const ours = await withEngine(binaries, async (stage) => {
    const dialplan = await dialled(binaries, stage)
    const requested = await throughApi(binaries, stage)
    await decideBetweenAttempts(stage)
    return { dialplan, requested, conversation: await dialled(binaries, stage) }
  })
  const plain = await withStaticFiles(binaries, async (stage) => ({
    dialled: await dialled(binaries, stage),
    requested: await throughEventSocket(binaries, stage),
  }))
  return LOADS.flatMap(({ perSecond }, index) => {
    const of = `${perSecond} a second`
    const rows = (name: string, mine: readonly Delays[], theirs: readonly Delays[], peer: string): Figure[] =>
      (['median', 'p95'] as const).map((which) => {
        const [value = NaN, other = NaN] = [mine[index]?.[which], theirs[index]?.[which]]
        return { of, name: `${name}, ${which}`, value, unit: 'ms', peer, ratio: value / other }
      })
    const dialplan = 'static dialplan'
    return [
      ...rows('INVITE to INVITE, as a dialplan', ours.dialplan, plain.dialled, dialplan),
      ...rows('INVITE to INVITE, as a conversation', ours.conversation, plain.dialled, dialplan),
      ...rows('INVITE to INVITE, static dialplan', plain.dialled, plain.dialled, dialplan),
      ...rows('request to INVITE', ours.requested, plain.requested, 'originate'),
      ...rows('originate to INVITE', plain.requested, plain.requested, 'originate'),
    ]
  })
}

const numbers = { next: 0 }
/** Each once: they tell the calls apart on both sides. None is the house's own. */
const freshNumbers = (count: number): readonly string[] =>
  Array.from({ length: count }, () => {
    numbers.next += 1
    return `+442071${String(numbers.next).padStart(6, '0')}`
  })

const NUMBER = /\+442071\d{6}/

/** When each number was first seen in an INVITE, of those that `counts`. */
const invited = (
  messages: readonly SipMessage[],
  counts: (message: SipMessage) => boolean,
  where: (message: SipMessage) => string | undefined,
): ReadonlyMap<string, number> => {
  const first = new Map<string, number>()
  for (const message of messages) {
    const number = NUMBER.exec(
      message.method === 'INVITE' && counts(message) ? (where(message) ?? '') : '',
    )?.[0]
    if (number !== undefined && !first.has(number)) first.set(number, message.at)
  }
  return first
}

const delaysOf = (
  from: ReadonlyMap<string, number>,
  to: ReadonlyMap<string, number>,
  expected: number,
): Delays => {
  const delays = [...from].flatMap(([number, at]) => {
    const reached = to.get(number)
    return reached === undefined ? [] : [reached - at]
  })
  if (delays.length < expected) throw new Error(`${delays.length} of ${expected} calls were measured`)
  delays.sort((a, b) => a - b)
  const at = (part: number): number =>
    delays[Math.min(delays.length - 1, Math.floor(delays.length * part))] ?? NaN
  return { median: at(0.5), p95: at(0.95) }
}

/** From the INVITE that carries the password to the carrier's. */
const dialled = async (
  { sipp: binary }: Binaries,
  { folder, ports }: CallStage,
): Promise<readonly Delays[]> => {
  const carrier = await startSipp({
    binary,
    folder,
    name: 'carrier',
    port: ports.carrier,
    xml: partyXml({ ringAfterMs: 10, outcome: { kind: 'answer', afterMs: 50 } }),
  })
  const run = async ({ perSecond, calls }: Load): Promise<Delays> => {
    const callers = await startSipp({
      binary,
      folder,
      name: `callers-${perSecond}`,
      port: await freePort(),
      remote: `127.0.0.1:${ports.phones}`,
      calls,
      callsPerSecond: perSecond,
      values: freshNumbers(calls),
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: '[field0]',
        hangupAfterMs: 200,
      }),
    })
    const code = await callers.done
    if (code !== 0) throw new Error(`not every call was made: sipp ended with ${code}`)
    const sent = invited(
      callers.messages(),
      ({ received, header }) => !received && header('Proxy-Authorization') !== undefined,
      ({ firstLine }) => firstLine,
    )
    const reached = invited(
      carrier.messages(),
      ({ received }) => received,
      ({ firstLine }) => firstLine,
    )
    await sleep(1_000)
    return delaysOf(sent, reached, calls)
  }
  await run(WARM_UP)
  const delays: Delays[] = []
  for (const load of LOADS) delays.push(await run(load))
  await carrier.stop()
  return delays
}

/** One gateway's 403 means the next: causes cannot tell, so the engine stays with each call. */
const decideBetweenAttempts = async ({ database, house, engine }: EngineStage): Promise<void> => {
  await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
    failover: { believes: 'status', next: [403], stop: [] },
  })
  await until('the engine decides between attempts', async () => {
    const { json } = await engine.api('/v1/routes/explain?number=%2B442079460123&from=1001')
    return JSON.stringify(json).includes('the engine decides between attempts')
  })
}

/** A phone that declines: what rings is all that is asked. */
const phoneAt = ({ sipp: binary }: Binaries, { folder }: CallStage, port: number) =>
  startSipp({
    binary,
    folder,
    name: 'phone',
    port,
    xml: partyXml({ outcome: { kind: 'refuse', status: 603, afterMs: 10 } }),
  })

/** `start` asks for a call whose caller's number at the phone is `number`. */
const requested = async (
  binaries: Binaries,
  stage: CallStage,
  port: number,
  start: (number: string) => Promise<unknown>,
): Promise<readonly Delays[]> => {
  const phone = await phoneAt(binaries, stage, port)
  const run = async ({ perSecond, calls }: Load): Promise<Delays> => {
    const asked = new Map<string, number>()
    const answers: Promise<unknown>[] = []
    const begun = performance.now()
    for (const [index, number] of freshNumbers(calls).entries()) {
      await sleep(Math.max(0, begun + (index * 1_000) / perSecond - performance.now()))
      asked.set(number, performance.timeOrigin + performance.now())
      answers.push(start(number))
    }
    await Promise.all(answers)
    await sleep(1_000)
    const reached = invited(
      phone.messages(),
      ({ received }) => received,
      ({ header }) => header('From'),
    )
    return delaysOf(asked, reached, calls)
  }
  await run(WARM_UP)
  const delays: Delays[] = []
  for (const load of LOADS) delays.push(await run(load))
  await phone.stop()
  return delays
}

const throughApi = async (binaries: Binaries, stage: EngineStage): Promise<readonly Delays[]> => {
  const port = await freePort()
  const registering = await startSipp({
    binary: binaries.sipp,
    folder: stage.folder,
    name: 'register',
    port: await freePort(),
    remote: `127.0.0.1:${stage.ports.phones}`,
    xml: registerXml({
      user: '1001',
      domain: DOMAIN,
      password: passwordOf('1001'),
      contact: `sip:1001@127.0.0.1:${port}`,
    }),
  })
  if ((await registering.done) !== 0) throw new Error('the phone could not register')
  return requested(binaries, stage, port, async (number) => {
    const { status, json } = await stage.engine.api('/v1/calls/originate', { from: '1001', to: number })
    if (status !== 200) throw new Error(`originate was refused: ${JSON.stringify(json)}`)
  })
}

const throughEventSocket = async (binaries: Binaries, stage: CallStage): Promise<readonly Delays[]> => {
  const port = await freePort()
  const { client, stop } = await startRecorder(stage.ports.events, EVENT_SOCKET_PASSWORD)
  try {
    return await requested(binaries, stage, port, (number) =>
      client.bgapi(
        'originate',
        `{origination_caller_id_number=${number}}sofia/phones/sip:1001@127.0.0.1:${port} &park()`,
      ),
    )
  } finally {
    await stop()
  }
}
