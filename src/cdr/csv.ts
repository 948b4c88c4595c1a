/**
 * A line of a CSV file (RFC 4180): quoted where it must be, lines end in CRLF. Text that a spreadsheet would take for a
 * formula is given an apostrophe: callers choose their own names, and whoever opens the file did not choose to run
 * them. A number in E.164 form begins with a plus and stays as it is: it computes to nothing but itself.
 */
export type CsvCell = { readonly value: string | null; readonly isText: boolean }

export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(csvCell).join(',')}\r\n`

const csvCell = ({ value, isText }: CsvCell): string => {
  if (value === null) return ''
  const safe = isText && FORMULA.test(value) && !PLAIN_NUMBER.test(value) ? `'${value}` : value
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Also behind spaces, which spreadsheets skip. OWASP, CSV injection. */
const FORMULA = /^\s*[=+\-@\t\r\n]/
const PLAIN_NUMBER = /^[+-]?\d+$/
const QUOTED = /[",\r\n]|^\s|\s$/
