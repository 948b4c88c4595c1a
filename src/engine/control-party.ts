/** Whom a call shall be taken to: the plan for it, made for our user as if he had dialled the number. */
import type { Plan } from '../call/plan.ts'
import { INSUFFICIENT_BALANCE } from '../call/prepaid.ts'
import { checkCallerId } from '../caller-id/choose.ts'
import type { Organization, User } from '../directory/records.ts'
import type { PlanRequest } from '../plan/make-plan.ts'
import { QUOTA_EXCEEDED } from '../plan/plan-quota.ts'
import type { Controlled, ControlOutcome, PartyRefusal, ToParty } from './call-control.ts'

type PartyRefused = Extract<ControlOutcome, { kind: 'refused' }>

const refuse = (code: PartyRefusal, message: string, retryAfterSeconds?: number): PartyRefused => ({
  kind: 'refused',
  code,
  message,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
})

export type Payer = { readonly organization: Organization; readonly user: User }

/** The user whose number and quota count. */
export const payerOf = (
  { world, call }: Pick<Controlled, 'world' | 'call'>,
  userId: number | undefined,
): Payer | PartyRefused => {
  const directory = world.directory()
  const user = userId === undefined ? undefined : directory.user(userId)
  const organization = user === undefined ? undefined : directory.organization(user.organizationId)
  if (user === undefined || organization === undefined)
    return refuse('USER_NOT_FOUND', `${userId ?? 'nobody'} is no user of ours any more`)
  if (call.organizationId !== undefined && organization.id !== call.organizationId)
    return refuse('USER_NOT_FOUND', `user ${user.id} is not of the organisation of this call`)
  return { organization, user }
}

const DIALLED = /^\+?[\d*#]{1,32}$/

/** What would be dialled, or why it cannot be: told before anybody is disturbed. */
export const planFor = async (
  { call, planner, world, now }: Pick<Controlled, 'call' | 'planner' | 'world' | 'now'>,
  { organization, user }: Payer,
  { to, callerId }: ToParty,
  takes: 'preview' | 'plan',
): Promise<{ readonly dialled: string; readonly plan: Plan } | PartyRefused> => {
  const dialled = to.replace(/[\s().-]/g, '')
  if (!DIALLED.test(dialled))
    return refuse('INVALID_DESTINATION', `"${to.slice(0, 40)}" is nothing that can be dialled`)
  if (callerId !== undefined) {
    const checked = checkCallerId(callerId, organization, world.directory(), user)
    if (!checked.ok) return refuse('CALLER_ID_NOT_ALLOWED', checked.why)
  }
  const request: PlanRequest = {
    callId: call.callId,
    organization,
    user,
    dialled,
    requestedCallerId: callerId,
    now: now(),
  }
  const plan = takes === 'plan' ? await planner.plan(request) : (await planner.preview(request)).plan
  const { target } = plan
  if (target.kind !== 'refuse') return { dialled, plan }
  if (target.refusal === QUOTA_EXCEEDED) return refuse('QUOTA_EXCEEDED', target.why, target.retryAfterSeconds)
  if (target.refusal === INSUFFICIENT_BALANCE) return refuse(INSUFFICIENT_BALANCE, target.why)
  if (target.refusal === 'BLOCKED') return refuse('BLOCKED', target.why)
  return target.cause === 'INVALID_NUMBER_FORMAT' || target.cause === 'UNALLOCATED_NUMBER'
    ? refuse('INVALID_DESTINATION', target.why)
    : refuse('CARRIER_UNAVAILABLE', target.why)
}
