/** What an organisation says of recording: its policies, the groups of users that they name, the sounds that they play. */
import type { E164 } from '../telephony/e164.ts'

export const SCOPE_TYPES = ['all', 'inbound', 'outbound', 'specific'] as const
export const RECORDING_FORMATS = ['wav', 'mp3', 'ogg'] as const
export const RECORDING_CHANNELS = ['mono', 'stereo', 'split'] as const
export const SAMPLE_RATES = [8000, 16000, 44100] as const
export const START_ON = ['answer', 'ring', 'immediate'] as const
export const PLAY_TO = ['all', 'external_only', 'internal_only'] as const

export type RecordingPolicy = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  readonly enabled: boolean
  readonly scope: {
    readonly type: (typeof SCOPE_TYPES)[number]
    readonly users: readonly number[]
    readonly groups: readonly number[]
    /** Ours or the other party's. */
    readonly numbers: readonly E164[]
  }
  readonly settings: RecordingSettings & {
    /** Of what is kept; the switch writes WAV. */
    readonly format: (typeof RECORDING_FORMATS)[number]
    readonly announcement: {
      readonly enabled: boolean
      /** Undefined: the built-in words. */
      readonly audioFileId: number | undefined
      readonly playTo: (typeof PLAY_TO)[number]
    }
    /** A call may say that it is not to be recorded. */
    readonly optional: boolean
  }
  readonly storage: {
    /** Days. */
    readonly retention: number
    readonly archivePolicy: number | undefined
    readonly encryptAtRest: boolean
  }
  readonly compliance: {
    readonly pciEnabled: boolean
    readonly gdprEnabled: boolean
    readonly consentRequired: boolean
  }
}

/** What the switch is told of a recording. */
export type RecordingSettings = {
  readonly channels: (typeof RECORDING_CHANNELS)[number]
  readonly sampleRate: (typeof SAMPLE_RATES)[number]
  readonly startOn: (typeof START_ON)[number]
  readonly pauseOnHold: boolean
  /** What our user presses, 1 to 8 of digits, `*` and `#`; undefined: nothing. */
  readonly pauseDigits: string | undefined
  readonly resumeDigits: string | undefined
}

export type UserGroup = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  readonly userIds: readonly number[]
}

/** A sound that was uploaded, without its bytes. */
export type AudioFile = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  /** Of its content, hex. */
  readonly sha256: string
  readonly sampleRate: number
  readonly durationMs: number
}

export type RecordingRows = {
  readonly policies: readonly RecordingPolicy[]
  readonly groups: readonly UserGroup[]
  readonly audioFiles: readonly AudioFile[]
}

/** Below the folder of sounds, as the engine writes it and the switch plays it: a name never has another content. */
export const audioFileName = ({
  organizationId,
  id,
  sha256,
}: Pick<AudioFile, 'organizationId' | 'id' | 'sha256'>): string =>
  `${organizationId}/${id}-${sha256.slice(0, 16)}.wav`

export type RecordingIndex = {
  /** Also one that is disabled: what it recorded is still kept by its rules. */
  readonly recordingPolicy: (id: number) => RecordingPolicy | undefined
  /** The enabled ones, in the order of their ids. */
  readonly recordingPoliciesOf: (organizationId: number) => readonly RecordingPolicy[]
  readonly groupsOf: (userId: number) => readonly number[]
  readonly audioFile: (id: number) => AudioFile | undefined
  readonly audioFiles: () => readonly AudioFile[]
}

export const indexRecording = ({ policies, groups, audioFiles }: RecordingRows): RecordingIndex => {
  const policyById = new Map(policies.map((policy) => [policy.id, policy]))
  const fileById = new Map(audioFiles.map((file) => [file.id, file]))
  const enabled = new Map<number, RecordingPolicy[]>()
  for (const policy of [...policies].sort((one, other) => one.id - other.id)) {
    if (!policy.enabled) continue
    const known = enabled.get(policy.organizationId)
    if (known === undefined) enabled.set(policy.organizationId, [policy])
    else known.push(policy)
  }
  const groupsByUser = new Map<number, number[]>()
  for (const { id, userIds } of groups) {
    for (const userId of userIds) {
      const known = groupsByUser.get(userId)
      if (known === undefined) groupsByUser.set(userId, [id])
      else known.push(id)
    }
  }
  return {
    recordingPolicy: (id) => policyById.get(id),
    recordingPoliciesOf: (organizationId) => enabled.get(organizationId) ?? [],
    groupsOf: (userId) => groupsByUser.get(userId) ?? [],
    audioFile: (id) => fileById.get(id),
    audioFiles: () => audioFiles,
  }
}

export const NO_RECORDING_ROWS: RecordingRows = { policies: [], groups: [], audioFiles: [] }
