/**
 * A planned recording as dialplan actions: all of it is on the caller's channel before the first attempt, so the switch
 * starts, pauses and ends the recording by itself, with an engine or without, in either rendering of a plan.
 *
 * What is played to a leg before it is connected, and what is asked, are extensions of the switch's own dialplan
 * (freeswitch-conf/dialplan/callee.xml): they are run on the called leg by `group_confirm_key=exec`, which holds the
 * connection meanwhile (switch_ivr_originate.c, collect_thread_run).
 */
import {
  CONSENT_VARIABLE,
  encodeRecording,
  RECORDING_ENABLED_VARIABLE,
  RECORDING_EVENT,
  RECORDING_POLICY_VARIABLE,
  RECORDING_STATE_VARIABLE,
  RECORDING_VARIABLE,
  RECORDINGS_VARIABLE,
  type CarriedRecording,
  type PlannedRecording,
  type Prompt,
  type RecordedFile,
  type RecordingDecision,
} from '../call/recording.ts'
import type { Country } from '../telephony/e164.ts'
import { ringbackOf } from '../telephony/tones.ts'
import type { Action } from './action.ts'

/** The context of the static extensions. */
export const CALLEE_CONTEXT = 'callee'

export const recordingActions = (
  decision: RecordingDecision | undefined,
  ringbackCountry?: Country,
): readonly Action[] => {
  if (decision === undefined) return []
  const { enabled, policyId, planned, isRunning } = decision
  const contract: readonly Action[] = [
    ['set', `${RECORDING_ENABLED_VARIABLE}=${String(enabled)}`],
    ['set', `${RECORDING_POLICY_VARIABLE}=${policyId}`],
  ]
  // What an earlier plan left must not start its file a second time, which would write over it.
  const forget: Action = ['multiunset', LEFT_BY_A_RECORDING.join(' ')]
  if (isRunning) return [...contract, forget]
  if (planned === undefined)
    return [...contract, forget, ['multiunset', `${RECORDING_VARIABLE} ${RECORDING_STATE_VARIABLE}`]]
  return [...contract, forget, ...actionsOf(planned, decision.before, ringbackOf(ringbackCountry))]
}

const actionsOf = (planned: PlannedRecording, before: string, ringback: string): readonly Action[] => {
  const { carried } = planned
  return [
    ['multiunset', `${RECORDING_STATE_VARIABLE} ${CONSENT_VARIABLE}`],
    ['set', `${RECORDING_VARIABLE}=${encodeRecording(carried)}`],
    // Only what has begun is in the record of the call.
    ...[onStart(carried, before), onStop()].map(([name, value]): Action => ['set', `${name}=${value}`]),
    ...bindDigits(planned),
    ...toCaller(planned),
    ...toCallee(planned),
    // Recording opens the caller's media before the answer: then no phone makes a ring tone by itself.
    ...(planned.startOn === 'answer' ? [] : [['set', `ringback=${ringback}`] as const]),
    ...starts(planned),
  ]
}

/** What the switch does by itself when the recording begins and when it ends: variable and value. */
export const onStart = (
  { recordingId }: Pick<CarriedRecording, 'recordingId'>,
  before: string,
): readonly [string, string] => [
  ON_START,
  `set ${RECORDINGS_VARIABLE}=${before === '' ? recordingId : `${before},${recordingId}`}`,
]
export const onStop = (): readonly [string, string] => [
  'execute_on_record_stop_strowger',
  `set ${RECORDING_STATE_VARIABLE}=stopped`,
]
const ON_START = 'execute_on_record_start_strowger'
// The switch runs every variable that begins with the name of its hook (switch_channel.c, switch_channel_api_on).
const ON_CALLER_ANSWER = 'execute_on_answer_recording'
const ON_CALLEE_ANSWER = 'nolocal:api_on_answer_recording'
const ON_CALLEE_RING = 'nolocal:api_on_ring_recording'
const ON_CALLEE_MEDIA = 'nolocal:api_on_media_recording'

const STARTS = ['strowger_record_start', 'strowger_record_start_b'] as const
const ANNOUNCEMENT = 'strowger_announcement'
const QUESTION = 'strowger_question'
const ASKED_CALL = 'strowger_asked_call'
const CONFIRM = ['group_confirm_key', 'group_confirm_file', 'group_confirm_timeout'] as const

