/**
 * The string splitting of switch_utils.c, ported as it is: what looks odd here is what undoes the quoting of a
 * dial string, and a dial string that survives this survives the switch. Do not tidy.
 */

/** switch_separate_string: blank delimiters fold, others do not; `^^X` in front changes the delimiter to X. */
export const separateString = (text: string, delimiter: string, limit = 1024): string[] => {
  let rest = text
  let delim = delimiter
  if (rest.startsWith('^^') && rest.length > 3) {
    delim = rest.charAt(2)
    rest = rest.slice(3)
  }
  return delim === ' ' ? splitBlanks(rest, limit) : splitAt(rest, delim, limit)
}

const splitAt = (text: string, delim: string, limit: number): string[] => {
  const parts: string[] = []
  let at = 0
  while (at < text.length && parts.length < limit) {
    // The last part keeps what follows, delimiters and all.
    if (parts.length + 1 === limit) {
      parts.push(text.slice(at))
      break
    }
    const start = at
    let quoted = false
    while (at < text.length) {
      const character = text.charAt(at)
      if (character === '\\') at++
      else if (character === "'" && (quoted || text.includes("'", at + 1))) quoted = !quoted
      else if (character === delim && !quoted) break
      at++
    }
    parts.push(text.slice(start, Math.min(at, text.length)))
    at++
  }
  return parts.map((part) => cleaned(part, delim))
}

const splitBlanks = (text: string, limit: number): string[] => {
  const parts: string[] = []
  let at = 0
  while (at < text.length && parts.length < limit) {
    while (text.charAt(at) === ' ') at++
    const start = at
    let quoted = false
    while (at < text.length) {
      const character = text.charAt(at)
      if (character === '\\') at++
      else if (character === "'") quoted = !quoted
      else if (character === ' ' && !quoted) break
      at++
    }
    if (parts.length + 1 === limit) {
      parts.push(text.slice(start))
      break
    }
    parts.push(text.slice(start, Math.min(at, text.length)))
    while (text.charAt(at) === ' ') at++
  }
  return parts.map((part) => cleaned(part, ''))
}

const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', s: ' ' }

/** cleanup_separated_string: strips quotes, escapes, and blanks at both ends. */
const cleaned = (text: string, delim: string): string => {
  let at = 0
  while (text.charAt(at) === ' ') at++
  let out = ''
  let end = -1
  let quoted = false
  for (; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\') {
      const next = text.charAt(at + 1)
      const unescaped = UNESCAPED[next]
      if (
        next === "'" ||
        next === '"' ||
        (delim !== '' && next === delim) ||
        next === '\\' ||
        unescaped !== undefined
      ) {
        out += next === delim || unescaped === undefined ? next : unescaped
        end = out.length
        at++
        continue
      }
    }
    if (character === "'" && (quoted || text.includes("'", at + 1))) {
      quoted = !quoted
      if (quoted) end = out.length
      continue
    }
    out += character
    if (character !== ' ' || quoted) end = out.length
  }
  return end < 0 ? out : out.slice(0, end)
}

/** Where the bracket that opens at `at` closes, or -1; switch_find_end_paren counts nesting, not quotes. */
export const closingBracket = (text: string, at: number, open: string, close: string): number => {
  let depth = 0
  for (let index = at; index < text.length; index++) {
    const character = text.charAt(index)
    if (character === open) depth++
    if (character === close) {
      depth--
      if (depth === 0) return index
    }
  }
  return -1
}
