/**
 * Answers to mod_xml_curl, from memory, at once. "Not found" only for what is not ours; a call that is refused
 * gets a document that ends it with its cause, so that no static extension of the switch picks it up.
 */
import { asError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { ORGANIZATION_VARIABLE, USER_VARIABLE } from '../call/carried.ts'
import { PIN_GIVEN_VARIABLE, pinGivenFor } from '../call/fraud.ts'
import type { Plan } from '../call/plan.ts'
import { decodeWish, WISH_VARIABLE, type CallWish } from '../call/wish.ts'
import { checkCallerId } from '../caller-id/choose.ts'
import type { Directory } from '../directory/directory.ts'
import type { Organization, User } from '../directory/records.ts'
import { planFromTrunk } from '../plan/plan-from-trunk.ts'
import type { PlanSettings } from '../plan/make-plan.ts'
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
import { LCR_CONTEXT, renderLcrError, renderLcrVariables } from '../xml-curl/lcr-variables.ts'
import { renderLanguage } from '../xml-curl/languages.ts'
import { readRequest, type Field, type XmlCurlRequest } from '../xml-curl/request.ts'
import { announce } from './announce.ts'
import type { Board } from './board.ts'
import type { LcrOutcome, LcrRequest } from './lcr-route.ts'
import { REQUESTED_CALLER_ID_VARIABLE } from './originate.ts'
import type { Planner } from './planner.ts'
import { readRecordingAsk } from './recording-ask.ts'
import { readTransferred, withTransfer } from './transferred.ts'
import type { RegistrationGuard } from './registration-guard.ts'
import { withVerstat, type VerifyIdentity } from './signing.ts'
import type { World } from './world.ts'

/** A promise only where a dialled number has to be looked up first. */
export type AnswerXml = (form: Form) => string | Promise<string>

export type AnswerXmlOptions = {
  readonly world: World
  readonly board: Board
  readonly guard: Pick<RegistrationGuard, 'isBanned' | 'addresses'>
  readonly clock: Clock
  readonly logger: Logger
  readonly planner: Pick<Planner, 'plan'>
  readonly planSettings: () => Omit<PlanSettings, 'newUuid'>
  readonly dialplan: () => DialplanSettings
  /** Routes for a dialplan that is not ours (context `lcr`). */
  readonly findRoutes: (request: LcrRequest) => Promise<LcrOutcome>
  /** Checks who signed a call of a carrier; undefined: nobody does. */
  readonly verifyIdentity?: VerifyIdentity | undefined
  readonly onEmergency?: (() => void) | undefined
}

export const createAnswerXml = (options: AnswerXmlOptions): AnswerXml => {
  const { world, guard, logger } = options
  const answer = (request: XmlCurlRequest): string | Promise<string> => {
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
  const failed = (request: XmlCurlRequest, fault: unknown): string => {
    logger.error({ err: asError(fault), section: request.section }, 'an XML request could not be answered')
    if (request.section === 'dialplan' && request.context === LCR_CONTEXT)
      return renderLcrError('INTERNAL', 'the log of the engine says what went wrong')
    // A call that hit our fault fails as congestion does; anything else falls to the switch's static files.
    return request.section === 'dialplan' && isOurContext(request.context)
      ? renderRefusal(request.context, 'NORMAL_TEMPORARY_FAILURE')
      : NOT_FOUND
  }
  return (form) => {
    const request = readRequest(form)
    try {
      const answered = answer(request)
      return typeof answered === 'string'
        ? answered
        : answered.catch((fault: unknown) => failed(request, fault))
    } catch (fault) {
      return failed(request, fault)
    }
  }
}

const answerDialplan = (
  request: Extract<XmlCurlRequest, { section: 'dialplan' }>,
  options: AnswerXmlOptions,
): string | Promise<string> => {
  const { context, uuid } = request
  if (context === LCR_CONTEXT && options.world.isKnown())
    return answerLcr(request, options.findRoutes, options)
  // Without a snapshot the static fallback of the switch is the better answer: it knows emergency calls.
  if (!isOurContext(context) || !options.world.isKnown()) return NOT_FOUND
  // FreeSWITCH names its own channels by uuid; a name that somebody chose is not one that we carry.
  const callId = isCallUuid(uuid) ? uuid : undefined
  if (callId === undefined)
    return refuse(context, 'INVALID_CALL_REFERENCE', 'the channel has no uuid', options)
  const planned =
    context === 'phones' ? fromPhone(callId, request, options) : fromTrunk(callId, request, options)
  const answered = (plan: Awaited<typeof planned>): string => answerWith(plan, context, options)
  return planned instanceof Promise ? planned.then(answered) : answered(planned)
}

const answerWith = (
  planned: Plan | Refused | 'not ours',
  context: Context,
  options: AnswerXmlOptions,
): string => {
  if (planned === 'not ours') return NOT_FOUND
  if ('cause' in planned) return refuse(context, planned.cause, planned.why, options)
  const { callId, dialled } = planned.call
  options.board.post(callId, { kind: 'planned', carried: planned.call })
  options.logger.debug({ callId, dialled, trace: planned.trace }, 'planned')
  const { board, logger, onEmergency = () => undefined } = options
  announce(planned, { board, directory: options.world.directory(), logger, onEmergency })
  return renderPlan(context, planned, options.dialplan())
}

type Refused = { readonly cause: HangupCause; readonly why: string }

const fromPhone = (
  callId: CallUuid,
  { dialled, field }: { readonly dialled: string; readonly field: Field },
  { world, clock, planner }: AnswerXmlOptions,
): Plan | Refused | 'not ours' | Promise<Plan> => {
  const transferred = readTransferred(callId, field)
  const directory = world.directory()
  const organization = numbered(field, ORGANIZATION_VARIABLE, directory.organization)
  const user = numbered(field, USER_VARIABLE, directory.user)
  if (organization === undefined || user?.organizationId !== organization.id) {
    // A phone whose user was disabled after it registered still reaches help, over the switch's own gateway.
    return isEmergency(dialled, organization)
      ? 'not ours'
      : { cause: 'CALL_REJECTED', why: 'the caller is no user of ours' }
  }
  const plan = planner.plan({
    callId: transferred?.callId ?? callId,
    organization,
    user,
    dialled,
    requestedCallerId: requestedCallerId(field, organization, user, world),
    profileId: profileNamed(field('variable_lcr_profile'), organization, directory),
    callType: field('variable_call_type') === 'fax' ? 'fax' : undefined,
    // What was asked for with the call was asked for its first destination.
    wish: transferred === undefined ? wishIn(field) : undefined,
    recording: readRecordingAsk(field),
    phonePrivacy: field('variable_sip_Privacy'),
    pinGiven: isPinGiven(callId, dialled, field),
    now: clock.now(),
  })
  return withTransfer(transferred, plan)
}

/** The dialplan that asks goes on whatever we say: a refusal is a variable, and ends no call. */
const answerLcr = async (
  { dialled, uuid, field }: { readonly dialled: string; readonly uuid: string; readonly field: Field },
  findRoutes: (request: LcrRequest) => Promise<LcrOutcome>,
  { board, logger }: Pick<AnswerXmlOptions, 'board' | 'logger'>,
): Promise<string> => {
  if (!isCallUuid(uuid)) return renderLcrError('INVALID_CALL_REFERENCE', 'the channel has no uuid')
  const outcome = await findRoutes({
    destination: dialled,
    organizationId: idIn(field, ORGANIZATION_VARIABLE) ?? idIn(field, 'lcr_organization'),
    userId: idIn(field, USER_VARIABLE),
    profile: field('variable_lcr_profile'),
    callType: field('variable_call_type') === 'fax' ? 'fax' : undefined,
    takes: { callId: uuid },
  })
  if (outcome.kind === 'refused') {
    logger.info({ callId: uuid, code: outcome.code, why: outcome.message }, 'no routes for a dialplan')
    return renderLcrError(outcome.code, outcome.message)
  }
  const { plan } = outcome.answer
  if (outcome.kind === 'found') board.post(uuid, { kind: 'planned', carried: plan.call })
  logger.debug({ callId: uuid, dialled, trace: plan.trace }, 'planned for a dialplan')
  return renderLcrVariables(plan)
}

/** By name or id, of those that the organisation may use; any other is as if none were named. */
const profileNamed = (
  text: string | undefined,
  { id }: Organization,
  directory: Directory,
): number | undefined => (text === undefined ? undefined : directory.lcrProfileNamed(id, text)?.id)

const isEmergency = (dialled: string, organization: Organization | undefined): boolean =>
  EMERGENCY_ANYWHERE.includes(dialled) ||
  (organization !== undefined && emergencyNumbers(organization.country).includes(dialled))

const wishIn = (field: Field): CallWish | undefined => {
  const text = field(`variable_${WISH_VARIABLE}`)
  return text === undefined || text === '' ? undefined : decodeWish(text)
}

/** For this channel and this number alone: a variable that a transfer copied says nothing. */
const isPinGiven = (channelUuid: CallUuid, dialled: string, field: Field): boolean =>
  field(`variable_${PIN_GIVEN_VARIABLE}`) === pinGivenFor(channelUuid, dialled)

const requestedCallerId = (
  field: Field,
  organization: Organization,
  user: User,
  world: World,
): E164 | undefined => {
  const requested = field(`variable_${REQUESTED_CALLER_ID_VARIABLE}`)
  if (requested === undefined || !isE164(requested)) return undefined
  const checked = checkCallerId(requested, organization, world.directory(), user)
  return checked.ok ? checked.number : undefined
}

const fromTrunk = (
  callId: CallUuid,
  { dialled, field }: { readonly dialled: string; readonly field: Field },
  { world, planSettings, clock, verifyIdentity }: AnswerXmlOptions,
): Plan | Refused | Promise<Plan> => {
  const plan = planFromTrunk(
    {
      callId,
      dialled,
      callerNumber: field('Caller-Caller-ID-Number'),
      callerName: field('Caller-Caller-ID-Name'),
      recording: readRecordingAsk(field),
      now: clock.now(),
    },
    world.surroundings(),
    { ...planSettings(), newUuid: newCallUuid },
  )
  if (plan === undefined) return { cause: 'UNALLOCATED_NUMBER', why: 'the number is not ours' }
  if (verifyIdentity === undefined || plan.target.kind !== 'devices') return plan
  return withVerstat(plan, field('variable_sip_h_identity'), clock.now(), verifyIdentity)
}

const refuse = (context: Context, cause: HangupCause, why: string, { logger }: AnswerXmlOptions): string => {
  logger.info({ context, cause, why }, 'a call was refused')
  return renderRefusal(context, cause)
}

const numbered = <Row>(
  field: Field,
  variable: string,
  find: (id: number) => Row | undefined,
): Row | undefined => {
  const id = idIn(field, variable)
  return id === undefined ? undefined : find(id)
}

const idIn = (field: Field, variable: string): number | undefined => {
  const text = field(`variable_${variable}`)
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}
