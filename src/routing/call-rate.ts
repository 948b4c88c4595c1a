/**
 * New calls per second, exactly: in no second that begins anywhere are there more than the limit. Of each id the
 * times of the last `limit` calls are kept; the next may come a second after the oldest of them. It refuses nothing
 * by itself: a call that the switch has begun anyway is taken too, and those after it wait for it.
 */
export type CallRates = {
  /** Undefined: one more call may come now; else the time from which it may. `limit` undefined: no limit; 0: never. */
  readonly busyUntil: (id: number, limit: number | undefined, now: number) => number | undefined
  readonly take: (id: number, limit: number | undefined, now: number) => void
  /** Calls taken in the second before `now`; at most `limit` are known. */
  readonly inLastSecond: (id: number, now: number) => number
  readonly forget: (id: number) => void
}

const SECOND_MS = 1_000

/** `times[oldest]` is the oldest; unused places hold -Infinity. */
type Ring = { readonly times: Float64Array; oldest: number }

export const createCallRates = (): CallRates => {
  const rings = new Map<number, Ring>()

  /** The ring as long as the limit is now; what fits of the newest is kept when the limit was changed. */
  const ringOf = (id: number, limit: number): Ring => {
    const known = rings.get(id)
    if (known?.times.length === limit) return known
    const ring: Ring = { times: new Float64Array(limit).fill(-Infinity), oldest: 0 }
    if (known !== undefined) for (const time of inOrder(known)) push(ring, time)
    rings.set(id, ring)
    return ring
  }

  return {
    busyUntil: (id, limit, now) => {
      if (limit === undefined) return undefined
      if (limit < 1) return Infinity
      const ring = rings.get(id)
      if (ring === undefined) return undefined
      const same = ring.times.length === limit ? ring : ringOf(id, limit)
      const oldest = same.times[same.oldest] ?? -Infinity
      return counts(oldest, now) ? oldest + SECOND_MS : undefined
    },
    take: (id, limit, now) => {
      if (limit !== undefined && limit >= 1) push(ringOf(id, limit), now)
    },
    inLastSecond: (id, now) => rings.get(id)?.times.filter((time) => counts(time, now)).length ?? 0,
    forget: (id) => {
      rings.delete(id)
    },
  }
}

/** A time that lies a second ahead was noted before the clock was set back, and binds nobody. */
const counts = (time: number, now: number): boolean => now - time < SECOND_MS && time - now < SECOND_MS

const push = (ring: Ring, time: number): void => {
  ring.times[ring.oldest] = time
  ring.oldest = (ring.oldest + 1) % ring.times.length
}

const inOrder = ({ times, oldest }: Ring): readonly number[] => [
  ...times.subarray(oldest),
  ...times.subarray(0, oldest),
]
