/**
 * Recording policies and groups of users, as operators write them. A policy names users, groups, numbers and a sound
 * of its own organisation only; each fault names its field.
 */
import {
  PLAY_TO,
  RECORDING_CHANNELS,
  RECORDING_FORMATS,
  SAMPLE_RATES,
  SCOPE_TYPES,
  START_ON,
  type RecordingPolicy,
  type UserGroup,
} from '../directory/recording-records.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, e164, guarded, id, madeId, matching, name, oneOf, whole } from './input.ts'
import { GROUPS, POLICIES, toPolicy, type PolicyRow } from './recording-policy-rows.ts'
import { inTransaction } from './row-writes.ts'

/** As the API takes it: what is not named is the default, or stays; null empties what may be empty. */
export type PolicyInput = {
  readonly organizationId: number
  readonly name: string
  readonly enabled?: boolean
  readonly scope: {
    readonly type: string
    readonly users?: readonly number[]
    readonly groups?: readonly number[]
    readonly numbers?: readonly string[]
  }
  readonly settings?: {
    readonly format?: string
    readonly channels?: string
    readonly sampleRate?: number
    readonly startOn?: string
    readonly announcement?: {
      readonly enabled?: boolean
      readonly audioFileId?: number | null
      readonly playTo?: string
    } | null
    readonly pauseOnHold?: boolean
    readonly pauseDigits?: string | null
    readonly resumeDigits?: string | null
    readonly optional?: boolean
  }
  readonly storage?: {
    readonly retention?: number
    readonly archivePolicy?: number | null
    readonly encryptAtRest?: boolean
  }
  readonly compliance?: {
    readonly pciEnabled?: boolean
    readonly gdprEnabled?: boolean
    readonly consentRequired?: boolean
  }
}

export const listPolicies = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly RecordingPolicy[]> =>
  (
    await on.query<PolicyRow>(`${POLICIES} WHERE $1::integer IS NULL OR organization_id = $1 ORDER BY id`, [
      organizationId ?? null,
    ])
  ).map(toPolicy)

export const findPolicy = async (on: Queryable, policyId: number): Promise<RecordingPolicy | undefined> => {
  const [row] = await on.query<PolicyRow>(`${POLICIES} WHERE id = $1`, [id('id', policyId)])
  return row === undefined ? undefined : toPolicy(row)
}

/** The new policy's id. */
export const addPolicy = (on: Database | Queryable, record: PolicyInput): Promise<number> =>
  inTransaction(on, async (transaction) => {
    const organizationId = id('organizationId', record.organizationId)
    const columns = columnsOf(record)
    await checkReferences(transaction, organizationId, columns)
    const row: Columns = { organization_id: organizationId, ...columns }
    const entries = Object.entries(row).filter(([, value]) => value !== undefined)
    const text = `INSERT INTO recording_policies (${entries.map(([column]) => column).join(', ')})
      VALUES (${entries.map((_, at) => `$${at + 1}`).join(', ')}) RETURNING id`
    return guarded(async () =>
      madeId(
        await transaction.query<{ id: number }>(
          text,
          entries.map(([, value]) => value),
        ),
      ),
    )
  })

/** Whose it is stays. False: there is no such policy. */
export const updatePolicy = (
  on: Database | Queryable,
  policyId: number,
  changes: Partial<PolicyInput>,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const [current] = await transaction.query<{ organization_id: number }>(
      'SELECT organization_id FROM recording_policies WHERE id = $1 FOR UPDATE',
      [id('id', policyId)],
    )
    if (current === undefined) return false
    if (changes.organizationId !== undefined && changes.organizationId !== current.organization_id)
      throw badInput('organizationId', 'it stays as it was added; add another record instead')
    const columns = columnsOf(changes)
    await checkReferences(transaction, current.organization_id, columns)
    const entries = Object.entries(columns).filter(([, value]) => value !== undefined)
    const set = [...entries.map(([column], at) => `${column} = $${at + 2}`), 'updated_at = now()']
    await guarded(() =>
      transaction.query(`UPDATE recording_policies SET ${set.join(', ')} WHERE id = $1`, [
        policyId,
        ...entries.map(([, value]) => value),
      ]),
    )
    return true
  })