export const LEFT_BY_A_RECORDING: readonly string[] = [
  ...['strowger_hold', 'strowger_hold_with'],
  ON_START,
  ...[ON_CALLER_ANSWER, ON_CALLEE_ANSWER, ON_CALLEE_RING, ON_CALLEE_MEDIA].flatMap((name) => [
    name,
    `${name}_b`,
  ]),
  ...[...STARTS, ANNOUNCEMENT, QUESTION, ASKED_CALL, ...CONFIRM].map((name) => `nolocal:${name}`),
]

/** Settings of one file for `record_session` and `uuid_record`, which read `{}` behind the path. */
const settingsOf = ({ channels, sampleRate, swapped }: CarriedRecording, { part }: RecordedFile): string => {
  const isRead = (part === 'a') !== swapped
  const sides =
    channels === 'split'
      ? ['RECORD_STEREO=false', `RECORD_${isRead ? 'READ' : 'WRITE'}_ONLY=true`]
      : channels === 'mono'
        ? ['RECORD_STEREO=false']
        : [swapped ? 'RECORD_STEREO_SWAP=true' : 'RECORD_STEREO=true']
  const more = [
    // The 25 frames that it gathers first would be written half a second late: a pause masks what is written, so the last
    // half second of it would be heard. Of one side alone they are thrown away, too (switch_core_media_bug.c).
    'RECORD_PRE_BUFFER_FRAMES=0',
    // A switch that dies has written all but the last tenth of a second.
    'enable_file_write_buffering=false',
  ]
  return `{${[...sides, `record_sample_rate=${sampleRate}`, ...more].join(',')}}`
}

/** Behind `uuid_record <uuid> `: 0 is no limit. */
export const startArguments = (carried: CarriedRecording, file: RecordedFile): string =>
  `start ${file.path} 0 ${settingsOf(carried, file)}`

const starts = (planned: PlannedRecording): readonly Action[] => {
  const { carried, startOn, consent, announcement, isCallerAnswered, external } = planned
  const { legUuid, files } = carried
  const suffixed = (name: string, index: number): string => (index === 0 ? name : `${name}_b`)
  const each = (make: (file: RecordedFile, index: number) => readonly Action[]): readonly Action[] =>
    files.flatMap(make)
  const byApi = (file: RecordedFile): string => `uuid_record ${legUuid} ${startArguments(carried, file)}`
  if (startOn === 'immediate')
    return each((file) => [['record_session', `${file.path} ${settingsOf(carried, file)}`]])
  if (startOn === 'ring')
    return each((file, index) => [
      ['export', `${suffixed(ON_CALLEE_RING, index)}=${byApi(file)}`],
      ['export', `${suffixed(ON_CALLEE_MEDIA, index)}=${byApi(file)}`],
    ])
  // Who was asked is recorded, or not, by the extension that asked him.
  if (consent !== undefined) return []
  const heldCallee = announcement?.toCallee === true
  const answered = isCallerAnswered || (announcement?.toCaller === true && external === 'caller')
  // A caller who is not answered yet is when the callee is connected to him, and once in his life.
  if (!answered)
    return each((file, index) => [
      [
        'set',
        `${suffixed(ON_CALLER_ANSWER, index)}=record_session ${file.path} ${settingsOf(carried, file)}`,
      ],
    ])
  // He who hears the announcement is recorded when he has heard it, by the extension that plays it.
  return heldCallee
    ? []
    : each((file, index) => [['export', `${suffixed(ON_CALLEE_ANSWER, index)}=${byApi(file)}`]])
}

/** What is played to the caller, before anybody is called: a phone of ours hears it as early media, others are answered. */
const toCaller = (planned: PlannedRecording): readonly Action[] => {
  const { announcement, consent, external, isCallerAnswered, carried } = planned
  const isTold = announcement?.toCaller === true
  const isAsked = consent !== undefined && external === 'caller'
  if (!isTold && !isAsked) return []
  const open: readonly Action[] = isCallerAnswered
    ? []
    : // A network may carry no sound before the answer, and the first packets find the way.
      [[external === 'caller' ? 'answer' : 'pre_answer'], ['sleep', '300']]
  return [
    ...open,
    ...VOICE,
    ...(isTold ? [['playback', soundOf(announcement.prompt)] as const] : []),
    ...(isAsked
      ? [
          ['set', `${QUESTION}=${soundOf(consent.prompt)}`] as const,
          ['set', `${ASKED_CALL}=${carried.legUuid}`] as const,
          ...startVariables(planned, 'set'),
          ['execute_extension', `ask-caller XML ${CALLEE_CONTEXT}`] as const,
        ]
      : []),
  ]
}

