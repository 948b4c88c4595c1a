/**
 * What is on its way over gateways, carriers and routes, and how many calls began in the last second. A plan counts
 * from the moment it is made, so that plans made at once cannot overshoot a limit: its first attempt holds a place
 * until its leg starts, the call ends or `reservationMs` have gone by. Later attempts are the switch's to begin; they
 * count when their leg starts. Each attempt counts once in the calls per second. It refuses nothing: routing reads it.
 */
import type { Clock } from '../base/clock.ts'
import type { Carrier, Gateway } from '../directory/records.ts'
import { createCallRates } from '../routing/call-rate.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

/** `destination`: the key under which the gateway's health is kept. */
export type StartedAttempt = {
  readonly callId: CallUuid
  readonly legUuid: CallUuid
  readonly gatewayId: number
  readonly carrierId: number
  /** Undefined: not known, as after a restart of the engine. */
  readonly routeId: number | undefined
  readonly destination: string
}

export type Admission = {
  /** Calls now, planned ones included. */
  readonly gatewayChannels: (gatewayId: number) => number
  readonly carrierChannels: (carrierId: number) => number
  readonly routeChannels: (routeId: number) => number
  /** From when both take one more call, in milliseconds since the epoch; `now` or less: at once. */
  readonly nextCallAt: (gateway: RateLimited, carrier: RateLimited, now: number) => number
  /** Of the plan's first attempt. */
  readonly planned: (attempt: StartedAttempt) => void
  /** Repeated, it changes nothing. */
  readonly started: (attempt: StartedAttempt) => void
  readonly ended: (legUuid: CallUuid) => void
  /** The planned attempt that never started, and when it was planned; undefined: there was none. */
  readonly callEnded: (callId: CallUuid) => Reservation | undefined
  /** After a gap: every started leg that is not in `alive` is gone. */
  readonly retain: (alive: ReadonlySet<CallUuid>) => void
  readonly forget: (gatewayId: number) => void
}

export type Reservation = { readonly attempt: StartedAttempt; readonly plannedAt: number }

export type RateLimited = Pick<Gateway | Carrier, 'id' | 'maxCallsPerSecond'>

export type AdmissionOptions = {
  readonly clock: Clock
  /** Legs over the gateway that live, as the board counts them. */
  readonly channelsInUse: (gatewayId: number) => number
  readonly find: (
    gatewayId: number,
  ) => { readonly gateway: RateLimited; readonly carrier: RateLimited } | undefined
  readonly reservationMs: number
}

/** A plan whose channel has not come by now has none (the board forgets it then, too). */
const PLAN_KEPT_MS = 180_000

/** `until`: on the monotonic clock. */
type Held = Reservation & { readonly until: number; readonly keptUntil: number }

