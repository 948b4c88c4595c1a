/** What an engine answered, read: a document, or the fault that the user is told. */
import type { EngineAddress } from './engine.ts'
import { CliFault, EXIT, type ExitCode } from './fault.ts'
import { childOf, textOf, type Json } from './json.ts'

/** Throws NOT_AN_ENGINE. */
export const parseAnswer = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch (fault) {
    throw new CliFault(
      EXIT.failed,
      'NOT_AN_ENGINE',
      'what answers there is no Strowger engine: its answer is not JSON. Check STROWGER_URL or --url',
      fault,
    )
  }
}

export const refusalOf = (status: number, body: Json, { token, tokenHint }: EngineAddress): CliFault => {
  const error = childOf(body, 'error') ?? {}
  const code = textOf(error, 'code') || `HTTP_${status}`
  if (status === 401) {
    const message =
      token === undefined
        ? `the engine wants its token: set STROWGER_TOKEN or --token (${tokenHint})`
        : `the engine refuses this token (${textOf(error, 'message')}): it takes the content of admin-token in its data directory, an API key or an access token`
    return new CliFault(EXIT.failed, code, message)
  }
  const message = textOf(error, 'message') || `the engine answered ${status}`
  return new CliFault(exitCodeOf(status), code, message)
}

/** What the user can mend by asking otherwise is bad input; the rest failed. */
const exitCodeOf = (status: number): ExitCode =>
  status === 400 || status === 404 || status === 405 ? EXIT.badInput : EXIT.failed
