/** The plan of a call that a carrier brings: its number leads to a user of ours, or the call is refused. */
import type { Plan } from '../call/plan.ts'
import type { RecordingAsk } from '../call/recording.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { Directory } from '../directory/directory.ts'
import type { DdiNumber } from '../directory/records.ts'
import type { Surroundings } from '../routing/hunt.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { isE164, parseNumber, type E164 } from '../telephony/e164.ts'
import { finishPlan } from './finish-plan.ts'
import { devicesTarget, type PlanSettings } from './make-plan.ts'

export type TrunkRequest = {
  readonly callId: CallUuid
  /** The number as the carrier sent it: `+44...`, `44...`, or national. */
  readonly dialled: string
  readonly callerNumber: string | undefined
  readonly callerName: string | undefined
  readonly recording?: RecordingAsk | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Undefined: the number is not ours. The caller is told so; there is no organisation to plan for. */
export const planFromTrunk = (
  request: TrunkRequest,
  surroundings: Surroundings,
  settings: PlanSettings,
): Plan | undefined => {
  const { directory } = surroundings
  const ddi = findDdi(request.dialled, directory)
  const callee = ddi === undefined ? undefined : directory.user(ddi.userId)
  const organization = ddi === undefined ? undefined : directory.organization(ddi.organizationId)
  if (ddi === undefined || callee === undefined || organization === undefined) return undefined
  // A national number that the carrier sent becomes international, so that a phone can call it back.
  const caller =
    request.callerNumber === undefined ? undefined : parseNumber(request.callerNumber, organization.country)
  const sent = request.callerNumber?.replace(/[^\d+]/g, '').slice(0, 32)
  const callerNumber = caller?.number ?? (sent === '' ? undefined : sent)
  const target = devicesTarget(request.callId, callee, surroundings, settings, {
    number: callerNumber,
    name: request.callerName === undefined ? undefined : displayName(request.callerName),
  })
  const plan: Plan = {
    call: {
      callId: request.callId,
      organizationId: organization.id,
      direction: 'inbound',
      userId: callee.id,
      dialled: request.dialled,
      destination: ddi.number,
      callerNumber,
      lcrProfileId: undefined,
      attempts: [],
      devices: target.kind === 'devices' ? target.devices : [],
    },
    numberClass: { kind: 'e164', number: ddi.number, country: organization.country, valid: true },
    target,
    rejected: [],
    trace: [
      `a carrier brings a call to ${ddi.number}, a number of ${organization.name}: rings ${callee.extension}`,
    ],
    maxDurationSeconds: settings.maxDurationSeconds,
  }
  const { recording, now } = request
  return finishPlan(
    plan,
    { organization, user: callee, wish: undefined, recording, now },
    surroundings,
    settings,
  )
}

const findDdi = (dialled: string, directory: Directory): DdiNumber | undefined => {
  const digits = dialled.replace(/[\s().-]/g, '')
  const forms: readonly (E164 | undefined)[] = [
    isE164(digits) ? digits : undefined,
    international(digits),
    ...directory.organizations().map(({ country }) => parseNumber(digits, country)?.number),
  ]
  for (const form of forms) {
    const ddi = form === undefined ? undefined : directory.ddi(form)
    if (ddi !== undefined) return ddi
  }
  return undefined
}

const international = (digits: string): E164 | undefined => {
  const number = `+${digits}`
  return isE164(number) ? number : undefined
}
