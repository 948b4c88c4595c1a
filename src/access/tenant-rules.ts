/**
 * What an organisation's own token may write of the records that are its own. Whose a row is the store knows; here
 * stands what stays the platform's business even in an organisation's own rows: what it pays, which numbers it has,
 * what it may not call, and whose calls come in from an address. A kind or a field that is not named here is refused:
 * whoever adds one says to whom it belongs.
 */

/** Kinds of records by their paths in the API. */
export type RecordPath =
  | 'organizations'
  | 'carriers'
  | 'gateways'
  | 'users'
  | 'devices'
  | 'numbers'
  | 'lcr-profiles'
  | 'lcr-routes'
  | 'blocked-prefixes'
  | 'caller-id-rules'
  | 'carrier-caller-ids'
  | 'rate-decks'

export type Write = 'add' | 'change' | 'remove'

export type Forbidden = { readonly field: string; readonly why: string }

type Rule = {
  readonly writes: readonly Write[]
  /** Fields that it may give; undefined: all but those of `not`. */
  readonly only?: readonly string[]
  readonly not?: readonly string[]
}

const ALL: readonly Write[] = ['add', 'change', 'remove']

const RULES: Readonly<Record<RecordPath, Rule>> = {
  // Domain, country and currency decide about other people's money and calls; so does whether it is served at all.
  organizations: {
    writes: ['change'],
    only: [
      'name',
      'defaultCallerId',
      'mainNumber',
      'lcrProfileId',
      'emergencyCallerId',
      'emergencyAddress',
      'emergencyLocationUri',
    ],
  },
  carriers: { writes: ALL },
  // Calls from an address are taken for its gateway's: nobody names another's address as his own. A signed Identity
  // is the platform's word.
  gateways: { writes: ALL, not: ['inboundCidrs', 'signsIdentity'] },
  users: { writes: ALL },
  devices: { writes: ALL },
  // A number of its own may be shown as caller ID: nobody gives himself one.
  numbers: { writes: ['change'], only: ['userId', 'enabled', 'organizationId'] },
  'lcr-profiles': { writes: ALL },
  'lcr-routes': { writes: ALL },
  // `allow` would lift what the platform blocks.
  'blocked-prefixes': { writes: ALL, not: ['action'] },
  'caller-id-rules': { writes: ALL },
  // Of carriers of its own alone: the store sees to it.
  'carrier-caller-ids': { writes: ALL },
  // Of carriers of its own; what the organisation itself is charged the platform says.
  'rate-decks': { writes: ALL, not: ['organizationId'] },
}

/** Undefined: it may. An `action` of `block` is what is meant without one. */
export const forbiddenToTenant = (
  path: RecordPath,
  write: Write,
  record: Readonly<Record<string, unknown>>,
): Forbidden | undefined => {
  const { writes, only, not = [] } = RULES[path]
  if (!writes.includes(write))
    return { field: 'id', why: `${path} are ${WORDS[write]} with a token of the platform only` }
  const field = Object.keys(record).find(
    (name) =>
      (only !== undefined && !only.includes(name)) ||
      (not.includes(name) && !(path === 'blocked-prefixes' && record[name] === 'block')),
  )
  return field === undefined
    ? undefined
    : { field, why: `"${field}" is given with a token of the platform only` }
}

const WORDS: Readonly<Record<Write, string>> = { add: 'added', change: 'changed', remove: 'removed' }
