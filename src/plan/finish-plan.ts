/**
 * What every plan gets after its target is known, in order: each step reads the plan so far and the request, and
 * returns the plan with its own part. A step never changes the target's kind but to refuse the call.
 */
import type { Plan } from '../call/plan.ts'
import type { RecordingAsk } from '../call/recording.ts'
import type { CallWish } from '../call/wish.ts'
import type { Organization, User } from '../directory/records.ts'
import type { Surroundings } from '../routing/hunt.ts'
import type { PlanSettings } from './make-plan.ts'
import { holdToBalance } from './plan-prepaid.ts'
import { barPremiumRate, holdToQuota } from './plan-quota.ts'
import { judgeFraud } from './plan-fraud.ts'
import { planCallerId } from './plan-caller-id.ts'
import { planAnswer } from './plan-answer.ts'
import { planRecording } from './plan-recording.ts'
import { grantWish } from './plan-wish.ts'

export type FinishRequest = {
  readonly organization: Organization
  /** Our user at the call: who dials, or who is called over a trunk. */
  readonly user: User
  readonly wish: CallWish | undefined
  /** Of a call that a user of ours makes: whether the number is withheld, and who said so. */
  readonly presentation?: { readonly withheld: boolean; readonly who: string | undefined } | undefined
  readonly recording?: RecordingAsk | undefined
  /** The caller keyed his PIN for this call. */
  readonly pinGiven?: boolean | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type FinishStep = (
  plan: Plan,
  request: FinishRequest,
  surroundings: Surroundings,
  settings: PlanSettings,
) => Plan

const STEPS: readonly FinishStep[] = [
  barPremiumRate,
  holdToQuota,
  judgeFraud,
  holdToBalance,
  planCallerId,
  grantWish,
  planRecording,
  planAnswer,
]

export const finishPlan: FinishStep = (plan, request, surroundings, settings) =>
  plan.target.kind === 'refuse'
    ? plan
    : STEPS.reduce(
        (before, step) =>
          before.target.kind === 'refuse' ? before : step(before, request, surroundings, settings),
        plan,
      )
