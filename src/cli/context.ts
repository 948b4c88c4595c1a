import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { createEngine, type Engine } from './engine.ts'
import { addressOf } from './token.ts'

/** What the CLI is given of the process that runs it. */
export type Terminal = {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly packageDirectory: string
  /** Texts with their line breaks. */
  readonly out: (text: string) => void
  /** Bytes of a file; resolves when more may come. Undefined: as text, all at once. */
  readonly outBytes?: ((bytes: Uint8Array) => Promise<void>) | undefined
  readonly err: (text: string) => void
  /** The whole of standard input, for what must not stand in a command line. */
  readonly readInput: () => Promise<string>
  /** Characters a line; undefined: it goes into a pipe, or nobody knows. */
  readonly columns?: number | undefined
  /** Aborts at Ctrl-C. */
  readonly interrupt: AbortSignal
}

/** What a command works with. */
export type Context = {
  readonly engine: Engine
  readonly json: boolean
  readonly terminal: Terminal
  /** Lines for people; nothing with --json. */
  readonly say: (...lines: readonly string[]) => void
  /** One JSON document a line; nothing without --json. */
  readonly tell: (document: unknown) => void
}

export const contextOf = (command: Command, terminal: Terminal): Context => {
  const options: { readonly json?: boolean; readonly url?: string; readonly token?: string } =
    command.optsWithGlobals()
  const json = options.json === true
  return {
    engine: createEngine(addressOf(options, terminal)),
    json,
    terminal,
    say: (...lines) => {
      if (!json) for (const line of lines) terminal.out(`${line}\n`)
    },
    tell: (document) => {
      if (json) terminal.out(`${JSON.stringify(document)}\n`)
    },
  }
}

/** Runs once the arguments are understood; sets the exit code where it is not 0. */
export type Run = (context: Context, positionals: readonly string[]) => Promise<number>

/** Gives a command its work. `ended` hears the exit code. */
export const perform = (
  command: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
  run: Run,
): Command =>
  command.action(async () => {
    ended(await run(contextOf(command, terminal), command.args))
  })

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    if (/^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`)
  }

export const MAX_ID = 2_147_483_647
export const recordId = wholeNumber(1, MAX_ID)

export const uuidText = (text: string): string => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('It takes the id of a call, a uuid; `strowger calls list` shows them.')
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `24h`, `7d`, a day in local time or a moment in ISO 8601; as ISO 8601 in UTC. */
export const momentText =
  (now: () => number) =>
  (text: string): string => {
    const ago = /^(\d{1,6})([smhdw])$/.exec(text)
    const unit = UNITS[ago?.[2] ?? '']
    const milliseconds =
      ago !== null && unit !== undefined
        ? now() - Number(ago[1]) * unit
        : /^\d{4}-\d{2}-\d{2}/.test(text)
          ? Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text)
          : NaN
    if (Number.isFinite(milliseconds)) return new Date(milliseconds).toISOString()
    throw new InvalidArgumentError(
      'It takes how long ago (30m, 24h, 7d) or a moment (2026-08-01, 2026-08-01T12:00).',
    )
  }
