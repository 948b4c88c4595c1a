/**
 * Our records against somebody else's: which calls are missing, doubled, or differ in duration or money, and how much is
 * in dispute. Pure. Two calls are one when the numbers are the same, whatever stands before them, and the times are near
 * after the other's clock was corrected; each is matched once, the nearest first. What is equal is not told.
 *
 * Memory grows with the calls: all of both sides are held (a million on each side took 1.1 GB).
 */
import { formatMoney, moneyOf, type Money } from '../telephony/money.ts'

/** One call as one side has it. */
export type ReconciledCall = {
  /** What people find it by: our leg's uuid, their line. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Digits, with or without what stands before a national number. */
  readonly number: string
  /** That are charged, or were talked. */
  readonly seconds: number
  /** As they are charged, after increments: the other side may mean either. */
  readonly chargedSeconds?: number | undefined
  readonly amount?: Money | undefined
  readonly currency?: string | undefined
  /** Of a minute. */
  readonly rate?: Money | undefined
  /** It may be missing on the other side: nobody answered. */
  readonly isOptional?: boolean | undefined
}

export type ReconcileOptions = {
  /** Milliseconds that the times may differ, after the clocks were compared. */
  readonly windowMs: number
  readonly toleranceSeconds: number
  readonly toleranceAmount: Money
  /** Milliseconds that their clock is ahead; undefined: as the calls show it. */
  readonly skewMs?: number | undefined
}

export const DIFFERENCES = [
  'missing-here',
  'missing-there',
  'doubled-here',
  'doubled-there',
  'duration',
  'amount',
  'currency',
] as const
export type DifferenceKind = (typeof DIFFERENCES)[number]

export type Difference = {
  readonly kind: DifferenceKind
  readonly ours: ReconciledCall | undefined
  readonly theirs: ReconciledCall | undefined
  /** What they want beyond what we have: positive is against us; undefined: one side names no money. */
  readonly disputed: Money | undefined
  /** A sentence. */
  readonly why: string
}

export type Reconciled = {
  readonly matched: number
  /** Their clock before ours, in milliseconds. */
  readonly skewMs: number
  readonly differences: readonly Difference[]
}

export const reconcile = (
  ours: readonly ReconciledCall[],
  theirs: readonly ReconciledCall[],
  options: ReconcileOptions,
): Reconciled => {
  const groups = groupsOf(ours, theirs)
  const skewMs = options.skewMs ?? skewOf(groups)
  const differences: Difference[] = []
  let matched = 0
  for (const group of groups) {
    const pairs = match(group, skewMs, options)
    matched += pairs.size
    const pairedTheirs = new Set(pairs.values())
    for (const [our, their] of pairs) {
      const found = compare(our, their, options)
      if (found !== undefined) differences.push(found)
    }
    for (const our of group.ours) {
      if (pairs.has(our) || our.isOptional === true) continue
      const twin = twinOf(our, group.ours, (other) => pairs.has(other), options)
      differences.push(
        twin === undefined
          ? {
              ...{ kind: 'missing-there', ours: our, theirs: undefined, disputed: negative(our.amount) },
              why: 'they do not have it',
            }
          : {
              ...{ kind: 'doubled-here', ours: our, theirs: undefined, disputed: negative(our.amount) },
              why: `we have it once more as ${twin.id}`,
            },
      )
    }
    for (const their of group.theirs) {
      if (pairedTheirs.has(their) || their.isOptional === true) continue
      const twin = twinOf(their, group.theirs, (other) => pairedTheirs.has(other), options)
      differences.push(
        twin === undefined
          ? {
              ...{ kind: 'missing-here', ours: undefined, theirs: their, disputed: their.amount },
              why: 'we do not have it',
            }
          : {
              ...{ kind: 'doubled-there', ours: undefined, theirs: their, disputed: their.amount },
              why: `they have it once more as ${twin.id}`,
            },
      )
    }
  }
  differences.sort((a, b) => momentOf(a, skewMs) - momentOf(b, skewMs) || a.kind.localeCompare(b.kind))
  return { matched, skewMs, differences }
}

export type DifferenceSum = {
  readonly kind: DifferenceKind
  readonly count: number
  /** By currency; what names none is under ''. */
  readonly disputed: ReadonlyMap<string, Money>
}

