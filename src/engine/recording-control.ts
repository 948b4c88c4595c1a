/**
 * Recordings of live calls: what the switch tells of them is noted on the board, and what is asked over the API, or by
 * a phone that is put on hold, is done to them. The truth is on the caller's channel (call/recording.ts); what is kept
 * here of a call is a copy, made again after a restart.
 *
 * A pause masks: the paused part of the file is silence, and everything keeps its time. It is never cut out.
 */
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { LiveCall, LiveEvent } from '../call/live-call.ts'
import {
  CONSENT_VARIABLE,
  decodeRecording,
  encodeRecording,
  RECORDING_ENABLED_VARIABLE,
  RECORDING_EVENT,
  RECORDING_POLICY_VARIABLE,
  RECORDING_STATE_VARIABLE,
  RECORDING_VARIABLE,
  RECORDINGS_VARIABLE,
  type CarriedRecording,
} from '../call/recording.ts'
import type { Directory } from '../directory/directory.ts'
import type { RecordingPolicy } from '../directory/recording-records.ts'
import { parseRecordingPath, recordingDay, recordingFileName } from '../recording/file-name.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { LEFT_BY_A_RECORDING, onStart, onStop, startArguments } from '../xml-curl/recording-actions.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import type { Headers } from './read-event.ts'

export const RECORDING_EVENTS = ['RECORD_START', 'RECORD_STOP'] as const
export const RECORDING_CUSTOM_EVENTS = [RECORDING_EVENT] as const

export const RECORDING_ACTIONS = ['start', 'stop', 'pause', 'resume'] as const
export type RecordingAction = (typeof RECORDING_ACTIONS)[number]

export type RecordingState = {
  readonly recordingId: CallUuid
  readonly policyId: number
  readonly state: 'recording' | 'paused' | 'stopped'
}

export type RecordingRequest = {
  readonly callId: CallUuid
  /** Undefined: any. */
  readonly organizationId: number | undefined
  readonly action: RecordingAction
  /** With `start`: a policy of the organisation; undefined: none. */
  readonly policyId: number | undefined
}

export type RecordingOutcome =
  | { readonly kind: 'done'; readonly recording: RecordingState }
  | {
      readonly kind: 'refused'
      readonly code:
        | 'HTTP_NOT_FOUND'
        | 'POLICY_NOT_FOUND'
        | 'NOT_RECORDING'
        | 'ALREADY_RECORDING'
        | 'RECORDING_REQUIRED'
        | 'CONSENT_REQUIRED'
        | 'RECORDING_FAILED'
      readonly message: string
    }

export type RecordingControl = {
  /** Of RECORDING_EVENTS and RECORDING_CUSTOM_EVENTS. */
  readonly onEvent: (event: Headers) => void
  /** Of the board: a leg that is held may pause its recording. */
  readonly onLive: (event: LiveEvent) => void
  /** After a gap: what the channels of the board's calls say. */
  readonly resync: () => Promise<void>
  readonly control: (request: RecordingRequest) => Promise<RecordingOutcome>
  /** Undefined: the call never was recorded, or there is none. */
  readonly state: (callId: CallUuid) => Promise<RecordingState | undefined>
  /** True while digits of this call are to be told to nobody: its recording is paused for a payment. */
  readonly redactDigits: (callId: CallUuid) => boolean
}

export type RecordingControlOptions = {
  readonly commands: SwitchCommands
  readonly board: Pick<Board, 'post' | 'call' | 'calls'>
  readonly directory: () => Directory
  /** As the switch names it; undefined: nothing can be recorded. */
  readonly recordingFolder: string | undefined
  readonly newUuid: () => CallUuid
  readonly now: () => number
  readonly logger: Logger
}

type Known = { readonly carried: CarriedRecording; state: RecordingState['state']; heldBy: Set<CallUuid> }

