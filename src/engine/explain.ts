/** What would happen to a call, told from the plan that a call would get: the same code path, nothing dialled. */
import type { Plan } from '../call/plan.ts'
import type { Organization, User } from '../directory/records.ts'
import { planFromUser, type PlanSettings } from '../plan/make-plan.ts'
import { expectedCost } from '../rating/expected-cost.ts'
import { newCallUuid } from '../telephony/call-uuid.ts'
import { DialString } from '../telephony/dial-string.ts'
import { formatMoney } from '../telephony/money.ts'
import type { World } from './world.ts'

export type ExplainRequest = {
  readonly number: string
  readonly organizationId: number | undefined
  /** The extension that would dial. */
  readonly from: string | undefined
}

export type Candidate = {
  /** From 1. */
  readonly rank: number
  readonly gateway: string
  readonly carrier: string
  /** The rate's prefix; undefined without a rate. */
  readonly prefix: string | undefined
  /** Decimals, as formatMoney writes them. */
  readonly pricePerMinute: string | undefined
  readonly currency: string | undefined
  readonly expectedCost: string | undefined
  readonly dialString: string
}

export type Explanation = {
  readonly number: string
  readonly numberClass: string
  /** In E.164 form, where the number has one. */
  readonly destination: string | undefined
  readonly callerId: string | undefined
  /** In the order in which they would be tried. */
  readonly candidates: readonly Candidate[]
  readonly rejected: Plan['rejected']
  readonly trace: readonly string[]
  /** A sentence. */
  readonly outcome: string
}

export type ExplainOutcome =
  | { readonly kind: 'explained'; readonly explanation: Explanation }
  | {
      readonly kind: 'refused'
      readonly code: 'INVALID_DESTINATION' | 'USER_NOT_FOUND' | 'ORGANIZATION_NOT_FOUND'
      readonly message: string
    }

export const explain = (
  request: ExplainRequest,
  world: World,
  planSettings: Omit<PlanSettings, 'newUuid'>,
  now: number,
): ExplainOutcome => {
  const directory = world.directory()
  const organizations = directory.organizations().filter(({ id }) => (request.organizationId ?? id) === id)
  const callers = organizations.flatMap((organization): { organization: Organization; user: User }[] => {
    const user =
      request.from === undefined
        ? directory.usersOf(organization.id)[0]
        : directory.userOfExtension(organization.id, request.from)
    return user === undefined ? [] : [{ organization, user }]
  })
  const caller = callers[0]
  if (organizations.length === 0) {
    return { kind: 'refused', code: 'ORGANIZATION_NOT_FOUND', message: 'there is no such organisation' }
  }
  if (caller === undefined) {
    return {
      kind: 'refused',
      code: 'USER_NOT_FOUND',
      message:
        request.from === undefined
          ? 'the organisation has no user'
          : `there is no extension ${request.from.slice(0, 40)}`,
    }
  }
  const plan = planFromUser(
    { callId: newCallUuid(), ...caller, dialled: request.number, requestedCallerId: undefined, now },
    world.surroundings(),
    { ...planSettings, newUuid: newCallUuid },
  )
  if (plan.numberClass.kind === 'invalid') {
    return {
      kind: 'refused',
      code: 'INVALID_DESTINATION',
      message: `${request.number.slice(0, 40)}: ${plan.numberClass.why}`,
    }
  }
  return { kind: 'explained', explanation: explanationOf(request.number, plan) }
}

const explanationOf = (number: string, plan: Plan): Explanation => {
  const { target, numberClass } = plan
  return {
    number,
    numberClass: numberClass.kind,
    destination: numberClass.kind === 'e164' ? numberClass.number : undefined,
    callerId: target.kind === 'carriers' ? target.callerId.number : undefined,
    candidates: target.kind === 'carriers' ? target.attempts.map(candidateOf) : [],
    rejected: plan.rejected,
    trace: plan.trace,
    outcome: outcomeOf(plan),
  }
}

const candidateOf = ({
  carried,
  gateway,
}: Extract<Plan['target'], { kind: 'carriers' }>['attempts'][number]): Candidate => {
  const tariff = carried.rate?.tariff
  return {
    rank: carried.n,
    gateway: carried.gatewayName,
    carrier: carried.carrierName,
    prefix: carried.rate?.prefix,
    pricePerMinute: tariff === undefined ? undefined : formatMoney(tariff.pricePerMinute),
    currency: tariff?.currency,
    expectedCost: tariff === undefined ? undefined : formatMoney(expectedCost(tariff)),
    dialString: DialString.gateway(gateway, carried.number).toString(),
  }
}

const outcomeOf = ({ target }: Plan): string => {
  switch (target.kind) {
    case 'carriers':
      return target.emergency
        ? `emergency call over ${target.attempts.length} gateways, then the switch's own`
        : `tries ${target.attempts.map(({ carried }) => carried.carrierName).join(', then ')}`
    case 'devices':
      return `rings ${target.devices.map(({ username }) => username).join(', ')}`
    case 'conversation':
      return `talks with the caller: ${target.flow}`
    case 'refuse':
      return `refused with ${target.cause}: ${target.why}`
  }
}
