/** The files of the package, as the packaging tests read them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VARIABLES } from '../../src/config/variables.ts'

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8')
export const has = (path: string): boolean => existsSync(join(PROJECT, path))

/** All files of a folder, one text. */
const textOf = (folder: string): string =>
  readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')

export const ENGINE_VARIABLES: ReadonlySet<string> = new Set(VARIABLES.map(({ name }) => name))

/** `<X-PRE-PROCESS cmd="env-set" data="rtp_start=$STROWGER_RTP_START"/>`: what FreeSWITCH takes, by its own name for it. */
const envSet = [
  ...textOf('freeswitch-conf').matchAll(/cmd="env-set"\s+data="(\w+)=\$\{?([A-Z][A-Z0-9_]*)\}?"/g),
].map(([, own = '', variable = '']) => ({ own, variable }))

export const SWITCH_VARIABLES: ReadonlySet<string> = new Set(envSet.map(({ variable }) => variable))

/** What FreeSWITCH has where the variable is unset: the `set` before its `env-set`. */
export const switchDefault = (variable: string): string | undefined => {
  const own = envSet.find((each) => each.variable === variable)?.own
  return own === undefined
    ? undefined
    : new RegExp(`cmd="set"\\s+data="${own}=([^"]*)"`).exec(textOf('freeswitch-conf'))?.[1]
}

export const switchConfiguration = (): string => textOf('freeswitch-conf')
export const httpSources = (): string => textOf('src/http')
export const cliSources = (): string => textOf('src/cli')
export const engineDefault = (name: string): string | undefined =>
  VARIABLES.find((variable) => variable.name === name)?.fallback
