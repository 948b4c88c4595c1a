/**
 * Fair turns: who comes first, call by call, so that each candidate gets its share exactly. For weights that sum to
 * W (divided by their greatest common divisor) every W calls give each its weight, and at no point before is anybody
 * more than one call ahead or behind. Reading takes no turn, so an explanation shows what the next call will do.
 *
 * The cycle is made by earliest deadline first: the j-th turn of a candidate with weight w lies between calls
 * ⌊jW/w⌋ and ⌈(j+1)W/w⌉, which can always be kept (Baruah, Cohen, Plaxton, Varvel: Proportionate progress, 1996;
 * Tijdeman: The chairman assignment problem, 1980). The better-known smooth weighted round robin
 * leaves its quota by more than one (weights 75, 3, 1, 88, 1, 3, 1: by 1.22). Round robin: equal weights.
 */
/** `id`: whatever takes turns, the rules of a profile; `weight`: a whole number; below 1 it has no turns. */
export type Share = { readonly id: number; readonly weight: number }

export type Turns = {
  /**
   * Who has the turn, then the others as they come next in the cycle. The same set in whatever order is one cycle;
   * another set is another cycle, and one that comes back goes on where it was.
   */
  readonly orderOf: (shares: readonly Share[]) => readonly number[]
  /** True in every k-th turn of the set: one of which too little is known may come first. */
  readonly mayExplore: (shares: readonly Share[]) => boolean
  /** A call uses these turns. A set that is named twice is taken once. */
  readonly take: (sets: readonly (readonly Share[])[]) => void
}

export type TurnSettings = {
  /** Sets that are remembered; the least recently used go, and begin anew should they come back. */
  readonly mostSets: number
  /** 0: never. */
  readonly exploreEvery: number
}

export const DEFAULT_TURN_SETTINGS: TurnSettings = { mostSets: 512, exploreEvery: 10 }

/** Longer cycles are made with weights scaled down to it: shares are then exact to 1/16384. */
const MOST_SLOTS = 16_384

export const createTurns = ({ mostSets, exploreEvery } = DEFAULT_TURN_SETTINGS): Turns => {
  const cycles = new Map<string, Cycle>()

  const cycleOf = (shares: readonly Share[]): Cycle => {
    const taking = shares.filter(({ weight }) => weight >= 1).sort((a, b) => a.id - b.id)
    let key = ''
    for (const { id, weight } of taking) key += `${id}:${weight} `
    const known = cycles.get(key)
    const cycle = known ?? createCycle(taking)
    if (known !== undefined) cycles.delete(key)
    cycles.set(key, cycle)
    const [oldest] = cycles.size > mostSets ? cycles.keys() : []
    if (oldest !== undefined) cycles.delete(oldest)
    return cycle
  }

  return {
    orderOf: (shares) => orderOf(cycleOf(shares)),
    mayExplore: (shares) => exploreEvery > 0 && (cycleOf(shares).turn + 1) % exploreEvery === 0,
    take: (sets) => {
      for (const cycle of new Set(sets.map(cycleOf))) moveOn(cycle)
    },
  }
}

type Member = {
  readonly id: number
  /** Its places in the cycle, ascending. */
  readonly places: Uint16Array
  /** How many of them are behind. */
  passed: number
}

type Cycle = {
  readonly length: number
  readonly members: readonly Member[]
  at: number
  turn: number
}

const orderOf = ({ length, members }: Cycle): readonly number[] =>
  [...members].sort((a, b) => nextPlace(a, length) - nextPlace(b, length)).map(({ id }) => id)

const nextPlace = ({ places, passed }: Member, length: number): number =>
  places[passed] ?? length + (places[0] ?? 0)

const moveOn = (cycle: Cycle): void => {
  const member = cycle.members.find(({ places, passed }) => places[passed] === cycle.at)
  if (member !== undefined) member.passed += 1
  cycle.turn += 1
  cycle.at += 1
  if (cycle.at < cycle.length) return
  cycle.at = 0
  for (const each of cycle.members) each.passed = 0
}

const createCycle = (candidates: readonly Share[]): Cycle => {
  const weights = inLowestTerms(candidates.map(({ weight }) => Math.floor(weight)))
  const length = sumOf(weights)
  const waiting = candidates.map(({ id }, index) => {
    const weight = weights[index] ?? 1
    return { id, weight, places: new Uint16Array(weight), passed: 0, done: 0, release: 0, deadline: 0 }
  })
  for (const member of waiting) member.deadline = Math.ceil(length / member.weight)
  for (let slot = 0; slot < length; slot += 1) {
    let next: (typeof waiting)[number] | undefined
    for (const member of waiting) {
      if (member.done === member.weight || member.release > slot) continue
      // Of equal deadlines the lower id goes first, which stands first.
      if (next === undefined || member.deadline < next.deadline) next = member
    }
    if (next === undefined) continue
    next.places[next.done] = slot
    next.done += 1
    next.release = Math.floor((next.done * length) / next.weight)
    next.deadline = Math.ceil(((next.done + 1) * length) / next.weight)
  }
  return { length, members: waiting, at: 0, turn: 0 }
}

const inLowestTerms = (weights: readonly number[]): readonly number[] => {
  const divisor = weights.reduce(greatestCommonDivisor, 0)
  const lowest = weights.map((weight) => weight / divisor)
  const sum = sumOf(lowest)
  return sum <= MOST_SLOTS
    ? lowest
    : lowest.map((weight) => Math.max(1, Math.round((weight * MOST_SLOTS) / sum)))
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)
