import { EngineError } from '../base/errors.ts'

/** The part of the event socket that the engine floor commands through; the inbound client has it. */
export type SwitchCommands = {
  /** Resolves with the reply's text; `-ERR ...` is an outcome. Throws ESL_NOT_CONNECTED, ESL_CLOSED, ESL_TIMEOUT. */
  readonly api: (name: string, args?: string, options?: { readonly timeoutMs?: number }) => Promise<string>
  readonly bgapi: (
    name: string,
    args: string,
    options?: { readonly jobUuid?: string; readonly timeoutMs?: number },
  ) => Promise<string>
}

/** Commands for parts that are built before the client is: they throw ESL_NOT_CONNECTED until it is joined. */
export const createLateCommands = (): SwitchCommands & {
  readonly join: (client: SwitchCommands) => void
} => {
  const joined: { client?: SwitchCommands } = {}
  const client = (): SwitchCommands => {
    if (joined.client !== undefined) return joined.client
    throw new EngineError('ESL_NOT_CONNECTED', 'the switch is not connected yet')
  }
  return {
    api: async (...args) => client().api(...args),
    bgapi: async (...args) => client().bgapi(...args),
    join: (later) => {
      joined.client = later
    },
  }
}

/** `-ERR reason` or `-USAGE: ...`, or undefined for anything else. */
export const errorIn = (reply: string): string | undefined =>
  /^-(?:ERR|USAGE)/.test(reply) ? reply.trim().replace(/^-ERR:?\s*/, '') : undefined
