/** The step that says whether a planned call is recorded, how, and who is told or asked. Pure. */
import type { ExternalSide, PlannedRecording, Prompt, RecordedFile } from '../call/recording.ts'
import { dialsFrom } from '../call/carried.ts'
import type { Plan } from '../call/plan.ts'
import { audioFileName, type RecordingPolicy } from '../directory/recording-records.ts'
import type { Directory } from '../directory/directory.ts'
import { decideRecording } from '../recording/decide.ts'
import { recordingDay, recordingFileName } from '../recording/file-name.ts'
import type { FinishRequest, FinishStep } from './finish-plan.ts'

export type RecordingPlanSettings = {
  /** Folders as the switch names them; undefined: there is none that it could be told. */
  readonly recordingFolder?: string | undefined
  readonly soundFolder?: string | undefined
  /** The switch has mod_flite. */
  readonly hasVoice?: (() => boolean) | undefined
}

export const planRecording: FinishStep = (plan, request, { directory }, settings) => {
  const kind = plan.target.kind
  if (kind !== 'carriers' && kind !== 'devices') return plan
  const { call } = plan
  const { organization, wish, recording: ask } = request
  const { records, policy, why } = decideRecording({
    direction: call.direction,
    userIds: usersOf(plan),
    numbers: [call.callerNumber, call.destination, call.dialled].filter((number) => number !== undefined),
    policies: directory.recordingPoliciesOf(organization.id),
    groupsOf: directory.groupsOf,
    recordCall: wish?.recordCall ?? ask?.enabled,
    policyId: wish?.recordingPolicyId ?? ask?.policyId,
  })
  const before = ask?.before ?? ''
  const isRunning = ask?.isRunning === true
  const policyId = policy?.id ?? 0
  const decided = (
    enabled: boolean,
    planned: PlannedRecording | undefined,
    said: string | undefined,
  ): Plan => ({
    ...plan,
    recording: { enabled, policyId, planned, before, isRunning },
    trace: said === undefined ? plan.trace : [...plan.trace, said],
  })
  if (isRunning) return decided(true, undefined, 'the recording of this call goes on')
  if (!records) return decided(false, undefined, why)
  const folder = settings.recordingFolder
  if (folder === undefined)
    return decided(false, undefined, 'not recorded: the switch cannot be told the folder of recordings')
  const external = externalOf(plan)
  if (policy?.compliance.consentRequired === true) {
    if (isEmergency(plan))
      return decided(false, undefined, 'not recorded: nobody is asked on an emergency call')
    if (external === undefined)
      return decided(
        false,
        undefined,
        'not recorded: consent is required, and nobody outside is there to ask',
      )
  }
  const planned = plannedOf({ plan, request, policy, external, folder, directory, settings })
  const late =
    planned.consent !== undefined && policy?.settings.startOn !== 'answer' ? ', once there is consent' : ''
  return decided(true, planned, why === undefined ? undefined : `${why}${late}`)
}

type Parts = {
  readonly plan: Plan
  readonly request: FinishRequest
  readonly policy: RecordingPolicy | undefined
  readonly external: ExternalSide
  readonly folder: string
  readonly directory: Directory
  readonly settings: RecordingPlanSettings & {
    readonly newUuid: () => PlannedRecording['carried']['recordingId']
  }
}

const plannedOf = (parts: Parts): PlannedRecording => {
  const { plan, request, policy, external, folder, directory, settings } = parts
  const { channels, sampleRate, pauseOnHold, pauseDigits, resumeDigits, startOn } =
    policy?.settings ?? DEFAULTS
  const { callId, organizationId } = plan.call
  const name = {
    organizationId,
    day: recordingDay(request.now),
    recordingId: settings.newUuid(),
    policyId: policy?.id ?? 0,
    callId,
  }
  const files = (channels === 'split' ? (['a', 'b'] as const) : (['mix'] as const)).map(
    (part): RecordedFile => ({ part, path: `${folder}/${recordingFileName({ ...name, part })}` }),
  )
  const announcement = policy?.settings.announcement
  const promptOf = (fileId: number | undefined, words: string): Prompt => {
    const file = fileId === undefined ? undefined : directory.audioFile(fileId)
    return file === undefined || settings.soundFolder === undefined
      ? { kind: 'words', words, spoken: settings.hasVoice?.() ?? false }
      : { kind: 'file', path: `${settings.soundFolder}/${audioFileName(file)}` }
  }
  const asks = policy?.compliance.consentRequired === true
  const told = announcement?.enabled === true && !isEmergency(plan) ? announcement : undefined
  const isTold = (side: 'caller' | 'callee'): boolean =>
    told !== undefined &&
    // Who is asked is told by the question.
    !(asks && external === side) &&
    (told.playTo === 'all' || (told.playTo === 'external_only') === (external === side))
  return {
    carried: {
      recordingId: name.recordingId,
      callId,
      legUuid: dialsFrom(plan.call),
      policyId: name.policyId,
      channels,
      sampleRate,
      pauseOnHold,
      files,
      swapped: external === 'caller',
      pci: policy?.compliance.pciEnabled ?? false,
    },
    startOn: asks ? 'answer' : startOn,
    pauseDigits,
    resumeDigits,
    external,
    announcement:
      isTold('caller') || isTold('callee')
        ? {
            prompt: promptOf(told?.audioFileId, ANNOUNCEMENT),
            toCaller: isTold('caller'),
            toCallee: isTold('callee'),
          }
        : undefined,
    consent: asks
      ? { prompt: promptOf(announcement?.audioFileId, QUESTION), timeoutMs: CONSENT_TIMEOUT_MS }
      : undefined,
    isCallerAnswered: request.recording?.isCallerAnswered ?? false,
  }
}

/** A recording that was asked for, under no policy. */
const DEFAULTS: Pick<
  RecordingPolicy['settings'],
  'channels' | 'sampleRate' | 'startOn' | 'pauseOnHold' | 'pauseDigits' | 'resumeDigits'
> = {
  channels: 'stereo',
  sampleRate: 8000,
  startOn: 'answer',
  pauseOnHold: false,
  pauseDigits: undefined,
  resumeDigits: undefined,
}

// What a voice says where no file was uploaded. No quote, comma, colon or caret: the switch would read them.
export const ANNOUNCEMENT = 'This call is recorded.'
export const QUESTION = 'This call would be recorded. If you agree press 1.'

/** From the end of the question. */
const CONSENT_TIMEOUT_MS = 6_000

const isEmergency = ({ target }: Plan): boolean => target.kind === 'carriers' && target.emergency

/** Who dials and who is called, where they are ours. */
const usersOf = ({ call }: Plan): readonly number[] => [
  ...new Set([
    ...(call.userId === undefined ? [] : [call.userId]),
    ...call.devices.map(({ userId }) => userId),
  ]),
]

const externalOf = ({ call }: Plan): ExternalSide =>
  call.direction === 'inbound' ? 'caller' : call.direction === 'outbound' ? 'callee' : undefined
