/**
 * Post-dial delays on a logarithmic scale: few counters, and an error in proportion to the value. Bin 0 holds all
 * up to SHORTEST_MS, each next one ends at sqrt(2) times the one before, the last holds the rest (above 32 s,
 * where sofia has given up: RFC 3261 timer B).
 */
export const DELAY_BINS = 16

const SHORTEST_MS = 250
const BINS_PER_OCTAVE = 2

/** The bin of a delay in milliseconds. */
export const delayBinOf = (delayMs: number): number => {
  if (!(delayMs > SHORTEST_MS)) return 0
  return Math.min(DELAY_BINS - 1, Math.ceil(Math.log2(delayMs / SHORTEST_MS) * BINS_PER_OCTAVE))
}

/**
 * The delay in milliseconds that `share` (0 to 1) of those counted in `counts[from .. from + DELAY_BINS - 1]` do not
 * exceed, interpolated within its bin; undefined where nothing was counted. Within a factor of sqrt(2) of the truth.
 */
export const delayAtShare = (counts: ArrayLike<number>, from: number, share: number): number | undefined => {
  let all = 0
  for (let bin = 0; bin < DELAY_BINS; bin += 1) all += counts[from + bin] ?? 0
  if (all === 0) return undefined
  const wanted = all * share
  let before = 0
  for (let bin = 0; bin < DELAY_BINS; bin += 1) {
    const here = counts[from + bin] ?? 0
    if (here > 0 && before + here >= wanted) return within(bin, (wanted - before) / here)
    before += here
  }
  return within(DELAY_BINS - 1, 1)
}

const within = (bin: number, part: number): number => {
  const end = SHORTEST_MS * 2 ** (bin / BINS_PER_OCTAVE)
  return Math.round(bin === 0 ? end * part : end * 2 ** ((part - 1) / BINS_PER_OCTAVE))
}