export const createRecordingControl = (options: RecordingControlOptions): RecordingControl => {
  const { commands, board, directory, logger } = options
  const known = new Map<CallUuid, Known>()

  const note = (
    callId: CallUuid,
    what: 'recording-started' | 'recording-paused' | 'recording-resumed' | 'recording-stopped',
    detail: Readonly<Record<string, string | number | boolean | null>>,
  ): void => board.post(callId, { kind: 'noted', what, legUuid: callId, detail })

  const setVariables = async (legUuid: CallUuid, values: Readonly<Record<string, string>>): Promise<void> => {
    // `uuid_setvar_multi` would end a value at a semicolon; none of ours has one.
    const pairs = Object.entries(values).map(([name, value]) => `${name}=${value}`)
    await commands.api('uuid_setvar_multi', `${legUuid} ${pairs.join(';')}`)
  }

  const variable = async (legUuid: CallUuid, name: string): Promise<string> => {
    const reply = (await commands.api('uuid_getvar', `${legUuid} ${name}`)).trim()
    return reply === '_undef_' || errorIn(reply) !== undefined ? '' : reply
  }

  /** What the channel carries, whoever put it there. Undefined: nothing, or the channel is gone. */
  const find = async (callId: CallUuid): Promise<Known | undefined> => {
    // The caller's leg, or that of one who was transferred.
    for (const legUuid of legsOf(callId)) {
      const found = await findOn(callId, legUuid)
      if (found !== undefined) return found
    }
    return undefined
  }

  const legsOf = (callId: CallUuid): readonly CallUuid[] => {
    const legs = board.call(callId)?.legs.filter(({ state }) => state !== 'gone') ?? []
    return [...new Set([callId, ...legs.map(({ legUuid }) => legUuid)])]
  }

  const findOn = async (callId: CallUuid, legUuid: CallUuid): Promise<Known | undefined> => {
    const text = await variable(legUuid, RECORDING_VARIABLE)
    if (text === '') return undefined
    const carried = decodeRecording(text)
    // A variable of another leg, inherited.
    if (carried.legUuid !== legUuid) return undefined
    const begun = await variable(legUuid, RECORDINGS_VARIABLE)
    const state = await variable(legUuid, RECORDING_STATE_VARIABLE)
    if (!begun.split(',').includes(carried.recordingId)) return undefined
    const before = known.get(callId)
    const found: Known = {
      carried,
      state: state === 'paused' || state === 'stopped' ? state : 'recording',
      heldBy: before?.carried.recordingId === carried.recordingId ? before.heldBy : new Set(),
    }
    known.set(callId, found)
    return found
  }

  const mask = async (
    callId: CallUuid,
    entry: Known,
    to: 'paused' | 'recording',
    by: 'api' | 'hold',
  ): Promise<boolean> => {
    const replies = await Promise.all(
      entry.carried.files.map(({ path }) =>
        commands.api(
          'uuid_record',
          `${entry.carried.legUuid} ${to === 'paused' ? 'mask' : 'unmask'} ${path}`,
        ),
      ),
    )
    if (replies.some((reply) => errorIn(reply) !== undefined)) return false
    entry.state = to
    await setVariables(entry.carried.legUuid, { [RECORDING_STATE_VARIABLE]: to })
    const { recordingId } = entry.carried
    note(callId, to === 'paused' ? 'recording-paused' : 'recording-resumed', { recordingId, by })
    return true
  }

  const start = async (call: LiveCall, policy: RecordingPolicy | undefined): Promise<RecordingOutcome> => {
    const { callId } = call
    const folder = options.recordingFolder
    if (folder === undefined || call.organizationId === undefined)
      return refused('RECORDING_FAILED', 'the switch cannot be told the folder of recordings')
    if (
      policy?.compliance.consentRequired === true &&
      (await variable(call.callId, CONSENT_VARIABLE)) !== 'given'
    )
      return refused(
        'CONSENT_REQUIRED',
        `policy ${policy.id} asks for consent, which was not given in this call`,
      )
    // The caller's leg; where he was let go, whoever is left of ours or theirs.
    const legUuid =
      call.legs.find(({ state, leg }) => state !== 'gone' && leg === 'A')?.legUuid ?? legsOf(callId).at(1)
    if (legUuid === undefined) return refused('RECORDING_FAILED', 'the call has no channel')
    const swapped = call.direction === 'inbound'
    const channels = policy?.settings.channels ?? 'stereo'
    const recordingId = options.newUuid()
    const name = {
      organizationId: call.organizationId,
      day: recordingDay(options.now()),
      recordingId,
      policyId: policy?.id ?? 0,
      callId,
    }
    const carried: CarriedRecording = {
      recordingId,
      callId,
      legUuid,
      policyId: name.policyId,
      channels,
      sampleRate: policy?.settings.sampleRate ?? 8_000,
      pauseOnHold: policy?.settings.pauseOnHold ?? false,
      files: (channels === 'split' ? (['a', 'b'] as const) : (['mix'] as const)).map((part) => ({
        part,
        path: `${folder}/${recordingFileName({ ...name, part })}`,
      })),
      swapped,
      pci: policy?.compliance.pciEnabled ?? false,
    }
    const before = await variable(legUuid, RECORDINGS_VARIABLE)
    await forgetHooks(legUuid)
    await setVariables(legUuid, {
      [RECORDING_VARIABLE]: encodeRecording(carried),
      [RECORDING_STATE_VARIABLE]: 'recording',
      [RECORDING_ENABLED_VARIABLE]: 'true',
      [RECORDING_POLICY_VARIABLE]: String(name.policyId),
      ...Object.fromEntries([onStart(carried, before), onStop()]),
    })
    const replies = await Promise.all(
      carried.files.map((file) => commands.api('uuid_record', `${legUuid} ${startArguments(carried, file)}`)),
    )
    const failure = replies.map(errorIn).find((reason) => reason !== undefined)
    if (failure !== undefined) return refused('RECORDING_FAILED', `the switch does not record it: ${failure}`)
    known.set(callId, { carried, state: 'recording', heldBy: new Set() })
    return done(carried, 'recording')
  }

  /** Or an answer that comes would begin a stopped file again, over itself. */
  const forgetHooks = async (legUuid: CallUuid): Promise<void> => {
    // The export list goes on naming them; what has no value is not exported (switch_channel.c).
    await Promise.all(LEFT_BY_A_RECORDING.map((name) => commands.api('uuid_setvar', `${legUuid} ${name}`)))
  }

  const stop = async (entry: Known): Promise<RecordingOutcome> => {
    const { carried } = entry
    const { legUuid } = carried
    const policy = directory().recordingPolicy(carried.policyId)
    if (policy !== undefined && !policy.settings.optional)
      return refused('RECORDING_REQUIRED', `policy ${policy.id} (${policy.name}) leaves no choice`)
    await forgetHooks(legUuid)
    const replies = await Promise.all(
      carried.files.map(({ path }) => commands.api('uuid_record', `${legUuid} stop ${path}`)),
    )
    const failure = replies.map(errorIn).find((reason) => reason !== undefined)
    if (failure !== undefined) return refused('RECORDING_FAILED', `the switch does not stop it: ${failure}`)
    entry.state = 'stopped'
    return done(carried, 'stopped')
  }

  const control = async (request: RecordingRequest): Promise<RecordingOutcome> => {
    const { callId, organizationId, action, policyId } = request
    const call = board.call(callId)
    if (
      call === undefined ||
      call.state === 'ended' ||
      (organizationId !== undefined && call.organizationId !== organizationId)
    )
      return refused('HTTP_NOT_FOUND', `there is no call ${callId}`)
    const entry = await find(callId)
    if (action === 'start') {
      const policy = policyId === undefined ? undefined : directory().recordingPolicy(policyId)
      if (
        policyId !== undefined &&
        (policy?.enabled !== true || policy.organizationId !== call.organizationId)
      )
        return refused('POLICY_NOT_FOUND', `there is no recording policy ${policyId}`)
      if (entry !== undefined && entry.state !== 'stopped')
        return refused('ALREADY_RECORDING', `the call is recorded as ${entry.carried.recordingId}`)
      return start(call, policy)
    }
    if (entry === undefined || entry.state === 'stopped')
      return refused('NOT_RECORDING', 'the call is not recorded')
    if (action === 'stop') return stop(entry)
    const to = action === 'pause' ? 'paused' : 'recording'
    if (entry.state === to) return done(entry.carried, to)
    return (await mask(callId, entry, to, 'api'))
      ? done(entry.carried, to)
      : refused('RECORDING_FAILED', `the switch does not ${action} it`)
  }

  const onHold = async ({ kind, call, leg }: LiveEvent): Promise<void> => {
    const { callId } = call
    if (leg === undefined) return
    const entry = known.get(callId) ?? (await find(callId))
    if (entry?.carried.pauseOnHold !== true || entry.state === 'stopped') return
    if (kind === 'held') {
      const isFirst = entry.heldBy.size === 0 && entry.state === 'recording'
      if (isFirst || entry.heldBy.size > 0) entry.heldBy.add(leg.legUuid)
      if (isFirst) await mask(callId, entry, 'paused', 'hold')
    } else if (entry.heldBy.delete(leg.legUuid) && entry.heldBy.size === 0) {
      // What a person paused, only a person resumes: he is not in heldBy.
      await mask(callId, entry, 'recording', 'hold')
    }
  }

  return {
    onEvent: (event) => {
      try {
        if (event.name === 'CUSTOM') {
          onCustom(event, known, note, board)
          return
        }
        const file = parseRecordingPath(event.get('Record-File-Path') ?? '')
        // Both parts of a split recording tell the same.
        if (file === undefined || file.part === 'b') return
        const { recordingId, callId, policyId } = file
        if (event.name === 'RECORD_START') {
          const text = event.variable(RECORDING_VARIABLE)
          const carried = text === undefined || text === '' ? undefined : decodeRecording(text)
          if (carried?.recordingId === recordingId)
            known.set(callId, { carried, state: 'recording', heldBy: new Set() })
          note(callId, 'recording-started', { recordingId, policyId })
          return
        }
        const ms = Number(event.variable('record_ms') ?? NaN)
        known.delete(callId)
        note(callId, 'recording-stopped', {
          recordingId,
          policyId,
          durationMs: Number.isFinite(ms) ? ms : null,
        })
      } catch (fault) {
        logger.error({ err: asError(fault) }, 'an event of a recording could not be read')
      }
    },
    onLive: (event) => {
      if (event.kind === 'call-ended') known.delete(event.call.callId)
      if (event.kind !== 'held' && event.kind !== 'unheld') return
      onHold(event).catch((fault: unknown) =>
        logger.warn({ err: asError(fault), callId: event.call.callId }, 'a held call is still recorded'),
      )
    },
    resync: async () => {
      const calls = board.calls().filter(({ state }) => state !== 'ended')
      for (const { callId } of calls) {
        try {
          if (!known.has(callId)) await find(callId)
        } catch (fault) {
          logger.warn({ err: asError(fault), callId }, 'what is recorded of a call cannot be read')
        }
      }
    },
    control,
    state: async (callId) => {
      const entry = await find(callId)
      return entry === undefined ? undefined : stateOf(entry.carried, entry.state)
    },
    redactDigits: (callId) => {
      const entry = known.get(callId)
      return entry?.carried.pci === true && entry.state === 'paused'
    },
  }
}

