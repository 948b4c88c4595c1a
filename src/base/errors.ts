/**
 * The one error type that the engine throws. Outcomes (busy, no route) are values, never errors.
 * `code` is FOLDER_WHAT and is what logs and tables are keyed on; `details` must be safe to log.
 */
export class EngineError extends Error {
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EngineError'
    this.code = code
    this.details = details
  }
}

/** Anything that was thrown, as an Error. */
export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown))

/** The `code` of an EngineError or of a Node system error, or undefined. */
export const codeOf = (thrown: unknown): string | undefined => {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
