/**
 * Counters over a sliding span of time, in buckets: the running bucket and the full ones before it. Reading costs
 * nothing but moving on; what is older than the span is taken off bucket by bucket. It knows nothing of what it
 * counts. Counts are whole numbers, below 2^32 in a bucket.
 */
export type SlidingWindow = {
  readonly bucketMs: number
  readonly buckets: number
  readonly fields: number
  readonly slots: Uint32Array
  readonly totals: Float64Array
  /** Number of the newest bucket since the epoch. */
  head: number
}

export const createSlidingWindow = (spanMs: number, buckets: number, fields: number): SlidingWindow => ({
  bucketMs: spanMs / buckets,
  buckets,
  fields,
  slots: new Uint32Array(buckets * fields),
  totals: new Float64Array(fields),
  head: 0,
})

export const addToWindow = (window: SlidingWindow, now: number, field: number, amount: number): void => {
  moveOn(window, now)
  const at = slotOf(window, window.head) + field
  window.slots[at] = (window.slots[at] ?? 0) + amount
  window.totals[field] = (window.totals[field] ?? 0) + amount
}

/** The sums by field, as of `now`. Read at once: the array is the window's own. */
export const totalsOf = (window: SlidingWindow, now: number): Readonly<Float64Array> => {
  moveOn(window, now)
  return window.totals
}

const slotOf = ({ buckets, fields }: SlidingWindow, bucket: number): number => (bucket % buckets) * fields

const moveOn = (window: SlidingWindow, now: number): void => {
  const bucket = Math.floor(now / window.bucketMs)
  const steps = bucket - window.head
  if (steps === 0) return
  // A clock that was set back a little counts into the newest bucket; one set back by more than all starts anew.
  if (steps < 0 && -steps < window.buckets) return
  if (steps < 0 || steps >= window.buckets) {
    window.slots.fill(0)
    window.totals.fill(0)
  } else {
    for (let next = window.head + 1; next <= bucket; next += 1) clearBucket(window, slotOf(window, next))
  }
  window.head = bucket
}

const clearBucket = ({ slots, totals, fields }: SlidingWindow, at: number): void => {
  for (let field = 0; field < fields; field += 1) {
    totals[field] = (totals[field] ?? 0) - (slots[at + field] ?? 0)
    slots[at + field] = 0
  }
}
