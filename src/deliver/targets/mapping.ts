/**
 * Field mappings: which field of a target gets what of a call. A mapping is JSON that people write, so it is checked
 * as a whole when it is saved, and every fault names its field; what was checked once always renders.
 *
 *   "Title__c": "call.summary"                                     a CDR path
 *   "Ms__c":    { "path": "call.talkSeconds", "format": "milliseconds" }
 *   "Type__c":  { "path": "call.direction", "map": { "inbound": "In" }, "default": "Out" }
 *   "Source":   { "value": "telephone" }                           the same for every call
 *   "subject":  { "template": "Call from {call.from|digits}" }
 *   "Old__c":   null                                               takes the default's field away
 *
 * A dot in a field's name makes an object: `requester.name`.
 */
import { EngineError } from '../../base/errors.ts'
import { PATHS, pathOf, type CallFacts, type Path, type PathType, type PathValue } from './call-paths.ts'

export type JsonValue = string | number | boolean | readonly string[] | { readonly [name: string]: JsonValue }

export type Rule =
  | string
  | {
      readonly path: string
      readonly format?: string
      readonly map?: Readonly<Record<string, string | number | boolean>>
      readonly default?: string | number | boolean
      readonly maxLength?: number
    }
  | { readonly template: string; readonly maxLength?: number }
  | { readonly value: string | number | boolean }

/** By section (an object of the target), by field. */
export type Sections = Readonly<Record<string, Readonly<Record<string, Rule>>>>

export type Rendered = { readonly [name: string]: JsonValue }

export type CompiledSections = Readonly<Record<string, (facts: CallFacts) => Rendered>>

/** The default's fields with those of the mapping over them. Throws DELIVER_BAD_INPUT naming the field. */
export const compileMapping = (mapping: unknown, defaults: Sections): CompiledSections => {
  const given = objectOf(mapping, 'mapping')
  const unknown = Object.keys(given).find((section) => !Object.hasOwn(defaults, section))
  if (unknown !== undefined)
    throw bad(`mapping.${unknown}`, `there is no such section: it takes ${Object.keys(defaults).join(', ')}`)
  return Object.fromEntries(
    Object.entries(defaults).map(([section, fields]) => [
      section,
      compileSection(`mapping.${section}`, fields, objectOf(given[section] ?? {}, `mapping.${section}`)),
    ]),
  )
}

/** Every path with what it is, for people. */
export const describePaths = (): readonly {
  readonly path: string
  readonly type: PathType
  readonly what: string
}[] => Object.entries(PATHS).map(([path, { type, what }]) => ({ path, type, what }))

export const FORMATS: Readonly<Record<PathType, readonly string[]>> = {
  text: ['text', 'upper', 'lower'],
  phone: ['e164', 'digits'],
  number: ['number', 'text'],
  seconds: ['seconds', 'milliseconds', 'minutes', 'clock'],
  time: ['iso', 'date', 'epochSeconds', 'epochMs', 'epochMicros'],
  money: ['decimal', 'number'],
  flag: ['flag', 'text'],
  list: ['list', 'text'],
}

