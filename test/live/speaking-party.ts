/**
 * The voice of a party whose SIP is spoken by SIPp: it sends the sound that it is given, frame by frame in G.711 A-law,
 * from the moment at which the switch's first packet came, and keeps what it hears.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeALaw, encodeALaw, joined } from '../support/line-sound.ts'

export type SpeakingParty = {
  /** Of the session description. */
  readonly port: number
  /** Linear samples at 8 kHz as they came, silence for what was not sent. */
  readonly heard: () => Int16Array
  /** Milliseconds of `performance.now()`: its first packet, and where its own sound was then. */
  readonly beganAt: () => number | undefined
  /** When the frame that holds this moment of its own sound left; undefined: not yet. */
  readonly saidAt: (ms: number) => number | undefined
  /** When the first loud frame came after `since`. */
  readonly heardAt: (since: number) => number | undefined
  readonly stop: () => void
}

const FRAME = 160
const FRAME_MS = 20

export const startSpeakingParty = async (
  port: number,
  sound: Int16Array,
  { delayMs = 0 }: { readonly delayMs?: number } = {},
): Promise<SpeakingParty> => {
  const socket = createSocket('udp4')
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  const alaw = encodeALaw(sound)
  const heard: { readonly at: number; readonly samples: Int16Array }[] = []
  let beganAt: number | undefined
  let timer: NodeJS.Timeout | undefined
  let sequence = 1
  const begin = (address: string, peer: number): void => {
    const began = performance.now() + delayMs
    beganAt = began
    let frame = 0
    timer = setInterval(() => {
      while (performance.now() - began >= frame * FRAME_MS) {
        const payload = Buffer.alloc(FRAME, 0xd5)
        alaw.subarray(frame * FRAME, (frame + 1) * FRAME).forEach((byte, index) => {
          payload[index] = byte
        })
        const packet = Buffer.alloc(12 + FRAME)
        packet.writeUInt8(0x80, 0)
        packet.writeUInt8(frame === 0 ? 0x88 : 8, 1)
        packet.writeUInt16BE(sequence & 0xffff, 2)
        packet.writeUInt32BE((frame * FRAME) >>> 0, 4)
        packet.writeUInt32BE(0x5eed, 8)
        payload.copy(packet, 12)
        socket.send(packet, peer, address)
        sequence += 1
        frame += 1
      }
    }, 5)
  }
  socket.on('message', (packet, from) => {
    if ((packet[1] ?? 0) % 128 !== 8) return
    heard.push({ at: performance.now(), samples: decodeALaw(packet.subarray(12)) })
    if (beganAt === undefined) begin(from.address, from.port)
  })
  return {
    port,
    heard: () => joined(...heard.map(({ samples }) => samples)),
    beganAt: () => beganAt,
    saidAt: (ms) => (beganAt === undefined ? undefined : beganAt + ms),
    heardAt: (since) =>
      heard.find(({ at, samples }) => at >= since && samples.some((sample) => Math.abs(sample) > 1_000))?.at,
    stop: () => {
      clearInterval(timer)
      socket.close()
    },
  }
}
