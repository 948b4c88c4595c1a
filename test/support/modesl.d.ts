/** modesl 1.2.1 ships no types: only what the interop tests and the benchmark touch. */
declare module 'modesl' {
  import type { EventEmitter } from 'node:events'
  import type { Server as NetServer, Socket } from 'node:net'

  type ModeslEvent = {
    readonly type: string
    readonly headers: readonly { readonly name: string; readonly value: unknown }[]
    getHeader(name: string): string | null
    getBody(): string
  }
  export class Connection extends EventEmitter {
    constructor(host: string, port: number, password: string, ready?: () => void)
    constructor(socket: Socket, ready?: () => void)
    api(command: string, args: string, done: (event: ModeslEvent) => void): void
    bgapi(command: string, args: string, jobUuid: string, done: (event: ModeslEvent) => void): void
    execute(app: string, arg: string, done: (event: ModeslEvent) => void): string
    events(format: 'plain' | 'json', names: readonly string[], done?: () => void): void
    getInfo(): ModeslEvent
    disconnect(): void
  }
  export class Server extends EventEmitter {
    constructor(options: { server: NetServer; myevents?: boolean }, ready?: () => void)
    close(done?: () => void): void
  }
  const modesl: { Connection: typeof Connection; Server: typeof Server }
  export default modesl
}

declare module 'modesl/lib/esl/Parser.js' {
  import type { EventEmitter } from 'node:events'

  class Parser extends EventEmitter {
    constructor(socket: EventEmitter)
  }
  export default Parser
}
