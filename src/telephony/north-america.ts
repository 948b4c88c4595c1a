/**
 * Area codes (NPA) of the North American Numbering Plan and the states they belong to, as a table that an operator
 * can replace. This file knows the shape and how to read one; the facts stand in npa-states.ts. A table never has a
 * code that belongs to no place: whoever looks one up then finds nothing, and nothing is not a state.
 */
import { EngineError } from '../base/errors.ts'
import type { E164 } from './e164.ts'

/** Places by area code, `212`. */
export type NpaStates = ReadonlyMap<string, NpaPlace>

export type NpaPlace = {
  /** ISO 3166; the territories of the US are US. */
  readonly country: string
  /** Postal code: `NY`, `DC`, `PR`. Always there for the US, where a price may hang on it. */
  readonly state: string | undefined
}

/**
 * A table as CSV: `npa,state[,country]`, one code a line, country US where there is none; a first line of names,
 * blank lines and lines that begin with # are passed over. Throws TELEPHONY_BAD_NPA_TABLE with every line at fault
 * in `details.errors` (at most 100 of them).
 */
export const parseNpaTable = (csv: string): NpaStates => {
  if (csv.length > MOST_CHARACTERS) throw badTable([{ line: 1, problem: 'the table is longer than 1 MB' }])
  const rows: NpaRow[] = []
  const errors: LineError[] = []
  const seenAt = new Map<string, number>()
  for (const [index, text] of csv
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = index + 1
    if (/^\s*(?:#|$)/.test(text)) continue
    const fields = text.split(',').map((field) =>
      field
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .trim()
        .toUpperCase(),
    )
    if (rows.length + errors.length === 0 && fields[0] === 'NPA') continue
    const row = rowOf(fields)
    const before = typeof row === 'string' ? undefined : seenAt.get(row.npa)
    if (typeof row === 'string') errors.push({ line, problem: row })
    else if (before !== undefined)
      errors.push({ line, problem: `${row.npa} stands in line ${before} already` })
    else {
      rows.push(row)
      seenAt.set(row.npa, line)
    }
  }
  if (errors.length > 0) throw badTable(errors)
  if (rows.length === 0) throw badTable([{ line: 1, problem: 'the table has no area code' }])
  return npaStatesOf(rows)
}

export type NpaRow = NpaPlace & { readonly npa: string }

/** Rows as a table; a row that breaks the rules above is a bug of whoever wrote it, and throws. */
export const npaStatesOf = (rows: readonly NpaRow[]): NpaStates => {
  const table = new Map<string, NpaPlace>()
  // The same object for the same place: a table has 450 codes and 80 places.
  const places = new Map<string, NpaPlace>()
  for (const { npa, country, state } of rows) {
    const problem = problemOf(npa, state ?? '', country)
    if (problem !== undefined || table.has(npa))
      throw badTable([{ line: table.size + 1, problem: problem ?? `${npa} stands there twice` }])
    const key = `${country} ${state ?? ''}`
    const place = places.get(key) ?? { country, state }
    places.set(key, place)
    table.set(npa, place)
  }
  return table
}

/** The area code of a number of +1, or undefined. */
export const npaOf = (number: E164): string | undefined =>
  number.startsWith('+1') && number.length === 12 ? number.slice(2, 5) : undefined

/**
 * Whether an area code can belong to a place. Not so: what is no area code (first digit 0 or 1, N9X, N11), and the
 * codes for services, which are those with two equal last digits (toll-free 800 833 844 855 866 877 888, 900, 500 533
 * 544, 600, 700) and 521 to 529, 532, 710 and 88X beside them (NANPA, NPA Allocation Plan and Assignment Guidelines).
 */
export const isGeographicNpa = (npa: string): boolean =>
  /^[2-9][0-8]\d$/.test(npa) && !/^(?:\d(\d)\1|52[1-9]|532|710|88\d)$/.test(npa)

/** The fifty states, DC and the five inhabited territories, by their postal codes. */
export const US_STATES: readonly string[] = (
  'AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM NV ' +
  'NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY'
).split(' ')

const MOST_CHARACTERS = 1_000_000
const MOST_ERRORS = 100

type LineError = { readonly line: number; readonly problem: string }

const rowOf = (fields: readonly string[]): NpaRow | string => {
  const [npa = '', state = '', country = '', ...more] = fields
  if (more.length > 0) return 'there are more fields than npa, state and country'
  const where = country === '' ? 'US' : country
  return problemOf(npa, state, where) ?? { npa, country: where, state: state === '' ? undefined : state }
}

const problemOf = (npa: string, state: string, country: string): string | undefined => {
  const quoted = (text: string): string => JSON.stringify(text.slice(0, 20))
  if (!/^\d{3}$/.test(npa)) return `${quoted(npa)} is no area code of three digits`
  if (!isGeographicNpa(npa)) return `${npa} belongs to no place`
  if (!/^[A-Z]{2}$/.test(country)) return `${quoted(country)} is no country of two letters`
  if (country === 'US' && !US_STATES.includes(state)) return `${quoted(state)} is no state such as NY`
  return /^[A-Z]{0,3}$/.test(state) ? undefined : `${quoted(state)} is no province of two letters`
}

const badTable = (errors: readonly LineError[]): EngineError =>
  new EngineError(
    'TELEPHONY_BAD_NPA_TABLE',
    `the table of area codes has ${errors.length} faults: ${errors
      .slice(0, 5)
      .map(({ line, problem }) => `line ${line}: ${problem}`)
      .join('; ')}`,
    { errors: errors.slice(0, MOST_ERRORS) },
  )
