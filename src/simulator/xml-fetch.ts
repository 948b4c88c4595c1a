import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { encodeValue } from '../esl/percent.ts'
import { post } from './post.ts'
import { findChild, parseXml, type XmlNode } from './xml-tree.ts'

/** Owns mod_xml_curl: what it posts, and what it makes of the answer. Nothing found is undefined, never a throw. */
export type XmlFetch = {
  readonly fetch: (request: XmlRequest) => Promise<XmlNode | undefined>
}

export type XmlRequest = {
  readonly section: 'configuration' | 'directory' | 'dialplan'
  readonly tagName?: string
  readonly keyName?: string
  readonly keyValue?: string
  /** What follows the five fields that every request has, in order. */
  readonly parameters: Readonly<Record<string, string>>
}

export type XmlFetchOptions = {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly timeoutMs: number
  readonly hostname: string
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly globals: ReadonlyMap<string, string>
  readonly onDirective: (line: string) => string
}

export const createXmlFetch = (options: XmlFetchOptions): XmlFetch => ({
  fetch: async (request) => {
    const body = formOf(options.hostname, request)
    try {
      const answer = await post({
        url: options.url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'freeswitch-xml/1.0' },
        body,
        username: options.username,
        password: options.password,
        timeoutMs: options.timeoutMs,
        clock: options.clock,
        signal: options.signal,
      })
      // mod_xml_curl.c: anything but a 200 is no answer, and the next binding is asked; there is none here.
      if (answer.status !== 200) {
        options.logger.warn({ section: request.section, status: answer.status }, 'xml_curl was refused')
        return undefined
      }
      const root = parseXml(answer.text, options.globals, options.onDirective)
      return isNotFound(root) ? undefined : findChild(root, 'section', 'name', request.section)
    } catch (fault) {
      options.logger.warn({ section: request.section, fault: asError(fault).message }, 'xml_curl failed')
      return undefined
    }
  },
})

/** switch_xml_locate: `<section name="result"><result status="not found"/></section>`. */
const isNotFound = (root: XmlNode): boolean =>
  findChild(findChild(root, 'section', 'name', 'result'), 'result', 'status', 'not found') !== undefined

const formOf = (hostname: string, request: XmlRequest): string => {
  const fields: readonly (readonly [string, string])[] = [
    ['hostname', hostname],
    ['section', request.section],
    ['tag_name', request.tagName ?? ''],
    ['key_name', request.keyName ?? ''],
    ['key_value', request.keyValue ?? ''],
    ...Object.entries(request.parameters),
  ]
  return fields.map(([name, value]) => `${name}=${encodeValue(value)}`).join('&')
}
