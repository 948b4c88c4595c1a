/**
 * The plan of a call: number class, then the target, then caller ID. Pure: everything it may read is in the
 * request and the surroundings. It is the only place where a call's way is decided; dialplan, originate,
 * `explain` and tests all render what comes out here.
 */
import { chooseCallerId } from '../caller-id/choose.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { CarriedAttempt, CarriedCall, CarriedDevice, QuotedSale } from '../call/carried.ts'
import { needsConversation } from '../call/failover.ts'
import type { RecordingAsk } from '../call/recording.ts'
import type { CallWish } from '../call/wish.ts'
import type { CallerId, Plan, PlannedAttempt, Rejection, Target } from '../call/plan.ts'
import type { Carrier, Gateway, Organization, User } from '../directory/records.ts'
import type { Surroundings } from '../routing/hunt.ts'
import { REFUSAL_CAUSES } from '../routing/refusal.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { E164 } from '../telephony/e164.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import { formatMoney } from '../telephony/money.ts'
import { classify, type NumberClass } from '../telephony/number-class.ts'
import { finishPlan } from './finish-plan.ts'
import { callerIdToward, emergencyCallerId, readPresentation } from './plan-caller-id.ts'
import type { AnswerPlanSettings } from './plan-answer.ts'
import type { RecordingPlanSettings } from './plan-recording.ts'
import { feeOf, plannedAttempt, planRoutes, RING_TIMEOUT_SECONDS, type RouteSettings } from './plan-routes.ts'

export type PlanRequest = {
  /** The A leg's channel; the call is known by it. */
  readonly callId: CallUuid
  readonly organization: Organization
  readonly user: User
  readonly dialled: string
  /** Already checked to be one of the organisation's. */
  readonly requestedCallerId?: E164 | undefined
  /** The profile that the caller's dialplan names; undefined: the organisation's. */
  readonly profileId?: number | undefined
  /** The called number's location routing number, where a lookup gave one. */
  readonly lrn?: E164 | undefined
  readonly callType?: 'voice' | 'fax' | undefined
  /** What was asked for with the call over the API. */
  readonly wish?: CallWish | undefined
  /** The Privacy header of the phone's INVITE. */
  readonly phonePrivacy?: string | undefined
  readonly recording?: RecordingAsk | undefined
  /** The caller keyed his PIN for this call. */
  readonly pinGiven?: boolean | undefined
  readonly now: number
}

export type PlanSettings = RouteSettings & RecordingPlanSettings & AnswerPlanSettings

/** The plan of a call that one of our users dials. */
export const planFromUser = (
  request: PlanRequest,
  surroundings: Surroundings,
  settings: PlanSettings,
): Plan => {
  const { organization, user, wish, now } = request
  const { dialled, presentation } = readPresentation(request, surroundings)
  const plan = targetOf(request, dialled, surroundings, settings)
  const { recording, pinGiven } = request
  return finishPlan(
    plan,
    { organization, user, wish, presentation, recording, pinGiven, now },
    surroundings,
    settings,
  )
}

const targetOf = (
  request: PlanRequest,
  dialled: string,
  surroundings: Surroundings,
  settings: PlanSettings,
): Plan => {
  const { organization, user } = request
  const numberClass = classify(dialled, {
    country: organization.country,
    isExtension: (number) => surroundings.directory.userOfExtension(organization.id, number) !== undefined,
  })
  const trace = [
    `${user.extension} of ${organization.name} dials ${clip(request.dialled)}: ${describe(numberClass)}`,
  ]
  const context = { request, surroundings, settings, numberClass, trace }
  switch (numberClass.kind) {
    case 'emergency':
      return emergencyPlan(context, numberClass.number)
    case 'extension':
      return extensionPlan(context, numberClass.number)
    case 'e164':
      return carrierPlan(context, numberClass.number)
    case 'feature-code':
      return featureCodePlan(context, numberClass.number)
    case 'short-code':
      return refusal(context, 'NO_ROUTE_DESTINATION', `short code ${numberClass.number} is not carried`)
    case 'invalid':
      return refusal(context, 'INVALID_NUMBER_FORMAT', `${clip(numberClass.number)}: ${numberClass.why}`)
  }
}

type Context = {
  readonly request: PlanRequest
  readonly surroundings: Surroundings
  readonly settings: PlanSettings
  readonly numberClass: NumberClass
  readonly trace: readonly string[]
}