export const createAdmission = ({
  clock,
  channelsInUse,
  find,
  reservationMs,
}: AdmissionOptions): Admission => {
  const gatewayRates = createCallRates()
  const carrierRates = createCallRates()
  /** Both in the order in which they run out. */
  const reserved = new Map<CallUuid, Held>()
  const lapsed = new Map<CallUuid, Held>()
  const firstLegOf = new Map<CallUuid, CallUuid>()
  const live = new Map<CallUuid, StartedAttempt>()
  const reservedGateways = createCounts()
  const carriers = createCounts()
  const routes = createCounts()

  const countInCarrier = ({ carrierId, routeId }: StartedAttempt, by: 1 | -1): void => {
    carriers.add(carrierId, by)
    if (routeId !== undefined) routes.add(routeId, by)
  }

  const release = (legUuid: CallUuid, { attempt }: Held): void => {
    reserved.delete(legUuid)
    reservedGateways.add(attempt.gatewayId, -1)
    countInCarrier(attempt, -1)
  }

  const expire = (): void => {
    if (reserved.size === 0 && lapsed.size === 0) return
    const now = clock.monotonic()
    for (const [legUuid, held] of reserved) {
      if (held.until > now) break
      release(legUuid, held)
      lapsed.set(legUuid, held)
    }
    for (const [legUuid, { keptUntil, attempt }] of lapsed) {
      if (keptUntil > now) break
      lapsed.delete(legUuid)
      if (firstLegOf.get(attempt.callId) === legUuid) firstLegOf.delete(attempt.callId)
    }
  }

  const takeRate = (gatewayId: number): void => {
    const found = find(gatewayId)
    if (found === undefined) return
    const now = clock.now()
    gatewayRates.take(found.gateway.id, found.gateway.maxCallsPerSecond, now)
    carrierRates.take(found.carrier.id, found.carrier.maxCallsPerSecond, now)
  }

  /** Ends what a plan held; the result: there was a plan for this leg. */
  const settle = (legUuid: CallUuid): Held | undefined => {
    const held = reserved.get(legUuid)
    if (held !== undefined) release(legUuid, held)
    const planned = held ?? lapsed.get(legUuid)
    lapsed.delete(legUuid)
    if (planned !== undefined && firstLegOf.get(planned.attempt.callId) === legUuid)
      firstLegOf.delete(planned.attempt.callId)
    return planned
  }

  const end = (legUuid: CallUuid): void => {
    settle(legUuid)
    const attempt = live.get(legUuid)
    if (attempt === undefined) return
    live.delete(legUuid)
    countInCarrier(attempt, -1)
  }

  return {
    gatewayChannels: (gatewayId) => {
      expire()
      return channelsInUse(gatewayId) + reservedGateways.of(gatewayId)
    },
    carrierChannels: (carrierId) => {
      expire()
      return carriers.of(carrierId)
    },
    routeChannels: (routeId) => {
      expire()
      return routes.of(routeId)
    },
    nextCallAt: (gateway, carrier, now) =>
      Math.max(
        gatewayRates.busyUntil(gateway.id, gateway.maxCallsPerSecond, now) ?? now,
        carrierRates.busyUntil(carrier.id, carrier.maxCallsPerSecond, now) ?? now,
      ),
    planned: (attempt) => {
      const { legUuid, callId, gatewayId } = attempt
      if (reserved.has(legUuid) || lapsed.has(legUuid) || live.has(legUuid)) return
      expire()
      const at = clock.monotonic()
      const plannedAt = clock.now()
      reserved.set(legUuid, { attempt, plannedAt, until: at + reservationMs, keptUntil: at + PLAN_KEPT_MS })
      firstLegOf.set(callId, legUuid)
      reservedGateways.add(gatewayId, 1)
      countInCarrier(attempt, 1)
      takeRate(gatewayId)
    },
    started: (attempt) => {
      if (live.has(attempt.legUuid)) return
      const planned = settle(attempt.legUuid)
      // The leg itself may not know its route; the plan did.
      const known = { ...attempt, routeId: attempt.routeId ?? planned?.attempt.routeId }
      live.set(attempt.legUuid, known)
      countInCarrier(known, 1)
      if (planned === undefined) takeRate(attempt.gatewayId)
    },
    ended: end,
    callEnded: (callId) => {
      const legUuid = firstLegOf.get(callId)
      return legUuid === undefined ? undefined : settle(legUuid)
    },
    retain: (alive) => {
      for (const legUuid of live.keys()) if (!alive.has(legUuid)) end(legUuid)
    },
    forget: (gatewayId) => {
      gatewayRates.forget(gatewayId)
      for (const [legUuid, { attempt }] of [...reserved, ...lapsed])
        if (attempt.gatewayId === gatewayId) settle(legUuid)
    },
  }
}

type Counts = { readonly of: (id: number) => number; readonly add: (id: number, by: 1 | -1) => void }

const createCounts = (): Counts => {
  const counts = new Map<number, number>()
  return {
    of: (id) => counts.get(id) ?? 0,
    add: (id, by) => {
      const count = (counts.get(id) ?? 0) + by
      if (count > 0) counts.set(id, count)
      else counts.delete(id)
    },
  }
}
