import type { SkippedKind } from './findings.ts'

/**
 * Whether a row whose prefix is none is something other than a bad rate. A row with a digit in its prefix is one
 * of these only where that cell is the first of the row: `Total: 5`, and not a rate to "Total Telecom".
 */
export const skipKindOf = (
  cells: readonly string[],
  prefix: string,
  headers: readonly string[],
): SkippedKind | undefined => {
  const written = cells.map((cell) => cell.trim()).filter((cell) => cell !== '')
  const [first] = written
  if (first === undefined) return 'blank'
  if (first !== prefix.trim() && /\d/.test(prefix)) return undefined
  if (COMMENT.test(first)) return 'comment'
  if (TOTAL.test(first)) return 'total'
  if (NOTE.test(first)) return 'note'
  if (headers.length > 0 && cells.every((cell, index) => cell.trim() === (headers[index] ?? '').trim()))
    return 'header'
  // A sentence or a heading alone in its row; `A44` alone is a prefix with a letter in it.
  return written.length === 1 && /\p{L}/u.test(first) && (/\s/.test(first) || !/\d/.test(first))
    ? 'note'
    : undefined
}

const COMMENT = /^(?:#|\/\/|;|\*|-{2,}|={2,}|_{2,})/
const TOTAL =
  /^(?:(?:grand|sub)[\s-]?)?totals?\b|^(?:sum|summe|gesamt|average|avg|count|rows|records|number of|eof|end of (?:file|list|report|document|deck))\b/i
const NOTE =
  /^(?:notes?|remarks?|disclaimer|confidential|copyright|©|terms|valid|contact|page|prepared|generated|printed|all (?:rates|prices))\b/i
