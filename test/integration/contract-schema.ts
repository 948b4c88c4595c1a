/**
 * The schemas of the OpenAPI document as checks of answers. An object has what its schema lists and nothing else, unless
 * the schema says what else it has; a word of JSON Schema that is not read here is a mistake, not a check left out.
 */
import { Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

export type PlainSchema = {
  readonly type?: string
  readonly enum?: readonly (string | number | boolean)[]
  readonly anyOf?: readonly PlainSchema[]
  readonly properties?: Readonly<Record<string, PlainSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | PlainSchema
  readonly items?: PlainSchema
  readonly format?: string
  readonly [word: string]: unknown
}

/** What is wrong with a value, in a sentence; undefined: it fits. */
export const faultIn = (schema: PlainSchema, value: unknown): string | undefined => {
  const strict = strictly(schema)
  if (Value.Check(strict, value)) return undefined
  return [...Value.Errors(strict, value)]
    .slice(0, 4)
    .map(
      ({ path, message, value: found }) =>
        `${path}: ${message}, and it is ${(JSON.stringify(found) as string | undefined) ?? 'missing'}`,
    )
    .join('; ')
}

const strictly = (schema: PlainSchema): TSchema => {
  for (const word of Object.keys(schema))
    if (!KNOWN.has(word)) throw new Error(`the document has "${word}": read it in contract-schema.ts`)
  if (schema.anyOf !== undefined) return Type.Union(schema.anyOf.map(strictly))
  if (schema.enum !== undefined) return Type.Union(schema.enum.map((value) => Type.Literal(value)))
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema as Limits
  const limits = defined({ minimum, maximum })
  switch (schema.type) {
    case 'object':
      return objectOf(schema)
    case 'array':
      return Type.Array(strictly(schema.items ?? {}), defined({ minItems, maxItems }))
    case 'string': {
      const pattern = schema.format === undefined ? schema['pattern'] : FORMATS[schema.format]
      if (pattern === undefined && schema.format !== undefined)
        throw new Error(`the document has the format "${schema.format}": read it in contract-schema.ts`)
      return Type.String({
        ...defined({ minLength, maxLength }),
        ...(typeof pattern === 'string' ? { pattern } : {}),
      })
    }
    case 'integer':
      return Type.Integer(limits)
    case 'number':
      return Type.Number(limits)
    case 'boolean':
      return Type.Boolean()
    case 'null':
      return Type.Null()
    case undefined:
      return Type.Unknown()
    default:
      throw new Error(`the document has the type "${schema.type}": read it in contract-schema.ts`)
  }
}

const objectOf = ({ properties = {}, required = [], additionalProperties }: PlainSchema): TSchema => {
  const names = Object.entries(properties)
  const others =
    typeof additionalProperties === 'object'
      ? strictly(additionalProperties)
      : // One that lists nothing says nothing.
        (additionalProperties ?? names.length === 0)
  return Type.Object(
    Object.fromEntries(
      names.map(([name, inner]) => [
        name,
        required.includes(name) ? strictly(inner) : Type.Optional(strictly(inner)),
      ]),
    ),
    { additionalProperties: others },
  )
}

type Limits = Readonly<
  Partial<Record<'minimum' | 'maximum' | 'minLength' | 'maxLength' | 'minItems' | 'maxItems', number>>
>

const KNOWN: ReadonlySet<string> = new Set([
  ...[
    'type',
    'enum',
    'anyOf',
    'properties',
    'required',
    'additionalProperties',
    'items',
    'format',
    'pattern',
  ],
  ...['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'description'],
])

/** RFC 3339 in UTC, as all our moments are. */
const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}([.]\\d+)?Z$',
  binary: '',
}

const defined = (limits: Readonly<Record<string, number | undefined>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => (limit === undefined ? [] : [[name, limit]])),
  )
