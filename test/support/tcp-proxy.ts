/** A wire that can be cut: between the engine and PostgreSQL, or between the engine and the switch. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { portOf } from './fake-switch.ts'

export type TcpProxy = {
  readonly port: number
  /** Every connection dies, and whoever comes is turned away. */
  readonly cut: () => void
  /** Connections are taken and nothing is said on them; what was open falls silent. */
  readonly mute: () => void
  readonly mend: () => void
  /** What went from those who connect to the target. */
  readonly sent: () => string
  readonly connections: () => number
  readonly close: () => Promise<void>
}

export const startTcpProxy = async (targetPort: () => number): Promise<TcpProxy> => {
  const open = new Set<Socket>()
  const pieces: Buffer[] = []
  let state: 'through' | 'cut' | 'mute' = 'through'
  let connections = 0
  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  }
  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => near.destroy())
    if (state === 'cut') {
      near.destroy()
      return
    }
    connections += 1
    keep(near)
    if (state === 'mute') return
    const far = connect({ port: targetPort(), host: '127.0.0.1', noDelay: true })
    keep(far)
    far.on('error', () => far.destroy())
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.on('data', (bytes) => {
      if (state !== 'through') return
      pieces.push(bytes)
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (state === 'through') near.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const destroyAll = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: portOf(server.address()),
    cut: () => {
      state = 'cut'
      destroyAll()
    },
    mute: () => {
      state = 'mute'
    },
    mend: () => {
      // What was muted has holes: it cannot go on.
      if (state === 'mute') destroyAll()
      state = 'through'
    },
    sent: () => Buffer.concat(pieces).toString('utf8'),
    connections: () => connections,
    close: async () => {
      destroyAll()
      server.close()
      await once(server, 'close')
    },
  }
}
