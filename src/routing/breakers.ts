/**
 * The breakers of all gateways: one for each gateway and one for each gateway and destination, and what a gateway
 * asked for by itself (Retry-After). This file owns which breaker an outcome counts in; breaker.ts owns what it does
 * there. Time is an argument everywhere. A breaker that has nothing to say is not kept.
 */
import type { FailureReach } from '../call/attempt-outcome.ts'
import {
  breakerVerdict,
  CLOSED,
  newBreaker,
  stepBreaker,
  TRIAL,
  type Breaker,
  type BreakerInput,
  type BreakerSettings,
  type BreakerState,
  type BreakerVerdict,
} from './breaker.ts'

export type Breakers = {
  /** What a hunt may do with the way; the gateway's own breaker speaks first. */
  readonly verdictOf: (gatewayId: number, destination: string, now: number) => BreakerVerdict
  /** A call is on its way: while half-open it is the trial. */
  readonly began: (gatewayId: number, destination: string, now: number) => void
  /** `at`: when the carrier was seen to do its work. `reach` unclear: it refused with a plain 404. */
  readonly succeeded: (
    gatewayId: number,
    destination: string,
    at: number,
    reach: FailureReach,
    now: number,
  ) => void
  readonly failed: (
    gatewayId: number,
    destination: string,
    failure: { readonly startedAt: number; readonly cause: string; readonly reach: FailureReach },
    now: number,
  ) => void
  /** It ended and says nothing. */
  readonly saidNothing: (gatewayId: number, destination: string, startedAt: number, now: number) => void
  readonly pinged: (gatewayId: number, isAnswered: boolean, now: number) => void
  /** The gateway asked to be left alone until then; believed up to an hour ahead. */
  readonly coolOff: (gatewayId: number, until: number, why: string, now: number) => void
  /** By hand; without a destination `reset` is for the gateway and all of its destinations, `retry` for it alone. */
  readonly retry: (gatewayId: number, destination: string | undefined, now: number) => void
  readonly reset: (gatewayId: number, destination: string | undefined, now: number) => void
  /** Moves what is due, so that it is told when it happens and not when the next call comes. */
  readonly moveOn: (gatewayId: number, destination: string | undefined, now: number) => void
  readonly inspect: (gatewayId: number, destination: string | undefined, now: number) => BreakerInspection
  /** Destinations whose breaker is not closed. */
  readonly openDestinations: (gatewayId: number) => readonly string[]
  readonly coolingOff: (gatewayId: number, now: number) => CoolOff | undefined
  readonly forget: (gatewayId: number) => void
}

export type BreakerInspection = {
  readonly state: BreakerState
  readonly since: number | undefined
  readonly until: number | undefined
  readonly failures: number
  readonly successes: number
  readonly isTrialOut: boolean
  readonly lastCause: string | undefined
}

export type CoolOff = { readonly from: number; readonly until: number; readonly why: string }

export type HealthChange =
  | {
      readonly kind: 'breaker'
      readonly gatewayId: number
      /** Undefined: the gateway's own. */
      readonly destination: string | undefined
      readonly at: number
      readonly from: BreakerState
      readonly to: BreakerState
      readonly until: number | undefined
      readonly cause: string | undefined
    }
  | {
      readonly kind: 'cool-off'
      readonly gatewayId: number
      readonly at: number
      readonly until: number
      readonly why: string
    }

export type BreakersOptions = {
  /** Undefined: its carrier has no failover; nothing is ever open. */
  readonly settingsOf: (gatewayId: number) => BreakerSettings | undefined
  /** Told after the change; must not throw. */
  readonly onChange: (change: HealthChange) => void
  /** Pairs of gateway and destination that are kept; the least recently fed go, and count as closed. */
  readonly mostDestinations?: number
}

const MOST_DESTINATIONS = 10_000
/** So many plain 404s for a destination with nothing else between: no dialling error, the carrier has no way there. */
const REFUSED_MEANS_NO_WAY = 10
const LONGEST_COOL_OFF_MS = 3_600_000

type Entry = {
  breaker: Breaker
  /** Plain 404s in a row; of a destination. */
  refused: number
}

type Gateway = {
  readonly own: Entry
  readonly destinations: Map<string, Entry>
  /** Of the destinations; most gateways have none, and are asked about for every call. */
  notClosed: number
  coolOff: CoolOff | undefined
}

