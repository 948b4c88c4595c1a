/** Owns the counters of `limit hash`: one count a realm and id, held by channels. */
export type Limits = {
  /** Takes one, or answers false when `max` are taken. A channel that holds it already holds it once. */
  readonly take: (realm: string, id: string, max: number, uuid: string) => boolean
  readonly release: (realm: string, id: string, uuid: string) => void
  readonly releaseAll: (uuid: string) => void
  readonly usage: (realm: string, id: string) => number
  readonly reset: () => void
}

export const createLimits = (): Limits => {
  const holders = new Map<string, Set<string>>()
  const keyOf = (realm: string, id: string): string => `${realm}_${id}`
  return {
    take: (realm, id, max, uuid) => {
      const held = holders.get(keyOf(realm, id)) ?? new Set<string>()
      // limit_incr_hash: a negative max only counts; a channel that holds the resource is not counted again.
      if (max >= 0 && !held.has(uuid) && held.size + 1 > max) return false
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
    },
  }
}
