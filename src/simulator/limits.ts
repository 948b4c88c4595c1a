/**
 * Owns the counters of `limit hash`: one count a realm and id, held by channels; with an interval, how often it was
 * asked for since the interval began, those that were refused included (mod_hash.c, limit_incr_hash).
 */
export type Limits = {
  /** Takes one, or answers false when `max` are taken. A channel that holds it already holds it once. */
  readonly take: (realm: string, id: string, max: number, uuid: string, rate?: RateLimit) => boolean
  readonly release: (realm: string, id: string, uuid: string) => void
  readonly releaseAll: (uuid: string) => void
  readonly usage: (realm: string, id: string) => number
  readonly reset: () => void
}

/** `max/interval`: at most `max` within an interval that begins with the first. Both in whole seconds. */
export type RateLimit = { readonly intervalSeconds: number; readonly nowSeconds: number }

export const createLimits = (): Limits => {
  const holders = new Map<string, Set<string>>()
  const rates = new Map<string, { since: number; count: number }>()
  const isOverRate = (key: string, max: number, { intervalSeconds, nowSeconds }: RateLimit): boolean => {
    const rate = rates.get(key)
    if (rate === undefined || rate.since <= nowSeconds - intervalSeconds) {
      rates.set(key, { since: nowSeconds, count: 1 })
      return false
    }
    rate.count += 1
    return max >= 0 && rate.count > max
  }
  const keyOf = (realm: string, id: string): string => `${realm}_${id}`
  return {
    take: (realm, id, max, uuid, rate) => {
      const held = holders.get(keyOf(realm, id)) ?? new Set<string>()
      // limit_incr_hash: a negative max only counts; a channel that holds the resource is not counted again.
      if (
        rate !== undefined
          ? isOverRate(keyOf(realm, id), max, rate)
          : max >= 0 && !held.has(uuid) && held.size + 1 > max
      )
        return false
      held.add(uuid)
      holders.set(keyOf(realm, id), held)
      return true
    },
    release: (realm, id, uuid) => {
      holders.get(keyOf(realm, id))?.delete(uuid)
    },
    releaseAll: (uuid) => {
      for (const held of holders.values()) held.delete(uuid)
    },
    usage: (realm, id) => holders.get(keyOf(realm, id))?.size ?? 0,
    reset: () => {
      holders.clear()
      rates.clear()
    },
  }
}
