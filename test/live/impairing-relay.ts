/**
 * A UDP relay: what comes to one port goes to another address, late or never. It runs as a process of its own, so that it
 * can stand in a network namespace. Where the kernel has netem the namespace's interface impairs, and this does not.
 * Arguments: where to listen, address and port to send to, share that is lost, milliseconds of jitter, seed.
 */
import { createSocket } from 'node:dgram'

const [listenPort, address, port, loss, jitterMs, seed] = process.argv.slice(2)
let state = Number(seed) >>> 0
/** 0 to 1, the same series for the same seed. */
const random = (): number => {
  // Mulberry32.
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = state
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
const socket = createSocket('udp4')
socket.on('message', (packet) => {
  if (random() < Number(loss)) return
  const send = (): void => {
    socket.send(packet, Number(port), address)
  }
  // As netem's `delay Jms Jms`: anywhere between at once and twice the jitter.
  if (Number(jitterMs) > 0) setTimeout(send, random() * 2 * Number(jitterMs))
  else send()
})
socket.bind(Number(listenPort), () => process.stdout.write('listening\n'))
process.on('SIGTERM', () => process.exit(0))
