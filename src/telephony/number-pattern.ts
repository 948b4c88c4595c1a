/**
 * Regular expressions that operators write over called numbers, checked by reading them, so that none can hold up
 * a call: only what numbers need is understood (digits, + * #, \d, ., classes, groups, |, ^ $, quantifiers), and
 * whatever makes a matcher try many ways is counted. Refused: lookarounds, backreferences, names, quantifiers on
 * what already repeats or chooses, and patterns with more than MOST_WAYS ways through them. To admit another
 * piece of syntax, say in `piece` how many ways it adds.
 */
import { EngineError } from '../base/errors.ts'

export type RewriteNumber = (number: string) => string

/**
 * Replaces the first match of `pattern` by `replacement` (digits, + * # and $1 to $9). Throws
 * TELEPHONY_BAD_NUMBER_FORM, which says what is refused and where.
 */
export const compileNumberPattern = (pattern: string, replacement: string): RewriteNumber => {
  const groups = groupsOf(pattern)
  const expression = compile(pattern)
  if (!/^(?:\$[1-9]|[\d+*#])*$/.test(replacement) || replacement.length > LONGEST)
    throw bad('replacement', 'is not made of digits, +, *, # and $1 to $9')
  for (const [, group = '0'] of replacement.matchAll(/\$(\d)/g))
    if (Number(group) > groups) throw bad('replacement', `has $${group}, and the pattern has no such group`)
  return (number) => number.replace(expression, replacement)
}

const LONGEST = 100
const MOST_GROUPS = 9
const LONGEST_REPEAT = 32
/** What a number has at most when the pattern sees it: 15 digits, an international prefix or a plus. */
const LONGEST_NUMBER = 20
/** Three free repeats fit, or two and a few choices. */
const MOST_WAYS = 10_000

const compile = (pattern: string): RegExp => {
  try {
    return new RegExp(pattern)
  } catch (thrown) {
    throw bad('pattern', 'is no regular expression', thrown)
  }
}

/** A part of a pattern up to `end`: in how many ways it can match, whether it repeats, whether it chooses (`|`, `?`). */
type Part = {
  readonly ways: number
  readonly repeats: boolean
  readonly chooses: boolean
  readonly end: number
}

/** The number of its capturing groups, once the pattern was read to its end and found harmless. */
const groupsOf = (pattern: string): number => {
  if (pattern === '' || pattern.length > LONGEST) throw bad('pattern', `has not 1 to ${LONGEST} characters`)
  const { ways, end } = choice(pattern, 0)
  if (end < pattern.length) throw refused(pattern, end, 'closes a group that was not opened')
  if (ways > MOST_WAYS) throw bad('pattern', 'can match in too many ways: it has too many repeats or choices')
  const groups = [...withoutClasses(pattern).matchAll(/\((?!\?)/g)].length
  if (groups > MOST_GROUPS) throw bad('pattern', `has more than ${MOST_GROUPS} groups`)
  return groups
}

const withoutClasses = (pattern: string): string => pattern.replace(/\\.|\[[^\]]*\]/g, '')

/** Alternatives up to the end or to the bracket that closes the group. */
const choice = (pattern: string, from: number): Part => {
  let [part, ways, repeats, chooses] = [sequence(pattern, from), 0, false, false]
  for (;;) {
    ways += part.ways
    repeats ||= part.repeats
    chooses ||= part.chooses || pattern[part.end] === '|'
    if (pattern[part.end] !== '|') return { ways, repeats, chooses, end: part.end }
    part = sequence(pattern, part.end + 1)
  }
}

const sequence = (pattern: string, from: number): Part => {
  let [ways, repeats, chooses, at] = [1, false, false, from]
  while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') {
    const one = quantified(pattern, at, piece(pattern, at))
    // Capped, because the product of a hundred of them is no number any more.
    ways = Math.min(ways * one.ways, MOST_WAYS + 1)
    repeats ||= one.repeats
    chooses ||= one.chooses
    at = one.end
  }
  return { ways, repeats, chooses, end: at }
}

/** One thing that a quantifier may follow. */
const piece = (pattern: string, at: number): Part => {
  const rest = pattern.slice(at)
  if (rest.startsWith('(')) {
    if (/^\(\?(?!:)/.test(rest)) throw refused(pattern, at, 'looks around or names a group')
    const inner = choice(pattern, at + (rest.startsWith('(?:') ? 3 : 1))
    if (pattern[inner.end] !== ')') throw refused(pattern, at, 'opens a group that is not closed')
    return { ...inner, end: inner.end + 1 }
  }
  const plain = /^(?:[\d#.^$]|\\[d.+*]|\[\^?(?:\\d|[\d+*#]-?[\d+*#]?)+\])/.exec(rest)
  if (plain === null)
    throw refused(
      pattern,
      at,
      'is not understood: a pattern has digits, # \\+ \\* \\d . [ ] ( ) | ^ $ and quantifiers',
    )
  return { ways: 1, repeats: false, chooses: false, end: at + plain[0].length }
}

const quantified = (pattern: string, at: number, part: Part): Part => {
  const quantifier = /^(?:[*+?]|\{(\d{1,2})(,?)(\d{0,2})\})\??/.exec(pattern.slice(part.end))
  if (quantifier === null) return part
  const [text, least, comma, most] = quantifier
  const end = part.end + text.length
  if (pattern[at] === '^' || pattern[at] === '$') throw refused(pattern, part.end, 'repeats an anchor')
  if (part.repeats) throw refused(pattern, part.end, 'repeats what repeats itself')
  if (text.startsWith('?')) return { ways: part.ways + 1, repeats: false, chooses: true, end }
  if (part.chooses) throw refused(pattern, part.end, 'repeats a choice')
  const low = Number(least ?? 0)
  const high = comma === '' ? low : most === undefined || most === '' ? LONGEST_NUMBER : Number(most)
  if (high > LONGEST_REPEAT) throw refused(pattern, part.end, `repeats more than ${LONGEST_REPEAT} times`)
  return { ways: Math.max(1, high - low + 1), repeats: true, chooses: false, end }
}

const refused = (pattern: string, at: number, why: string): EngineError =>
  bad('pattern', `: "${pattern.slice(at, at + 10)}" at character ${at + 1} ${why}`)

const bad = (field: string, why: string, cause?: unknown): EngineError =>
  new EngineError('TELEPHONY_BAD_NUMBER_FORM', `${field} ${why}`, { field }, cause)
