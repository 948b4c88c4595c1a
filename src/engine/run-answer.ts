/**
 * What the engine does with a callee who answered and is held by the switch (xml-curl/answer-actions): it listens, and
 * lets go of the leg, which is connected then, or ends the call, or leaves a message and releases the caller. Whatever
 * goes wrong here lets go of the leg: a person is never kept waiting because a machine was looked for.
 *
 * The order of what is sent matters. The callee's leg is taken out of the caller's dialling first (a leg that is being
 * transferred is no longer part of it: switch_ivr_originate.c, peer_eligible), and only then the caller is released.
 */
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { ATTEMPT_VARIABLE, decodeAttempt } from '../call/carried.ts'
import { HUNT_VARIABLE } from '../call/carried-hunt.ts'
import {
  afterVerdict,
  AMD_VARIABLE,
  decodeOnAnswer,
  ON_ANSWER_VARIABLE,
  type CarriedOnAnswer,
} from '../call/on-answer.ts'
import type { EventDetail } from '../call/live-call.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import type { Beep } from '../progress/beep.ts'
import type { FailureTone } from '../progress/cadence.ts'
import type { GreetingParameters, Judged } from '../progress/greeting.ts'
import { asCallUuid, isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { AnswerAudio } from './answer-audio.ts'
import { hear, type Hearing } from './answer-hearing.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'

export type AnswerRules = {
  readonly greeting: GreetingParameters
  /** Silence after a machine's greeting by which it is taken to record, beep or not. */
  readonly beepSilenceMs: number
  /** How long a greeting may go on until the message is left all the same. */
  readonly longestGreetingMs: number
}

export type RunAnswerOptions = {
  readonly commands: SwitchCommands
  readonly audio: Pick<AnswerAudio, 'listen'>
  readonly board: Pick<Board, 'post'>
  readonly rules: AnswerRules
  /** Where the switch finds an audio file of the organisation; undefined: there is none. */
  readonly messagePath: (organizationId: number, fileId: number) => Promise<string | undefined>
  /** What asks to press 1. */
  readonly prompt: () => string
  readonly clock: Clock
  readonly logger: Logger
}

/** A trunk's tones are listened for so long after the answer; later ones are the talk's. */
const TONES_MS = 15_000
/** Silence of a trunk after its answer that is taken for a line that is through. */
const TRUNK_SILENCE_MS = 1_200
/** Between the machine's beep and the first word: what the machine needs to begin. */
const AFTER_BEEP_MS = 200

/** What an answer that is none means for the hunt, as if the carrier had said so. */
const TONE_CAUSES: Readonly<Record<FailureTone, HangupCause>> = {
  busy: 'USER_BUSY',
  congestion: 'SWITCH_CONGESTION',
  // The number is not in service, or no circuit is free: the notes are the same for both.
  'special-information': 'UNALLOCATED_NUMBER',
}

type Held = {
  readonly what: CarriedOnAnswer
  readonly callId: CallUuid
  /** The leg that dials: the call's own, or that of one to whom it was transferred. */
  readonly callerUuid: CallUuid
  readonly legUuid: CallUuid
  readonly conversation: Conversation
}

/** Resolves when the leg is let go of, or gone. @throws CALL_BAD_CARRIED; EngineError ESL_* */
export const runAnswer = async (conversation: Conversation, options: RunAnswerOptions): Promise<void> => {
  const what = decodeOnAnswer(conversation.channel.variable(ON_ANSWER_VARIABLE) ?? '')
  const { callId } = decodeAttempt(conversation.channel.variable(ATTEMPT_VARIABLE) ?? '')
  const caller = conversation.channel.variable('originating_leg_uuid') ?? ''
  const held: Held = {
    what,
    callId,
    callerUuid: isCallUuid(caller) ? caller : callId,
    legUuid: asCallUuid(conversation.uuid),
    conversation,
  }
  const { greeting, beepSilenceMs } = options.rules
  const { machine, tones } = what
  const hearing = await hear(
    held.legUuid,
    {
      greeting: machine === undefined ? undefined : greeting,
      tones:
        tones === undefined
          ? undefined
          : {
              country: tones.country,
              silenceMs: TRUNK_SILENCE_MS,
              silenceThreshold: greeting.silenceThreshold,
            },
      beep:
        machine?.action === 'leave-message'
          ? { silenceMs: beepSilenceMs, silenceThreshold: greeting.silenceThreshold }
          : undefined,
    },
    greeting.totalAnalysisMs + 1_000,
    options,
  )
  void conversation.closed.then(() => {
    if (!goesOn.value) void hearing.stop()
  })
  const goesOn = { value: false }
  const keep = (more: () => Promise<void>): void => {
    goesOn.value = true
    more()
      .catch((fault: unknown) => {
        options.logger.warn({ err: asError(fault), callId }, 'listening to a callee ended early')
      })
      .finally(() => void hearing.stop())
  }
  const outcome = await decide(held, hearing, options)
  switch (outcome.kind) {
    case 'gone':
      return
    case 'failed':
      await failAttempt(held, outcome.tone, options)
      return
    case 'hang-up':
      await endCall(held, options)
      return
    case 'leave-message': {
      const { path, fileId } = outcome
      goesOn.value = true
      await detach(held, path, options)
      keep(() => leaveMessage(held, hearing, fileId, options))
      return
    }
    case 'connect':
      if (what.confirm !== undefined && !(await isConfirmed(held, what.confirm.timeoutSeconds, options))) {
        await endCall(held, options)
        return
      }
      if (outcome.unheard) keep(() => listenOn(held, hearing, options))
      // The switch connects as soon as its socket is gone.
      conversation.close()
  }
}

type Outcome =
  | { readonly kind: 'gone' | 'hang-up' }
  /** `unheard`: something is still listened for, beside the talk. */
  | { readonly kind: 'connect'; readonly unheard: boolean }
  | { readonly kind: 'leave-message'; readonly path: string; readonly fileId: number }
  | { readonly kind: 'failed'; readonly tone: FailureTone }

/** Until it is known what to do with the leg. */
const decide = async (held: Held, hearing: Hearing, options: RunAnswerOptions): Promise<Outcome> => {
  const { machine, tones } = held.what
  let judgedYet = machine === undefined || machine.action === 'connect'
  let tonesYet = tones === undefined
  while (!judgedYet || !tonesYet) {
    const found = await hearing.next()
    if (found === 'stopped') return { kind: 'gone' }
    if (found === 'no-sound' || found === 'limit') {
      if (machine !== undefined) await noteVerdict(held, unheard(found, options), options)
      return { kind: 'connect', unheard: false }
    }
    if (found.kind === 'tones') {
      if (found.heard.kind === 'failure') return { kind: 'failed', tone: found.heard.tone }
      tonesYet = true
    }
    if (found.kind === 'judged') {
      await noteVerdict(held, found.judged, options)
      judgedYet = true
      if (machine === undefined) continue
      const message = await messageOf(held, options)
      const after = afterVerdict(machine.action, found.judged.verdict, message !== undefined)
      if (after === 'hang-up') return { kind: 'hang-up' }
      if (after === 'leave-message' && message !== undefined) return { kind: 'leave-message', ...message }
    }
  }
  return { kind: 'connect', unheard: machine?.action === 'connect' || tones !== undefined }
}

const unheard = (why: 'no-sound' | 'limit', { rules }: RunAnswerOptions): JudgedOrNot => ({
  verdict: 'unsure',
  why: why === 'limit' ? 'time' : why,
  decisionMs: rules.greeting.totalAnalysisMs,
})

type JudgedOrNot = Omit<Judged, 'why'> & { readonly why: Judged['why'] | 'no-sound' }

const messageOf = async (
  { what }: Held,
  { messagePath, logger }: RunAnswerOptions,
): Promise<{ readonly path: string; readonly fileId: number } | undefined> => {
  const fileId = what.machine?.messageFileId
  if (what.machine?.action !== 'leave-message' || fileId === undefined) return undefined
  const path = await messagePath(what.organizationId, fileId)
  if (path === undefined) logger.warn({ fileId }, 'the message for machines is not there: it is hung up')
  return path === undefined ? undefined : { path, fileId }
}

/** On both legs, for their records, and to whoever watches. */
const noteVerdict = async (
  held: Held,
  { verdict, decisionMs, why }: JudgedOrNot,
  options: RunAnswerOptions,
): Promise<void> => {
  const { callerUuid, legUuid, what } = held
  note(held, 'machine-detection', { verdict, decisionMs, why, action: what.machine?.action ?? null }, options)
  const value = `${verdict}/${decisionMs}/${why}`
  await Promise.all(
    [callerUuid, legUuid].map((uuid) => command(options, 'uuid_setvar', `${uuid} ${AMD_VARIABLE} ${value}`)),
  )
}

const note = (
  { callId, legUuid }: Held,
  what: 'machine-detection' | 'confirmed' | 'played',
  detail: EventDetail,
  { board }: RunAnswerOptions,
): void => board.post(callId, { kind: 'noted', what, legUuid, detail })

/** One of a channel that is gone meanwhile is no fault. */
const command = async ({ commands, logger }: RunAnswerOptions, name: string, args: string): Promise<void> => {
  const refused = errorIn(await commands.api(name, args))
  if (refused !== undefined) logger.debug({ name, why: refused }, 'an answered leg is gone')
}

/** Nobody whom the caller wanted is there. */
const endCall = async (held: Held, options: RunAnswerOptions): Promise<void> => {
  await Promise.all([
    releaseCaller(held, [`sleep:${OWN_END_MS}`, 'hangup:NORMAL_CLEARING'], options),
    command(options, 'uuid_kill', `${held.legUuid} NORMAL_CLEARING`),
  ])
}

/** The callee's leg ends by itself after so long, should the command to end it be lost. */
const OWN_END_MS = 1_000

/** As if the carrier had refused the call: what comes after this cause is the hunt's business. */
const failAttempt = async (
  { callId, callerUuid, legUuid, what }: Held,
  tone: FailureTone,
  options: RunAnswerOptions,
): Promise<void> => {
  const hunted = await options.commands.api('uuid_getvar', `${callerUuid} ${HUNT_VARIABLE}`)
  // A trunk of this kind rings whatever comes: its 180 must not end the hunt.
  const goesOn = /^(?:-ERR|_undef_)/.test(hunted) ? what.goOnAfter : 'true'
  await Promise.all([
    command(options, 'uuid_setvar', `${callerUuid} continue_on_fail ${goesOn}`),
    command(options, 'uuid_kill', `${legUuid} ${TONE_CAUSES[tone]}`),
  ])
  options.logger.info({ callId, tone }, 'a gateway answered with a tone')
}

/** The machine stays with the switch, which leaves the message by itself if no beep is ever heard. */
const detach = (held: Held, path: string, options: RunAnswerOptions): Promise<void> =>
  releaseCaller(
    held,
    [
      `playback:silence_stream://${options.rules.longestGreetingMs}`,
      `playback:${path}`,
      'hangup:NORMAL_CLEARING',
    ],
    options,
  )

/**
 * The callee's leg goes on with `actions` of its own, and the caller is told that nobody answered. Were the leg simply
 * hung up, the caller's dialling could end first, with the callee's cause.
 */
const releaseCaller = async (
  { callerUuid, legUuid }: Held,
  actions: readonly string[],
  options: RunAnswerOptions,
): Promise<void> => {
  await Promise.all([
    command(
      options,
      'uuid_transfer',
      `${legUuid} '${`m:^:${actions.join('^')}`.replace(/[\\']/g, '\\$&')}' inline`,
    ),
    command(options, 'uuid_kill', `${callerUuid} NO_ANSWER`),
  ])
}

const leaveMessage = async (
  held: Held,
  hearing: Hearing,
  fileId: number,
  options: RunAnswerOptions,
): Promise<void> => {
  hearing.limit(options.rules.longestGreetingMs)
  for (;;) {
    const found = await hearing.next()
    if (typeof found === 'string') return
    if (found.kind !== 'beep') continue
    await new Promise<void>((resolve) => {
      options.clock.after(AFTER_BEEP_MS, resolve)
    })
    await command(options, 'uuid_break', held.legUuid)
    note(held, 'played', { what: 'message', fileId, ...detailOf(found.beep) }, options)
    return
  }
}

const detailOf = (beep: Beep): EventDetail =>
  beep.kind === 'beep'
    ? { after: 'beep', beepAtMs: beep.startMs, beepMs: beep.endMs - beep.startMs, beepHz: beep.hz }
    : { after: 'silence', beepAtMs: null }

/** Beside the talk: the verdict for the record, a busy tone that came late. */
const listenOn = async (held: Held, hearing: Hearing, options: RunAnswerOptions): Promise<void> => {
  const { machine, tones } = held.what
  if (tones !== undefined) hearing.limit(TONES_MS)
  let judgedYet = machine?.action !== 'connect'
  for (;;) {
    if (judgedYet && tones === undefined) return
    const found = await hearing.next()
    if (found === 'stopped') return
    if (found === 'no-sound' || found === 'limit') {
      if (!judgedYet) await noteVerdict(held, unheard(found, options), options)
      return
    }
    if (found.kind === 'judged') {
      await noteVerdict(held, found.judged, options)
      judgedYet = true
    }
    if (found.kind === 'tones' && found.heard.kind === 'failure') {
      await command(options, 'uuid_kill', `${held.legUuid} ${TONE_CAUSES[found.heard.tone]}`)
      return
    }
  }
}

const TRIES = 3

const isConfirmed = async (
  held: Held,
  timeoutSeconds: number,
  options: RunAnswerOptions,
): Promise<boolean> => {
  const eachMs = Math.max(1_000, Math.round((timeoutSeconds * 1_000) / TRIES))
  const end = await held.conversation.execute(
    'play_and_get_digits',
    `1 1 ${TRIES} ${eachMs} # '${options.prompt()}' silence_stream://200 ${CONFIRM_VARIABLE} 1`,
  )
  const pressed = end.variable(CONFIRM_VARIABLE) === '1'
  if (pressed) note(held, 'confirmed', {}, options)
  return pressed
}

const CONFIRM_VARIABLE = 'strowger_confirm'
