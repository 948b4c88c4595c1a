/**
 * Least cost routing for those who place their calls themselves: a program that asks over the API, and a dialplan
 * that is not ours. The hunt is the one that our own calls get. What it never does: carry an emergency call, or ring
 * a number of our own, which are the business of our dialplan; who asks here wants carriers.
 */
import type { CarriedCall } from '../call/carried.ts'
import type { Plan, PlannedAttempt, Rejection } from '../call/plan.ts'
import { chooseCallerId } from '../caller-id/choose.ts'
import { displayName } from '../caller-id/display-name.ts'
import { callingCodeOf } from '../deck/calling-code.ts'
import type { Organization, User } from '../directory/records.ts'
import { planRoutes, type PlannedRoutes, type RouteSettings } from '../plan/plan-routes.ts'
import { destinationKey, type Quality, type Route, type Share } from '../routing/hunt.ts'
import { REFUSAL_CAUSES, type Refusal } from '../routing/refusal.ts'
import { newCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { digitsOf, type Country, type E164 } from '../telephony/e164.ts'
import { classify, type NumberClass } from '../telephony/number-class.ts'
import { decisionOf, type Decision } from './decision.ts'
import type { LrnLookup } from './planner.ts'
import type { World } from './world.ts'

export type LcrRequest = {
  /** In E.164 form with or without its plus, or as a phone of the organisation would dial it. */
  readonly destination: string
  /** Undefined: the only one there is. */
  readonly organizationId: number | undefined
  /** Whose caller ID counts; undefined: the organisation's. */
  readonly userId: number | undefined
  /** By name or id; undefined: the organisation's. */
  readonly profile?: string | undefined
  readonly callType?: 'voice' | 'fax' | undefined
  readonly maxRoutes?: number | undefined
  /** By code or id. */
  readonly preferredCarriers?: readonly string[] | undefined
  readonly excludedCarriers?: readonly string[] | undefined
  /**
   * `nothing`: only a question. `turn`: a call will go by the answer, so equal and weighted routes change places.
   * `call`: it is this channel's, which then counts as every call of ours does.
   */
  readonly takes: 'nothing' | 'turn' | { readonly callId: CallUuid }
}

export type LcrOutcome =
  | { readonly kind: 'found'; readonly answer: LcrAnswer }
  /** There is a number, and nobody takes it: `answer.refusal` says why. */
  | { readonly kind: 'no-route'; readonly answer: LcrAnswer & { readonly refusal: Refusal } }
  | { readonly kind: 'refused'; readonly code: LcrFault; readonly message: string }

export type LcrFault =
  'INVALID_DESTINATION' | 'USER_NOT_FOUND' | 'ORGANIZATION_NOT_FOUND' | 'PROFILE_NOT_FOUND'

export type LcrAnswer = {
  readonly destination: E164
  /** `44` */
  readonly callingCode: string
  readonly country: Country | undefined
  readonly profile: string | undefined
  readonly routes: readonly LcrRouteFound[]
  readonly rejected: readonly Rejection[]
  readonly refusal: Refusal | undefined
  /** As for a call of ours. */
  readonly plan: Plan
  /** How long deciding took. */
  readonly microseconds: number
}

export type LcrRouteFound = {
  readonly attempt: PlannedAttempt
  readonly route: Route
  readonly quality: Quality
}

export type LcrParts = {
  readonly world: World
  readonly settings: () => Omit<RouteSettings, 'newUuid'>
  readonly lrn: LrnLookup | undefined
  readonly takeTurns: (shares: readonly (readonly Share[])[]) => void
  /** A call is about to be made: the first attempt takes its place. */
  readonly onCall: (call: CarriedCall) => void
  readonly onDecided: (call: CarriedCall, decision: Decision) => void
  /** Microseconds of a clock that only goes forward. */
  readonly elapsed: () => number
}

export const findLcrRoutes = async (
  request: LcrRequest,
  parts: LcrParts,
  now: () => number,
): Promise<LcrOutcome> => {
  const asked = readRequest(request, parts.world)
  if ('code' in asked) return { kind: 'refused', ...asked }
  const lrn = await lrnOf(asked.numberClass.number, parts.lrn)
  const at = now()
  const begun = parts.elapsed()
  const answer = answerTo(request, asked, lrn, at, parts)
  const microseconds = parts.elapsed() - begun
  use(request, answer, { at, microseconds }, parts)
  const told: LcrAnswer = { ...answer, microseconds }
  const { refusal } = told
  return refusal === undefined
    ? { kind: 'found', answer: told }
    : { kind: 'no-route', answer: { ...told, refusal } }
}

type Dialled = Extract<NumberClass, { readonly kind: 'e164' }>

type Asked = {
  readonly organization: Organization
  readonly user: User | undefined
  readonly profileId: number | undefined
  readonly numberClass: Dialled
}

const readRequest = (
  { destination, organizationId, userId, profile }: LcrRequest,
  world: World,
): Asked | { readonly code: LcrFault; readonly message: string } => {
  const directory = world.directory()
  const [organization, ...others] = directory
    .organizations()
    .filter(({ id }) => (organizationId ?? id) === id)
  if (organization === undefined || others.length > 0) {
    const message = organization === undefined ? 'there is no such organisation' : 'say which organisation'
    return { code: 'ORGANIZATION_NOT_FOUND', message }
  }
  const user = userId === undefined ? undefined : directory.user(userId)
  if (userId !== undefined && user?.organizationId !== organization.id)
    return { code: 'USER_NOT_FOUND', message: `${organization.name} has no user ${userId}` }
  const named = profile === undefined ? undefined : directory.lcrProfileNamed(organization.id, profile)
  if (profile !== undefined && named === undefined) {
    return {
      code: 'PROFILE_NOT_FOUND',
      message: `${organization.name} has no LCR profile ${JSON.stringify(profile.slice(0, 40))}`,
    }
  }
  const numberClass = read(destination, organization.country)
  if (numberClass.kind !== 'e164') {
    const why =
      numberClass.kind === 'invalid'
        ? numberClass.why
        : `it is ${NOT_CARRIED[numberClass.kind]}, no number of a carrier`
    return { code: 'INVALID_DESTINATION', message: `${JSON.stringify(destination.slice(0, 40))}: ${why}` }
  }
  return { organization, user, profileId: named?.id, numberClass }
}

/**
 * The contract is E.164, with its plus or without (mod_lcr's callers have none); what is no such number is read as the
 * organisation's phones dial it.
 */
const read = (destination: string, country: Country): NumberClass => {
  const digits = destination.replace(/[\s().-]/g, '')
  const international = /^[1-9]\d{7,14}$/.test(digits) ? numbered(`+${digits}`, country) : undefined
  if (international?.kind === 'e164' && international.valid) return international
  const dialled = numbered(destination, country)
  return dialled.kind !== 'e164' && international?.kind === 'e164' ? international : dialled
}

const numbered = (destination: string, country: Country): NumberClass =>
  classify(destination, { country, isExtension: () => false })

const NOT_CARRIED = {
  emergency: 'an emergency number',
  extension: 'an extension',
  'feature-code': 'a feature code',
  'short-code': 'a short code',
} as const

const answerTo = (
  request: LcrRequest,
  { organization, user, profileId, numberClass }: Asked,
  lrn: E164 | undefined,
  now: number,
  { world, settings }: LcrParts,
): Omit<LcrAnswer, 'microseconds'> => {
  const surroundings = world.surroundings()
  const callId = typeof request.takes === 'object' ? request.takes.callId : newCallUuid()
  const { number: callerNumber, trace } = chooseCallerId(
    organization,
    user,
    undefined,
    surroundings.directory,
  )
  const destination = numberClass.number
  const planned = planRoutes(
    {
      callId,
      organization,
      userId: user?.id,
      destination,
      callerNumber,
      lrn,
      profileId,
      callType: request.callType,
      maxRoutes: request.maxRoutes,
      preferredCarriers: request.preferredCarriers,
      excludedCarriers: request.excludedCarriers,
      now,
    },
    surroundings,
    { ...settings(), newUuid: newCallUuid },
  )
  const { hunt, attempts, rejected } = planned
  const key = destinationKey(digitsOf(destination))
  return {
    destination,
    callingCode: callingCodeOf(digitsOf(destination)),
    country: numberClass.country,
    profile: hunt.profile?.name,
    routes: attempts.flatMap((attempt, index) => {
      const route = hunt.routes[index]
      if (route === undefined) return []
      return [
        { attempt, route, quality: surroundings.health.qualityOf(route.gateway.id, key, now, route.rule) },
      ]
    }),
    rejected,
    refusal: hunt.refusal,
    plan: planOf(
      { request, callId, organization, user, numberClass, callerNumber, trace },
      planned,
      settings(),
    ),
  }
}

type PlanParts = {
  readonly request: LcrRequest
  readonly callId: CallUuid
  readonly organization: Organization
  readonly user: User | undefined
  readonly numberClass: Dialled
  readonly callerNumber: E164 | undefined
  readonly trace: readonly string[]
}

const planOf = (
  { request, callId, organization, user, numberClass, callerNumber, trace }: PlanParts,
  { hunt, attempts, rejected }: PlannedRoutes,
  { maxDurationSeconds }: Pick<RouteSettings, 'maxDurationSeconds'>,
): Plan => {
  const { refusal, profile, shares } = hunt
  return {
    call: {
      callId,
      organizationId: organization.id,
      direction: 'outbound',
      userId: user?.id,
      dialled: request.destination,
      destination: numberClass.number,
      callerNumber,
      lcrProfileId: profile?.id,
      attempts: attempts.map(({ carried }) => ({ ...carried, sell: undefined })),
      devices: [],
    },
    numberClass,
    target:
      refusal === undefined
        ? {
            kind: 'carriers',
            attempts,
            callerId: {
              number: callerNumber,
              name: callerNumber === undefined || user === undefined ? undefined : displayName(user.name),
            },
            emergency: false,
          }
        : { kind: 'refuse', cause: REFUSAL_CAUSES[refusal.kind], why: refusal.why, refusal: refusal.kind },
    rejected,
    shares,
    trace: [
      `${organization.name} asks for routes to ${numberClass.number} (${numberClass.country ?? 'no country'})`,
      ...trace,
      refusal?.why ??
        `profile ${profile?.name ?? ''} (${profile?.strategy ?? ''}): ${attempts.length} of ${attempts.length + rejected.length} gateways, compared for a call of ${Math.round(hunt.expectedSeconds)} s`,
    ],
    maxDurationSeconds,
  }
}

/** In the tick of the hunt: between the two nobody else may read the same turn or the same free place. */
const use = (
  { takes }: LcrRequest,
  { plan }: Pick<LcrAnswer, 'plan'>,
  { at, microseconds }: { readonly at: number; readonly microseconds: number },
  { world, takeTurns, onCall, onDecided }: LcrParts,
): void => {
  if (takes === 'nothing') return
  takeTurns(plan.shares ?? [])
  if (takes === 'turn') return
  onCall(plan.call)
  onDecided(plan.call, decisionOf(plan, at, world.surroundings(), Math.round(microseconds)))
}

/** Only within North America does a number lead elsewhere than its digits say. */
const lrnOf = async (number: E164, lrn: LrnLookup | undefined): Promise<E164 | undefined> => {
  if (lrn === undefined || !number.startsWith('+1')) return undefined
  const known = lrn.cached(number)
  return known === undefined ? lrn.lookup(number) : (known ?? undefined)
}
