/**
 * What each attempt tells of the caller: the number that its carrier takes, as its gateway wants it, withheld where that
 * was asked for. An emergency call is never withheld, and carries its number whatever a carrier's list says.
 */
import { chooseCallerId, standingOf, type CallerIdChoice } from '../caller-id/choose.ts'
import { attemptCallerId, callerIdOver, isTaken } from '../caller-id/per-carrier.ts'
import { isPrivacyAsked, presentationOf, readPresentationCode } from '../caller-id/presentation.ts'
import type { PlannedAttempt } from '../call/plan.ts'
import type { Directory } from '../directory/directory.ts'
import type { Carrier } from '../directory/records.ts'
import type { Surroundings } from '../routing/hunt.ts'
import { isE164, type Country, type E164 } from '../telephony/e164.ts'
import type { FinishRequest, FinishStep } from './finish-plan.ts'
import type { PlanRequest } from './make-plan.ts'

export const planCallerId: FinishStep = (plan, { organization, user, presentation }, { directory }) => {
  const { target } = plan
  const withheld = presentation?.withheld === true
  const who = presentation?.who === undefined ? '' : ` (${presentation.who})`
  if (target.kind === 'devices') {
    // Within an organisation an extension says who calls; beyond it a withheld number is nobody's to see.
    return withheld && target.domain !== organization.sipDomain
      ? {
          ...plan,
          target: { ...target, callerId: { number: undefined, name: undefined } },
          trace: [...plan.trace, `the number is withheld${who}`],
        }
      : plan
  }
  if (target.kind !== 'carriers') return plan
  const { emergency, callerId } = target
  const chosen = callerId.number !== undefined && isE164(callerId.number) ? callerId.number : undefined
  const trace: string[] = []
  if (withheld) trace.push(emergency ? 'withheld, but not from help' : `the number is withheld${who}`)
  const locationUri = emergency ? (user.emergencyLocationUri ?? organization.emergencyLocationUri) : undefined
  const attempts = target.attempts.map((attempt): PlannedAttempt => {
    const gateway = directory.gateway(attempt.carried.gatewayId)
    if (gateway === undefined) return attempt
    const carrier = directory.carrier(gateway.carrierId)
    const over =
      emergency || carrier === undefined
        ? { number: chosen, why: undefined }
        : callerIdOver(chosen, carrier, organization, user, directory)
    if (over.why !== undefined && !trace.includes(over.why)) trace.push(over.why)
    return {
      ...attempt,
      callerId: attemptCallerId({
        number: over.number,
        withheld: withheld && !emergency,
        gateway,
        organization,
        user,
        directory,
        locationUri,
      }),
    }
  })
  return {
    ...plan,
    target: { ...target, attempts, ...(locationUri === undefined ? {} : { locationUri }) },
    trace: [...plan.trace, ...trace],
  }
}

/** A code before the number says whether it is shown: what is left is dialled. */
export const readPresentation = (
  { dialled, organization, user, wish, phonePrivacy }: PlanRequest,
  { directory }: Pick<Surroundings, 'directory'>,
): { readonly dialled: string; readonly presentation: NonNullable<FinishRequest['presentation']> } => {
  const read = readPresentationCode(
    dialled,
    organization.country,
    (number) => directory.userOfExtension(organization.id, number) !== undefined,
  )
  return {
    dialled: read.dialled,
    presentation: presentationOf({
      wish: wish?.withheld,
      dialled: read.presentation,
      phone: isPrivacyAsked(phonePrivacy),
      user: user.presentation,
    }),
  }
}

/** The number that is shown, and which carriers take it, for a call to `destination`. */
export const callerIdToward = (
  { organization, user, requestedCallerId, wish }: PlanRequest,
  { directory, turns }: Pick<Surroundings, 'directory' | 'turns'>,
  destination: E164,
  country: Country | undefined,
): CallerIdChoice & { readonly takesCallerId: ((carrier: Carrier) => boolean) | undefined } => {
  const choice = chooseCallerId(organization, user, requestedCallerId ?? wish?.callerId, directory, {
    number: destination,
    country,
    orderOf: turns.orderOf,
  })
  const { number } = choice
  return {
    ...choice,
    takesCallerId:
      number === undefined ? undefined : (carrier) => isTaken(number, carrier, organization, user, directory),
  }
}

/** Who calls for help: the number registered for his place, the organisation's, or else the one that others see. */
export const emergencyCallerId = (
  { organization, user }: Pick<PlanRequest, 'organization' | 'user'>,
  directory: Directory,
): CallerIdChoice => {
  const registered: readonly (readonly [E164 | undefined, string])[] = [
    [user.emergencyCallerId, `of user ${user.extension}`],
    [organization.emergencyCallerId, `of ${organization.name}`],
  ]
  for (const [number, whose] of registered) {
    if (number !== undefined && standingOf(number, organization, user, directory) !== undefined)
      return { number, trace: [`caller ID ${number} (registered for emergencies, ${whose})`] }
  }
  return chooseCallerId(organization, user, undefined, directory)
}

/** What an emergency call is told with, to people and programs: who, from which number, where. */
export const emergencyDetail = (
  {
    call,
  }: {
    readonly call: {
      readonly organizationId: number
      readonly userId: number | undefined
      readonly dialled: string
      readonly callerNumber: string | undefined
    }
  },
  directory: Pick<Directory, 'organization' | 'user'>,
): Readonly<Record<string, string | number | null>> => {
  const user = call.userId === undefined ? undefined : directory.user(call.userId)
  const organization = directory.organization(call.organizationId)
  return {
    dialled: call.dialled,
    callerNumber: call.callerNumber ?? null,
    userId: call.userId ?? null,
    user: user?.name ?? null,
    extension: user?.extension ?? null,
    address: user?.emergencyAddress ?? organization?.emergencyAddress ?? null,
    locationUri: user?.emergencyLocationUri ?? organization?.emergencyLocationUri ?? null,
  }
}
