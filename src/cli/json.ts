/**
 * Reads what an engine answered. It may be older or newer than this CLI: a field that is missing reads as
 * nothing, never as a fault. Every text that comes out of here may be shown on a terminal.
 */
export type Json = Readonly<Record<string, unknown>>

export const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}

export const childOf = (json: Json, name: string): Json | undefined => {
  const value = json[name]
  return typeof value === 'object' && value !== null ? objectOf(value) : undefined
}

export const listOf = (json: Json, name: string): readonly Json[] => {
  const value = json[name]
  return Array.isArray(value) ? value.map(objectOf) : []
}

export const textsOf = (json: Json, name: string): readonly string[] => {
  const value = json[name]
  return Array.isArray(value) ? value.map((one: unknown) => plain(String(one))) : []
}

/** A number reads as its digits, what is missing as an empty text. */
export const textOf = (json: Json, name: string): string => {
  const value = json[name]
  if (typeof value === 'string') return plain(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

export const numberOf = (json: Json, name: string): number | undefined => {
  const value = json[name]
  return typeof value === 'number' ? value : undefined
}

export const flagOf = (json: Json, name: string): boolean => json[name] === true

/** Milliseconds since the epoch. */
export const timeOf = (json: Json, name: string): number | undefined => {
  const value = json[name]
  const milliseconds = typeof value === 'string' ? Date.parse(value) : NaN
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

/** Caller names come from strangers: escape sequences and the like never reach a terminal. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '')
