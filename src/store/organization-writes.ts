/**
 * Rows of whom we serve: organisations, users, numbers. Adding returns the new row's id; changing and removing
 * return false where there is no such row. Each throws STORE_BAD_INPUT or STORE_CONFLICT naming the field.
 */
import { emergencyNumbers } from '../telephony/number-class.ts'
import { isCountry } from '../telephony/e164.ts'
import {
  organizationCallerIdColumns,
  userCallerIdColumns,
  type OrganizationCallerIdChanges,
  type UserCallerIdChanges,
} from './caller-id-columns.ts'
import type { Database, Queryable } from './database.ts'
import { isTimeZone } from '../telephony/time-zone.ts'
import { badInput, conflict, country, currency, e164, id, matching, name } from './input.ts'
import {
  given,
  insertRow,
  inTransaction,
  lockRow,
  removeRow,
  updateRow,
  type Changes,
  type Columns,
  updateOwned,
} from './row-writes.ts'

export type NewOrganization = OrganizationCallerIdChanges & {
  readonly name: string
  readonly sipDomain: string
  readonly country: string
  readonly currency: string
  readonly defaultCallerId?: string | null | undefined
  readonly lcrProfileId?: number | null | undefined
  readonly timeZone?: string | null | undefined
  readonly isDemo?: boolean | undefined
  readonly enabled?: boolean | undefined
}

export const addOrganization = async (on: Queryable, record: NewOrganization): Promise<number> => {
  const columns = { ...organizationColumns(record), is_demo: record.isDemo ?? false }
  await checkProfile(on, undefined, record.lcrProfileId)
  return insertRow(on, 'organizations', columns)
}

export const updateOrganization = (
  on: Database | Queryable,
  organizationId: number,
  changes: Changes<Omit<NewOrganization, 'isDemo'>>,
): Promise<boolean> => {
  const columns = organizationColumns(changes)
  return inTransaction(on, async (transaction) => {
    const current = await lockRow<{ sip_domain: string }>(
      transaction,
      'organizations',
      organizationId,
      'sip_domain',
    )
    if (current === undefined) return false
    await checkProfile(transaction, organizationId, changes.lcrProfileId)
    if (columns['sip_domain'] !== undefined && columns['sip_domain'] !== current.sip_domain)
      await refuseDevices(transaction, organizationId)
    if (changes.country !== undefined)
      await refuseEmergencyExtensions(transaction, organizationId, changes.country)
    return updateRow(transaction, 'organizations', organizationId, columns)
  })
}

export const removeOrganization = (on: Database | Queryable, organizationId: number): Promise<boolean> =>
  removeRow(on, 'organizations', organizationId, [
    { table: 'users', column: 'organization_id', word: 'user', words: 'users' },
    { table: 'carriers', column: 'organization_id', word: 'carrier', words: 'carriers' },
    { table: 'lcr_profiles', column: 'organization_id', word: 'LCR profile', words: 'LCR profiles' },
  ])

const organizationColumns = (record: Changes<NewOrganization>): Columns => ({
  name: given(record.name, (value) => name('name', value, 255)),
  sip_domain: given(record.sipDomain, (value) =>
    matching(
      'sipDomain',
      value.toLowerCase(),
      /^[a-z0-9_.-]{1,253}$/,
      'only letters, digits, _ . and - make a domain',
    ),
  ),
  country: given(record.country, (value) => country('country', value)),
  currency: given(record.currency, (value) => currency('currency', value)),
  default_caller_id: given(record.defaultCallerId, (value) => e164('defaultCallerId', value)),
  lcr_profile_id: given(record.lcrProfileId, (value) => id('lcrProfileId', value)),
  time_zone: given(record.timeZone, (value) => {
    if (!isTimeZone(value)) throw badInput('timeZone', 'it must be an IANA time zone, such as Europe/London')
    return value
  }),
  enabled: record.enabled,
  ...organizationCallerIdColumns(record),
})

/** An organisation's calls go by its own profile or by one of the platform's. */
const checkProfile = async (
  on: Queryable,
  organizationId: number | undefined,
  profileId: number | null | undefined,
): Promise<void> => {
  if (profileId === undefined || profileId === null) return
  const foreign = await on.query(
    'SELECT 1 FROM lcr_profiles WHERE id = $1 AND organization_id IS NOT NULL AND organization_id IS DISTINCT FROM $2::integer',
    [profileId, organizationId ?? null],
  )
  if (foreign.length > 0) throw badInput('lcrProfileId', "it is another organisation's profile")
}

