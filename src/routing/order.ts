/**
 * The order in which routes are tried. First what the request prefers, then what works, then the profile's
 * strategy; what is equal in all that takes turns or stands in the order of age, so that equal routes come in the
 * same order every time.
 */
import type { LcrProfile } from '../directory/records.ts'
import type { Context, Quality, Route, Share } from './hunt.ts'
import { isNamed } from './judge.ts'

export const ordered = (
  routes: readonly Route[],
  context: Context,
): { readonly routes: Route[]; readonly shares: readonly (readonly Share[])[] } => {
  if (routes.length < 2) return { routes: [...routes], shares: NO_SHARES }
  const shares: (readonly Share[])[] = []
  const ranked = routes.map((route) => rank(route, context))
  STRATEGIES[context.profile.strategy](ranked, context, shares)
  sort(ranked)
  takeTurns(ranked, context, shares)
  return { routes: ranked.map(({ route }) => route), shares }
}

const NO_SHARES: readonly (readonly Share[])[] = []

type Ranked = {
  readonly route: Route
  /** 0 for what the request prefers and what works; lower comes first. */
  readonly group: number
  /** Of the strategy. */
  first: number
  second: number
}

/** Below this score a gateway is unhealthy (the reference's 40): it is tried when the others have failed. */
const UNHEALTHY = 40

const rank = (route: Route, { request, surroundings }: Context): Ranked => {
  const { preferredCarriers, now } = request
  const preferred = preferredCarriers === undefined || isNamed(preferredCarriers, route.carrier)
  const works = surroundings.health.scoreOf(route.gateway.id, now) >= UNHEALTHY
  return { route, group: (preferred ? 0 : 2) + (works ? 0 : 1), first: 0, second: 0 }
}

type Arrange = (ranked: readonly Ranked[], context: Context, shares: (readonly Share[])[]) => void

const STRATEGIES: Readonly<Record<LcrProfile['strategy'], Arrange>> = {
  LOWEST_COST: (ranked) => {
    for (const each of ranked) {
      each.first = each.route.expectedCost
      each.second = each.route.rule.priority
    }
  },
  PRIORITY: (ranked) => {
    for (const each of ranked) {
      each.first = each.route.rule.priority
      each.second = each.route.expectedCost
    }
  },
  HIGHEST_QUALITY: (ranked, context, shares) => {
    const qualities = ranked.map(({ route }) => qualityOf(route, context))
    ranked.forEach((each, index) => {
      each.first = -worth(qualities[index])
      each.second = each.route.expectedCost
    })
    explore(ranked, qualities, context, shares)
  },
  BALANCED: (ranked, context, shares) => {
    const qualities = ranked.map(({ route }) => qualityOf(route, context))
    const cheapest = Math.max(1, Math.min(...ranked.map(({ route }) => route.expectedCost)))
    const best = Math.max(1, ...qualities.map(worth))
    const { costWeight, qualityWeight } = context.profile
    ranked.forEach((each, index) => {
      // Each part is 1 for the best of all and less for the others, in proportion.
      const cost = cheapest / Math.max(1, each.route.expectedCost)
      each.first = -(costWeight * cost + qualityWeight * (worth(qualities[index]) / best))
      each.second = each.route.expectedCost
    })
    explore(ranked, qualities, context, shares)
  },
  WEIGHTED: (ranked, { surroundings }, shares) => {
    const set = ranked.filter(({ route }) => route.rule.weight > 0).map(({ route }) => shareOf(route))
    const order = set.length === 0 ? [] : surroundings.turns.orderOf(set)
    if (set.length > 1) shares.push(set)
    for (const each of ranked) {
      const place = order.indexOf(each.route.rule.id)
      each.first = place < 0 ? order.length : place
      each.second = each.route.expectedCost
    }
  },
}

const shareOf = ({ rule }: Route): Share => ({ id: rule.id, weight: rule.weight })

const qualityOf = ({ gateway, rule }: Route, { surroundings, key, request }: Context): Quality =>
  surroundings.health.qualityOf(gateway.id, key, request.now, rule)

/**
 * One second of post-dial delay weighs as one point of the answer seizure ratio. The reference compares ratios
 * that differ by more than five points and otherwise delays, which is no order (a before b before c before a).
 */
const worth = (quality: Quality | undefined): number =>
  quality === undefined ? 0 : Math.max(0, quality.asr - quality.pddMs / 1_000)

/** A route of which too little is known gets a call now and then: otherwise it would stay where it was guessed. */
const explore = (
  ranked: readonly Ranked[],
  qualities: readonly Quality[],
  { surroundings }: Context,
  shares: (readonly Share[])[],
): void => {
  let unknown: Ranked | undefined
  let samples = Infinity
  ranked.forEach((each, index) => {
    const quality = qualities[index]
    if (quality === undefined || quality.isConfident || quality.samples >= samples) return
    unknown = each
    samples = quality.samples
  })
  if (unknown === undefined) return
  const set = ranked.map(({ route }): Share => ({ id: route.rule.id, weight: 1 }))
  shares.push(set)
  if (surroundings.turns.mayExplore(set)) unknown.first = -Infinity
}

const compare = (a: Ranked, b: Ranked): number =>
  a.group - b.group || a.first - b.first || a.second - b.second || a.route.gateway.id - b.route.gateway.id

/** By insertion: a handful of routes, most of them in order already. */
const sort = (ranked: Ranked[]): void => {
  for (let at = 1; at < ranked.length; at += 1) {
    const each = ranked[at]
    if (each === undefined) return
    let to = at - 1
    for (; to >= 0; to -= 1) {
      const other = ranked[to]
      if (other === undefined || compare(other, each) <= 0) break
      ranked[to + 1] = other
    }
    ranked[to + 1] = each
  }
}

/** Neighbours that only their age tells apart share the calls. */
const takeTurns = (ranked: Ranked[], { surroundings }: Context, shares: (readonly Share[])[]): void => {
  const { failoverStrategy, turns } = surroundings
  if (failoverStrategy === 'sequential') return
  for (let from = 0; from < ranked.length;) {
    let to = from + 1
    while (to < ranked.length && areEqual(ranked[from], ranked[to])) to += 1
    if (to - from > 1) {
      const equal = ranked.slice(from, to)
      const set = equal.map(({ route }): Share => ({
        id: route.rule.id,
        weight: failoverStrategy === 'weighted' ? Math.max(1, route.rule.weight) : 1,
      }))
      const order = turns.orderOf(set)
      equal.sort((a, b) => order.indexOf(a.route.rule.id) - order.indexOf(b.route.rule.id))
      ranked.splice(from, equal.length, ...equal)
      shares.push(set)
    }
    from = to
  }
}

const areEqual = (a: Ranked | undefined, b: Ranked | undefined): boolean =>
  a !== undefined && b !== undefined && a.group === b.group && a.first === b.first && a.second === b.second