const MOST_FIELDS = 200
const MOST_TEXT = 2_000
const FIELD = /^[A-Za-z_$][\w$-]{0,99}(?:\.[\w$-]{1,100}){0,4}$/
const POISON = /(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/

type Reader = (facts: CallFacts) => JsonValue | undefined

const compileSection = (
  at: string,
  defaults: Readonly<Record<string, Rule>>,
  given: Readonly<Record<string, unknown>>,
): ((facts: CallFacts) => Rendered) => {
  const fields: readonly (readonly [string, unknown])[] = Object.entries({ ...defaults, ...given })
  if (fields.length > MOST_FIELDS) throw bad(at, `it has more than ${MOST_FIELDS} fields`)
  const readers = fields.flatMap(([field, rule]): readonly (readonly [readonly string[], Reader])[] => {
    if (!FIELD.test(field) || POISON.test(field))
      throw bad(`${at}.${field.slice(0, 60)}`, 'it is no field name')
    return rule === null ? [] : [[field.split('.'), compileRule(`${at}.${field}`, rule)]]
  })
  const names = readers.map(([path]) => path.join('.'))
  const clash = names.find((name) => names.some((other) => other.startsWith(`${name}.`)))
  if (clash !== undefined) throw bad(`${at}.${clash}`, 'it is a field and an object at once')
  return (facts) => {
    const rendered: Tree = {}
    for (const [path, read] of readers) {
      const value = read(facts)
      if (value !== undefined) put(rendered, path, value)
    }
    return rendered
  }
}

type Tree = { [name: string]: JsonValue | Tree }

const put = (tree: Tree, [name = '', ...rest]: readonly string[], value: JsonValue): void => {
  if (rest.length === 0) {
    tree[name] = value
    return
  }
  const below = (tree[name] ??= {})
  put(below as Tree, rest, value)
}

const compileRule = (at: string, rule: unknown): Reader => {
  if (typeof rule === 'string') return compilePath(at, { path: rule })
  const { path, template, value, ...rest } = objectOf(rule, at)
  const kinds = [path, template, value].filter((one) => one !== undefined)
  if (kinds.length !== 1) throw bad(at, 'it takes one of "path", "template" and "value"')
  if (value !== undefined) {
    onlyKnown(at, rest, [])
    const constant = scalarOf(at, value)
    return () => constant
  }
  return template === undefined ? compilePath(at, { path, ...rest }) : compileTemplate(at, template, rest)
}

const compilePath = (at: string, rule: Readonly<Record<string, unknown>>): Reader => {
  const { path, format, map, default: otherwise, maxLength, ...rest } = rule
  onlyKnown(at, rest, ['path', 'format', 'map', 'default', 'maxLength'])
  if (typeof path !== 'string') throw bad(at, '"path" takes a CDR path')
  const found = knownPath(at, path)
  const formatted = formatterOf(at, found, format)
  const words = map === undefined ? undefined : objectOf(map, at)
  const mapped = new Map(Object.entries(words ?? {}).map(([from, to]) => [from, scalarOf(at, to)]))
  const fallback = otherwise === undefined ? undefined : scalarOf(at, otherwise)
  const clip = clipTo(at, maxLength)
  return (facts) => {
    const value = found.read(facts)
    if (value === undefined) return fallback
    if (words !== undefined) {
      const word = Array.isArray(value) ? undefined : mapped.get(String(value))
      return word ?? fallback
    }
    return clip(formatted(value))
  }
}

const PLACE = /\{([A-Za-z][\w.]{0,99})(?:\|([A-Za-z0-9]{1,20}))?\}/g

const compileTemplate = (at: string, template: unknown, rest: Readonly<Record<string, unknown>>): Reader => {
  const { maxLength, ...others } = rest
  onlyKnown(at, others, ['template', 'maxLength'])
  if (typeof template !== 'string' || template === '' || template.length > MOST_TEXT)
    throw bad(at, `"template" takes a text of 1 to ${MOST_TEXT} characters`)
  const left = template.replace(PLACE, '')
  if (/[{}]/.test(left)) throw bad(at, 'a brace in "template" begins no {path} or {path|format}')
  const places = [...template.matchAll(PLACE)].map(([text, path = '', format]) => {
    const found = knownPath(at, path)
    return { text, found, formatted: formatterOf(at, found, format) }
  })
  const clip = clipTo(at, maxLength)
  return (facts) => {
    const said = new Map(
      places.map(({ text, found, formatted }) => {
        const value = found.read(facts)
        const shown = value === undefined ? '' : formatted(value)
        return [text, typeof shown === 'object' ? textOf(value) : String(shown)]
      }),
    )
    return clip(template.replace(PLACE, (text) => said.get(text) ?? ''))
  }
}

const knownPath = (at: string, path: string): Path => {
  const found = pathOf(path)
  if (found !== undefined) return found
  const like = Object.keys(PATHS).find((known) =>
    known.toLowerCase().endsWith(`.${lastOf(path).toLowerCase()}`),
  )
  throw bad(
    at,
    `there is no CDR path "${path.slice(0, 60)}"${like === undefined ? '' : `: is "${like}" meant?`}`,
  )
}

const lastOf = (path: string): string => path.split('.').at(-1) ?? ''

const formatterOf = (at: string, { type }: Path, format: unknown): ((value: PathValue) => JsonValue) => {
  const name = format ?? FORMATS[type][0] ?? ''
  if (typeof name !== 'string' || !FORMATS[type].includes(name))
    throw bad(at, `"format" takes ${FORMATS[type].join(', ')} for what is ${type}`)
  return (value) => FORMATTERS[`${type} ${name}`]?.(value) ?? plainOf(value)
}

const plainOf = (value: PathValue): JsonValue => value ?? ''

const textOf = (value: PathValue): string => (Array.isArray(value) ? value.join(', ') : String(value))
const numeric = (value: PathValue): number => Number(value)

const FORMATTERS: Readonly<Record<string, (value: PathValue) => JsonValue>> = {
  'text upper': (value) => textOf(value).toUpperCase(),
  'text lower': (value) => textOf(value).toLowerCase(),
  'phone digits': (value) => textOf(value).replace(/^\+/, ''),
  'number text': textOf,
  'seconds milliseconds': (value) => numeric(value) * 1_000,
  'seconds minutes': (value) => Math.round((numeric(value) / 60) * 100) / 100,
  'seconds clock': (value) => clockOf(numeric(value)),
  'time iso': (value) => new Date(numeric(value)).toISOString(),
  'time date': (value) => new Date(numeric(value)).toISOString().slice(0, 10),
  'time epochSeconds': (value) => Math.floor(numeric(value) / 1_000),
  'time epochMs': (value) => numeric(value),
  'time epochMicros': (value) => numeric(value) * 1_000,
  'money number': (value) => numeric(value),
  'flag text': (value) => (value === true ? 'yes' : 'no'),
  'list text': textOf,
}

const clockOf = (seconds: number): string =>
  [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')

const clipTo = (at: string, maxLength: unknown): ((value: JsonValue) => JsonValue) => {
  if (maxLength === undefined) return (value) => value
  if (typeof maxLength !== 'number' || !Number.isSafeInteger(maxLength) || maxLength < 1)
    throw bad(at, '"maxLength" takes a whole number from 1')
  return (value) => (typeof value === 'string' ? value.slice(0, maxLength).toWellFormed() : value)
}

const onlyKnown = (at: string, rest: Readonly<Record<string, unknown>>, known: readonly string[]): void => {
  const [name] = Object.keys(rest)
  if (name !== undefined)
    throw bad(at, `it has "${name.slice(0, 40)}"${known.length > 0 ? `: it takes ${known.join(', ')}` : ''}`)
}

const scalarOf = (at: string, value: unknown): string | number | boolean => {
  if (typeof value === 'string' && value.length <= MOST_TEXT) return value
  if ((typeof value === 'number' && Number.isFinite(value)) || typeof value === 'boolean') return value
  throw bad(at, `a value is a text of at most ${MOST_TEXT} characters, a number, true or false`)
}

const objectOf = (value: unknown, at: string): Readonly<Record<string, unknown>> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw bad(at, 'it takes a JSON object')
}

/** What was rendered, but for some fields. */
export const without = (rendered: Rendered, ...names: readonly string[]): Rendered =>
  Object.fromEntries(Object.entries(rendered).filter(([name]) => !names.includes(name)))

/** A fault of what a person wrote. */
export const bad = (field: string, why: string): EngineError =>
  new EngineError('DELIVER_BAD_INPUT', `${field}: ${why}`, { field })
