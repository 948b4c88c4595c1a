/** Reads single variables; what is wrong with one is noted, and reading goes on, so that all problems are told at once. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { VARIABLES } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type Reader = {
  /** What is set, without spaces around it, or the variable's default. */
  readonly text: (name: string) => string
  readonly optional: (name: string) => string | undefined
  readonly whole: (name: string, min: number, max: number) => number
  readonly url: (name: string, protocols: readonly string[]) => string | undefined
  readonly host: (name: string) => string
  readonly oneLine: (name: string) => string
  readonly choice: <Word extends string>(name: string, words: readonly Word[]) => Word
  readonly flag: (name: string) => boolean
  /** Separated by commas; none where unset. */
  readonly list: (name: string) => readonly string[]
  /** Absolute. */
  readonly path: (name: string) => string | undefined
  readonly problem: (why: string) => void
}

export const createReader = (
  environment: Environment,
  workingDirectory: string,
  problems: string[],
): Reader => {
  const text = (name: string): string => {
    const set = environment[name]?.trim()
    return set === undefined || set === ''
      ? (VARIABLES.find((variable) => variable.name === name)?.fallback ?? '')
      : set
  }
  const optional = (name: string): string | undefined => (text(name) === '' ? undefined : text(name))
  const whole = (name: string, min: number, max: number): number => {
    const value = text(name)
    if (/^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    problems.push(`${name} is "${value}": it takes a whole number from ${min} to ${max}`)
    return min
  }
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const value = optional(name)
    if (value === undefined) return undefined
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value
    problems.push(
      `${name} takes a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    )
    return undefined
  }
  const host = (name: string): string => {
    const value = text(name)
    if (isIP(value) === 0 && !/^[A-Za-z0-9]([\w.-]{0,252}[A-Za-z0-9])?$/.test(value)) {
      problems.push(`${name} is "${value}": it takes a host name or an address`)
    }
    return value
  }
  const oneLine = (name: string): string => {
    const value = text(name)
    if (/[\r\n\0]/.test(value)) problems.push(`${name} has a line break in it`)
    return value
  }
  const choice = <Word extends string>(name: string, words: readonly Word[]): Word => {
    const value = text(name)
    const found = words.find((word) => word === value)
    if (found !== undefined) return found
    problems.push(`${name} is "${value}": it takes ${words.join(', ')}`)
    return words[0] as Word
  }
  return {
    text,
    optional,
    whole,
    url,
    host,
    oneLine,
    choice,
    flag: (name) => choice(name, ['true', 'false']) === 'true',
    list: (name) =>
      (optional(name)?.split(',') ?? []).map((part) => part.trim()).filter((part) => part !== ''),
    path: (name) => {
      const set = optional(name)
      return set === undefined ? undefined : resolve(workingDirectory, set)
    },
    problem: (why) => problems.push(why),
  }
}
