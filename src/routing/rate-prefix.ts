/**
 * Prefixes as small integers. Strings of up to `most` digits, in dialling order with each prefix right before what
 * it is a prefix of, are numbered from 0 on: the rank of a string. So all that begins with a string of `length`
 * digits has the ranks from its own until before its own plus `rankWidth(most - length)`, and sorting ranks sorts
 * prefixes.
 *
 * A prefix of up to five digits is its rank among those (a short one); a longer one is its first six digits as a
 * number, its head, and the rank of the up to nine after them, its tail, which just fits into 31 bits.
 */

export const MOST_DIGITS = 15
export const SHORT_DIGITS = 5
export const HEAD_DIGITS = 6
export const TAIL_DIGITS = 9
export const HEADS = 1_000_000
/** How many strings of up to SHORT_DIGITS digits there are. */
export const SHORTS = 111_111

/** How many strings of up to `digits` (0 to 9) digits there are, the empty one among them: 1, 11, 111 ... */
export const rankWidth = (digits: number): number => WIDTHS[digits] ?? 0

const WIDTHS = Int32Array.from({ length: TAIL_DIGITS + 1 }, (_, digits) => Number('1'.repeat(digits + 1)))

/** The digits whose rank among strings of up to `most` digits is `rank`. */
export const spellRank = (rank: number, most: number): string => {
  let text = ''
  for (let rest = rank; rest > 0;) {
    const width = rankWidth(most - 1 - text.length)
    text += String(Math.floor((rest - 1) / width))
    rest = (rest - 1) % width
  }
  return text
}

/** How many digits those are. */
export const lengthOfRank = (rank: number, most: number): number => {
  let length = 0
  for (let rest = rank; rest > 0; length += 1) rest = (rest - 1) % rankWidth(most - 1 - length)
  return length
}

/** The rank of the first five digits of a head: the short prefixes before or on its way have at most this. */
export const shortRankOfHead = (head: number): number => {
  let rank = 0
  let unit = HEADS / 10
  for (let at = 0; at < SHORT_DIGITS; at += 1) {
    rank += 1 + (Math.floor(head / unit) % 10) * rankWidth(SHORT_DIGITS - 1 - at)
    unit /= 10
  }
  return rank
}

/**
 * What a sort of prefixes goes by, high before low: short ones first, then by head and tail. Reads the ASCII digits
 * `bytes[start]` until before `bytes[end]`; false, and nothing written, unless they are 0 to 15 digits.
 */
export const readPrefix = (
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
  high: Int32Array,
  low: Int32Array,
): boolean => {
  const length = end - start
  if (!(length >= 0 && length <= MOST_DIGITS && start >= 0 && end <= bytes.length)) return false
  let head = 0
  let rank = 0
  if (length < HEAD_DIGITS) {
    for (let each = 0; each < length; each += 1) {
      const digit = (bytes[start + each] ?? 0) - 48
      if (digit < 0 || digit > 9) return false
      rank += 1 + digit * rankWidth(SHORT_DIGITS - 1 - each)
    }
    high[at] = rank
    low[at] = 0
    return true
  }
  for (let each = 0; each < length; each += 1) {
    const digit = (bytes[start + each] ?? 0) - 48
    if (digit < 0 || digit > 9) return false
    if (each < HEAD_DIGITS) head = head * 10 + digit
    else rank += 1 + digit * rankWidth(TAIL_DIGITS - 1 - (each - HEAD_DIGITS))
  }
  high[at] = SHORTS + head
  low[at] = rank
  return true
}
