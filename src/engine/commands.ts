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

/** `-ERR reason` or `-USAGE: ...`, or undefined for anything else. */
export const errorIn = (reply: string): string | undefined =>
  /^-(?:ERR|USAGE)/.test(reply) ? reply.trim().replace(/^-ERR:?\s*/, '') : undefined
