/**
 * What the caller hears until he is connected, and what is done with a callee who answered before he is. The answered
 * leg is held by FreeSWITCH's own group confirmation (switch_ivr_originate.c, check_channel_status): it runs an
 * application on it and connects when that has ended. The application is the engine's socket: where no engine is, it
 * ends at once, and the call is connected as if nobody had asked. Both renderings of a hunt set the same variables.
 */
import { encodeOnAnswer, holdsCallee, needsListening, ON_ANSWER_VARIABLE } from '../call/on-answer.ts'
import { dialsFrom } from '../call/carried.ts'
import type { Plan, PlannedAttempt } from '../call/plan.ts'
import type { LegVariables } from '../telephony/dial-string.ts'
import { ringbackOf } from '../telephony/tones.ts'
import type { Action } from './action.ts'
import { HOLD_VARIABLES } from './recording-actions.ts'

/** How an answered leg reaches the engine, and what asks its owner to press 1. */
export type Answering = {
  /** As the `socket` application takes it: `host:port async full`. */
  readonly socket: string
  /** A file or stream that FreeSWITCH plays; undefined: three short tones. */
  readonly prompt?: string | undefined
  /** A recording holds the callee too: it is told or asked by one extension, which does what is asked for here first. */
  readonly isHeldForRecording?: boolean | undefined
}

/** Seconds that a held leg may take for its greeting, and for pressing 1, before the switch gives it up by itself. */
const HELD_SECONDS = 45
const CONFIRM_READ_MS = 3_000
export const TONE_PROMPT = 'tone_stream://%(150,100,900);%(150,100,900);%(150,600,1200)'

/**
 * On the caller's leg, before anybody is dialled. A caller who was answered already, or who hears an open line after a
 * carrier's early media, hears the switch's tone from the first moment of an attempt: silence there reads as a dead
 * call. Whose phone only rings makes its own tone from our 180, and is sent none: a tone makes a 183 of it.
 */
export const progressActions = ({ call, progress }: Plan): readonly Action[] => {
  if (progress === undefined) return []
  const tone = ringbackOf(progress.ringbackCountry)
  return [
    ['set', `transfer_ringback=${tone}`],
    ...(progress.callerAnswered ? ([['set', 'instant_ringback=true']] as const) : []),
    ...(progress.ownRingback ? ([['set', `ringback=${tone}`]] as const) : []),
    // The first carrier's early media may end with its failure: the next attempt rings for him.
    ['export', `${RINGBACK_HOOK}=uuid_setvar ${dialsFrom(call)} ringback ${tone}`],
    ['export', `${INSTANT_HOOK}=uuid_setvar ${dialsFrom(call)} instant_ringback true`],
    ...(progress.confirm === undefined
      ? []
      : ([
          ['export', `${TTS_ENGINE}=flite`],
          ['export', `${TTS_VOICE}=slt`],
        ] as const)),
    ...(progress.stopsWhenAnswered
      ? ([['export', `${STOP_HOOK}=uuid_setvar ${dialsFrom(call)} continue_on_fail false`]] as const)
      : []),
  ]
}

const RINGBACK_HOOK = 'nolocal:api_on_pre_answer_ringback'
const INSTANT_HOOK = 'nolocal:api_on_pre_answer_instant'
const STOP_HOOK = 'nolocal:api_on_answer_stop'
/** A prompt that is `say:` words asks for them (switch_ivr_play_say.c). */
const TTS_ENGINE = 'nolocal:tts_engine'
const TTS_VOICE = 'nolocal:tts_voice'

/** On the caller's leg, before this attempt, `name=value`; an empty value takes away what the one before had. */
export const answerSettings = (
  attempt: PlannedAttempt,
  all: readonly PlannedAttempt[],
  answering: Answering,
): readonly string[] => {
  if (all.every(({ onAnswer }) => onAnswer === undefined)) return []
  const { onAnswer, ringTimeoutSeconds } = attempt
  if (onAnswer === undefined && answering.isHeldForRecording === true)
    return HOLD_VARIABLES.map((name) => `${name}=`)
  if (onAnswer === undefined)
    return ['group_confirm_key=', 'group_confirm_file=', 'group_confirm_timeout=', 'call_timeout=']
  return confirmation(
    needsListening(onAnswer)
      ? {
          key: 'exec',
          file: `socket ${answering.socket}`,
          timeoutSeconds: HELD_SECONDS + (onAnswer.confirm?.timeoutSeconds ?? 0),
        }
      : {
          key: '1',
          file: answering.prompt ?? TONE_PROMPT,
          timeoutSeconds: onAnswer.confirm?.timeoutSeconds ?? 0,
        },
    ringTimeoutSeconds,
    answering,
  )
}

/** The same for phones of ours, which are only asked to press 1. */
export const confirmActions = (
  { progress }: Plan,
  ringTimeoutSeconds: number,
  answering: Answering,
): readonly Action[] =>
  progress?.confirm === undefined
    ? []
    : confirmation(
        {
          key: '1',
          file: answering.prompt ?? TONE_PROMPT,
          timeoutSeconds: progress.confirm.timeoutSeconds,
        },
        ringTimeoutSeconds,
        answering,
      ).map((setting): Action => ['set', setting])

const confirmation = (
  {
    key,
    file,
    timeoutSeconds,
  }: { readonly key: string; readonly file: string; readonly timeoutSeconds: number },
  ringTimeoutSeconds: number,
  { socket, isHeldForRecording }: Answering,
): readonly string[] => [
  ...(isHeldForRecording === true
    ? [
        `${HOLD_VARIABLES[0]}=${key === 'exec' ? 'listen' : 'confirm'}`,
        `${HOLD_VARIABLES[1]}=${key === 'exec' ? socket : file}`,
      ]
    : [`group_confirm_key=${key}`, `group_confirm_file=${file}`]),
  `group_confirm_read_timeout=${CONFIRM_READ_MS}`,
  // It replaces leg_timeout from the answer on.
  `group_confirm_timeout=${timeoutSeconds}`,
  // All of it together, which is 60 s otherwise (switch_ivr_originate.c, SWITCH_DEFAULT_TIMEOUT).
  `call_timeout=${ringTimeoutSeconds + timeoutSeconds}`,
  // Early media would be taken for the answer, and heard instead of the greeting; 183 is ringing.
  'ignore_early_media=ring_ready',
]

/** In the attempt's dial string. */
export const answerVariables = ({ onAnswer, carried, goOnAfter }: PlannedAttempt): LegVariables =>
  onAnswer === undefined || !needsListening(onAnswer)
    ? {}
    : {
        [ON_ANSWER_VARIABLE]: encodeOnAnswer({
          ...onAnswer,
          organizationId: carried.organizationId,
          goOnAfter: goOnAfter ?? 'false',
        }),
        // A callee who hears nothing at all hangs up, and a NAT sends us nothing before it got something.
        ...(holdsCallee(onAnswer) ? { send_silence_when_idle: -1 } : {}),
      }

/** What this file leaves on the caller's channel that would change a later call of it. */
export const LEFT_BY_ANSWERING: readonly string[] = [
  'transfer_ringback',
  'instant_ringback',
  'ringback',
  RINGBACK_HOOK,
  INSTANT_HOOK,
  STOP_HOOK,
  TTS_ENGINE,
  TTS_VOICE,
  'group_confirm_key',
  'group_confirm_file',
  'group_confirm_read_timeout',
  'group_confirm_timeout',
  'call_timeout',
]