const carrierPlan = (context: Context, destination: E164): Plan => {
  const { request, surroundings, settings } = context
  const { organization, user } = request
  // A number of our own never leaves the house: it would cost, and come back through a trunk.
  const ddi = surroundings.directory.ddi(destination)
  if (ddi !== undefined) {
    const callee = surroundings.directory.user(ddi.userId)
    return callee === undefined
      ? refusal(context, 'UNALLOCATED_NUMBER', `${destination} is a number of ours that rings nobody`)
      : devicePlan(context, callee, `${destination} is a number of ours, of ${callee.extension}`)
  }
  const { country } = context.numberClass.kind === 'e164' ? context.numberClass : { country: undefined }
  const callerId = callerIdToward(request, surroundings, destination, country)
  const { hunt, attempts, rejected, jurisdiction } = planRoutes(
    {
      callId: request.callId,
      organization,
      userId: user.id,
      destination,
      callerNumber: callerId.number,
      lrn: request.lrn,
      profileId: request.profileId,
      callType: request.callType,
      country,
      takesCallerId: callerId.takesCallerId,
      now: request.now,
    },
    surroundings,
    settings,
  )
  const { profile, refusal: none, shares, expectedSeconds } = hunt
  if (none !== undefined || profile === undefined) {
    const { kind, why } = none ?? { kind: 'NO_PROFILE', why: `${organization.name} has no LCR profile` }
    const cause = REFUSAL_CAUSES[kind]
    return {
      ...refusal(context, cause, why, rejected, profile?.id),
      target: { kind: 'refuse', cause, why, refusal: kind },
    }
  }
  return {
    ...frame(context, {
      destination,
      callerNumber: callerId.number,
      attempts,
      lcrProfileId: profile.id,
      isSold: hunt.sell !== undefined,
    }),
    target: {
      kind: 'carriers',
      attempts,
      callerId: shown(callerId.number, user),
      emergency: false,
      postDialDelayBudgetSeconds: settings.postDialDelayBudgetSeconds,
    },
    rejected,
    sell: hunt.sell,
    shares: [...shares, ...(callerId.shares ?? [])],
    trace: [
      ...context.trace,
      ...callerId.trace,
      ...(jurisdiction === undefined
        ? []
        : [`${jurisdiction}${request.lrn === undefined ? '' : `, routed as ${request.lrn}`}`]),
      `profile ${profile.name} (${profile.strategy}): ${attempts.length} of ${attempts.length + rejected.length} gateways, compared for a call of ${Math.round(expectedSeconds)} s`,
      ...(hunt.sell === undefined ? [] : [soldAt(hunt.sell)]),
      ...betweenAttempts(attempts),
    ],
  }
}

const soldAt = ({ tariff, prefix, exchange, tax }: QuotedSale): string =>
  [
    `sold at ${formatMoney(tariff.pricePerMinute)} ${tariff.currency} a minute (prefix ${prefix})`,
    ...(exchange === undefined
      ? []
      : [
          exchange.rate === undefined
            ? `no rate of ${tariff.currency} is known`
            : `at ${exchange.rate} ${exchange.to}`,
        ]),
    ...(tax === undefined ? [] : [`${tax.name} ${tax.percent} %`]),
  ].join(', ')

/** The engine stays with a call only where the dialplan could not tell what a gateway's failures mean. */
const betweenAttempts = (attempts: readonly PlannedAttempt[]): readonly string[] => {
  const why = needsConversation(attempts)
  return why === undefined ? [] : [`the engine decides between attempts: ${why}`]
}

/** Without a number of ours nothing of the caller is shown to a carrier. */
const shown = (number: E164 | undefined, user: User): CallerId => ({
  number,
  name: number === undefined ? undefined : displayName(user.name),
})

/** Emergency calls ask no rate, no limit and no health: whatever may carry them is tried, the healthy first. */
const emergencyPlan = (context: Context, number: string): Plan => {
  const { request, surroundings, settings } = context
  const { organization, user } = request
  const carrierOf = (gateway: Gateway): Carrier | undefined =>
    surroundings.directory.carrier(gateway.carrierId)
  const gateways = surroundings.directory
    .gateways()
    .filter(
      (gateway) => gateway.enabled && gateway.carriesEmergency && isOffered(carrierOf(gateway), organization),
    )
    .sort((a, b) => Number(surroundings.isUp(b.id)) - Number(surroundings.isUp(a.id)) || a.id - b.id)
    .slice(0, settings.maxRoutes)
  const attempts = gateways.map((gateway, index): PlannedAttempt => {
    const carried: CarriedAttempt = {
      n: index + 1,
      callId: request.callId,
      legUuid: settings.newUuid(),
      organizationId: organization.id,
      userId: user.id,
      gatewayId: gateway.id,
      gatewayName: gateway.name,
      carrierId: gateway.carrierId,
      carrierName: carrierOf(gateway)?.name ?? '',
      number,
      rate: undefined,
      fee: feeOf(carrierOf(gateway), request, surroundings),
    }
    return {
      ...plannedAttempt(gateway, carried, settings),
      maxChannels: undefined,
      maxCallsPerSecond: undefined,
    }
  })
  const callerId = emergencyCallerId(request, surroundings.directory)
  return {
    ...frame(context, { callerNumber: callerId.number, attempts }),
    target: {
      kind: 'carriers',
      attempts,
      callerId: shown(callerId.number, user),
      emergency: true,
    },
    rejected: [],
    trace: [
      ...context.trace,
      `${attempts.length} emergency gateways, then the switch's own`,
      ...callerId.trace,
    ],
  }
}