export const createBreakers = (options: BreakersOptions): Breakers => {
  const { settingsOf, onChange, mostDestinations = MOST_DESTINATIONS } = options
  const gateways = new Map<number, Gateway>()
  const fed = new Map<Entry, { readonly of: Gateway; readonly destination: string }>()

  const gatewayOf = (gatewayId: number, now: number): Gateway => {
    const known = gateways.get(gatewayId)
    if (known !== undefined) return known
    const own = { breaker: newBreaker(now), refused: 0 }
    const made: Gateway = { own, destinations: new Map(), notClosed: 0, coolOff: undefined }
    gateways.set(gatewayId, made)
    return made
  }

  const destinationOf = (of: Gateway, destination: string, now: number): Entry => {
    const entry = of.destinations.get(destination) ?? { breaker: newBreaker(now), refused: 0 }
    of.destinations.set(destination, entry)
    fed.delete(entry)
    fed.set(entry, { of, destination })
    const [oldest] = fed.size > mostDestinations ? fed : []
    if (oldest !== undefined) drop(oldest[1].of, oldest[1].destination)
    return entry
  }

  const drop = (of: Gateway, destination: string): void => {
    const entry = of.destinations.get(destination)
    if (entry === undefined) return
    fed.delete(entry)
    of.destinations.delete(destination)
    if (entry.breaker.state !== 'closed') of.notClosed -= 1
  }

  const step = (
    gatewayId: number,
    destination: string | undefined,
    entry: Entry | undefined,
    input: BreakerInput,
    now: number,
  ): void => {
    const settings = settingsOf(gatewayId)
    if (settings === undefined || entry === undefined) return
    const before = entry.breaker
    const after = stepBreaker(before, input, settings, now)
    entry.breaker = after
    const gateway = destination === undefined ? undefined : gateways.get(gatewayId)
    if (gateway !== undefined)
      gateway.notClosed += Number(after.state !== 'closed') - Number(before.state !== 'closed')
    // A trial that failed in the very step in which it became due went through half-open.
    const from =
      before.state === after.state && before.openedAt !== after.openedAt ? 'half-open' : before.state
    if (from === after.state) return
    const { until, lastCause: cause, state: to } = after
    onChange({
      kind: 'breaker',
      gatewayId,
      destination,
      at: now,
      from,
      to,
      until,
      cause: cause ?? before.lastCause,
    })
  }

  /** Closed, nothing counted: like one that never was. Its memory of having been open ends with it. */
  const dropIfIdle = (of: Gateway, destination: string, entry: Entry): void => {
    const { state, failedAt, recoveredAt } = entry.breaker
    if (state === 'closed' && failedAt.length === 0 && recoveredAt === undefined && entry.refused === 0)
      drop(of, destination)
  }

  const each = (
    gatewayId: number,
    destination: string,
    input: BreakerInput,
    now: number,
  ): Gateway | undefined => {
    const gateway = gateways.get(gatewayId)
    step(gatewayId, undefined, gateway?.own, input, now)
    step(gatewayId, destination, gateway?.destinations.get(destination), input, now)
    return gateway
  }

  const failAt = (gatewayId: number, destination: string, input: BreakerInput, now: number): void => {
    const gateway = gatewayOf(gatewayId, now)
    step(gatewayId, destination, destinationOf(gateway, destination, now), input, now)
  }

  const entryOf = (gatewayId: number, destination: string | undefined): Entry | undefined => {
    const gateway = gateways.get(gatewayId)
    return destination === undefined ? gateway?.own : gateway?.destinations.get(destination)
  }

  return {
    verdictOf: (gatewayId, destination, now) => {
      const gateway = gateways.get(gatewayId)
      if (gateway === undefined) return CLOSED
      const { own, destinations, notClosed, coolOff } = gateway
      const there = notClosed === 0 ? undefined : destinations.get(destination)
      if (coolOff !== undefined && isCooling(coolOff, now))
        return { kind: 'open', until: coolOff.until, why: coolOff.why }
      if (own.breaker.state === 'closed' && (there === undefined || there.breaker.state === 'closed'))
        return CLOSED
      const settings = settingsOf(gatewayId)
      if (settings === undefined) return CLOSED
      const verdict = breakerVerdict(own.breaker, settings, now)
      if (verdict.kind === 'open' || there === undefined) return verdict
      const ofDestination = breakerVerdict(there.breaker, settings, now)
      return ofDestination.kind === 'closed' ? verdict : ofDestination
    },
    began: (gatewayId, destination, now) => {
      each(gatewayId, destination, { kind: 'trial' }, now)
    },
    succeeded: (gatewayId, destination, at, reach, now) => {
      const input: BreakerInput = { kind: 'success', at }
      if (reach === 'gateway') {
        const gateway = each(gatewayId, destination, input, now)
        const there = gateway?.destinations.get(destination)
        if (gateway === undefined || there === undefined) return
        there.refused = 0
        dropIfIdle(gateway, destination, there)
        return
      }
      const gateway = gatewayOf(gatewayId, now)
      step(gatewayId, undefined, gateway.own, input, now)
      const there = destinationOf(gateway, destination, now)
      there.refused += 1
      const says: BreakerInput =
        there.refused > REFUSED_MEANS_NO_WAY
          ? { kind: 'failure', startedAt: at, cause: 'UNALLOCATED_NUMBER' }
          : { kind: 'inconclusive', startedAt: at }
      step(gatewayId, destination, there, says, now)
    },
    failed: (gatewayId, destination, { startedAt, cause, reach }, now) => {
      const input: BreakerInput = { kind: 'failure', startedAt, cause }
      if (reach === 'destination') {
        step(gatewayId, undefined, gateways.get(gatewayId)?.own, { kind: 'inconclusive', startedAt }, now)
        failAt(gatewayId, destination, input, now)
        return
      }
      const gateway = gatewayOf(gatewayId, now)
      step(gatewayId, undefined, gateway.own, input, now)
      if (gateway.own.breaker.state === 'closed') {
        failAt(gatewayId, destination, input, now)
        return
      }
      // The whole gateway is out: what its destinations had counted so far was that, and one trial at a time is enough.
      for (const [each, { breaker }] of gateway.destinations)
        if (breaker.state === 'closed') drop(gateway, each)
      step(gatewayId, destination, gateway.destinations.get(destination), input, now)
    },
    saidNothing: (gatewayId, destination, startedAt, now) => {
      each(gatewayId, destination, { kind: 'inconclusive', startedAt }, now)
    },
    pinged: (gatewayId, isAnswered, now) => {
      const input: BreakerInput = isAnswered
        ? { kind: 'ping-answered' }
        : { kind: 'failure', startedAt: now, cause: 'PING_MISSED' }
      const gateway = isAnswered ? gateways.get(gatewayId) : gatewayOf(gatewayId, now)
      step(gatewayId, undefined, gateway?.own, input, now)
    },
    coolOff: (gatewayId, asked, why, now) => {
      const until = Math.min(asked, now + LONGEST_COOL_OFF_MS)
      const gateway = gatewayOf(gatewayId, now)
      if (
        until <= now ||
        (gateway.coolOff !== undefined && isCooling(gateway.coolOff, now) && gateway.coolOff.until >= until)
      )
        return
      gateway.coolOff = { from: now, until, why }
      onChange({ kind: 'cool-off', gatewayId, at: now, until, why })
    },
    retry: (gatewayId, destination, now) =>
      step(gatewayId, destination, entryOf(gatewayId, destination), { kind: 'retry' }, now),
    reset: (gatewayId, destination, now) => {
      const gateway = gateways.get(gatewayId)
      if (gateway === undefined) return
      if (destination === undefined) {
        gateway.coolOff = undefined
        step(gatewayId, undefined, gateway.own, { kind: 'reset' }, now)
      }
      for (const each of destination === undefined ? gateway.destinations.keys() : [destination]) {
        step(gatewayId, each, gateway.destinations.get(each), { kind: 'reset' }, now)
        drop(gateway, each)
      }
    },
    moveOn: (gatewayId, destination, now) =>
      step(gatewayId, destination, entryOf(gatewayId, destination), { kind: 'time' }, now),
    inspect: (gatewayId, destination, now) =>
      inspectionOf(entryOf(gatewayId, destination)?.breaker, settingsOf(gatewayId), now),
    openDestinations: (gatewayId) =>
      [...(gateways.get(gatewayId)?.destinations ?? [])].flatMap(([destination, { breaker }]) =>
        breaker.state === 'closed' ? [] : [destination],
      ),
    coolingOff: (gatewayId, now) => {
      const coolOff = gateways.get(gatewayId)?.coolOff
      return coolOff !== undefined && isCooling(coolOff, now) ? coolOff : undefined
    },
    forget: (gatewayId) => {
      for (const entry of gateways.get(gatewayId)?.destinations.values() ?? []) fed.delete(entry)
      gateways.delete(gatewayId)
    },
  }
}

/** Before it was asked for: the clock was set back, and nobody knows for how long it was meant. */
const isCooling = ({ from, until }: CoolOff, now: number): boolean => now < until && from - now < 60_000

const inspectionOf = (
  breaker: Breaker | undefined,
  settings: BreakerSettings | undefined,
  now: number,
): BreakerInspection => {
  if (breaker === undefined || settings === undefined) return UNTOUCHED
  const { state, since, until, failedAt, successes, lastCause } = breaker
  const isTrialOut = state === 'half-open' && breakerVerdict(breaker, settings, now) !== TRIAL
  return { state, since, until, failures: failedAt.length, successes, isTrialOut, lastCause }
}

const UNTOUCHED: BreakerInspection = {
  state: 'closed',
  since: undefined,
  until: undefined,
  failures: 0,
  successes: 0,
  isTrialOut: false,
  lastCause: undefined,
}
