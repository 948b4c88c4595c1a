/** Checks what strangers send against a schema, and says in a sentence which field is wrong and what it takes. */
import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler, ValueErrorType, type ValueError } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import { EngineError } from '../base/errors.ts'
import type { Problem } from './status.ts'

/** More would help nobody. */
const MAX_PROBLEMS = 10

type Checked = { readonly value: unknown } | { readonly error: Error }

/** Paths and queries are text: `12` is a number there where the schema says so. A body says what it means. */
export const compileValidator = (
  schema: TSchema,
  part: string | undefined,
): ((input: unknown) => Checked) => {
  const check = TypeCompiler.Compile(schema)
  return (input) => {
    const value = part === 'body' ? input : Value.Convert(schema, input)
    const problems: Problem[] = []
    if (check.Check(value)) {
      const unstorable = findUnstorable(value, '')
      if (unstorable === undefined) return { value }
      problems.push({ field: unstorable, message: `"${unstorable}" has characters that are not text` })
    } else {
      for (const error of check.Errors(value)) {
        const field = fieldOf(error.path)
        if (!problems.some((problem) => problem.field === field))
          problems.push({ field, message: sentence(error, field) })
        if (problems.length === MAX_PROBLEMS) break
      }
    }
    const [first] = problems
    const field = first?.field ?? ''
    return {
      error: new EngineError('HTTP_BAD_INPUT', first?.message ?? 'the request does not fit', {
        ...(field === '' ? {} : { field }),
        ...(problems.length > 1 ? { problems } : {}),
      }),
    }
  }
}

/** A refusal that no schema can express. */
export const badInput = (field: string, message: string): EngineError =>
  new EngineError('HTTP_BAD_INPUT', message, { field })

const sentence = (error: ValueError, field: string): string => {
  if (error.type === ValueErrorType.ObjectAdditionalProperties) return `"${field}" is not known here`
  const takes = error.schema.description ?? error.message
  if (field === '') return `the request takes ${takes}`
  if (error.type === ValueErrorType.ObjectRequiredProperty) return `"${field}" is missing: it takes ${takes}`
  return `"${field}" takes ${takes}`
}

/** `/rates/3/prefix` as `rates.3.prefix`; a stranger's property name is cut and cleaned. */
const fieldOf = (path: string): string =>
  path
    .slice(1, 100)
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
    .replace(/[\p{C}"]/gu, '?')

/** PostgreSQL keeps neither NUL nor half a surrogate pair. The path of such a text, or undefined. */
const findUnstorable = (value: unknown, path: string): string | undefined => {
  if (typeof value === 'string') return /[\0\p{Surrogate}]/u.test(value) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const found = findUnstorable(inner, path === '' ? name : `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}