const isOffered = (carrier: Carrier | undefined, organization: Organization): boolean =>
  carrier?.enabled === true &&
  (carrier.organizationId === undefined || carrier.organizationId === organization.id)

const extensionPlan = (context: Context, extension: string): Plan => {
  const callee = context.surroundings.directory.userOfExtension(context.request.organization.id, extension)
  if (callee === undefined)
    return refusal(context, 'UNALLOCATED_NUMBER', `there is no extension ${extension}`)
  return devicePlan(context, callee, `extension ${extension} is ${callee.name}`)
}

const devicePlan = (context: Context, callee: User, why: string): Plan => {
  const { request } = context
  const { organization, user } = request
  // An extension says who calls, and calls back, within its own organisation only.
  const callerNumber =
    callee.organizationId === organization.id
      ? user.extension
      : chooseCallerId(organization, user, request.requestedCallerId, context.surroundings.directory).number
  const target = devicesTarget(request.callId, callee, context.surroundings, context.settings, {
    number: callerNumber,
    name: displayName(user.name),
  })
  const devices = target.kind === 'devices' ? target.devices : []
  return {
    ...frame(context, { direction: 'internal', callerNumber, devices }),
    target,
    rejected: [],
    trace: [
      ...context.trace,
      why,
      target.kind === 'refuse' ? target.why : `rings ${devices.length} device(s)`,
    ],
  }
}

/** All devices of a user at once, each leg with a uuid of its own. */
export const devicesTarget = (
  callId: CallUuid,
  callee: User,
  { directory }: Surroundings,
  settings: PlanSettings,
  callerId: { readonly number: string | undefined; readonly name: string | undefined },
): Target => {
  const domain = directory.organization(callee.organizationId)?.sipDomain
  const devices = directory.devicesOf(callee.id).map((device): CarriedDevice => ({
    callId,
    legUuid: settings.newUuid(),
    organizationId: callee.organizationId,
    userId: callee.id,
    deviceId: device.id,
    username: device.username,
  }))
  if (domain === undefined || devices.length === 0) {
    return { kind: 'refuse', cause: 'SUBSCRIBER_ABSENT', why: `${callee.name} has no device` }
  }
  return { kind: 'devices', domain, devices, callerId, ringTimeoutSeconds: RING_TIMEOUT_SECONDS }
}

const featureCodePlan = (context: Context, code: string): Plan => {
  if (code !== '*43') return refusal(context, 'NO_ROUTE_DESTINATION', `there is no feature code ${code}`)
  return {
    ...frame(context, { direction: 'internal', callerNumber: context.request.user.extension }),
    target: { kind: 'conversation', flow: 'echo-test' },
    rejected: [],
    trace: [...context.trace, 'the echo test'],
  }
}

const refusal = (
  context: Context,
  cause: HangupCause,
  why: string,
  rejected: readonly Rejection[] = [],
  lcrProfileId?: number,
): Plan => ({
  ...frame(context, lcrProfileId === undefined ? {} : { lcrProfileId }),
  target: { kind: 'refuse', cause, why },
  rejected,
  trace: [...context.trace, why],
})

type Filled = Partial<
  Pick<CarriedCall, 'direction' | 'callerNumber' | 'destination' | 'lcrProfileId' | 'devices' | 'isSold'>
> & {
  readonly attempts?: readonly PlannedAttempt[]
}

const frame = (
  { request, numberClass, settings }: Context,
  filled: Filled,
): Pick<Plan, 'call' | 'numberClass' | 'maxDurationSeconds'> => ({
  call: {
    callId: request.callId,
    organizationId: request.organization.id,
    direction: filled.direction ?? 'outbound',
    userId: request.user.id,
    dialled: request.dialled,
    destination: filled.destination,
    callerNumber: filled.callerNumber,
    lcrProfileId: filled.lcrProfileId,
    // What is sold stands on the leg that is charged, once.
    attempts: (filled.attempts ?? []).map(({ carried }) => ({ ...carried, sell: undefined })),
    devices: filled.devices ?? [],
    ...(filled.isSold === true && { isSold: true }),
  },
  numberClass,
  maxDurationSeconds: settings.maxDurationSeconds,
})

const describe = (numberClass: NumberClass): string =>
  numberClass.kind === 'e164'
    ? `${numberClass.number} (${numberClass.country ?? 'no country'})`
    : numberClass.kind

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text)
