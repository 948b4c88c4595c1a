/**
 * The fields that our API is made of. A description is a noun phrase: validation.ts makes its sentence of it
 * ("to" takes a number as it would be dialled). Patterns are linear: they read what strangers send.
 */
import { Type, type Static, type TSchema } from '@sinclair/typebox'

export const nullable = <T extends TSchema>(schema: T) =>
  Type.Union(
    [schema, Type.Null()],
    schema.description === undefined ? {} : { description: schema.description },
  )

/** PostgreSQL's integer. */
const MAX_ID = 2_147_483_647

export const id = (what: string) =>
  Type.Integer({ minimum: 1, maximum: MAX_ID, description: `the id of ${what}, a whole number from 1` })

export const whole = (what: string, minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum, description: `${what}, a whole number from ${minimum} to ${maximum}` })

export const text = (what: string, maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: `${what}, in 1 to ${maxLength} characters`,
  })

export const flag = (what: string) => Type.Boolean({ description: `true or false: ${what}` })

/** One of these words, and no other. */
export const choice = <Word extends string>(words: readonly Word[]) =>
  Type.Union(
    words.map((word) => Type.Literal(word)),
    { description: `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}` },
  )

/** Text that may be empty. */
export const freeText = (what: string, maxLength: number) =>
  Type.String({
    maxLength,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
    description: `${what}, in at most ${maxLength} characters`,
  })

export const uuid = (what: string) =>
  Type.String({
    pattern: '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$',
    description: `the uuid of ${what}`,
  })

/** A query's `+` arrives as a space: a leading one is the plus of an E.164 number that was not encoded. */
export const dialled = (what: string) =>
  Type.String({
    minLength: 1,
    maxLength: 40,
    pattern: '^[ +]?[\\d*#][\\d*# ().-]*$',
    description: `${what}, in digits, *, # and a leading +`,
  })

export const withPlus = (number: string): string => number.replace(/^ /, '+')

export const extension = (what: string) =>
  Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[\\w.-]+$',
    description: `${what}, in letters, digits, _ . and -`,
  })

export const e164 = (what: string) =>
  Type.String({ pattern: '^\\+[1-9]\\d{5,14}$', description: `${what} in E.164 form, such as +442079460123` })

export const prefix = Type.String({
  maxLength: 15,
  pattern: '^\\d*$',
  description: 'leading digits without plus, 15 at the most; empty for every number',
})

export const price = (what: string) =>
  Type.String({
    pattern: '^\\d{1,8}(\\.\\d{1,8})?$',
    description: `${what} as a decimal in a string, such as "0.0085"`,
  })

export const currency = Type.String({
  pattern: '^[A-Z]{3}$',
  description: 'a currency in ISO 4217, such as GBP',
})

export const moment = (what: string) =>
  Type.String({
    minLength: 1,
    maxLength: 40,
    pattern: '^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}([.]\\d{1,9})?)?(Z|[ +-]\\d{2}:?\\d{2})?)?$',
    description: `${what} in ISO 8601, such as 2026-08-01T12:00:00Z`,
  })

export const time = (what: string) => Type.String({ format: 'date-time', description: what })

export const fields = <T extends Record<string, TSchema>>(properties: T, description = 'a JSON object') =>
  Type.Object(properties, { additionalProperties: false, description })

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

export const isoOrNull = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : iso(milliseconds)

export const ErrorAnswer = Type.Object(
  {
    success: Type.Literal(false),
    error: Type.Object({
      code: Type.String({ description: 'stable, for programs' }),
      message: Type.String({ description: 'a sentence, for people' }),
      field: Type.Optional(Type.String({ description: 'the field that is wrong' })),
      userMessage: Type.Optional(Type.String({ description: 'a sentence, for the person who calls' })),
      timestamp: Type.Optional(Type.String({ format: 'date-time' })),
      retryAfter: Type.Optional(Type.Integer({ description: 'seconds' })),
      callId: Type.Optional(Type.String({ description: 'the call that it is about' })),
      details: Type.Optional(
        Type.Object({ problems: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })) }),
      ),
    }),
  },
  { description: 'what went wrong' },
)

export type ErrorAnswer = Static<typeof ErrorAnswer>

/** The answers of a route: what it says when it went well, and the one shape of everything else. */
export const answers = (
  status: number,
  schema: TSchema | Record<string, unknown>,
  ...failures: readonly number[]
): Record<string, unknown> => ({
  [status]: schema,
  ...Object.fromEntries([...new Set([400, 401, 403, 500, ...failures])].map((code) => [code, ErrorAnswer])),
})

/** An answer that is not JSON. */
export const textAnswer = (contentType: string, description: string): Record<string, unknown> => ({
  description,
  content: { [contentType]: { schema: Type.String() } },
})
