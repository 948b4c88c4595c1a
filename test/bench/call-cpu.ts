import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { findBinaries, type Binaries } from '../live/binary.ts'
import { passwordOf } from '../live/house.ts'
import { freePort } from '../live/net.ts'
import { startSipp } from '../live/sipp.ts'
import { callerXml, partyXml } from '../live/sipp-xml.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { withEngine, withStaticFiles, type Ports } from './call-stage.ts'
import type { Bench, Figure } from './run.ts'

/**
 * CPU a call: FreeSWITCH with the engine, beside FreeSWITCH with the same calls written down in static files and a
 * bare server that takes its CDRs. Digest, one carrier, answer, two seconds, BYE; a steady rate far below what the
 * machine can do. PostgreSQL and SIPp are not counted.
 */
export const bench: Bench = {
  name: 'call-cpu',
  describe:
    'CPU a call of FreeSWITCH and the engine, against FreeSWITCH with static files and a bare CDR sink',
  run: () => measure(),
}

const CALLS_PER_SECOND = 10
const SECONDS = 30
const WARM_UP_CALLS = 30
const TALK_MS = 2_000
const TO = '+442079460123'
/** /proc/PID/stat counts in these (man 5 proc: sysconf(_SC_CLK_TCK), 100 on every Linux of today). */
const TICK_MS = 10

const measure = async (): Promise<Figure[]> => {
  const binaries = findBinaries(process.env)
  if (typeof binaries === 'string') {
    console.log(binaries.replace('live tests', 'bench call-cpu'))
    return []
  }
  console.log(binaries.version)
  const engined = await withEngine(binaries, async ({ folder, ports, freeswitch, engine }) => {
    const [own = 0, engineMs = 0] = await cpuPerCall(binaries, folder, ports, [freeswitch.pid, engine.pid()])
    return { freeswitch: own, engine: engineMs }
  })
  const alone = await withStaticFiles(binaries, async ({ folder, ports, freeswitch, sink }) => {
    const [own = 0, sinkMs = 0] = await cpuPerCall(binaries, folder, ports, [freeswitch.pid, sink])
    return { freeswitch: own, sink: sinkMs }
  })
  const total = engined.freeswitch + engined.engine
  const plain = alone.freeswitch + alone.sink
  const peer = 'static files'
  return [
    { name: 'FreeSWITCH and engine', value: total, unit: 'ms a call', peer, ratio: total / plain },
    {
      name: '  FreeSWITCH',
      value: engined.freeswitch,
      unit: 'ms a call',
      peer,
      ratio: engined.freeswitch / alone.freeswitch,
    },
    { name: '  engine', value: engined.engine, unit: 'ms a call' },
    { name: 'static files and sink', value: plain, unit: 'ms a call' },
    { name: '  FreeSWITCH', value: alone.freeswitch, unit: 'ms a call' },
    { name: '  sink', value: alone.sink, unit: 'ms a call' },
  ]
}

/** Milliseconds of CPU a call, of each process. */
const cpuPerCall = async (
  { sipp: binary }: Binaries,
  folder: string,
  ports: Ports,
  pids: readonly number[],
): Promise<readonly number[]> => {
  const carrier = await startSipp({
    binary,
    folder,
    name: 'carrier',
    port: ports.carrier,
    trace: false,
    xml: partyXml({ ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 200 } }),
  })
  const call = async (calls: number): Promise<void> => {
    const callers = await startSipp({
      binary,
      folder,
      name: 'callers',
      port: await freePort(),
      remote: `127.0.0.1:${ports.phones}`,
      calls,
      callsPerSecond: CALLS_PER_SECOND,
      trace: false,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: TO,
        hangupAfterMs: TALK_MS,
      }),
    })
    const code = await callers.done
    if (code !== 0) throw new Error(`not every call was made: sipp ended with ${code}`)
    // The last records are written.
    await sleep(1_000)
  }
  await call(WARM_UP_CALLS)
  const before = pids.map(cpuMs)
  await call(CALLS_PER_SECOND * SECONDS)
  const after = pids.map(cpuMs)
  await carrier.stop()
  return after.map((ms, index) => (ms - (before[index] ?? 0)) / (CALLS_PER_SECOND * SECONDS))
}

/** utime and stime; the process name, which may hold anything, ends with the last parenthesis. */
const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
