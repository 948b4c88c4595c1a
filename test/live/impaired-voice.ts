/**
 * The voice of a party whose packets come to the switch through a bad line: real RTP in G.711 A-law, lost and delayed on
 * the way. The line is a network namespace behind a veth pair, with netem on its interface; where the kernel has no
 * netem, the relay in the namespace loses and delays the packets itself, and where there are no namespaces either it
 * runs beside the test. What really came through is counted behind the line: that is what a record is held against.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { encodeALaw, sine } from '../support/line-sound.ts'
import { freePort } from './net.ts'

export type Line = {
  /** 0 to 100. */
  readonly lossPercent: number
  /** Each packet is late by 0 to twice this. */
  readonly jitterMs: number
}

export type Passed = {
  readonly sent: number
  readonly arrived: number
  readonly lossPercent: number
  /** How much fewer came than one every 20 ms: more than was lost where this machine was too busy to send in time. */
  readonly missingPercent: number
  /** RFC 3550, 6.4.1: the smoothed mean deviation of transit times. */
  readonly jitterMs: number
  /** The standard deviation of the time between two arrivals. */
  readonly spacingMs: number
}

export type ImpairedVoice = {
  /** Of the session description. */
  readonly port: number
  readonly by: 'netem' | 'relay in a namespace' | 'relay'
  readonly passed: () => Passed
  readonly stop: () => Promise<void>
}

const RELAY = fileURLToPath(new URL('./impairing-relay.ts', import.meta.url))
const FRAME = 160
const FRAME_MS = 20

export const startImpairedVoice = async (line: Line, number: number): Promise<ImpairedVoice> => {
  const rtp = await bound('127.0.0.1', await freePort())
  const place = openNamespace(line, number)
  const relayPort = await freePort()
  const back = await bound(place.host, await freePort())
  const relay = await startRelay(place, relayPort, back.address().port, line, number).catch(
    async (fault: unknown) => {
      await Promise.all([closed(rtp), closed(back)])
      place.close()
      throw fault
    },
  )

  const alaw = encodeALaw(sine(440, 1_000, 8_000))
  const departed = new Map<number, number>()
  const arrivals: { readonly sequence: number; readonly at: number }[] = []
  let target: { readonly address: string; readonly port: number } | undefined
  let timer: NodeJS.Timeout | undefined
  let sequence = 0
  rtp.on('message', (packet, from) => {
    if ((packet[1] ?? 0) % 128 !== 8 || target !== undefined) return
    target = { address: from.address, port: from.port }
    const began = performance.now()
    timer = setInterval(() => {
      while (performance.now() - began >= sequence * FRAME_MS) {
        const packet = Buffer.alloc(12 + FRAME)
        packet.writeUInt8(0x80, 0)
        packet.writeUInt8(sequence === 0 ? 0x88 : 8, 1)
        packet.writeUInt16BE((sequence + 1) & 0xffff, 2)
        packet.writeUInt32BE((sequence * FRAME) >>> 0, 4)
        packet.writeUInt32BE(0x1000 + number, 8)
        for (let at = 0; at < FRAME; at++)
          packet[12 + at] = alaw[(sequence * FRAME + at) % alaw.length] ?? 0xd5
        departed.set(sequence + 1, performance.now())
        back.send(packet, relayPort, place.inside)
        sequence += 1
      }
    }, 2)
  })
  back.on('message', (packet) => {
    arrivals.push({ sequence: packet.readUInt16BE(2), at: performance.now() })
    if (target !== undefined) rtp.send(packet, target.port, target.address)
  })
  return {
    port: rtp.address().port,
    by: place.by,
    passed: () => passedOf(departed, arrivals),
    stop: async () => {
      clearInterval(timer)
      relay.kill('SIGTERM')
      await Promise.all([closed(rtp), closed(back)])
      place.close()
    },
  }
}

const passedOf = (
  departed: ReadonlyMap<number, number>,
  arrivals: readonly { readonly sequence: number; readonly at: number }[],
): Passed => {
  let jitter = 0
  const gaps: number[] = []
  arrivals.forEach(({ sequence, at }, index) => {
    const before = arrivals[index - 1]
    if (before === undefined) return
    const transit = at - (departed.get(sequence) ?? at)
    const transitBefore = before.at - (departed.get(before.sequence) ?? before.at)
    jitter += (Math.abs(transit - transitBefore) - jitter) / 16
    gaps.push(at - before.at)
  })
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length)
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / Math.max(1, gaps.length)
  // What is still on its way is not lost.
  const sent = [...departed.values()].filter((at) => at < performance.now() - 500).length
  const arrived = arrivals.filter(
    ({ sequence }) => (departed.get(sequence) ?? 0) < performance.now() - 500,
  ).length
  return {
    sent,
    arrived,
    lossPercent: sent === 0 ? 0 : ((sent - arrived) / sent) * 100,
    missingPercent: mean === 0 ? 0 : Math.max(0, 1 - FRAME_MS / mean) * 100,
    jitterMs: jitter,
    spacingMs: Math.sqrt(variance),
  }
}

type Place = {
  readonly by: ImpairedVoice['by']
  readonly name: string | undefined
  /** The address of the relay, and ours as it sees us. */
  readonly inside: string
  readonly host: string
  readonly close: () => void
}

const openNamespace = ({ lossPercent, jitterMs }: Line, number: number): Place => {
  const name = `strowger${process.pid % 100_000}n${number}`
  const [host, inside] = [`10.213.${number}.1`, `10.213.${number}.2`]
  const ip = (...args: readonly string[]): void => {
    execFileSync('ip', [...args], { stdio: 'pipe' })
  }
  const close = (): void => ip('netns', 'del', name)
  const veth = `sv${process.pid % 100_000}n${number}`
  try {
    ip('netns', 'add', name)
  } catch {
    return { by: 'relay', name: undefined, inside: '127.0.0.1', host: '127.0.0.1', close: () => undefined }
  }
  try {
    ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'line', 'netns', name)
    ip('addr', 'add', `${host}/24`, 'dev', veth)
    ip('link', 'set', veth, 'up')
    ip('-n', name, 'addr', 'add', `${inside}/24`, 'dev', 'line')
    ip('-n', name, 'link', 'set', 'line', 'up')
  } catch (fault) {
    close()
    throw fault
  }
  try {
    const delay = jitterMs > 0 ? ['delay', `${jitterMs}ms`, `${jitterMs}ms`] : []
    execFileSync(
      'tc',
      ['-n', name, 'qdisc', 'add', 'dev', 'line', 'root', 'netem', 'loss', `${lossPercent}%`, ...delay],
      { stdio: 'pipe' },
    )
    return { by: 'netem', name, inside, host, close }
  } catch {
    return { by: 'relay in a namespace', name, inside, host, close }
  }
}

const startRelay = async (
  { by, name, host }: Place,
  listenPort: number,
  backPort: number,
  { lossPercent, jitterMs }: Line,
  seed: number,
): Promise<ChildProcess> => {
  const impairs = by !== 'netem'
  const args = [
    '--import=tsx',
    RELAY,
    ...[String(listenPort), host, String(backPort)],
    ...[String(impairs ? lossPercent / 100 : 0), String(impairs ? jitterMs : 0), String(seed)],
  ]
  const child =
    name === undefined
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('ip', ['netns', 'exec', name, process.execPath, ...args], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the relay ended with ${String(code)}`)
    }),
  ])
  return child
}

const bound = async (address: string, port: number): Promise<Socket> => {
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  return socket
}

const closed = async (socket: Socket): Promise<void> => {
  const over = once(socket, 'close')
  socket.close()
  await over
}
