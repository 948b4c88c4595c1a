import type { DialplanAction } from './caller-profile.ts'
import { profileField } from './caller-profile.ts'
import { coreHeaders } from './fired-event.ts'
import { isTrue, type Channel } from './channel.ts'
import { channelHeaders } from './channel-headers.ts'
import { profileHeaders } from './caller-profile.ts'
import type { Exchange } from './exchange.ts'
import { expand } from './expand.ts'
import { childrenOf, findChild, type XmlNode } from './xml-tree.ts'

/**
 * Owns mod_dialplan_xml: from the document of a context to the list of actions. Conditions on the time of day
 * are not simulated: they never match, and are reported.
 */
export type HuntedExtension = { readonly name: string; readonly actions: readonly DialplanAction[] }

/** Asks for the dialplan of the channel's context and reads it; undefined is NO_ROUTE_DESTINATION. */
export const huntExtension = async (
  exchange: Exchange,
  channel: Channel,
  runInline: (action: DialplanAction) => Promise<void>,
): Promise<HuntedExtension | undefined> => {
  const { profile } = channel
  const section = await exchange.xml.fetch({
    section: 'dialplan',
    parameters: {
      ...coreHeaders(exchange, 'REQUEST_PARAMS'),
      ...channelHeaders(channel, 'REQUEST_PARAMS'),
      ...profileHeaders('Hunt', profile),
    },
  })
  const context =
    findChild(section, 'context', 'name', profile.context) ??
    findChild(section, 'context', 'name', 'any') ??
    (section === undefined ? exchange.staticFiles.dialplanContext(profile.context) : undefined)
  const hunt = new Hunt(exchange, channel, runInline)
  let found: HuntedExtension | undefined
  for (const extension of childrenOf(context, 'extension')) {
    const name = extension.attributes['name'] ?? '_anon_'
    const proceed = await hunt.read(extension)
    if (hunt.actions.length > 0) found = { name: found?.name ?? name, actions: hunt.actions }
    if (proceed && !isTrue(extension.attributes['continue'])) break
  }
  return found
}

class Hunt {
  readonly actions: DialplanAction[] = []
  readonly #exchange: Exchange
  readonly #channel: Channel
  readonly #runInline: (action: DialplanAction) => Promise<void>

  constructor(exchange: Exchange, channel: Channel, runInline: (action: DialplanAction) => Promise<void>) {
    this.#exchange = exchange
    this.#channel = channel
    this.#runInline = runInline
  }

  /** parse_exten: whether the last condition that was read let the call through. */
  async read(extension: XmlNode): Promise<boolean> {
    let proceed = false
    for (const condition of childrenOf(extension, 'condition')) {
      const match = await this.#match(condition)
      proceed = match !== undefined
      const kind = match === undefined ? 'anti-action' : 'action'
      const actions = childrenOf(condition, kind)
      for (const action of actions) await this.#add(action, match)
      if (match === undefined && actions.length > 0) proceed = true
      if (match !== undefined && childrenOf(condition, 'condition').length > 0)
        proceed = await this.read(condition)
      const breaks = condition.attributes['break'] ?? 'on-false'
      if (
        breaks === 'always' ||
        (breaks === 'on-true' && match !== undefined) ||
        (breaks === 'on-false' && match === undefined)
      ) {
        break
      }
    }
    return proceed
  }

  /** The captures of a condition that holds, undefined for one that does not. */
  async #match(condition: XmlNode): Promise<readonly string[] | undefined> {
    const rule = condition.attributes['regex']
    if (rule === undefined) return this.#matchOne(condition)
    const matches: (readonly string[] | undefined)[] = []
    for (const regex of childrenOf(condition, 'regex')) matches.push(await this.#matchOne(regex))
    const passed = matches.filter((match) => match !== undefined)
    const holds =
      rule === 'all'
        ? passed.length === matches.length
        : rule === 'xor'
          ? passed.length === 1
          : passed.length > 0
    return holds ? (passed.at(-1) ?? []) : undefined
  }

  async #matchOne(node: XmlNode): Promise<readonly string[] | undefined> {
    const { field } = node.attributes
    if (field === undefined) {
      const timed = Object.keys(node.attributes).filter((name) => TIME_ATTRIBUTES.has(name))
      if (timed.length === 0) return []
      this.#exchange.logger.warn({ timed }, 'conditions on the time are not simulated')
      return undefined
    }
    const pattern = findChild(node, 'expression')?.text ?? node.attributes['expression'] ?? ''
    const expression = await expand(this.#exchange, this.#channel, pattern)
    const value = field.includes('$')
      ? await expand(this.#exchange, this.#channel, field)
      : (profileField(this.#channel.profile, field) ?? '')
    const match = new RegExp(expression).exec(value)
    return match === null ? undefined : [...match]
  }

  async #add(node: XmlNode, captures: readonly string[] | undefined): Promise<void> {
    const raw = node.text !== '' ? node.text : (node.attributes['data'] ?? '')
    const argument =
      captures === undefined
        ? raw
        : raw.replace(
            /\$(\d+)/g,
            (whole, digits: string) => captures[Number(digits)] ?? (captures.length > 0 ? '' : whole),
          )
    const action = { application: node.attributes['application'] ?? '', argument }
    const loops = Number(node.attributes['loop'] ?? '1')
    for (let loop = 0; loop < loops; loop++) {
      if (isTrue(node.attributes['inline'])) await this.#runInline(action)
      else this.actions.push(action)
    }
  }
}

const TIME_ATTRIBUTES = new Set([
  'year',
  'yday',
  'mon',
  'mday',
  'week',
  'mweek',
  'wday',
  'hour',
  'minute',
  'minute-of-day',
  'time-of-day',
  'date-time',
])