/** One line a kind that there is, in the order of DIFFERENCES. */
export const sumsOf = (differences: readonly Difference[]): readonly DifferenceSum[] =>
  DIFFERENCES.flatMap((kind) => {
    const of = differences.filter((one) => one.kind === kind)
    if (of.length === 0) return []
    const disputed = new Map<string, Money>()
    for (const { ours, theirs, disputed: amount } of of) {
      if (amount === undefined) continue
      const currency = theirs?.currency ?? ours?.currency ?? ''
      disputed.set(currency, moneyOf(BigInt(disputed.get(currency) ?? 0) + BigInt(amount)))
    }
    return [{ kind, count: of.length, disputed }]
  })

type Group = { readonly ours: ReconciledCall[]; readonly theirs: ReconciledCall[] }

/** Numbers that may be the same end alike. */
const KEY_DIGITS = 7

const groupsOf = (ours: readonly ReconciledCall[], theirs: readonly ReconciledCall[]): readonly Group[] => {
  const groups = new Map<string, Group>()
  const groupOf = ({ number }: ReconciledCall): Group => {
    const key = number.slice(-KEY_DIGITS)
    const known = groups.get(key)
    if (known !== undefined) return known
    const group: Group = { ours: [], theirs: [] }
    groups.set(key, group)
    return group
  }
  for (const call of ours) groupOf(call).ours.push(call)
  for (const call of theirs) groupOf(call).theirs.push(call)
  for (const group of groups.values()) {
    group.ours.sort(byTime)
    group.theirs.sort(byTime)
  }
  return [...groups.values()]
}

const byTime = (a: ReconciledCall, b: ReconciledCall): number => a.at - b.at || (a.id < b.id ? -1 : 1)

/** `02079460123`, `442079460123` and `9911442079460123` are one number: the longer ends with the shorter. */
const isSameNumber = (a: string, b: string): boolean => {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return one.length >= other.length ? one.endsWith(other) : other.endsWith(one)
}

const isAsLong = (ours: ReconciledCall, theirs: ReconciledCall, tolerance: number): boolean =>
  Math.abs(ours.seconds - theirs.seconds) <= tolerance ||
  (ours.chargedSeconds !== undefined && Math.abs(ours.chargedSeconds - theirs.seconds) <= tolerance)

/** More pairs than these tell no more of a clock. */
const MOST_SAMPLES = 200_000
/** A clock in a wrong time zone is at most so far off. */
const FAR_MS = 15 * 3_600_000
const BIN_MS = 2_000

/**
 * The difference on which most pairs agree that have the same number and duration. Calls to one number at many times
 * make differences of every size; only the true one comes again and again.
 */
const skewOf = (groups: readonly Group[]): number => {
  const differences: number[] = []
  for (const { ours, theirs } of groups) {
    if (ours.length * theirs.length > 400) continue
    for (const our of ours)
      for (const their of theirs)
        if (
          Math.abs(their.at - our.at) <= FAR_MS &&
          isAsLong(our, their, 1) &&
          isSameNumber(our.number, their.number)
        )
          differences.push(their.at - our.at)
    if (differences.length > MOST_SAMPLES) break
  }
  const bins = new Map<number, number>()
  for (const difference of differences) {
    const bin = Math.round(difference / BIN_MS)
    bins.set(bin, (bins.get(bin) ?? 0) + 1)
  }
  // Two calls are a coincidence; and where no bin stands out, the clocks agree as well as any other guess.
  let [best, most] = [0, LEAST_AGREEING - 1]
  for (const [bin, own] of bins) {
    const count = own + (bins.get(bin - 1) ?? 0) + (bins.get(bin + 1) ?? 0)
    if (count > most || (count === most && Math.abs(bin) < Math.abs(best))) [best, most] = [bin, count]
  }
  if (most < LEAST_AGREEING) return 0
  const near = differences
    .filter((one) => Math.abs(one - best * BIN_MS) <= 1.5 * BIN_MS)
    .sort((a, b) => a - b)
  return near[Math.floor(near.length / 2)] ?? 0
}

const LEAST_AGREEING = 3