/** What it recorded keeps its number, and the rules of the engine where it had its own. False: there was none. */
export const removePolicy = async (on: Queryable, policyId: number): Promise<boolean> =>
  (await on.query('DELETE FROM recording_policies WHERE id = $1 RETURNING id', [id('id', policyId)])).length >
  0

type Columns = Readonly<Record<string, unknown>>

const columnsOf = ({
  name: title,
  enabled,
  scope,
  settings,
  storage,
  compliance,
}: Partial<PolicyInput>): Columns => {
  const announcement = settings?.announcement
  const { pauseDigits, resumeDigits } = settings ?? {}
  if (typeof pauseDigits === 'string' && pauseDigits === resumeDigits)
    throw badInput('settings.resumeDigits', 'they are the digits that pause')
  return {
    name: title === undefined ? undefined : name('name', title, 255),
    enabled,
    ...(scope === undefined
      ? {}
      : {
          scope_type: oneOf('scope.type', scope.type, SCOPE_TYPES),
          scope_users: (scope.users ?? []).map((each) => id('scope.users', each)),
          scope_groups: (scope.groups ?? []).map((each) => id('scope.groups', each)),
          scope_numbers: (scope.numbers ?? []).map((each) => e164('scope.numbers', each)),
        }),
    format: mapped(settings?.format, (value) => oneOf('settings.format', value, RECORDING_FORMATS)),
    channels: mapped(settings?.channels, (value) => oneOf('settings.channels', value, RECORDING_CHANNELS)),
    sample_rate: mapped(settings?.sampleRate, (value) => {
      const found = SAMPLE_RATES.find((rate) => rate === value)
      if (found === undefined)
        throw badInput('settings.sampleRate', `it must be one of ${SAMPLE_RATES.join(', ')}`)
      return found
    }),
    start_on: mapped(settings?.startOn, (value) => oneOf('settings.startOn', value, START_ON)),
    ...(announcement === null
      ? { announces: false, announcement_file_id: null, announcement_to: 'external_only' }
      : {
          announces: announcement?.enabled,
          announcement_file_id: mapped(announcement?.audioFileId, (value) =>
            id('settings.announcement.audioFileId', value),
          ),
          announcement_to: mapped(announcement?.playTo, (value) =>
            oneOf('settings.announcement.playTo', value, PLAY_TO),
          ),
        }),
    pause_on_hold: settings?.pauseOnHold,
    pause_digits: mapped(pauseDigits, (value) => digits('settings.pauseDigits', value)),
    resume_digits: mapped(resumeDigits, (value) => digits('settings.resumeDigits', value)),
    optional: settings?.optional,
    retention_days: mapped(storage?.retention, (value) => whole('storage.retention', value, 1, 36_500)),
    archive_policy_id: mapped(storage?.archivePolicy, (value) => id('storage.archivePolicy', value)),
    encrypt_at_rest: storage?.encryptAtRest,
    pci_enabled: compliance?.pciEnabled,
    gdpr_enabled: compliance?.gdprEnabled,
    consent_required: compliance?.consentRequired,
  }
}

const mapped = <Value, Checked>(
  value: Value | null | undefined,
  check: (value: Value) => Checked,
): Checked | null | undefined =>
  value === undefined || value === null ? (value as null | undefined) : check(value)

