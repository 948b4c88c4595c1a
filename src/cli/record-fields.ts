/**
 * What a kind of record is made of on the command line: a field is an option and its name in the API. The kinds
 * themselves stand in record-kinds.ts.
 */
import { InvalidArgumentError } from 'commander'
import { recordId, wholeNumber } from './context.ts'
import { textOf, type Json } from './json.ts'

export type Field = {
  /**
   * Its name in the API; the option is the same in kebab-case unless `option` says otherwise. `failover.next` is
   * part of an object.
   */
  readonly key: string
  readonly option?: string
  /** What stands after the option; without it the option is a switch, with a --no- form. */
  readonly takes?: string
  readonly describe: string
  readonly parse?: (text: string) => unknown
  /** `add` asks for it. */
  readonly needed?: boolean
  /** `none` empties it. */
  readonly canBeEmpty?: boolean
  /** `set` does not take it: it stays. */
  readonly stays?: boolean
  readonly choices?: readonly string[]
  /** May be given several times; the API takes a list. */
  readonly repeats?: true
}

export type RecordKind = {
  /** The command, and the path in the API. */
  readonly path: string
  /** Its key in answers; a list's has `plural` behind it. */
  readonly key: string
  readonly word: string
  /** Of key and word; default s. */
  readonly plural?: string
  readonly describe: string
  readonly fields: readonly Field[]
  /** A user name with a password: an object of its own in a gateway, fields of a device. */
  readonly credentials?: 'object' | 'fields'
  readonly columns: readonly (readonly [title: string, cell: (row: Json) => string])[]
  readonly examples: readonly string[]
}

export const cell =
  (key: string) =>
  (row: Json): string =>
    textOf(row, key)

export const commas = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

export const name: Field = { key: 'name', takes: 'name', describe: 'its name', needed: true }
export const organization: Field = {
  key: 'organizationId',
  option: 'organization',
  takes: 'id',
  describe: 'its organisation',
  parse: recordId,
  needed: true,
  stays: true,
}
export const owner: Field = {
  ...organization,
  needed: false,
  describe: 'only for this one; without it, for all',
}
export const carrier: Field = {
  key: 'carrierId',
  option: 'carrier',
  takes: 'id',
  describe: 'its carrier',
  parse: recordId,
  needed: true,
  stays: true,
}
export const ownerCell = (row: Json): string => textOf(row, 'organizationId') || 'all'

/** A count that means no limit where it is empty. */
export const limitCell =
  (key: string) =>
  (row: Json): string =>
    textOf(row, key) || 'any'

export const maxChannels: Field = {
  key: 'maxChannels',
  takes: 'count',
  describe: 'calls at once at the most',
  parse: wholeNumber(1, 1_000_000),
  canBeEmpty: true,
}
export const maxCallsPerSecond: Field = {
  key: 'maxCallsPerSecond',
  option: 'max-cps',
  takes: 'count',
  describe: 'new calls in a second at the most',
  parse: wholeNumber(1, 100_000),
  canBeEmpty: true,
}

/** 0 to 100, with two decimals at the most. */
export const percent = (text: string): number => {
  if (/^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) <= 100) return Number(text)
  throw new InvalidArgumentError('It takes a number from 0 to 100, with at most 2 decimals.')
}
