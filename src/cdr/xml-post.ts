/**
 * The document that mod_xml_cdr makes, as mod_json_cdr would have made it: the same names in the same places
 * (switch_ivr.c: switch_ivr_generate_xml_cdr and switch_ivr_generate_json_cdr walk the same channel). It is read without
 * trust: no document type, so no entities of its own; not more elements than a record can have.
 */
import { isUtf8 } from 'node:buffer'
import { parseString } from 'xml2js'
import { asError, EngineError } from '../base/errors.ts'
import { decodeBytes } from '../esl/percent.ts'

/** A channel has some 200 variables, a long callflow some hundred elements. */
const MOST_ELEMENTS = 20_000
const MOST_BYTES = 2 * 1024 * 1024

/** Throws CDR_UNREADABLE, saying why. */
export const documentOfXml = (bytes: Buffer): Readonly<Record<string, unknown>> => {
  if (bytes.length > MOST_BYTES) throw unreadable(`it has ${bytes.length} bytes`)
  const decoded = isUtf8(bytes)
  const text = bytes.toString(decoded ? 'utf8' : 'latin1')
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw unreadable('it has a document type, which no CDR has')
  if (elementsIn(text) > MOST_ELEMENTS) throw unreadable('it has more elements than any CDR')
  const root = childrenOf(parse(text)).get('cdr')?.at(-1)
  if (root === undefined) throw unreadable('its root is not cdr')
  const plain = decoded ? (value: string): string => value : decodeBytes
  const one = (name: string): ReadonlyMap<string, readonly unknown[]> =>
    childrenOf(childrenOf(root).get(name)?.at(-1))
  return {
    ...textsOf(attributesOf(root), plain),
    channel_data: textsOf(one('channel_data'), plain),
    ...(childrenOf(root).has('variables') ? { variables: textsOf(one('variables'), plain, arrayOf) } : {}),
    callflow: (childrenOf(root).get('callflow') ?? []).map((flow) => ({
      caller_profile: textsOf(childrenOf(childrenOf(flow).get('caller_profile')?.at(-1)), plain),
      times: textsOf(childrenOf(childrenOf(flow).get('times')?.at(-1)), plain),
    })),
  }
}

const unreadable = (why: string, cause?: unknown): EngineError =>
  new EngineError('CDR_UNREADABLE', `the CDR is no XML of mod_xml_cdr: ${why}`, {}, cause)

const elementsIn = (text: string): number => {
  let count = 0
  for (let at = text.indexOf('<'); at !== -1 && count <= MOST_ELEMENTS; at = text.indexOf('<', at + 1)) {
    // The tag that ends one is none of its own.
    if (text[at + 1] !== '/') count += 1
  }
  return count
}

const parse = (text: string): unknown => {
  const seen: { result: unknown; fault: Error | null } = { result: undefined, fault: null }
  try {
    // With `async` unset xml2js calls back before it returns.
    parseString(
      text,
      { explicitRoot: true, attrkey: ATTRIBUTES, charkey: TEXT },
      (error, parsed: unknown) => {
        seen.fault ??= error
        seen.result = parsed
      },
    )
  } catch (fault) {
    throw unreadable(asError(fault).message.split('\n', 1)[0] ?? '', fault)
  }
  if (seen.fault !== null) throw unreadable(seen.fault.message.split('\n', 1)[0] ?? '', seen.fault)
  return seen.result
}

/** Keys that no element can be named. */
const ATTRIBUTES = ' attributes'
const TEXT = ' text'

const childrenOf = (node: unknown): ReadonlyMap<string, readonly unknown[]> =>
  new Map(
    Object.entries(typeof node === 'object' && node !== null ? node : {}).flatMap(([name, value]) =>
      name === ATTRIBUTES || name === TEXT
        ? []
        : [[name, Array.isArray(value) ? (value as readonly unknown[]) : [value]] as const],
    ),
  )

const attributesOf = (node: unknown): ReadonlyMap<string, readonly unknown[]> =>
  childrenOf(typeof node === 'object' && node !== null ? Reflect.get(node, ATTRIBUTES) : undefined)

/** The text of each; where a name stands more than once, what `several` makes of them, or the last. */
const textsOf = (
  children: ReadonlyMap<string, readonly unknown[]>,
  plain: (text: string) => string,
  several: (texts: readonly string[]) => string | undefined = (texts) => texts.at(-1),
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...children].flatMap(([name, values]) => {
      const texts = values.flatMap((value) => textOf(value) ?? [])
      const text = texts.length > 1 ? several(texts) : texts[0]
      return text === undefined ? [] : [[name, plain(text)]]
    }),
  )

/**
 * A variable that is an array: mod_xml_cdr writes an element for each of its values (switch_ivr_set_xml_chan_vars),
 * mod_json_cdr one value, `ARRAY::a|:b`. Values of variables are percent-encoded in both.
 */
const arrayOf = (texts: readonly string[]): string => `ARRAY%3A%3A${texts.join('%7C%3A')}`

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value
  const inner: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, TEXT) : undefined
  return typeof inner === 'string' ? inner : undefined
}
