/**
 * What calls of the past would cost today, and what they would cost by another price list: each call goes through the
 * hunt of live calls twice, once with the rates in force and once with the draft. Carriers are all well and all idle,
 * so that nothing but prices differs; whoever shares calls begins its turns anew. It dials nothing, waits for nobody
 * and gives the event loop back every few milliseconds: calls are being planned meanwhile.
 */
import type { Directory } from '../directory/directory.ts'
import type { Organization } from '../directory/records.ts'
import { costOf } from '../rating/bill.ts'
import { hunt, type Health, type Load, type Surroundings } from '../routing/hunt.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import { createRoutingTable } from '../routing/routing-table.ts'
import { createTurns, type Turns } from '../routing/turns.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import { settled } from '../telephony/exchange.ts'
import { jurisdictionOf, type Jurisdiction } from '../telephony/jurisdiction.ts'
import { ZERO, type Money } from '../telephony/money.ts'
import type { NpaStates } from '../telephony/north-america.ts'
import { add, createTally, reportOf, type ReplayReport, type Way } from './replay-report.ts'

export type ReplayCall = {
  readonly organizationId: number
  readonly destination: E164
  /** The number that was shown. */
  readonly callerNumber: E164 | undefined
  /** The profile by which it went; undefined: the organisation's. */
  readonly profileId: number | undefined
  /** 0: not answered. */
  readonly billableSeconds: number
}

export type ReplayParts = {
  /** A page at a time, in the order of the calls. */
  readonly calls: AsyncIterable<readonly ReplayCall[]>
  readonly directory: Directory
  readonly before: RateIndex
  readonly after: RateIndex
  readonly failoverStrategy: Surroundings['failoverStrategy']
  readonly npaStates: NpaStates
  /** For rates, hours and everything else that has a date. */
  readonly now: number
  readonly monotonic: () => number
  /** Gives the event loop back. */
  readonly breathe: () => Promise<void>
  /** More calls than these are not looked at. */
  readonly mostCalls?: number
  /** Throws where nobody waits for it any more. */
  readonly onProgress?: (calls: number) => void
}

export const MOST_REPLAYED = 1_000_000

export const replay = async (parts: ReplayParts): Promise<ReplayReport> => {
  const { directory, now, monotonic, mostCalls = MOST_REPLAYED } = parts
  const before = sideOf(parts.before, parts)
  const after = sideOf(parts.after, parts)
  const tally = createTally()
  let begun = monotonic()
  let isCut = false
  for await (const page of parts.calls) {
    for (const [at, call] of page.entries()) {
      if (tally.calls + tally.leftOut >= mostCalls) {
        isCut = true
        break
      }
      if (at % LOOK_EVERY === 0 && monotonic() - begun > SLICE_MS) {
        await parts.breathe()
        begun = monotonic()
      }
      const organization = directory.organization(call.organizationId)
      if (organization === undefined) tally.leftOut += 1
      else {
        const { currency } = organization
        add(
          tally,
          { ...call, currency },
          routed(call, organization, before, now),
          routed(call, organization, after, now),
        )
      }
    }
    parts.onProgress?.(tally.calls)
    if (isCut) break
    // What came with the page may have waited as long as it liked.
    await parts.breathe()
    begun = monotonic()
  }
  return reportOf(tally, isCut, directory)
}

/** Less than what a call that is being planned could feel. */
const SLICE_MS = 2
/** Calls between two looks at the clock: a hunt takes some ten microseconds. */
const LOOK_EVERY = 16

type Side = {
  readonly surroundings: Surroundings
  readonly turns: Turns
  readonly npaStates: NpaStates
}

const sideOf = (rates: RateIndex, { directory, failoverStrategy, npaStates }: ReplayParts): Side => {
  const turns = createTurns()
  const surroundings: Surroundings = {
    directory,
    routing: createRoutingTable(directory, rates),
    rates,
    isUp: () => true,
    load: IDLE,
    health: WELL,
    turns,
    failoverStrategy,
  }
  return { surroundings, turns, npaStates }
}

const IDLE: Load = {
  gatewayChannels: () => 0,
  carrierChannels: () => 0,
  routeChannels: () => 0,
  nextCallAt: (_gateway, _carrier, now) => now,
}

/** What carriers promise is believed; of the others nothing better or worse is known than of anybody. */
const WELL: Health = {
  verdictOf: () => ({ kind: 'closed' }),
  scoreOf: () => 100,
  qualityOf: (_gatewayId, _destination, _now, rule) => ({
    asr: rule.asrPercent ?? 50,
    acdSeconds: rule.acdSeconds ?? 180,
    pddMs: rule.pddMs ?? 3_000,
    samples: Number.MAX_SAFE_INTEGER,
    isConfident: true,
  }),
  averageSecondsOf: () => undefined,
}

const NO_WAY: Way = { carrier: undefined, cost: ZERO, sold: undefined }

const routed = (call: ReplayCall, organization: Organization, side: Side, now: number): Way => {
  const { surroundings, turns, npaStates } = side
  const { destination, callerNumber, billableSeconds } = call
  const jurisdiction = jurisdictionOf(callerNumber, destination, npaStates, undefined)
  const profile = call.profileId === undefined ? undefined : surroundings.routing.profileOf(call.profileId)
  const { routes, shares } = hunt(
    {
      organization,
      destination,
      now,
      // Only the first counts; a cut would only have to be explained.
      maxRoutes: Number.MAX_SAFE_INTEGER,
      profileId: profile?.id,
      jurisdiction,
      showsCallerId: callerNumber !== undefined,
    },
    surroundings,
  )
  turns.take(shares)
  const [first] = routes
  if (first === undefined) return NO_WAY
  return {
    carrier: first.carrier,
    cost:
      billableSeconds === 0
        ? ZERO
        : (settled(costOf(first.rate.tariff, billableSeconds), first.rate.exchange) ?? ZERO),
    sold: soldFor(call, organization, surroundings, now, jurisdiction),
  }
}

const soldFor = (
  { destination, billableSeconds }: ReplayCall,
  { id, currency }: Organization,
  { rates, directory }: Surroundings,
  now: number,
  jurisdiction: Jurisdiction | undefined,
): Money | undefined => {
  const entry = rates.rateOf('customer', id, digitsOf(destination), now, jurisdiction)
  if (entry < 0) return undefined
  const tariff = rates.tariffOf(entry)
  const exchange = directory.exchange(tariff.currency, currency, now)
  return billableSeconds === 0 ? ZERO : settled(costOf(tariff, billableSeconds), exchange)
}
