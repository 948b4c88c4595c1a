/**
 * What FreeSWITCH does with a document of ours, and values that were made to abuse it (switch_xml.c,
 * preprocess): lines are looked at before any XML parser sees them.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseStringPromise } from 'xml2js'

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
/** The lines that we mean: constants of configuration.ts. */
const INCLUDE = /^<X-PRE-PROCESS cmd="include" data="(?:autoload_configs|sip_profiles)\/[a-z.-]+\.xml"\/>$/
const READ_BY_THE_PREPROCESSOR = /X-PRE-PROCESS|\$\$\{|<!--|<\?|<\/?include/i

/** Fails where FreeSWITCH's preprocessor would read anything but the lines that we mean. */
export const assertInert = (document: string): void => {
  const [declaration, ...lines] = document.split('\n')
  assert.equal(declaration, DECLARATION)
  for (const line of lines) {
    if (!INCLUDE.test(line)) assert.doesNotMatch(line, READ_BY_THE_PREPROCESSOR)
    assert.doesNotMatch(line, /\r/)
  }
  assert.ok(document.endsWith('\n'))
  assert.ok(document.isWellFormed())
}

/** An element as xml2js gives it: `$` its attributes, by name the list of its children. */
export class Element {
  readonly #node: unknown

  constructor(node: unknown) {
    this.#node = node
  }

  attribute(name: string): string | undefined {
    const value = field(field(this.#node, '$'), name)
    return typeof value === 'string' ? value : undefined
  }

  all(name: string): readonly Element[] {
    const children = field(this.#node, name)
    return Array.isArray(children) ? children.map((child: unknown) => new Element(child)) : []
  }

  /** The first element below, by the names on the way. */
  at(...names: readonly string[]): Element {
    const [name, ...rest] = names
    if (name === undefined) return this
    const [child] = this.all(name)
    if (child === undefined) throw new Error(`there is no <${name}>`)
    return child.at(...rest)
  }
}

const field = (node: unknown, name: string): unknown =>
  typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[name] : undefined

/** Parses strictly: a document that is not well-formed throws. */
export const read = async (document: string): Promise<Element> => {
  const parsed: unknown = await parseStringPromise(document, { strict: true })
  return new Element(field(parsed, 'document'))
}

/** The value as it arrives: what XML 1.0 cannot carry is U+FFFD. */
export const carried = (value: string): string =>
  value
    .toWellFormed()
    // eslint-disable-next-line no-control-regex -- control characters are what XML cannot carry
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')

const DIRECTIVES = [
  'X-PRE-PROCESS',
  'x-pre-process',
  'X-pre-Process',
  '<X-PRE-PROCESS cmd="exec-set" data="a=id"/>',
  '"/><X-PRE-PROCESS cmd="exec" data="reboot"/><x y="',
  '$${domain}',
  '$$',
  '${system(id)}',
  '{',
  '<!--',
  '-->',
  '<?xml?>',
  '<include>',
  '</include>',
  '<![CDATA[',
  ']]>',
  '&',
  '&amp;',
  '&#45;',
  '&#x2d;',
  '&lol;',
  '<',
  '>',
  '"',
  "'",
  '\n',
  '\r\n',
  '\r',
  '\t',
  ' ',
  '\u0000',
  '\u0001',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ud800',
  '\udfff',
  '\ufffe',
  '\uffff',
  '\ufeff',
  '😀',
  'é',
] as const

/** Directives alone, glued to each other, and any text at all, lone surrogates included. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...DIRECTIVES),
  fc
    .array(fc.oneof(fc.constantFrom(...DIRECTIVES), fc.string({ maxLength: 3 })), { maxLength: 6 })
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
)
