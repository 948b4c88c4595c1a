/** What the API asks of recording while calls live: policies, groups of users, sounds, and one call's recording. */
import { Type, type Static } from '@sinclair/typebox'
import {
  PLAY_TO,
  RECORDING_CHANNELS,
  RECORDING_FORMATS,
  SAMPLE_RATES,
  SCOPE_TYPES,
  START_ON,
  type AudioFile,
  type RecordingPolicy,
  type UserGroup,
} from '../directory/recording-records.ts'
import type { RecordingOutcome, RecordingRequest, RecordingState } from '../engine/recording-control.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { choice, e164, fields, flag, id, nullable, text, whole } from './fields.ts'

/** Records of organisations; `organizationId` undefined: of any. */
export type OwnedCollection<New, Row> = {
  readonly list: (organizationId: number | undefined) => Promise<readonly Row[]>
  readonly get: (id: number) => Promise<Row | undefined>
  readonly add: (record: New) => Promise<Row>
  readonly update: (id: number, changes: Partial<New>) => Promise<Row | undefined>
  readonly remove: (id: number) => Promise<boolean>
}

export type CallRecordingDoors = {
  readonly policies: OwnedCollection<NewPolicy, RecordingPolicy>
  readonly groups: OwnedCollection<NewGroup, UserGroup>
  readonly audioFiles: Omit<OwnedCollection<NewAudio, AudioFile>, 'update'>
  /** Throws ESL_* while the switch is away. */
  readonly control: (request: RecordingRequest) => Promise<RecordingOutcome>
  readonly state: (callId: CallUuid) => Promise<RecordingState | undefined>
}

/** `content`: a WAV file as it was sent. RECORDING_BAD_SOUND where it is none that can be played. */
export type NewAudio = { readonly organizationId: number; readonly name: string; readonly content: Buffer }

const ids = (what: string) =>
  Type.Array(id(what), { maxItems: 10_000, description: `a list of ids, each of ${what}` })

const digits = nullable(
  Type.String({ pattern: '^[0-9*#]{1,8}$', description: '1 to 8 of digits, * and #, such as *1' }),
)

export const NewPolicy = fields({
  organizationId: id('an organisation'),
  name: text('a name', 255),
  enabled: Type.Optional(flag('whether it is used')),
  scope: fields(
    {
      type: choice(SCOPE_TYPES),
      users: Type.Optional(ids('a user')),
      groups: Type.Optional(ids('a group of users')),
      numbers: Type.Optional(
        Type.Array(e164('a number'), {
          maxItems: 10_000,
          description: 'a list of numbers in E.164 form, ours or the other party’s',
        }),
      ),
    },
    'an object with type (all, inbound, outbound or specific) and, where it is specific, users, groups or numbers',
  ),
  settings: Type.Optional(
    fields(
      {
        format: Type.Optional(choice(RECORDING_FORMATS)),
        channels: Type.Optional(choice(RECORDING_CHANNELS)),
        sampleRate: Type.Optional(
          Type.Union(
            SAMPLE_RATES.map((rate) => Type.Literal(rate)),
            { description: '8000, 16000 or 44100' },
          ),
        ),
        startOn: Type.Optional(choice(START_ON)),
        announcement: Type.Optional(
          nullable(
            fields(
              {
                enabled: Type.Optional(flag('whether it is played')),
                audioFileId: Type.Optional(nullable(id('an audio file'))),
                playTo: Type.Optional(choice(PLAY_TO)),
              },
              'an object with any of enabled, audioFileId and playTo',
            ),
          ),
        ),
        pauseOnHold: Type.Optional(flag('whether a held call is not recorded')),
        pauseDigits: Type.Optional(digits),
        resumeDigits: Type.Optional(digits),
        optional: Type.Optional(flag('whether a call may ask not to be recorded')),
      },
      'an object with any of format, channels, sampleRate, startOn, announcement, pauseOnHold, pauseDigits, resumeDigits and optional',
    ),
  ),
  storage: Type.Optional(
    fields(
      {
        retention: Type.Optional(whole('days', 1, 36_500)),
        archivePolicy: Type.Optional(nullable(id('an archive policy'))),
        encryptAtRest: Type.Optional(flag('whether it is encrypted')),
      },
      'an object with any of retention, archivePolicy and encryptAtRest',
    ),
  ),
  compliance: Type.Optional(
    fields(
      {
        pciEnabled: Type.Optional(flag('whether digits are told to nobody while it is paused')),
        gdprEnabled: Type.Optional(flag('whether the other party has to be told or asked')),
        consentRequired: Type.Optional(flag('whether the other party has to agree')),
      },
      'an object with any of pciEnabled, gdprEnabled and consentRequired',
    ),
  ),
})
export type NewPolicy = Static<typeof NewPolicy>

export const NewGroup = fields({
  organizationId: id('an organisation'),
  name: text('a name', 255),
  userIds: Type.Optional(ids('a user')),
})
export type NewGroup = Static<typeof NewGroup>

const string = Type.String()
const number = Type.Integer()

export const PolicyJson = Type.Object({
  id: number,
  organizationId: number,
  name: string,
  enabled: Type.Boolean(),
  scope: Type.Object({
    type: string,
    users: Type.Array(number),
    groups: Type.Array(number),
    numbers: Type.Array(string),
  }),
  settings: Type.Object({
    format: string,
    channels: string,
    sampleRate: number,
    startOn: string,
    announcement: Type.Object({
      enabled: Type.Boolean(),
      audioFileId: nullable(number),
      playTo: string,
    }),
    pauseOnHold: Type.Boolean(),
    pauseDigits: nullable(string),
    resumeDigits: nullable(string),
    optional: Type.Boolean(),
  }),
  storage: Type.Object({
    retention: Type.Integer({ description: 'days' }),
    archivePolicy: nullable(number),
    encryptAtRest: Type.Boolean(),
  }),
  compliance: Type.Object({
    pciEnabled: Type.Boolean(),
    gdprEnabled: Type.Boolean(),
    consentRequired: Type.Boolean(),
  }),
})

export const policyJson = ({ settings, storage, ...policy }: RecordingPolicy) => ({
  ...policy,
  settings: {
    ...settings,
    announcement: {
      ...settings.announcement,
      audioFileId: settings.announcement.audioFileId ?? null,
    },
    pauseDigits: settings.pauseDigits ?? null,
    resumeDigits: settings.resumeDigits ?? null,
  },
  storage: { ...storage, archivePolicy: storage.archivePolicy ?? null },
})

export const GroupJson = Type.Object({
  id: number,
  organizationId: number,
  name: string,
  userIds: Type.Array(number),
})
export const groupJson = (group: UserGroup) => ({ ...group })

export const AudioFileJson = Type.Object({
  id: number,
  organizationId: number,
  name: string,
  sampleRate: number,
  durationMs: number,
  sha256: Type.String({
    description: 'of what the switch plays, which may be another coding than what was sent',
  }),
})
export const audioFileJson = ({
  id: fileId,
  organizationId,
  name,
  sampleRate,
  durationMs,
  sha256,
}: AudioFile) => ({
  id: fileId,
  organizationId,
  name,
  sampleRate,
  durationMs,
  sha256,
})

export const RecordingStateJson = Type.Object({
  recordingId: string,
  policyId: Type.Integer({ description: '0: none' }),
  state: Type.String({ description: 'recording, paused or stopped' }),
})
