import { createServer, type AddressInfo, type Server } from 'node:net'
import { EngineError } from '../base/errors.ts'
import { EslListener } from './esl-listener.ts'
import type { Exchange } from './exchange.ts'

/** Owns the listening side of the event socket. */
export type EslDoor = {
  readonly open: (host: string, port: number) => Promise<number>
  readonly close: () => Promise<void>
  /** Every connection dies without a word. */
  readonly crash: () => void
}

export const createEslDoor = (exchange: () => Exchange, password: string): EslDoor => {
  const listeners = new Set<EslListener>()
  const server: Server = createServer({ noDelay: true }, (socket) => {
    const listener = new EslListener(exchange(), socket, { kind: 'inbound', password })
    listeners.add(listener)
    socket.once('close', () => {
      listeners.delete(listener)
    })
  })
  return {
    open: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          const address: AddressInfo | string | null = server.address()
          if (address === null || typeof address === 'string') {
            reject(new EngineError('SIMULATOR_NO_PORT', 'the event socket has no port'))
            return
          }
          resolve(address.port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        for (const listener of listeners) listener.close()
      }),
    crash: () => {
      for (const listener of listeners) listener.destroy()
      server.close()
    },
  }
}
