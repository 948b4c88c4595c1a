/** Reads what people write of a target: settings and credentials in JSON, each fault with its field. */
import { bad } from './mapping.ts'
import type { CommonSettings } from './target.ts'

export type FieldReader = {
  readonly text: (name: string, maxLength?: number) => string
  readonly optionalText: (name: string, maxLength?: number) => string | undefined
  readonly matching: (name: string, form: RegExp, why: string, otherwise?: string) => string
  readonly choice: <Word extends string>(name: string, words: readonly Word[], otherwise?: Word) => Word
  readonly flag: (name: string) => boolean
  /** Without a slash at its end. */
  readonly url: (name: string, otherwise?: string) => string
  readonly common: () => CommonSettings
  /** Throws where there is a field that nobody read. */
  readonly end: () => void
}

const DIRECTIONS = ['inbound', 'outbound', 'internal'] as const
const MOST_USERS = 10_000

export const fieldReader = (
  at: 'settings' | 'credentials',
  given: unknown,
  urlFault: (url: string) => string | undefined = () => undefined,
): FieldReader => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw bad(at, 'it takes a JSON object')
  const fields = given as Readonly<Record<string, unknown>>
  const read = new Set<string>()
  const valueOf = (name: string): unknown => {
    read.add(name)
    return Object.hasOwn(fields, name) ? fields[name] : undefined
  }
  const optionalText = (name: string, maxLength = 500): string | undefined => {
    const value = valueOf(name)
    if (value === undefined || value === null || value === '') return undefined
    // A private key has line breaks; nothing else may have control characters.
    const hasControls =
      typeof value === 'string' &&
      /[\p{Cc}\p{Cs}]/u.test(value.replace(/[\r\n]/g, name === 'privateKey' ? '' : '\0'))
    if (typeof value !== 'string' || value.length > maxLength || hasControls)
      throw bad(`${at}.${name}`, `it takes a text of at most ${maxLength} characters`)
    return value
  }
  const text = (name: string, maxLength?: number): string => {
    const value = optionalText(name, maxLength)
    if (value === undefined) throw bad(`${at}.${name}`, 'it is missing')
    return value
  }
  const choice = <Word extends string>(name: string, words: readonly Word[], otherwise?: Word): Word => {
    const value = valueOf(name) ?? otherwise
    const found = words.find((word) => word === value)
    if (found === undefined) throw bad(`${at}.${name}`, `it takes ${words.join(', ')}`)
    return found
  }
  const flag = (name: string): boolean => {
    const value = valueOf(name) ?? false
    if (typeof value !== 'boolean') throw bad(`${at}.${name}`, 'it takes true or false')
    return value
  }
  return {
    text,
    optionalText,
    choice,
    flag,
    matching: (name, form, why, otherwise) => {
      const value = optionalText(name) ?? otherwise
      if (value === undefined) throw bad(`${at}.${name}`, 'it is missing')
      if (!form.test(value)) throw bad(`${at}.${name}`, why)
      return value
    },
    url: (name, otherwise) => {
      const value = (optionalText(name, 2_000) ?? otherwise ?? text(name)).replace(/\/+$/, '')
      const fault = urlFault(value)
      if (fault !== undefined) throw bad(`${at}.${name}`, `it is not called: ${fault}`)
      return value
    },
    common: () => ({
      directions: directionsOf(valueOf('directions')),
      answeredOnly: flag('answeredOnly'),
      users: usersOf(valueOf('users')),
      recordingUrl: recordingUrlOf(optionalText('recordingUrl', 1_000)),
    }),
    end: () => {
      const unknown = Object.keys(fields).find((name) => !read.has(name))
      if (unknown !== undefined)
        throw bad(`${at}.${unknown.slice(0, 60)}`, `there is no such field: it takes ${[...read].join(', ')}`)
    },
  }
}

const directionsOf = (value: unknown): readonly string[] | undefined => {
  if (value === undefined || value === null) return undefined
  const list: unknown = value
  if (Array.isArray(list) && list.length > 0 && list.every((one) => DIRECTIONS.some((word) => word === one)))
    return list.map(String)
  throw bad('settings.directions', `it takes a list of ${DIRECTIONS.join(', ')}`)
}

const usersOf = (value: unknown): Readonly<Record<string, string>> => {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw bad('settings.users', 'it takes a JSON object: our user id, and the id at the target')
  const users = Object.entries(value as Readonly<Record<string, unknown>>)
  if (users.length > MOST_USERS) throw bad('settings.users', `it has more than ${MOST_USERS} users`)
  return Object.fromEntries(
    users.map(([user, theirs]) => {
      if (!/^[1-9]\d{0,9}$/.test(user)) throw bad('settings.users', `"${user.slice(0, 20)}" is no user id`)
      if (typeof theirs !== 'string' || !/^[\w@.+:-]{1,100}$/.test(theirs))
        throw bad(`settings.users.${user}`, 'it takes an id in 1 to 100 letters and digits')
      return [user, theirs]
    }),
  )
}

/** People open it, not the engine: it is no address that is called. */
const recordingUrlOf = (value: string | undefined): string | undefined => {
  if (value === undefined) return undefined
  const isUrl = URL.canParse(value.replaceAll('{id}', 'id')) && value.startsWith('https://')
  if (!isUrl || !value.includes('{id}'))
    throw bad('settings.recordingUrl', 'it takes an https URL with {id} in it')
  return value
}
