import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { codeOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { childrenOf, findChild, parseXml, type XmlNode } from './xml-tree.ts'

/**
 * Owns what the switch has on its own disk: what a document of ours includes by a preprocessor line, and the
 * dialplan that is used where nobody answers. Nothing is ever executed.
 */
export type StaticFiles = {
  /** What stands instead of a line with X-PRE-PROCESS. */
  readonly expandDirective: (line: string) => string
  /** The contexts of `dialplan/*.xml`, or undefined where there is no such folder. */
  readonly dialplanContext: (name: string) => XmlNode | undefined
}

export const createStaticFiles = (
  directory: string | undefined,
  globals: ReadonlyMap<string, string>,
  logger: Logger,
): StaticFiles => {
  const expandDirective = (line: string): string => {
    const command = /cmd="([^"]*)"/.exec(line)?.[1]
    const path = /data="([^"]*)"/.exec(line)?.[1]
    if (command !== 'include' || path === undefined) {
      logger.error({ line: line.trim().slice(0, 80) }, 'a real switch would run this preprocessor line')
      return ''
    }
    if (directory === undefined) return withoutFiles(path)
    return readIncluded(directory, path, expandDirective, logger)
  }
  return {
    expandDirective,
    dialplanContext: (name) => {
      if (directory === undefined) return undefined
      for (const file of filesOf(join(directory, 'dialplan'))) {
        const document = parseXml(
          `<document>\n${readIncluded(directory, file, expandDirective, logger)}\n</document>`,
          globals,
          expandDirective,
        )
        const context = findChild(document, 'context', 'name', name) ?? nestedContext(document, name)
        if (context !== undefined) return context
      }
      return undefined
    },
  }
}

const nestedContext = (document: XmlNode, name: string): XmlNode | undefined => {
  for (const section of childrenOf(document, 'section')) {
    const context = findChild(section, 'context', 'name', name)
    if (context !== undefined) return context
  }
  return undefined
}

/** A switch whose folder we do not have still knows its gateway of last resort. */
const withoutFiles = (path: string): string =>
  path.endsWith('emergency-gateway.xml')
    ? '<gateway name="emergency"><param name="proxy" value="emergency.invalid"/><param name="register" value="false"/></gateway>'
    : ''

const readIncluded = (
  directory: string,
  path: string,
  expand: (line: string) => string,
  logger: Logger,
): string => {
  const root = resolve(directory)
  const file = resolve(root, path)
  if (!file.startsWith(root + sep)) return ''
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => {
        if (line.includes('X-PRE-PROCESS')) return expand(line)
        return /<\?|<\/?include>/.test(line) ? '' : line
      })
      .join('\n')
  } catch (fault) {
    if (codeOf(fault) !== 'ENOENT') throw fault
    logger.warn({ path }, 'an included file is not there')
    return ''
  }
}

const filesOf = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.xml'))
      .sort()
      .map((name) => join('dialplan', name))
  } catch (fault) {
    if (codeOf(fault) !== 'ENOENT') throw fault
    return []
  }
}
