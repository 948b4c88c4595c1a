/** Text for people: times in their time zone, tables that fit. */
const two = (value: number): string => String(value).padStart(2, '0')

/** `12:00:04` */
export const clockTime = (milliseconds: number): string => {
  const date = new Date(milliseconds)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `2026-08-01 12:00:04` */
export const dayTime = (milliseconds: number): string => {
  const date = new Date(milliseconds)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(milliseconds)}`
}

/** `9 s`, `2 min 5 s`, `1 h 0 min` */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

export type Column = { readonly title: string; readonly width: number; readonly right?: boolean }

/** One line of a table; what is too long ends in an ellipsis. */
export const tableLine = (columns: readonly Column[], cells: readonly string[]): string =>
  columns
    .map(({ width, right }, at) => {
      const cell = clip(cells[at] ?? '', width)
      return right === true ? cell.padStart(width) : cell.padEnd(width)
    })
    .join('  ')
    .trimEnd()

export const tableHead = (columns: readonly Column[]): string =>
  tableLine(
    columns,
    columns.map(({ title }) => title),
  )

/** Columns as wide as what they hold, within `width` characters in all. */
export const table = (
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  width = 120,
): readonly string[] => {
  const columns: Column[] = titles.map((title, at) => ({
    title,
    width: Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  }))
  const gaps = 2 * (columns.length - 1)
  for (let total = columns.reduce((sum, column) => sum + column.width, gaps); total > width; total -= 1) {
    const widest = columns.reduce(
      (found, column, at) => (column.width > (columns[found]?.width ?? 0) ? at : found),
      0,
    )
    const column = columns[widest]
    if (column === undefined || column.width <= 4) break
    columns[widest] = { ...column, width: column.width - 1 }
  }
  return [tableHead(columns), ...rows.map((row) => tableLine(columns, row))]
}

export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`