const onCustom = (
  event: Headers,
  known: ReadonlyMap<CallUuid, Known>,
  note: (
    callId: CallUuid,
    what: 'recording-paused' | 'recording-resumed',
    detail: Readonly<Record<string, string>>,
  ) => void,
  board: Pick<Board, 'post'>,
): void => {
  const asked = event.get('Recording-Call')
  const consent = event.get('Recording-Consent')
  if (asked !== undefined && isCallUuid(asked) && consent !== undefined) {
    // The leg that is to be recorded, which is the call's first but for one who was transferred.
    board.post(asked, { kind: 'noted', what: 'recording-consent', legUuid: asked, detail: { consent } })
    return
  }
  const callId = event.get('Recording-Call-Id')
  const recordingId = event.get('Recording-Id')
  if (callId === undefined || !isCallUuid(callId) || recordingId === undefined) return
  const state = event.get('Recording-State') === 'paused' ? 'paused' : 'recording'
  const entry = known.get(callId)
  if (entry?.carried.recordingId === recordingId) entry.state = state
  note(callId, state === 'paused' ? 'recording-paused' : 'recording-resumed', { recordingId, by: 'digits' })
}

const stateOf = (carried: CarriedRecording, state: RecordingState['state']): RecordingState => ({
  recordingId: carried.recordingId,
  policyId: carried.policyId,
  state,
})

const done = (carried: CarriedRecording, state: RecordingState['state']): RecordingOutcome => ({
  kind: 'done',
  recording: stateOf(carried, state),
})

const refused = (
  code: Extract<RecordingOutcome, { kind: 'refused' }>['code'],
  message: string,
): RecordingOutcome => ({ kind: 'refused', code, message })
