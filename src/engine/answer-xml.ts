/**
 * Answers to mod_xml_curl, from memory, at once. "Not found" only for what is not ours; a call that is refused
 * gets a document that ends it with its cause, so that no static extension of the switch picks it up.
 */
import { asError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { ORGANIZATION_VARIABLE, USER_VARIABLE } from '../call/carried.ts'
import type { Plan } from '../call/plan.ts'
import { checkCallerId } from '../caller-id/choose.ts'
import type { Organization } from '../directory/records.ts'
import { planFromTrunk } from '../plan/plan-from-trunk.ts'
import { planFromUser, type PlanSettings } from '../plan/make-plan.ts'
import { isCallUuid, newCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { isE164, type E164 } from '../telephony/e164.ts'
import { EMERGENCY_ANYWHERE, emergencyNumbers } from '../telephony/number-class.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import {
  isOurContext,
  renderPlan,
  renderRefusal,
  type Context,
  type DialplanSettings,
} from '../xml-curl/dialplan.ts'
import { renderConfiguration } from '../xml-curl/configuration.ts'
import { renderDirectory } from '../xml-curl/directory.ts'
import type { Form } from '../xml-curl/form.ts'
import { NOT_FOUND } from '../xml-curl/document.ts'
import { renderLanguage } from '../xml-curl/languages.ts'
import { readRequest, type Field, type XmlCurlRequest } from '../xml-curl/request.ts'
import type { Board } from './board.ts'
import { REQUESTED_CALLER_ID_VARIABLE } from './originate.ts'
import type { RegistrationGuard } from './registration-guard.ts'
import type { World } from './world.ts'

export type AnswerXml = (form: Form) => string

export type AnswerXmlOptions = {
  readonly world: World
  readonly board: Board
  readonly guard: Pick<RegistrationGuard, 'isBanned' | 'addresses'>
  readonly clock: Clock
  readonly logger: Logger
  readonly planSettings: Omit<PlanSettings, 'newUuid'>
  readonly dialplan: () => DialplanSettings
}

export const createAnswerXml = (options: AnswerXmlOptions): AnswerXml => {
  const { world, guard, logger } = options
  const answer = (request: XmlCurlRequest): string => {
    switch (request.section) {
      case 'dialplan':
        return answerDialplan(request, options)
      case 'directory':
        return renderDirectory(request.ask, request.domain, world.directory(), guard.isBanned)
      case 'configuration':
        // Before the first snapshot the switch keeps what it has: an empty list of gateways would be a wrong one.
        return world.isKnown()
          ? renderConfiguration(request.file, world.directory(), guard.addresses())
          : NOT_FOUND
      case 'languages':
        return renderLanguage(request.language)
      case 'other':
        return NOT_FOUND
    }
  }
  return (form) => {
    const request = readRequest(form)
    try {
      return answer(request)
    } catch (fault) {
      logger.error({ err: asError(fault), section: request.section }, 'an XML request could not be answered')
      // A call that hit our fault fails as congestion does; anything else falls to the switch's static files.
      return request.section === 'dialplan' && isOurContext(request.context)
        ? renderRefusal(request.context, 'NORMAL_TEMPORARY_FAILURE')
        : NOT_FOUND
    }
  }
}

const answerDialplan = (
  request: Extract<XmlCurlRequest, { section: 'dialplan' }>,
  options: AnswerXmlOptions,
): string => {
  const { context, uuid } = request
  // Without a snapshot the static fallback of the switch is the better answer: it knows emergency calls.
  if (!isOurContext(context) || !options.world.isKnown()) return NOT_FOUND
  // FreeSWITCH names its own channels by uuid; a name that somebody chose is not one that we carry.
  const callId = isCallUuid(uuid) ? uuid : undefined
  if (callId === undefined)
    return refuse(context, 'INVALID_CALL_REFERENCE', 'the channel has no uuid', options)
  const planned =
    context === 'phones' ? fromPhone(callId, request, options) : fromTrunk(callId, request, options)
  if (planned === 'not ours') return NOT_FOUND
  if ('cause' in planned) return refuse(context, planned.cause, planned.why, options)
  options.board.post(callId, { kind: 'planned', carried: planned.call })
  options.logger.debug({ callId, dialled: planned.call.dialled, trace: planned.trace }, 'planned')
  return renderPlan(context, planned, options.dialplan())
}

type Refused = { readonly cause: HangupCause; readonly why: string }

const fromPhone = (
  callId: CallUuid,
  { dialled, field }: { readonly dialled: string; readonly field: Field },
  { world, clock, planSettings }: AnswerXmlOptions,
): Plan | Refused | 'not ours' => {
  const directory = world.directory()
  const organization = numbered(field, ORGANIZATION_VARIABLE, directory.organization)
  const user = numbered(field, USER_VARIABLE, directory.user)
  if (organization === undefined || user?.organizationId !== organization.id) {
    // A phone whose user was disabled after it registered still reaches help, over the switch's own gateway.
    return isEmergency(dialled, organization)
      ? 'not ours'
      : { cause: 'CALL_REJECTED', why: 'the caller is no user of ours' }
  }
  return planFromUser(
    {
      callId,
      organization,
      user,
      dialled,
      requestedCallerId: requestedCallerId(field, organization, world),
      now: clock.now(),
    },
    world.surroundings(),
    { ...planSettings, newUuid: newCallUuid },
  )
}

const isEmergency = (dialled: string, organization: Organization | undefined): boolean =>
  EMERGENCY_ANYWHERE.includes(dialled) ||
  (organization !== undefined && emergencyNumbers(organization.country).includes(dialled))

const requestedCallerId = (field: Field, organization: Organization, world: World): E164 | undefined => {
  const requested = field(`variable_${REQUESTED_CALLER_ID_VARIABLE}`)
  if (requested === undefined || !isE164(requested)) return undefined
  const checked = checkCallerId(requested, organization, world.directory())
  return checked.ok ? checked.number : undefined
}

const fromTrunk = (
  callId: CallUuid,
  { dialled, field }: { readonly dialled: string; readonly field: Field },
  { world, planSettings }: AnswerXmlOptions,
): Plan | Refused =>
  planFromTrunk(
    {
      callId,
      dialled,
      callerNumber: field('Caller-Caller-ID-Number'),
      callerName: field('Caller-Caller-ID-Name'),
    },
    world.surroundings(),
    { ...planSettings, newUuid: newCallUuid },
  ) ?? { cause: 'UNALLOCATED_NUMBER', why: 'the number is not ours' }

const refuse = (context: Context, cause: HangupCause, why: string, { logger }: AnswerXmlOptions): string => {
  logger.info({ context, cause, why }, 'a call was refused')
  return renderRefusal(context, cause)
}

const numbered = <Row>(
  field: Field,
  variable: string,
  find: (id: number) => Row | undefined,
): Row | undefined => {
  const text = field(`variable_${variable}`)
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? find(Number(text)) : undefined
}
