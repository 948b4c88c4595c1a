/**
 * Sorts millions of rows by columns of non-negative int32 in linear time: counting sort by 11 bits at a time, least
 * significant first. Stable, so of rows that are alike the one that was added first comes first.
 */

/** The rows 0 until before `count` in ascending order of `columns`, the last of which counts most. */
export const sortRows = (count: number, columns: readonly Int32Array[]): Int32Array => {
  let order = new Int32Array(count)
  let spare = new Int32Array(count)
  for (let row = 0; row < count; row += 1) order[row] = row
  for (const column of columns) {
    let used = 0
    for (let row = 0; row < count; row += 1) used |= column[row] ?? 0
    for (let shift = 0; shift < 31 && used >>> shift !== 0; shift += DIGIT_BITS) {
      const starts = startsOf(count, column, shift)
      if (starts === undefined) continue
      for (let at = 0; at < count; at += 1) {
        const row = order[at] ?? 0
        const digit = ((column[row] ?? 0) >>> shift) & DIGIT_MASK
        const to = starts[digit] ?? 0
        spare[to] = row
        starts[digit] = to + 1
      }
      ;[order, spare] = [spare, order]
    }
  }
  return order
}

const DIGIT_BITS = 11
const DIGIT_MASK = (1 << DIGIT_BITS) - 1

/** Where the rows with each digit begin; undefined if all have the same. */
const startsOf = (count: number, column: Int32Array, shift: number): Int32Array | undefined => {
  const starts = new Int32Array(DIGIT_MASK + 1)
  for (let row = 0; row < count; row += 1) {
    const digit = ((column[row] ?? 0) >>> shift) & DIGIT_MASK
    starts[digit] = (starts[digit] ?? 0) + 1
  }
  if (starts.includes(count)) return undefined
  let start = 0
  for (let digit = 0; digit <= DIGIT_MASK; digit += 1) {
    const rows = starts[digit] ?? 0
    starts[digit] = start
    start += rows
  }
  return starts
}
