import { parseString } from 'xml2js'
import { EngineError } from '../base/errors.ts'

/** An XML element with its children in their order. */
export type XmlNode = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlNode[]
  readonly text: string
}

/**
 * Parses a document as the switch gets it: through its configuration preprocessor, line by line. A line with
 * `<?` or `<include>` is lost, so a document on the line of its declaration is empty; `$${x}` is expanded; a
 * line with X-PRE-PROCESS is replaced by what `onDirective` makes of it. Throws SIMULATOR_BAD_XML.
 */
export const parseXml = (
  document: string,
  globals: ReadonlyMap<string, string>,
  onDirective: (line: string) => string,
): XmlNode => {
  const lines = document.split('\n').map((line) => {
    if (line.includes('X-PRE-PROCESS')) return onDirective(line)
    return /<\?|<\/?include>/.test(line) ? '' : line
  })
  const text = lines.join('\n').replace(/\$\$\{([^}]*)\}/g, (_, name: string) => globals.get(name) ?? '')
  const seen: { result: unknown; fault: Error | null } = { result: undefined, fault: null }
  // With `async` unset xml2js calls back before it returns.
  parseString(
    text,
    { explicitRoot: true, explicitChildren: true, preserveChildrenOrder: true, charsAsChildren: true },
    (error: Error | null, parsed: unknown) => {
      seen.fault = error
      seen.result = parsed
    },
  )
  const { result, fault } = seen
  if (fault !== null) throw new EngineError('SIMULATOR_BAD_XML', fault.message)
  const [rootName] = typeof result === 'object' && result !== null ? Object.keys(result) : []
  if (typeof result !== 'object' || result === null || rootName === undefined) {
    throw new EngineError('SIMULATOR_BAD_XML', 'the document is empty')
  }
  return nodeOf(Reflect.get(result, rootName), rootName)
}

const nodeOf = (raw: unknown, name: string): XmlNode => {
  if (typeof raw !== 'object' || raw === null) {
    return { name, attributes: {}, children: [], text: typeof raw === 'string' ? raw : '' }
  }
  const attributes: Record<string, string> = {}
  const rawAttributes: unknown = Reflect.get(raw, '$')
  if (typeof rawAttributes === 'object' && rawAttributes !== null) {
    for (const [key, value] of Object.entries(rawAttributes)) attributes[key] = String(value)
  }
  const rawChildren: unknown = Reflect.get(raw, '$$')
  const children: XmlNode[] = []
  if (Array.isArray(rawChildren)) {
    for (const child of rawChildren as readonly unknown[]) {
      if (typeof child !== 'object' || child === null) continue
      const childName: unknown = Reflect.get(child, '#name')
      if (typeof childName === 'string' && !childName.startsWith('__'))
        children.push(nodeOf(child, childName))
    }
  }
  const text: unknown = Reflect.get(raw, '_')
  return { name, attributes, children, text: typeof text === 'string' ? text : '' }
}

export const childrenOf = (node: XmlNode | undefined, name: string): readonly XmlNode[] =>
  node === undefined ? [] : node.children.filter((child) => child.name === name)

/** switch_xml_find_child: the first such child, where its attribute has this value. */
export const findChild = (
  node: XmlNode | undefined,
  name: string,
  attribute?: string,
  value?: string,
): XmlNode | undefined =>
  childrenOf(node, name).find(
    (child) => attribute === undefined || child.attributes[attribute]?.toLowerCase() === value?.toLowerCase(),
  )

/** `name`/`value` pairs of `<param>` or `<variable>` elements. */
export const pairsOf = (node: XmlNode | undefined, name: string): Map<string, string> =>
  new Map(
    childrenOf(node, name).map((child) => [child.attributes['name'] ?? '', child.attributes['value'] ?? '']),
  )
