/**
 * Plans calls in the world as it is. A call that is being made takes its turn and its place, and what was decided
 * is kept with it; a question takes nothing. The decision is the same for both.
 */
import type { CarriedCall } from '../call/carried.ts'
import { readPresentationCode } from '../caller-id/presentation.ts'
import type { Plan } from '../call/plan.ts'
import { planFromUser, type PlanRequest } from '../plan/make-plan.ts'
import type { PlanSettings } from '../plan/make-plan.ts'
import type { Share } from '../routing/hunt.ts'
import { newCallUuid } from '../telephony/call-uuid.ts'
import { parseNumber, type E164 } from '../telephony/e164.ts'
import { decisionOf, type Decision } from './decision.ts'
import type { World } from './world.ts'

export type Planned = { readonly plan: Plan; readonly microseconds: number }

export type Planner = {
  readonly plan: (request: PlanRequest) => Promise<Plan> | Plan
  readonly preview: (request: PlanRequest) => Promise<Planned> | Planned
}

/** Where North American numbers really lead to; undefined: nobody is asked. */
export type LrnLookup = {
  /** Null: it is known that there is none. */
  readonly cached: (number: E164) => E164 | null | undefined
  /** Never rejects, and never takes longer than its limit. */
  readonly lookup: (number: E164) => Promise<E164 | undefined>
}

export type PlannerOptions = {
  readonly world: World
  /** Asked once. */
  readonly settings: () => Omit<PlanSettings, 'newUuid'>
  readonly lrn: LrnLookup | undefined
  /** Takes turns, places and calls per second for a call that is about to be made. */
  readonly onPlanned: (call: CarriedCall, shares: readonly (readonly Share[])[], now: number) => void
  /** Counts who calls how much; told of refused calls too. */
  readonly onCounted?: (plan: Plan, now: number) => void
  /** Signs a call that is about to be made; undefined: none is signed. */
  readonly sign?: ((plan: Plan, now: number) => Plan) | undefined
  /** Keeps what was decided. */
  readonly onDecided: (call: CarriedCall, decision: Decision) => void
  /** Microseconds of a clock that only goes forward. */
  readonly elapsed: () => number
}

export const createPlanner = (options: PlannerOptions): Planner => {
  const { world, lrn } = options
  const settings: PlanSettings = { ...options.settings(), newUuid: newCallUuid }
  const decide = (request: PlanRequest): Planned => {
    const begun = options.elapsed()
    const plan = planFromUser(request, world.surroundings(), settings)
    return { plan, microseconds: Math.round(options.elapsed() - begun) }
  }
  const use = (request: PlanRequest): Plan => {
    const { plan: decided, microseconds } = decide(request)
    const plan = options.sign?.(decided, request.now) ?? decided
    options.onPlanned(plan.call, plan.shares ?? [], request.now)
    options.onCounted?.(plan, request.now)
    options.onDecided(plan.call, decisionOf(plan, request.now, world.surroundings(), microseconds))
    return plan
  }
  /** Asks for the LRN where it may matter; at once where it is known or does not. */
  const withLrn = <Result>(
    request: PlanRequest,
    then: (request: PlanRequest) => Result,
  ): Result | Promise<Result> => {
    const number = lrn === undefined ? undefined : northAmerican(request)
    if (lrn === undefined || number === undefined) return then(request)
    const known = lrn.cached(number)
    if (known !== undefined) return then({ ...request, lrn: known ?? undefined })
    return lrn.lookup(number).then((found) => then({ ...request, lrn: found }))
  }
  return {
    plan: (request) => withLrn(request, use),
    preview: (request) => withLrn(request, decide),
  }
}

const northAmerican = ({ dialled, organization, lrn }: PlanRequest): E164 | undefined => {
  if (lrn !== undefined) return undefined
  const { dialled: bare } = readPresentationCode(dialled, organization.country)
  const number = parseNumber(bare, organization.country)?.number
  return number?.startsWith('+1') === true ? number : undefined
}
