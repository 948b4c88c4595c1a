/**
 * What every plan gets after its target is known, in order: each step reads the plan so far and the request, and
 * returns the plan with its own part. A step never changes the target's kind but to refuse the call.
 */
import type { Plan } from '../call/plan.ts'
import type { CallWish } from '../call/wish.ts'
import type { Organization, User } from '../directory/records.ts'
import type { Surroundings } from '../routing/hunt.ts'
import type { PlanSettings } from './make-plan.ts'

export type FinishRequest = {
  readonly organization: Organization
  /** Our user at the call: who dials, or who is called over a trunk. */
  readonly user: User
  readonly wish: CallWish | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type FinishStep = (
  plan: Plan,
  request: FinishRequest,
  surroundings: Surroundings,
  settings: PlanSettings,
) => Plan

const STEPS: readonly FinishStep[] = []

export const finishPlan: FinishStep = (plan, request, surroundings, settings) =>
  plan.target.kind === 'refuse'
    ? plan
    : STEPS.reduce((before, step) => step(before, request, surroundings, settings), plan)
