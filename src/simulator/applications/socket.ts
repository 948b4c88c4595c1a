import { connect, type Socket } from 'node:net'
import type { Channel } from '../channel.ts'
import { EslListener } from '../esl-listener.ts'
import type { Exchange } from '../exchange.ts'
import { until, Bell } from '../bell.ts'
import type { Applications } from './application.ts'
import { park } from './park.ts'

/** mod_event_socket.c, socket_function. Without `async` it behaves as with it: see the simulator's own page. */
export const socketApplications: Applications = {
  socket: {
    run: async ({ exchange, channel, argument }) => {
      const [hosts = '', ...modes] = argument.split(' ').filter((word) => word !== '')
      const socket = await firstThatConnects(exchange, channel, hosts.split('|'))
      if (socket === undefined || !channel.up()) {
        socket?.destroy()
        return
      }
      const listener = new EslListener(exchange, socket, {
        kind: 'outbound',
        channel,
        full: modes.includes('full'),
        async: modes.includes('async'),
      })
      // Nothing that is sent runs before the client has said `connect`.
      await until(
        exchange.clock,
        [channel.bell, listener.bell],
        () => listener.connected || listener.finished || !channel.ready(),
      )
      if (channel.ready() && !listener.finished) {
        const stop = listener.bell.listen(() => {
          channel.bell.ring()
        })
        await park(exchange, channel, () => listener.finished)
        stop()
      }
    },
  },
}

const firstThatConnects = async (
  exchange: Exchange,
  channel: Channel,
  hosts: readonly string[],
): Promise<Socket | undefined> => {
  for (const host of hosts) {
    const [address, path] = host.split('/')
    const colon = (address ?? '').lastIndexOf(':')
    const name = colon < 0 ? (address ?? '') : (address ?? '').slice(0, colon)
    const port = colon < 0 ? 8084 : Number((address ?? '').slice(colon + 1))
    if (path !== undefined) channel.set('socket_path', path)
    channel.set('socket_host', name)
    const socket = await tryConnect(exchange, channel, name, port)
    if (socket !== undefined) return socket
    exchange.logger.warn({ uuid: channel.uuid, host }, 'Socket Error')
  }
  return undefined
}

const tryConnect = async (
  exchange: Exchange,
  channel: Channel,
  host: string,
  port: number,
): Promise<Socket | undefined> => {
  const bell = new Bell()
  const seen: { outcome: 'connected' | 'failed' | undefined } = { outcome: undefined }
  const socket = connect({ host, port, noDelay: true })
  const settle = (outcome: 'connected' | 'failed'): void => {
    seen.outcome ??= outcome
    bell.ring()
  }
  socket.once('connect', () => {
    settle('connected')
  })
  socket.once('error', () => {
    settle('failed')
  })
  // A connect has no time-out of its own: the kernel's, or the end of the call in this simulation.
  await until(exchange.clock, [bell, channel.bell], () => seen.outcome !== undefined || !channel.up())
  if (seen.outcome === 'connected' && channel.up()) return socket
  socket.destroy()
  return undefined
}
