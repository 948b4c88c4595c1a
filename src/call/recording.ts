/**
 * A recording as it was planned. It rides on the caller's channel as one variable (base64url of JSON), so that any
 * engine, also one that was not there when the call began, can pause it, stop it and say what became of it.
 *
 * The caller's leg is what the switch records, on every call: it lives as long as the call does, whichever carrier,
 * phone or colleague is at its other end, and a supervisor who whispers to our user's phone behind it is not on it.
 */
import { EngineError } from '../base/errors.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'

/** `true` or `false` on the caller's leg of every planned call; an operator's dialplan may set it before our plan. */
export const RECORDING_ENABLED_VARIABLE = 'recording_enabled'
/** The policy that applies, 0 where none does; an operator's dialplan may name one. */
export const RECORDING_POLICY_VARIABLE = 'recording_policy_id'
export const RECORDING_VARIABLE = 'strowger_recording'
/** `recording`, `paused` or `stopped`; absent: it has not begun. */
export const RECORDING_STATE_VARIABLE = 'strowger_recording_state'
/** Ids of all recordings that began on the channel, separated by commas: what the record of the call reads. */
export const RECORDINGS_VARIABLE = 'strowger_recordings'
/** `given` or `refused`. */
export const CONSENT_VARIABLE = 'strowger_consent'
/** The subclass of what the switch tells us of a recording that it handles by itself. */
export const RECORDING_EVENT = 'strowger::recording'

/** The other party, who is not ours: at the caller's leg, at the leg that is called; undefined: both are ours. */
export type ExternalSide = 'caller' | 'callee' | undefined

export type RecordedFile = {
  /** Both sides, or one side of a recording that is split: our user's, the other party's. */
  readonly part: 'mix' | 'a' | 'b'
  /** As the switch names it: absolute. */
  readonly path: string
}

/** What the channel carries. */
export type CarriedRecording = {
  readonly channels: 'mono' | 'stereo' | 'split'
  /** Hertz. */
  readonly sampleRate: number
  readonly pauseOnHold: boolean
  readonly recordingId: CallUuid
  readonly callId: CallUuid
  /** The channel that is recorded: the caller's, or that of one who was transferred and dials on within the call. */
  readonly legUuid: CallUuid
  /** 0: none. */
  readonly policyId: number
  readonly files: readonly RecordedFile[]
  /** Our user is at the called end: the sides of a stereo file are turned, for our user is always the first. */
  readonly swapped: boolean
  /** What is pressed while it is paused is told to nobody. */
  readonly pci: boolean
}

/** Something to play: what FreeSWITCH takes for a file, or words for its voice. */
export type Prompt =
  | { readonly kind: 'file'; readonly path: string }
  /** `spoken`: the switch has a voice; else a tone stands for them. */
  | { readonly kind: 'words'; readonly words: string; readonly spoken: boolean }

export type PlannedRecording = {
  readonly carried: CarriedRecording
  /** `ring`: when the callee rings; `answer`: when he was asked what he is asked, and answered. */
  readonly startOn: 'answer' | 'ring' | 'immediate'
  readonly pauseDigits: string | undefined
  readonly resumeDigits: string | undefined
  readonly external: ExternalSide
  readonly announcement:
    { readonly prompt: Prompt; readonly toCaller: boolean; readonly toCallee: boolean } | undefined
  /** The external party is asked; without a 1 there is no recording. */
  readonly consent: { readonly prompt: Prompt; readonly timeoutMs: number } | undefined
  /** The caller was answered before the plan: click-to-dial, or a transfer. */
  readonly isCallerAnswered: boolean
}

/** Said by the call's channel before the plan, by its own dialplan or by an earlier plan. */
export type RecordingAsk = {
  readonly enabled: boolean | undefined
  readonly policyId: number | undefined
  /** A recording of this call goes on: there is no second one. */
  readonly isRunning: boolean
  /** Ids of the recordings that the channel has had. */
  readonly before: string
  readonly isCallerAnswered: boolean
}

/** `undefined`: nothing of recording was decided, as for a call that talks with the engine. */
export type RecordingDecision = {
  readonly enabled: boolean
  /** 0: none. */
  readonly policyId: number
  readonly planned: PlannedRecording | undefined
  readonly before: string
  readonly isRunning: boolean
}

export const encodeRecording = (value: CarriedRecording): string =>
  Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')

/** Reads what `encodeRecording` wrote. Throws CALL_BAD_CARRIED: a channel variable may hold anything. */
export const decodeRecording = (text: string): CarriedRecording => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (isCarried(value)) return value
  } catch (fault) {
    throw bad(fault)
  }
  throw bad()
}

const isCarried = (value: unknown): value is CarriedRecording =>
  typeof value === 'object' &&
  value !== null &&
  'recordingId' in value &&
  typeof value.recordingId === 'string' &&
  isCallUuid(value.recordingId) &&
  'files' in value &&
  Array.isArray(value.files)

const bad = (cause?: unknown): EngineError =>
  new EngineError('CALL_BAD_CARRIED', `channel variable ${RECORDING_VARIABLE} cannot be read`, {}, cause)
