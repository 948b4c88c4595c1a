import type { Cancel } from '../base/clock.ts'
import type { Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'
import type { DialledDigits, PartyBehaviour } from './party.ts'
import { causeOfNumber, causeOfStatus, phraseOf, q850Of } from './sip-status.ts'

/** sofia-sip's timer B: nobody answers an INVITE for 64 times T1. */
const TIMER_B_MS = 32_000
/** From a 183 to the 180 that follows it. */
const THEN_RINGS_MS = 150

/** Plays what a carrier or phone does with the INVITE of an outbound channel. */
export const playParty = (exchange: Exchange, channel: Channel, behaviour: PartyBehaviour): void => {
  const { outcome } = behaviour
  const timers: Cancel[] = []
  const after = (delayMs: number, act: () => void): void => {
    timers.push(exchange.clock.after(delayMs, act))
  }
  channel.farEnd = {
    hungup: () => {
      for (const cancel of timers) cancel()
    },
  }
  const rings = outcome.kind === 'answer' || outcome.kind === 'ring-forever'
  const ringAfterMs = behaviour.ringAfterMs ?? (rings ? 0 : undefined)
  const ring = (): void => {
    if (behaviour.earlyMedia === true) channel.markEarly()
    else channel.markRinging()
  }
  /** Timers of a process that stood still are due together, and then fire in any order. */
  const rungBefore = (afterMs: number): void => {
    if (ringAfterMs !== undefined && ringAfterMs < afterMs) ring()
  }
  if (ringAfterMs !== undefined && outcome.kind !== 'silent') {
    after(ringAfterMs, ring)
    if (behaviour.thenRings === true) after(ringAfterMs + THEN_RINGS_MS, () => channel.markRinging())
  }
  switch (outcome.kind) {
    case 'answer':
      after(outcome.afterMs, () => {
        if (!channel.up()) return
        rungBefore(outcome.afterMs)
        // sofia.c: a call that gets through takes back what the attempt before it said.
        channel.setOnPartner('sip_invite_failure_status', undefined)
        channel.setOnPartner('sip_invite_failure_phrase', undefined)
        channel.markAnswered()
        playDigits(exchange, channel, behaviour.digits)
        const { hangupAfterMs } = outcome
        if (hangupAfterMs !== undefined) {
          after(hangupAfterMs, () => {
            receiveBye(channel)
          })
        }
      })
      return
    case 'refuse':
      after(outcome.afterMs, () => {
        rungBefore(outcome.afterMs)
        receiveRefusal(channel, outcome.status, outcome.reason)
      })
      return
    case 'silent':
      after(TIMER_B_MS, () => {
        receiveRefusal(channel, 408, undefined)
      })
      return
    case 'ring-forever':
  }
}

export const playDigits = (
  exchange: Exchange,
  channel: Channel,
  digits: readonly DialledDigits[] | undefined,
): void => {
  for (const { afterMs, digits: keys } of digits ?? []) {
    exchange.clock.after(afterMs, () => {
      for (const key of keys) channel.receiveDigit(key)
    })
  }
}

/**
 * sofia.c: a final response to our INVITE. A Reason header's Q.850 cause beats the status. What depends on the status:
 * below 400 it is a redirection, which is refused here as outbound_redirect_fatal has it; a challenge that nobody can
 * answer leaves no sip_invite_failure_status.
 */
const receiveRefusal = (channel: Channel, status: number, reason: string | undefined): void => {
  if (!channel.up() || channel.answered) return
  const phrase = phraseOf(status)
  const reasoned =
    reason === undefined || status < 400 || channel.isTrue('ignore_q850_reason')
      ? undefined
      : // The switch calls a number without a cause UNKNOWN.
        (causeOfNumber(Number(reason)) ?? 'NORMAL_UNSPECIFIED')
  const cause = reasoned ?? causeOfStatus(status)
  channel.setOnPartner('sip_hangup_phrase', phrase)
  channel.set('sip_hangup_disposition', 'recv_refuse')
  if (status >= 400 && status !== 401 && status !== 407) {
    channel.set('sip_invite_failure_status', String(status))
    channel.set('sip_invite_failure_phrase', phrase)
    channel.setOnPartner('sip_invite_failure_status', String(status))
    channel.setOnPartner('sip_invite_failure_phrase', phrase)
  }
  if (reasoned !== undefined) channel.set('sip_reason', `Q.850;cause=${reason ?? ''}`)
  setTermination(channel, status, q850Of(cause))
  channel.hangup(cause)
}

/** The far end ends an answered call. */
export const receiveBye = (channel: Channel): void => {
  if (!channel.up()) return
  channel.setOnPartner('sip_hangup_phrase', 'OK')
  setTermination(channel, 200, 16)
  channel.set('sip_hangup_disposition', 'recv_bye')
  channel.hangup('NORMAL_CLEARING')
}

/** The caller gives up before anybody answered. */
export const receiveCancel = (channel: Channel): void => {
  if (!channel.up()) return
  channel.set('sip_invite_failure_status', '487')
  channel.set('sip_invite_failure_phrase', 'CANCEL')
  channel.set('sip_hangup_disposition', 'recv_cancel')
  channel.hangup('ORIGINATOR_CANCEL')
}

const setTermination = (channel: Channel, status: number, q850: number): void => {
  channel.set('sip_term_status', String(status))
  channel.set('proto_specific_hangup_cause', `sip:${status}`)
  channel.set('sip_term_cause', String(q850))
}
