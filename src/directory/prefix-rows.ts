/**
 * Rows that say something of numbers by how these begin: an organisation's own row counts before the platform's, and a
 * longer prefix before a shorter one. One look a length that any prefix has: asked for every call, among tens of
 * thousands of prefixes.
 */
export type PrefixRow = {
  /** Digits without plus. */
  readonly prefix: string
  /** Undefined: the platform's, for every organisation. */
  readonly organizationId: number | undefined
  readonly enabled: boolean
}

type Say<Row> = { platform: Row | undefined; readonly own: Map<number, Row> }

/** The row that counts for a number; undefined: none speaks of it. */
export const indexPrefixes = <Row extends PrefixRow>(
  rows: readonly Row[],
): ((organizationId: number, digits: string) => Row | undefined) => {
  const says = new Map<string, Say<Row>>()
  for (const row of rows) {
    if (!row.enabled) continue
    const say = says.get(row.prefix) ?? { platform: undefined, own: new Map<number, Row>() }
    says.set(row.prefix, say)
    if (row.organizationId === undefined) say.platform = row
    else say.own.set(row.organizationId, row)
  }
  const longestFirst = [...new Set([...says.keys()].map(({ length }) => length))].sort((a, b) => b - a)
  return (organizationId, digits) => {
    for (const length of longestFirst) {
      if (length > digits.length) continue
      const say = says.get(digits.slice(0, length))
      const spoken = say?.own.get(organizationId) ?? say?.platform
      if (spoken !== undefined) return spoken
    }
    return undefined
  }
}
