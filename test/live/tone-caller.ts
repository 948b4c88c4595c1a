/** One who calls, sends a tone and keeps what he hears: SIPp says what is said, this sends and receives the sound. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { freePort, until } from './net.ts'
import type { SippParty } from './sipp.ts'
import { callerXml, type Caller } from './sipp-xml.ts'
import { TRUNK_ADDRESS, type Stage } from './stage.ts'
import { SAMPLE_RATE, decodeALaw, encodeALaw, levelOf } from './tones.ts'

export type ToneCaller = {
  readonly party: SippParty
  /** How loud a tone was in the last `milliseconds`: 0 not there, 1 as loud as it was sent. */
  readonly hears: (tone: number, milliseconds?: number) => number
  /** The loudest that a tone was in any half second of the whole call. */
  readonly everHeard: (tone: number) => number
  readonly press: (digit: string) => Promise<void>
  readonly stop: () => Promise<void>
}

const FRAME = 160
const FRAME_MS = 20
const DIGITS = '0123456789*#ABCD'

/** Waits for the switch's media port, in a 183 or the 200, and sends from then on. */
export const startToneCaller = async (
  stage: Stage,
  caller: Omit<Caller, 'hangupAfterMs'> & { readonly hangupAfterMs: number },
  tone: number,
): Promise<ToneCaller> => {
  const isPhone = caller.password !== undefined
  const address = isPhone ? '127.0.0.1' : TRUNK_ADDRESS
  const port = await freePort()
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  const party = await stage.sipp({
    name: `tone-${caller.user.replace('+', '')}`,
    xml: callerXml(caller).replaceAll('m=audio 19998', `m=audio ${port}`),
    remote: `127.0.0.1:${isPhone ? stage.ports.phones : stage.ports.trunks}`,
    address,
  })
  const frames: { readonly at: number; readonly samples: Float64Array }[] = []
  socket.on('message', (packet) => {
    if (((packet[1] ?? 0) & 0x7f) === 8)
      frames.push({ at: Date.now(), samples: decodeALaw(packet.subarray(12)) })
  })
  let target: number | undefined
  let [sent, sequence, timestamp, paused] = [0, 1, 1, false]
  const packet = (type: number, marker: boolean, stamp: number, payload: Buffer): Buffer => {
    const header = Buffer.alloc(12)
    header.writeUInt8(0x80, 0)
    header.writeUInt8((marker ? 0x80 : 0) | type, 1)
    header.writeUInt16BE(sequence++ & 0xffff, 2)
    header.writeUInt32BE(stamp >>> 0, 4)
    header.writeUInt32BE(port, 8)
    return Buffer.concat([header, payload])
  }
  const began = performance.now()
  const ticker = setInterval(() => {
    target ??= mediaPortOf(party)
    while (sent < (performance.now() - began) / FRAME_MS) {
      sent += 1
      timestamp += FRAME
      if (target === undefined || paused) continue
      socket.send(packet(8, false, timestamp, encodeALaw(tone, sent * FRAME, FRAME)), target, '127.0.0.1')
    }
  }, FRAME_MS / 2)
  const levelOver = (wanted: number, from: number, to: number): number =>
    levelOf(
      wanted,
      frames.filter(({ at }) => at >= from && at < to).map(({ samples }) => samples),
      Math.round(((to - from) / 1_000) * SAMPLE_RATE),
    )
  return {
    party,
    hears: (wanted, milliseconds = 500) => levelOver(wanted, Date.now() - milliseconds, Date.now()),
    everHeard: (wanted) => {
      const [first, last] = [frames[0]?.at ?? 0, frames.at(-1)?.at ?? 0]
      let most = 0
      for (let from = first; from + 500 <= last; from += 100)
        most = Math.max(most, levelOver(wanted, from, from + 500))
      return most
    },
    press: async (digit) => {
      await until('there is somebody to hear it', () => target !== undefined)
      paused = true
      const stamp = timestamp
      for (let n = 1; n <= 8; n++) {
        const payload = Buffer.from([DIGITS.indexOf(digit), n > 5 ? 0x8a : 0x0a, 0, 0])
        payload.writeUInt16BE(Math.min(n, 6) * FRAME, 2)
        socket.send(packet(101, n === 1, stamp, payload), target ?? 9, '127.0.0.1')
        await new Promise((resolve) => setTimeout(resolve, FRAME_MS))
      }
      paused = false
    },
    stop: async () => {
      clearInterval(ticker)
      const over = once(socket, 'close')
      socket.close()
      await over
    },
  }
}

const mediaPortOf = (party: SippParty): number | undefined => {
  const described = party.messages().findLast(({ received, text }) => received && /^m=audio \d+/m.test(text))
  const port = /^m=audio (\d+)/m.exec(described?.text ?? '')?.[1]
  return port === undefined ? undefined : Number(port)
}