/** Nearest first: time, and a duration that agrees before one that does not. */
const match = (
  { ours, theirs }: Group,
  skewMs: number,
  options: ReconcileOptions,
): ReadonlyMap<ReconciledCall, ReconciledCall> => {
  const edges: { readonly our: ReconciledCall; readonly their: ReconciledCall; readonly cost: number }[] = []
  let first = 0
  for (const our of ours) {
    while (first < theirs.length && (theirs[first]?.at ?? 0) - skewMs < our.at - options.windowMs) first += 1
    for (let at = first; at < theirs.length; at += 1) {
      const their = theirs[at]
      if (their === undefined || their.at - skewMs > our.at + options.windowMs) break
      if (!isSameNumber(our.number, their.number)) continue
      const isFree = our.isOptional === true && their.isOptional !== true && their.seconds > 0
      edges.push({
        ...{ our, their },
        cost:
          Math.abs(their.at - skewMs - our.at) +
          (isAsLong(our, their, options.toleranceSeconds) ? 0 : options.windowMs) +
          (isFree ? options.windowMs : 0),
      })
    }
  }
  edges.sort((a, b) => a.cost - b.cost)
  const pairs = new Map<ReconciledCall, ReconciledCall>()
  const taken = new Set<ReconciledCall>()
  for (const { our, their } of edges) {
    if (pairs.has(our) || taken.has(their)) continue
    pairs.set(our, their)
    taken.add(their)
  }
  return pairs
}

const compare = (
  ours: ReconciledCall,
  theirs: ReconciledCall,
  { toleranceSeconds, toleranceAmount }: ReconcileOptions,
): Difference | undefined => {
  const [our, their] = [ours.amount, theirs.amount]
  const sameCurrency =
    ours.currency === undefined || theirs.currency === undefined || ours.currency === theirs.currency
  const disputed =
    sameCurrency && our !== undefined && their !== undefined
      ? moneyOf(BigInt(their) - BigInt(our))
      : undefined
  if (!isAsLong(ours, theirs, toleranceSeconds))
    return {
      ...{ kind: 'duration', ours, theirs, disputed },
      why: `they charge ${theirs.seconds} s, we have ${ours.seconds} s`,
    }
  if (!sameCurrency)
    return {
      ...{ kind: 'currency', ours, theirs, disputed },
      why: `they charge in ${theirs.currency ?? ''}, we expect ${ours.currency ?? ''}`,
    }
  if (
    disputed !== undefined &&
    Math.abs(disputed) > toleranceAmount &&
    our !== undefined &&
    their !== undefined
  )
    return {
      ...{ kind: 'amount', ours, theirs, disputed },
      why: `they charge ${formatMoney(their)}${rateText(theirs)}, we expect ${formatMoney(our)}${rateText(ours)}`,
    }
  return undefined
}

const rateText = ({ rate }: ReconciledCall): string =>
  rate === undefined ? '' : ` (${formatMoney(rate)} a minute)`

/** Two records of one side that are one call: the same number and duration, within a second. */
const TWIN_MS = 1_000

const twinOf = (
  call: ReconciledCall,
  calls: readonly ReconciledCall[],
  isMatched: (call: ReconciledCall) => boolean,
  { toleranceSeconds }: ReconcileOptions,
): ReconciledCall | undefined => {
  // Sorted by time: only the neighbours are looked at.
  let low = 0
  let high = calls.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((calls[middle]?.at ?? 0) < call.at - TWIN_MS) low = middle + 1
    else high = middle
  }
  for (let at = low; at < calls.length; at += 1) {
    const other = calls[at]
    if (other === undefined || other.at > call.at + TWIN_MS) return undefined
    if (
      other !== call &&
      isMatched(other) &&
      Math.abs(other.seconds - call.seconds) <= toleranceSeconds &&
      isSameNumber(other.number, call.number)
    )
      return other
  }
  return undefined
}

const negative = (amount: Money | undefined): Money | undefined =>
  amount === undefined ? undefined : moneyOf(-BigInt(amount))

const momentOf = ({ ours, theirs }: Difference, skewMs: number): number =>
  ours?.at ?? (theirs?.at ?? 0) - skewMs
