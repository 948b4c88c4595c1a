import { MOST_INCREMENT_SECONDS } from './read-rate.ts'

export type Increments = { readonly first: number; readonly next: number }

/**
 * `60/60`, `30/6`, `1+1`, `6-6`, `60:1`, `60s/1s` and `60`, which is both. Text instead of a value: what is wrong
 * with it, to stand behind the cell.
 */
export const incrementsOf = (cell: string): Increments | string => {
  const match = /^(\d{1,9})(?:\.0+)?\s*S?(?:\s*[-/+:;]\s*(\d{1,9})\s*S?)?$/.exec(bare(cell))
  if (match === null) {
    return /[a-z]{3}/i.test(cell) && /\d/.test(cell)
      ? 'is no increments such as 30/6 (spreadsheets make a date of them: format the column as text)'
      : 'is no increments such as 30/6'
  }
  const first = Number(match[1])
  const next = match[2] === undefined ? first : Number(match[2])
  return within(first, 1) ?? within(next, 1) ?? { first, next }
}

/** One count of seconds, `60`, `60s` or `60.0`, from `least`. */
export const secondsOf = (cell: string, least: 0 | 1): number | string => {
  const match = /^(\d{1,9})(?:[.,]0+)?\s*S?$/.exec(bare(cell))
  if (match === null) return 'is no whole number of seconds'
  const seconds = Number(match[1])
  return within(seconds, least) ?? seconds
}

const within = (seconds: number, least: number): string | undefined =>
  seconds < least || seconds > MOST_INCREMENT_SECONDS
    ? `must be ${least} to ${MOST_INCREMENT_SECONDS} seconds`
    : undefined

const bare = (cell: string): string =>
  cell
    .replace(/^'/, '')
    .trim()
    .toUpperCase()
    .replace(/\s*\b(?:SECONDS?|SECS?|SEC)\b\.?/g, 'S')
    .replace(/(\d)(?:SECONDS?|SECS?|SEC)\b\.?/g, '$1S')