/** The domain is part of each device's hash: with another one, no phone could register. */
const refuseDevices = async (on: Queryable, organizationId: number): Promise<void> => {
  const devices = await on.query('SELECT 1 FROM devices WHERE organization_id = $1 LIMIT 1', [organizationId])
  if (devices.length > 0)
    throw conflict('sipDomain', "the devices' passwords are hashed with it: remove the devices first")
}

const refuseEmergencyExtensions = async (
  on: Queryable,
  organizationId: number,
  newCountry: string,
): Promise<void> => {
  if (!isCountry(newCountry)) return
  const [user] = await on.query<{ id: number; extension: string }>(
    'SELECT id, extension FROM users WHERE organization_id = $1 AND extension = ANY($2::text[]) ORDER BY id LIMIT 1',
    [organizationId, [...emergencyNumbers(newCountry)]],
  )
  if (user !== undefined)
    throw conflict(
      'country',
      `${user.extension}, the extension of user ${user.id}, is an emergency number there`,
    )
}

export type NewUser = UserCallerIdChanges & {
  readonly organizationId: number
  readonly name: string
  readonly extension: string
  readonly callerId?: string | null | undefined
  readonly enabled?: boolean | undefined
}

export const addUser = async (on: Queryable, record: NewUser): Promise<number> => {
  const columns = { organization_id: id('organizationId', record.organizationId), ...userColumns(record) }
  await refuseEmergencyNumber(on, record.organizationId, record.extension)
  return insertRow(on, 'users', columns)
}

/** The organisation stays: devices and numbers hang on it. */
export const updateUser = (
  on: Database | Queryable,
  userId: number,
  changes: Changes<NewUser>,
): Promise<boolean> =>
  updateOwned(
    on,
    { table: 'users', id: userId },
    changes.organizationId,
    userColumns(changes),
    async (transaction, owner) => {
      // A user always has an organisation: only carriers and profiles may be the platform's.
      if (owner !== null && changes.extension !== undefined)
        await refuseEmergencyNumber(transaction, owner, changes.extension)
    },
  )

export const removeUser = (on: Database | Queryable, userId: number): Promise<boolean> =>
  removeRow(on, 'users', userId, [
    { table: 'devices', column: 'user_id', word: 'device', words: 'devices' },
    { table: 'numbers', column: 'user_id', word: 'number', words: 'numbers' },
  ])

const userColumns = (record: Changes<NewUser>): Columns => ({
  name: given(record.name, (value) => name('name', value, 255)),
  extension: given(record.extension, (value) =>
    matching('extension', value, /^[0-9]{2,10}$/, 'an extension has 2 to 10 digits'),
  ),
  caller_id: given(record.callerId, (value) => e164('callerId', value)),
  enabled: record.enabled,
  ...userCallerIdColumns(record),
})

const refuseEmergencyNumber = async (
  on: Queryable,
  organizationId: number,
  extension: string,
): Promise<void> => {
  const [organization] = await on.query<{ country: string }>(
    'SELECT country FROM organizations WHERE id = $1',
    [organizationId],
  )
  if (organization === undefined) throw badInput('organizationId', 'there is no such organisation')
  if (isCountry(organization.country) && emergencyNumbers(organization.country).includes(extension)) {
    throw badInput('extension', 'it is an emergency number, which always goes out')
  }
}

export type NewNumber = {
  readonly organizationId: number
  readonly number: string
  readonly userId: number
  readonly enabled?: boolean | undefined
}

export const addNumber = async (on: Queryable, record: NewNumber): Promise<number> =>
  insertRow(on, 'numbers', numberColumns(record))

/** To another organisation it goes with a user of that one. */
export const updateNumber = async (
  on: Queryable,
  numberId: number,
  changes: Changes<NewNumber>,
): Promise<boolean> => updateRow(on, 'numbers', numberId, numberColumns(changes))

export const removeNumber = (on: Database | Queryable, numberId: number): Promise<boolean> =>
  removeRow(on, 'numbers', numberId)

const numberColumns = (record: Changes<NewNumber>): Columns => ({
  organization_id: given(record.organizationId, (value) => id('organizationId', value)),
  number: given(record.number, (value) => e164('number', value)),
  user_id: given(record.userId, (value) => id('userId', value)),
  enabled: record.enabled,
})

/** True as soon as an organisation exists that is not the demo's: the trial is over. */
export const hasForeignOrganization = async (on: Queryable): Promise<boolean> => {
  const rows = await on.query('SELECT 1 FROM organizations WHERE NOT is_demo LIMIT 1')
  return rows.length > 0
}