const digits = (field: string, value: string): string =>
  matching(field, value, /^[0-9*#]{1,8}$/, 'it is 1 to 8 of digits, * and #')

/** Every user, group and sound that is named is the organisation's own. */
const checkReferences = async (on: Queryable, organizationId: number, columns: Columns): Promise<void> => {
  for (const [field, column, table] of [
    ['scope.users', 'scope_users', 'users'],
    ['scope.groups', 'scope_groups', 'user_groups'],
  ] as const) {
    const wanted = columns[column]
    if (!Array.isArray(wanted) || wanted.length === 0) continue
    const found = await on.query<{ id: number }>(
      `SELECT id FROM ${table} WHERE organization_id = $1 AND id = ANY($2::integer[])`,
      [organizationId, wanted],
    )
    const missing = wanted
      .filter((each) => typeof each === 'number')
      .find((each) => !found.some((row) => row.id === each))
    if (missing !== undefined)
      throw badInput(field, `the organisation has no ${table === 'users' ? 'user' : 'group'} ${missing}`)
  }
  const fileId = columns['announcement_file_id']
  if (typeof fileId !== 'number') return
  const file = await on.query('SELECT 1 FROM audio_files WHERE organization_id = $1 AND id = $2', [
    organizationId,
    fileId,
  ])
  if (file.length === 0)
    throw badInput('settings.announcement.audioFileId', `the organisation has no audio file ${fileId}`)
}

export type GroupInput = {
  readonly organizationId: number
  readonly name: string
  readonly userIds?: readonly number[]
}

export const listGroups = (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly UserGroup[]> =>
  on.query<UserGroup>(`${GROUPS} WHERE $1::integer IS NULL OR organization_id = $1 ORDER BY id`, [
    organizationId ?? null,
  ])

export const findGroup = async (on: Queryable, groupId: number): Promise<UserGroup | undefined> => {
  const [row] = await on.query<UserGroup>(`${GROUPS} WHERE id = $1`, [id('id', groupId)])
  return row
}

export const addGroup = (on: Database | Queryable, record: GroupInput): Promise<number> =>
  inTransaction(on, async (transaction) => {
    const organizationId = id('organizationId', record.organizationId)
    const title = name('name', record.name, 255)
    const groupId = await guarded(async () =>
      madeId(
        await transaction.query<{ id: number }>(
          'INSERT INTO user_groups (organization_id, name) VALUES ($1, $2) RETURNING id',
          [organizationId, title],
        ),
      ),
    )
    await setMembers(transaction, groupId, organizationId, record.userIds ?? [])
    return groupId
  })

/** `userIds` replaces all members. False: there is no such group. */
export const updateGroup = (
  on: Database | Queryable,
  groupId: number,
  changes: Partial<GroupInput>,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const [current] = await transaction.query<{ organization_id: number }>(
      'SELECT organization_id FROM user_groups WHERE id = $1 FOR UPDATE',
      [id('id', groupId)],
    )
    if (current === undefined) return false
    if (changes.organizationId !== undefined && changes.organizationId !== current.organization_id)
      throw badInput('organizationId', 'it stays as it was added; add another record instead')
    const title = changes.name === undefined ? null : name('name', changes.name, 255)
    await guarded(() =>
      transaction.query(
        'UPDATE user_groups SET name = coalesce($2, name), updated_at = now() WHERE id = $1',
        [groupId, title],
      ),
    )
    if (changes.userIds !== undefined) {
      await transaction.query('DELETE FROM user_group_members WHERE group_id = $1', [groupId])
      await setMembers(transaction, groupId, current.organization_id, changes.userIds)
    }
    return true
  })

const setMembers = async (
  on: Queryable,
  groupId: number,
  organizationId: number,
  userIds: readonly number[],
): Promise<void> => {
  const wanted = [...new Set(userIds.map((each) => id('userIds', each)))]
  if (wanted.length === 0) return
  await guarded(() =>
    on.query(
      'INSERT INTO user_group_members (group_id, user_id, organization_id) SELECT $1, unnest($2::integer[]), $3',
      [groupId, wanted, organizationId],
    ),
  )
}

/** Policies that name it match it no more. False: there was none. */
export const removeGroup = async (on: Queryable, groupId: number): Promise<boolean> =>
  (await on.query('DELETE FROM user_groups WHERE id = $1 RETURNING id', [id('id', groupId)])).length > 0
