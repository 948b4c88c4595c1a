import { plain } from './json.ts'

/** What the CLI ends with. */
export const EXIT = { ok: 0, failed: 1, badInput: 2, unreachable: 3 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A fault with the sentence that the user reads: what is wrong and what to do next. */
export class CliFault extends Error {
  readonly exitCode: ExitCode
  readonly code: string

  constructor(exitCode: ExitCode, code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CliFault'
    this.exitCode = exitCode
    this.code = code
  }
}

export const reasonOf = (fault: unknown): string =>
  plain(fault instanceof Error ? fault.message : String(fault))
