/**
 * A hunt as a conversation: one attempt after another by the switch's own bridge, and after each the verdict of
 * call/failover, which here sees the SIP status, too. The dial strings stand on the channel, put there by the
 * dialplan; what the switch notes of each attempt is what it notes in a dialplan. A failure of ours lets go of the
 * channel, and the dialplan behind the socket goes on with what is left (xml-curl/hunt-actions).
 *
 * A callee who rang ends the call in the switch itself, with this engine or without. There is no waiting for a
 * Retry-After: FreeSWITCH shows it nowhere (telephony/sip-status).
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { attemptResultVariable } from '../call/carried.ts'
import {
  decodeHunt,
  dialVariable,
  HUNT_END_VARIABLE,
  HUNT_VARIABLE,
  TRYING_VARIABLE,
  turnVariable,
  type HuntedAttempt,
} from '../call/carried-hunt.ts'
import { FULL, nextMove, type Failure } from '../call/failover.ts'
import type { EslEvent } from '../esl/event.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import { isHangupCause } from '../telephony/hangup-cause.ts'
import { settingActions } from '../telephony/multiset.ts'
import { LEFT_BY_AN_ATTEMPT, resultSetting } from '../xml-curl/hunt-actions.ts'

export type RunHuntOptions = {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly logger: Logger
}

/** Ends with the call. @throws CALL_BAD_CARRIED; EngineError ESL_* as `Conversation.execute` does. */
export const runHunt = async (
  conversation: Conversation,
  { clock, logger }: RunHuntOptions,
): Promise<void> => {
  const { attempts, postDialDelayBudgetSeconds } = decodeHunt(
    conversation.channel.variable(HUNT_VARIABLE) ?? '',
  )
  const began = clock.monotonic()
  const failures: Failure[] = []
  // What was sent and is not awaited alone: the switch looks for commands every 20 ms (switch_ivr_park), and the
  // caller hears nothing meanwhile.
  let sent: readonly Promise<EslEvent>[] = []
  for (;;) {
    const move = nextMove({
      policies: attempts.map(({ policy }) => policy),
      failures,
      spentSeconds: (clock.monotonic() - began) / 1_000,
      budgetSeconds: postDialDelayBudgetSeconds,
    })
    if (move.kind === 'end') {
      const after = attempts[failures.length - 1]?.n ?? 0
      logger.debug({ callId: conversation.uuid, after, why: move.why, word: move.word }, 'the hunt has ended')
      await Promise.all([
        ...sent,
        ...executeAll(conversation, [
          `${HUNT_END_VARIABLE}=${after}/${move.why}`,
          // The caller's record has the status that he got: 603 is the callee's word, 403 is not.
          `sip_term_status=${move.word.sipStatus}`,
          // Nothing of any attempt may stand beside our own word.
          ...forgotten(LEFT_BY_AN_ATTEMPT),
        ]),
        // Hangs up, an answered leg with the cause of this status (mod_sofia.c, SWITCH_MESSAGE_INDICATE_RESPOND).
        conversation.start('respond', String(move.word.sipStatus)),
      ])
      await conversation.closed
      return
    }
    const attempt = attempts[move.index]
    if (attempt === undefined) return
    const end = await tryAttempt(conversation, attempt, sent)
    if (isOver(end)) {
      await conversation.closed
      return
    }
    const failure = failureOf(end)
    failures.push(failure)
    logger.debug({ callId: conversation.uuid, n: attempt.n, failure }, 'an attempt of a hunt failed')
    sent = [conversation.execute('set', resultSetting(attemptResultVariable(attempt.n)))]
  }
}

/** All at once, which the switch runs in order: a round trip for each would be heard as silence. */
const tryAttempt = async (
  conversation: Conversation,
  { n, application, settings }: HuntedAttempt,
  sent: readonly Promise<EslEvent>[],
): Promise<EslEvent> => {
  const dial = conversation.channel.variable(dialVariable(n))
  const prepared = prepare(conversation, n, settings)
  const [end] = await Promise.all([conversation.execute(application, dial), ...prepared, ...sent])
  return end
}

const prepare = (
  conversation: Conversation,
  n: number,
  settings: readonly string[],
): readonly Promise<EslEvent>[] =>
  executeAll(conversation, [
    ...forgotten([...LEFT_BY_AN_ATTEMPT, dialVariable(n)]),
    `${TRYING_VARIABLE}=${n}`,
    `${turnVariable(n)}=done`,
    ...settings,
    // The verdict is ours; a callee who rings sets it to false.
    'continue_on_fail=true',
  ])

/** An empty value removes the variable. */
const forgotten = (names: readonly string[]): readonly string[] => names.map((name) => `${name}=`)

const executeAll = (conversation: Conversation, settings: readonly string[]): readonly Promise<EslEvent>[] =>
  settingActions(settings).map(([application, argument]) => conversation.execute(application, argument))

/**
 * The switch ended the call: the caller hung up, or talked with somebody, or the callee rang. Or it took the caller
 * elsewhere in the middle of a talk: then he is no longer where a hunt could go on. Channel-State still has
 * what he was doing, Channel-State-Number what he is to do (switch_channel.c, switch_channel_event_set_basic_data).
 */
const isOver = (end: EslEvent): boolean =>
  end.get('Answer-State') === 'hangup' || end.get('Channel-State-Number') !== CS_EXECUTE
const CS_EXECUTE = '4'

/** What the switch noted on the caller's channel. */
const failureOf = (end: EslEvent): Failure => {
  const text = end.variable('last_bridge_hangup_cause') ?? end.variable('originate_disposition') ?? ''
  const cause = isHangupCause(text) ? text : undefined
  // limit_execute was full, ran nothing and left nothing.
  if (text === '') return FULL
  // sofia writes sip_invite_failure_status from 400 on and for no challenge; this has every status.
  const told = /^sip:([3-6]\d\d)$/.exec(end.variable('last_bridge_proto_specific_hangup_cause') ?? '')?.[1]
  const ours = cause === 'PROGRESS_TIMEOUT' || cause === 'ALLOTTED_TIMEOUT'
  return { cause, sipStatus: told === undefined || ours ? undefined : Number(told), rang: false }
}
