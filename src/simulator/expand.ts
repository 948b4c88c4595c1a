import type { Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'
import { closingBracket } from './separate-string.ts'

/** switch_channel.c stops at a hundred levels too. */
const DEEPEST = 100

/**
 * switch_channel_expand_variables: `${name}`, `${name:offset:length}`, `${name[index]}` and `${api(args)}`, values
 * expanded in their turn. Without a `${` nothing is touched; with one, `\'` loses both characters and `\\` one.
 */
export const expand = async (
  exchange: Exchange,
  channel: Channel | undefined,
  text: string,
  depth = 0,
): Promise<string> => {
  if (depth > DEEPEST || !(text.includes('${') || /\\['$\\]/.test(text))) return text
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\') {
      const next = text.charAt(at + 1)
      if (next === '$') {
        out += '$'
        at++
        continue
      }
      if (next === "'") {
        at++
        continue
      }
      if (next === '\\') at++
      out += character
      continue
    }
    const opens = text.startsWith('${', at) ? at + 1 : text.startsWith('$${', at) ? at + 2 : -1
    if (opens < 0) {
      out += character
      continue
    }
    const end = closingBracket(text, opens, '{', '}')
    if (end < 0) {
      out += text.slice(at)
      break
    }
    out += await valueOf(exchange, channel, text.slice(opens + 1, end), depth + 1)
    at = end
  }
  return out
}

const valueOf = async (
  exchange: Exchange,
  channel: Channel | undefined,
  expression: string,
  depth: number,
): Promise<string> => {
  const call = /^([\w-]+)\s*[( ](.*)$/s.exec(expression)
  if (call !== null) {
    const name = call[1] ?? ''
    const argument = (call[2] ?? '').replace(/\)\s*$/, '')
    return (await exchange.api(name, await expand(exchange, channel, argument, depth), channel)) ?? ''
  }
  const [reference = '', offset, length] = (await expand(exchange, channel, expression, depth)).split(':')
  const indexed = /^(.*)\[(-?\d+)\]$/.exec(reference)
  const name = indexed?.[1] ?? reference
  const stored = channel === undefined ? exchange.globals.get(name) : channel.get(name)
  if (stored === undefined) return ''
  const element = indexed === null ? stored : elementOf(stored, Number(indexed[2]))
  const value = await expand(exchange, channel, element, depth)
  return offset === undefined ? value : slice(value, Number(offset) || 0, Number(length) || 0)
}

const elementOf = (stored: string, index: number): string => {
  if (!stored.startsWith('ARRAY::')) return index <= 0 ? stored : ''
  return stored.slice('ARRAY::'.length).split('|:')[index] ?? ''
}

const slice = (value: string, offset: number, length: number): string => {
  const rest = offset < 0 ? (-offset <= value.length ? value.slice(offset) : value) : value.slice(offset)
  return length > 0 ? rest.slice(0, length) : rest
}
