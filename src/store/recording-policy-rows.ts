/** Rows of recording policies, groups of users and sounds, as decisions and operators read them. */
import type {
  AudioFile,
  RecordingPolicy,
  RecordingRows,
  SAMPLE_RATES,
  UserGroup,
} from '../directory/recording-records.ts'
import type { E164 } from '../telephony/e164.ts'
import type { Queryable } from './database.ts'

/** The rows of the organisations that are given; what hangs on another is left out. */
export const loadRecordingRows = async (
  on: Queryable,
  organizationIds: ReadonlySet<number>,
): Promise<RecordingRows> => {
  const isKnown = ({ organizationId }: { readonly organizationId: number }): boolean =>
    organizationIds.has(organizationId)
  return {
    policies: (await on.query<PolicyRow>(`${POLICIES} ORDER BY id`)).map(toPolicy).filter(isKnown),
    groups: (await on.query<UserGroup>(`${GROUPS} ORDER BY id`)).filter(isKnown),
    audioFiles: (await on.query<AudioFile>(`${AUDIO_FILES} ORDER BY id`)).filter(isKnown),
  }
}

export const POLICIES = `SELECT id, organization_id, name, enabled, scope_type, scope_users, scope_groups, scope_numbers,
  format, channels, sample_rate, start_on, announces, announcement_file_id, announcement_to, pause_on_hold,
  pause_digits, resume_digits, optional, retention_days, archive_policy_id, encrypt_at_rest, pci_enabled,
  gdpr_enabled, consent_required FROM recording_policies`

export const GROUPS = `SELECT id, organization_id AS "organizationId", name,
  ARRAY(SELECT user_id FROM user_group_members WHERE group_id = user_groups.id ORDER BY user_id) AS "userIds"
  FROM user_groups`

export const AUDIO_FILES = `SELECT id, organization_id AS "organizationId", name, sha256, sample_rate AS "sampleRate",
  duration_ms AS "durationMs" FROM audio_files`

type Settings = RecordingPolicy['settings']

export type PolicyRow = {
  readonly id: number
  readonly organization_id: number
  readonly name: string
  readonly enabled: boolean
  readonly scope_type: RecordingPolicy['scope']['type']
  readonly scope_users: readonly number[]
  readonly scope_groups: readonly number[]
  readonly scope_numbers: readonly E164[]
  readonly format: Settings['format']
  readonly channels: Settings['channels']
  readonly sample_rate: (typeof SAMPLE_RATES)[number]
  readonly start_on: Settings['startOn']
  readonly announces: boolean
  readonly announcement_file_id: number | null
  readonly announcement_to: Settings['announcement']['playTo']
  readonly pause_on_hold: boolean
  readonly pause_digits: string | null
  readonly resume_digits: string | null
  readonly optional: boolean
  readonly retention_days: number
  readonly archive_policy_id: number | null
  readonly encrypt_at_rest: boolean
  readonly pci_enabled: boolean
  readonly gdpr_enabled: boolean
  readonly consent_required: boolean
}

export const toPolicy = (row: PolicyRow): RecordingPolicy => ({
  id: row.id,
  organizationId: row.organization_id,
  name: row.name,
  enabled: row.enabled,
  scope: {
    type: row.scope_type,
    users: row.scope_users,
    groups: row.scope_groups,
    numbers: row.scope_numbers,
  },
  settings: {
    format: row.format,
    channels: row.channels,
    sampleRate: row.sample_rate,
    startOn: row.start_on,
    announcement: {
      enabled: row.announces,
      audioFileId: row.announcement_file_id ?? undefined,
      playTo: row.announcement_to,
    },
    pauseOnHold: row.pause_on_hold,
    pauseDigits: row.pause_digits ?? undefined,
    resumeDigits: row.resume_digits ?? undefined,
    optional: row.optional,
  },
  storage: {
    retention: row.retention_days,
    archivePolicy: row.archive_policy_id ?? undefined,
    encryptAtRest: row.encrypt_at_rest,
  },
  compliance: {
    pciEnabled: row.pci_enabled,
    gdprEnabled: row.gdpr_enabled,
    consentRequired: row.consent_required,
  },
})
