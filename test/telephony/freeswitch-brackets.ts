/**
 * How FreeSWITCH 1.10.12 reads the `{}` block of a dial string, written from its source and nothing of ours:
 * switch_ivr_originate.c (the pass over the whole dial string), switch_event.c switch_event_create_brackets,
 * switch_utils.c switch_separate_string, cleanup_separated_string, switch_find_end_paren.
 */
export type Brackets = { readonly variables: ReadonlyMap<string, string>; readonly rest: string }

/** An originate command is separated at blanks first; the block then at commas, each pair at its equals sign. */
export const readBrackets = (dialString: string): Brackets => {
  const [argument = ''] = separateAtBlanks(dialString)
  const end = findEndParen(argument, '{', '}')
  if (end === undefined) return { variables: new Map(), rest: argument }
  const variables = new Map<string, string>()
  for (const pair of separateAt(argument.slice(1, end), ',', Number.POSITIVE_INFINITY)) {
    const [name, value] = separateAt(pair, '=', 2)
    if (name !== undefined && value !== undefined) variables.set(name, value)
  }
  return { variables, rest: argument.slice(end + 1) }
}

const findEndParen = (text: string, open: string, close: string): number | undefined => {
  if (text[0] !== open) return undefined
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === open) depth += 1
    if (text[at] === close) depth -= 1
    if (depth === 0) return at
  }
  return undefined
}

/** separate_string_blank_delim: a quote toggles, a backslash hides what follows it. */
const separateAtBlanks = (text: string): string[] => {
  const parts: string[] = []
  let at = 0
  while (at < text.length) {
    const start = at
    while (text[at] === ' ') at += 1
    let inQuotes = false
    for (; at < text.length; at += 1) {
      if (text[at] === '\\') at += 1
      else if (text[at] === "'") inQuotes = !inQuotes
      else if (text[at] === ' ' && !inQuotes) break
    }
    parts.push(cleanUp(text.slice(start, at), undefined))
    while (text[at] === ' ') at += 1
  }
  return parts
}

/** separate_string_char_delim: a lone quote without a partner is an ordinary character. */
const separateAt = (whole: string, given: string, limit: number): string[] => {
  let text = whole
  let delimiter = given
  if (/^\^\^..?/s.test(text) && text.length > 3) {
    delimiter = text[2] ?? given
    text = text.slice(3)
  }
  const parts: string[] = []
  let at = 0
  while (at < text.length && parts.length < limit) {
    const start = at
    let inQuotes = false
    let end = text.length
    for (; at < text.length; at += 1) {
      if (text[at] === '\\') at += 1
      else if (text[at] === "'" && (inQuotes || text.includes("'", at + 1))) inQuotes = !inQuotes
      else if (text[at] === delimiter && !inQuotes) {
        end = at
        at += 1
        break
      }
    }
    // The array is full: the last part is everything that is left.
    parts.push(parts.length === limit - 1 ? text.slice(start) : text.slice(start, end))
  }
  return parts.map((part) => cleanUp(part, delimiter))
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', s: ' ' }

/** cleanup_separated_string: unquote, unescape, and cut blanks at both ends that are neither. */
const cleanUp = (text: string, delimiter: string | undefined): string => {
  let at = 0
  while (text[at] === ' ') at += 1
  let result = ''
  let end: number | undefined
  let inQuotes = false
  for (; at < text.length; at += 1) {
    const character = text[at] ?? ''
    const next = text[at + 1]
    if (
      character === '\\' &&
      next !== undefined &&
      (`'"\\`.includes(next) || next === delimiter || next in ESCAPES)
    ) {
      result += ESCAPES[next] ?? next
      end = result.length
      at += 1
    } else if (character === "'" && (inQuotes || text.includes("'", at + 1))) {
      inQuotes = !inQuotes
      if (inQuotes) end = result.length
    } else {
      result += character
      if (character !== ' ' || inQuotes) end = result.length
    }
  }
  return end === undefined ? result : result.slice(0, end)
}
