/**
 * Reaches a further party for a call that is up: one whom our user consults, whom a parked caller is given to, or who
 * joins a conference. The plan is the one of a dialled call; its attempts are tried here one after another, by the
 * same rules (call/failover), because no channel of a caller runs a dialplan for them. Each leg carries what a dialled
 * one carries, so that it is billed alike and belongs to the same call.
 */
import type { Logger } from '../base/logger.ts'
import { ATTEMPT_VARIABLE, encodeCarried } from '../call/carried.ts'
import { verdictOf } from '../call/failover.ts'
import type { CallerId, Plan, PlannedAttempt } from '../call/plan.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { DialString } from '../telephony/dial-string.ts'
import { hangupCauseOf, type HangupCause } from '../telephony/hangup-cause.ts'
import { dialStringOf } from '../xml-curl/hunt-actions.ts'
import { prepaidVariables } from '../xml-curl/prepaid-actions.ts'
import { errorIn, type SwitchCommands } from './commands.ts'

export type Reached =
  | { readonly kind: 'reached'; readonly legUuid: CallUuid }
  | { readonly kind: 'failed'; readonly cause: HangupCause }

export type ReachOptions = {
  readonly commands: SwitchCommands
  readonly logger: Logger
  /** What the leg runs when it is answered: `&park()`. One word. */
  readonly then: string
  /** Told of each leg before it is dialled. */
  readonly onDial?: (legUuids: readonly CallUuid[]) => void
  /** True: nobody waits for it any more. */
  readonly isOver?: () => boolean
}

/** Throws ESL_* where the switch is away. */
export const reachParty = async (plan: Plan, options: ReachOptions): Promise<Reached> => {
  const { target } = plan
  switch (target.kind) {
    case 'refuse':
      return { kind: 'failed', cause: target.cause }
    case 'conversation':
      return { kind: 'failed', cause: 'SERVICE_NOT_IMPLEMENTED' }
    case 'devices': {
      const { devices, domain, callerId, ringTimeoutSeconds } = target
      const dialled = DialString.users(
        domain,
        devices.map((device) => ({
          username: device.username,
          variables: {
            origination_uuid: device.legUuid,
            [ATTEMPT_VARIABLE]: encodeCarried(device),
            outbound_redirect_fatal: 'true',
          },
        })),
      )
      options.onDial?.(devices.map(({ legUuid }) => legUuid))
      const reply = await originate(dialled, shownTo(callerId), ringTimeoutSeconds, options)
      return reply
    }
    case 'carriers':
      return hunt(target.attempts, target.callerId, options)
  }
}

const hunt = async (
  attempts: readonly PlannedAttempt[],
  callerId: CallerId,
  options: ReachOptions,
): Promise<Reached> => {
  let cause: HangupCause = 'NO_ROUTE_DESTINATION'
  for (const attempt of attempts) {
    if (options.isOver?.() === true) return { kind: 'failed', cause: 'ORIGINATOR_CANCEL' }
    options.onDial?.([attempt.carried.legUuid])
    const reached = await originate(
      dialStringOf(attempt),
      { ...shownTo(callerId), ...Object.fromEntries(prepaidVariables(attempt)) },
      attempt.ringTimeoutSeconds,
      options,
    )
    if (reached.kind === 'reached') return reached
    ;({ cause } = reached)
    // Whether it rang is not told by a job's reply; a callee who did not answer is one who rang.
    const rang = cause === 'NO_ANSWER' || cause === 'ALLOTTED_TIMEOUT'
    if (verdictOf(attempt.policy, { cause, sipStatus: undefined, rang }) === 'stop') break
  }
  return { kind: 'failed', cause }
}

const originate = async (
  target: DialString,
  variables: Readonly<Record<string, string>>,
  ringTimeoutSeconds: number,
  { commands, logger, then }: ReachOptions,
): Promise<Reached> => {
  const dialled = target.withVariables({
    ...variables,
    originate_timeout: String(ringTimeoutSeconds),
    ignore_early_media: 'true',
    // What it was reached for is what it lives for.
    hangup_after_bridge: 'true',
  })
  const reply = await commands.bgapi('originate', `${dialled.toString()} ${then}`, {
    timeoutMs: (ringTimeoutSeconds + 30) * 1_000,
  })
  const error = errorIn(reply)
  if (error !== undefined) {
    logger.info({ cause: error }, 'a further party was not reached')
    return { kind: 'failed', cause: hangupCauseOf(error) }
  }
  return { kind: 'reached', legUuid: reply.trim().replace(/^\+OK\s*/, '') as CallUuid }
}

const shownTo = ({ number, name }: CallerId): Readonly<Record<string, string>> =>
  number === undefined
    ? {
        origination_caller_id_number: 'anonymous',
        origination_caller_id_name: 'Anonymous',
        sip_cid_type: 'none',
      }
    : {
        origination_caller_id_number: number,
        origination_caller_id_name: displayName(name === undefined || name === '' ? number : name),
        sip_cid_type: 'pid',
      }
