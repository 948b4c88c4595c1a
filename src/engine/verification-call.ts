/**
 * Rings a number over the organisation's carriers, one after another, and says a code to whoever answers. Nobody of
 * ours is at the call: its one leg is an attempt like any other, so that it is rated, and seen in the records.
 */
import type { Logger } from '../base/logger.ts'
import { asError } from '../base/errors.ts'
import { chooseCallerId } from '../caller-id/choose.ts'
import { attemptCallerId, callerIdOver } from '../caller-id/per-carrier.ts'
import { spokenCode } from '../caller-id/spoken-code.ts'
import type { PlannedAttempt } from '../call/plan.ts'
import type { Organization } from '../directory/records.ts'
import { planRoutes, type RouteSettings } from '../plan/plan-routes.ts'
import { newCallUuid } from '../telephony/call-uuid.ts'
import type { E164 } from '../telephony/e164.ts'
import { FAILOVER_CAUSES, hangupCauseOf } from '../telephony/hangup-cause.ts'
import { dialStringOf } from '../xml-curl/hunt-actions.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import type { World } from './world.ts'

export type VerificationCall = {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly number: E164
  readonly code: string
}

export type VerificationCallParts = {
  readonly world: World
  readonly board: Board
  readonly commands: SwitchCommands
  readonly settings: () => Omit<RouteSettings, 'newUuid'>
  readonly now: () => number
  readonly logger: Logger
}

/** Undefined: somebody answered, and heard it. Otherwise why not, for the one who asked. Never throws. */
export const callWithCode = async (
  request: VerificationCall,
  parts: VerificationCallParts,
): Promise<string | undefined> => {
  try {
    return await ring(request, parts)
  } catch (fault) {
    parts.logger.warn({ err: asError(fault) }, 'a verification call could not be made')
    return 'the call could not be made'
  }
}

const ring = async (
  { organizationId, userId, number, code }: VerificationCall,
  parts: VerificationCallParts,
): Promise<string | undefined> => {
  const { world, board, commands, logger, now } = parts
  const { directory } = world.surroundings()
  const organization = directory.organization(organizationId)
  if (organization === undefined) return 'there is no such organisation'
  const callId = newCallUuid()
  const shown = chooseCallerId(organization, undefined, undefined, directory).number
  const { attempts, hunt } = planRoutes(
    { callId, organization, userId, destination: number, callerNumber: shown, lrn: undefined, now: now() },
    world.surroundings(),
    { ...parts.settings(), newUuid: newCallUuid },
  )
  if (attempts.length === 0) return hunt.refusal?.why ?? 'no carrier reaches the number'
  const speech = spokenCode(code, (await commands.api('module_exists', 'mod_flite')).trim() === 'true')
  board.post(callId, { kind: 'initiated', organizationId, userId: userId ?? 0, from: '', to: number })
  let cause = hangupCauseOf('NO_ROUTE_DESTINATION')
  for (const attempt of attempts) {
    const target = dialStringOf(withCallerId(attempt, shown, organization, parts)).withVariables({
      // Free text stands here, not in the application's argument: a bracket would end that.
      strowger_speech: speech.argument,
      ignore_early_media: 'true',
      hangup_after_bridge: 'true',
      origination_caller_id_name: organization.name.replace(/[^\p{L}\p{N} .-]/gu, ' ').slice(0, 40),
    })
    const reply = await commands.bgapi(
      'originate',
      `${target.toString()} &${speech.application}(\${strowger_speech})`,
      { timeoutMs: (attempt.ringTimeoutSeconds + 30) * 1_000 },
    )
    const error = errorIn(reply)
    if (error === undefined) return undefined
    cause = hangupCauseOf(error)
    logger.info({ callId, gateway: attempt.carried.gatewayName, cause }, 'a verification call failed')
    if (!FAILOVER_CAUSES.includes(cause)) break
  }
  board.post(callId, { kind: 'unmade', cause })
  return `nobody answered: ${cause}`
}

const withCallerId = (
  attempt: PlannedAttempt,
  shown: E164 | undefined,
  organization: Organization,
  { world }: VerificationCallParts,
): PlannedAttempt => {
  const directory = world.directory()
  const gateway = directory.gateway(attempt.carried.gatewayId)
  const carrier = gateway === undefined ? undefined : directory.carrier(gateway.carrierId)
  if (gateway === undefined || carrier === undefined) return attempt
  const { number } = callerIdOver(shown, carrier, organization, undefined, directory)
  return {
    ...attempt,
    callerId: attemptCallerId({
      number,
      withheld: false,
      gateway,
      organization,
      user: undefined,
      directory,
    }),
  }
}
