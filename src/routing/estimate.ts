/**
 * What few samples say. A carrier with three calls has no answer-seizure ratio yet: its figure is pulled towards
 * what is expected (the prior) as if that had been seen `priorWeight` times, so that a new carrier is neither
 * first nor last for ever.
 */
/** The mean of `count` samples that sum to `sum`, shrunk to `prior`, which weighs as much as `priorWeight` samples. */
export const shrunkMean = (sum: number, count: number, prior: number, priorWeight: number): number =>
  count + priorWeight > 0 ? (sum + prior * priorWeight) / (count + priorWeight) : prior

export type Bounds = { readonly low: number; readonly high: number }

/** 95 % of a normal distribution lie within this many standard deviations. */
const Z_95 = 1.959964

/** Between which shares (0 to 1) the truth lies with 95 % confidence (E. B. Wilson, JASA 22, 1927). */
export const wilsonBounds = (successes: number, count: number, z = Z_95): Bounds => {
  if (count <= 0) return { low: 0, high: 1 }
  const share = successes / count
  const square = (z * z) / count
  const middle = share + square / 2
  const spread = z * Math.sqrt((share * (1 - share) + square / 4) / count)
  const scale = 1 + square
  return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) }
}