/** The called leg is held before it is connected: what else holds it has to be asked for within (`HOLD_VARIABLES`). */
export const recordingHoldsCallee = (decision: RecordingDecision | undefined): boolean =>
  decision?.planned !== undefined && toCallee(decision.planned).length > 0

/** `listen`, `confirm` or unset, and the engine's socket or a prompt: read by the extension `connect`. */
export const HOLD_VARIABLES = ['strowger_hold', 'strowger_hold_with'] as const

const toCallee = (planned: PlannedRecording): readonly Action[] => {
  const { announcement, consent, external, startOn, isCallerAnswered, carried } = planned
  const isTold = announcement?.toCallee === true
  const isAsked = consent !== undefined && external === 'callee'
  if (!isTold && !isAsked) return []
  const answered = isCallerAnswered || (announcement?.toCaller === true && external === 'caller')
  const startsHere = isAsked || (isTold && answered && startOn === 'answer' && consent === undefined)
  return [
    ...(isTold ? [exported(ANNOUNCEMENT, soundOf(announcement.prompt))] : []),
    ...(isAsked ? [exported(QUESTION, soundOf(consent.prompt))] : []),
    exported(ASKED_CALL, carried.legUuid),
    ...(startsHere ? startVariables(planned, 'export') : []),
    exported('group_confirm_key', 'exec'),
    exported('group_confirm_file', `execute_extension connect XML ${CALLEE_CONTEXT}`),
    // Early media would be taken for the answer (check_channel_status): 183 is ringing.
    ['set', 'ignore_early_media=ring_ready'],
    // All of it together, which is 60 s otherwise.
    ['set', 'call_timeout=300'],
    // The leg's time to ring would go on counting while he listens (switch_ivr_originate.c).
    exported('group_confirm_timeout', '120'),
  ]
}

const exported = (name: string, value: string): Action => ['export', `nolocal:${name}=${value}`]

const startVariables = ({ carried }: PlannedRecording, by: 'set' | 'export'): readonly Action[] =>
  carried.files.map((file, index): Action => {
    const name = STARTS[index === 0 ? 0 : 1]
    const value = startArguments(carried, file)
    return by === 'set' ? ['set', `${name}=${value}`] : exported(name, value)
  })

/** A file, or words for the switch's own voice (`say:`, switch_ivr_play_say.c), as anything that plays takes it. */
const soundOf = (prompt: Prompt): string =>
  prompt.kind === 'file' ? prompt.path : prompt.spoken ? `say:${prompt.words}` : BUILT_IN_TONE

/** mod_flite, for channels on which words are spoken; the extensions of the called leg set it themselves. */
const VOICE: readonly Action[] = [
  ['set', 'tts_engine=flite'],
  ['set', 'tts_voice=slt'],
]

/** Where the switch has no voice: two short high tones. */
const BUILT_IN_TONE = 'tone_stream://%(250,150,1400);%(250,400,1400)'

/**
 * What our user presses. Digits of the called side reach the caller's channel as those of its peer, whoever that is at
 * the time. `exec[i]` runs at once and on the same channel (mod_dptools.c, digit_action_callback).
 */
const bindDigits = ({ carried, pauseDigits, resumeDigits }: PlannedRecording): readonly Action[] => {
  const target = carried.swapped ? 'peer' : 'self'
  const bind = (digits: string, application: string, state: string): Action => {
    const steps = [
      ...carried.files.map(({ path }) => `${application}:${path}`),
      `set:${RECORDING_STATE_VARIABLE}=${state}`,
      `event:Event-Name=CUSTOM\\,Event-Subclass=${RECORDING_EVENT}\\,Recording-Call-Id=${carried.callId}\\,Recording-Id=${carried.recordingId}\\,Recording-State=${state}`,
    ]
    return [
      'bind_digit_action',
      `strowger,${digits},exec[i]:execute_extension,m:^:${steps.join('^')} inline,${target},self`,
    ]
  }
  return [
    ...(pauseDigits === undefined ? [] : [bind(pauseDigits, 'record_session_mask', 'paused')]),
    ...(resumeDigits === undefined ? [] : [bind(resumeDigits, 'record_session_unmask', 'recording')]),
  ]
}
