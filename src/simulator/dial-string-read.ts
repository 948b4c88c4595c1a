import { closingBracket, separateString } from './separate-string.ts'

/**
 * Owns the reading of dial strings as switch_ivr_originate.c reads them: `{call-wide}` then groups at `|`, legs
 * at `,`, each with its `[own]` variables. `:_:` (enterprise originate) is not simulated.
 */
export type DialledLeg = {
  readonly variables: ReadonlyMap<string, string>
  /** `sofia`, `user`, `error`. */
  readonly endpoint: string
  /** What follows the endpoint's first slash. */
  readonly target: string
}

export type ReadDialString = {
  readonly variables: ReadonlyMap<string, string>
  /** Tried one after the other; the legs of one at once. */
  readonly groups: readonly (readonly DialledLeg[])[]
}

/** Undefined where the switch says "Parse Error!". */
export const readDialString = (text: string): ReadDialString | undefined => {
  let rest = text.trimStart()
  const variables = new Map<string, string>()
  while (rest.startsWith('{')) {
    const end = closingBracket(rest, 0, '{', '}')
    if (end < 0) return undefined
    readVariables(rest.slice(1, end), ',', variables)
    rest = rest.slice(end + 1).trimStart()
  }
  if (rest === '') return undefined
  const groups: DialledLeg[][] = []
  for (const group of separateString(rest, '|')) {
    const legs: DialledLeg[] = []
    for (const part of separateString(markCommas(group), ',')) {
      const leg = readLeg(part.trimStart())
      if (leg === undefined) return undefined
      legs.push(leg)
    }
    groups.push(legs)
  }
  return { variables, groups }
}

/** The stand-ins of switch_ivr_originate.c for commas that lie within brackets, quoted or not. */
const QUOTED_COMMA = '\u0001'
const BARE_COMMA = '\u0002'

const markCommas = (group: string): string => {
  let end = -1
  let quoted = false
  let alternative = false
  let out = ''
  for (let at = 0; at < group.length; at++) {
    const character = group.charAt(at)
    if (end < 0 && character === '[') {
      end = closingBracket(group, at, '[', ']')
      alternative = group.startsWith('^^', at + 1)
      quoted = false
    }
    if (character === "'") quoted = !quoted
    const within = end >= 0 && at < end && character === ',' && group.charAt(at - 1) !== '\\'
    out += within ? (quoted || alternative ? QUOTED_COMMA : BARE_COMMA) : character
    if (at === end) end = -1
  }
  return out
}

const readLeg = (text: string): DialledLeg | undefined => {
  let rest = text
  const variables = new Map<string, string>()
  while (rest.startsWith('[')) {
    const end = closingBracket(rest, 0, '[', ']')
    if (end < 0) return undefined
    readVariables(rest.slice(1, end).replaceAll(QUOTED_COMMA, ','), BARE_COMMA, variables)
    rest = rest.slice(end + 1).trimStart()
  }
  const slash = rest.indexOf('/')
  return slash < 0
    ? { variables, endpoint: rest, target: '' }
    : { variables, endpoint: rest.slice(0, slash), target: rest.slice(slash + 1) }
}

/** switch_event_create_brackets: split at the delimiter, then each at `=`, unescaped both times. */
const readVariables = (text: string, delimiter: string, into: Map<string, string>): void => {
  for (const pair of separateString(text, delimiter)) {
    const [name, value] = separateString(pair, '=', 2)
    if (name !== undefined && value !== undefined) into.set(name, value)
  }
}
