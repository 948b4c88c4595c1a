/** Rows of whom we serve: organisations, users, devices, numbers. Each returns the new row's id. */
import { createHash } from 'node:crypto'
import { emergencyNumbers } from '../telephony/number-class.ts'
import { isCountry } from '../telephony/e164.ts'
import type { Queryable } from './database.ts'
import { badInput, country, currency, e164, guarded, id, madeId, matching, name, plain } from './input.ts'

export type NewOrganization = {
  readonly name: string
  readonly sipDomain: string
  readonly country: string
  readonly currency: string
  readonly defaultCallerId?: string | undefined
  readonly lcrProfileId?: number | undefined
  readonly isDemo?: boolean | undefined
}

/** Throws STORE_BAD_INPUT or STORE_CONFLICT naming the field, as everything here does. */
export const addOrganization = async (on: Queryable, given: NewOrganization): Promise<number> => {
  const { defaultCallerId, lcrProfileId, isDemo = false } = given
  const values = [
    name('name', given.name, 255),
    matching(
      'sipDomain',
      given.sipDomain.toLowerCase(),
      /^[a-z0-9_.-]{1,253}$/,
      'only letters, digits, _ . and - make a domain',
    ),
    country('country', given.country),
    currency('currency', given.currency),
    defaultCallerId === undefined ? null : e164('defaultCallerId', defaultCallerId),
    lcrProfileId === undefined ? null : id('lcrProfileId', lcrProfileId),
    isDemo,
  ]
  // A profile made for another organisation is not offered to a new one.
  if (lcrProfileId !== undefined) {
    const owned = await on.query('SELECT 1 FROM lcr_profiles WHERE id = $1 AND organization_id IS NOT NULL', [
      lcrProfileId,
    ])
    if (owned.length > 0) throw badInput('lcrProfileId', "it is another organisation's profile")
  }
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO organizations (name, sip_domain, country, currency, default_caller_id, lcr_profile_id, is_demo)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
        values,
      ),
    ),
  )
}

export type NewUser = {
  readonly organizationId: number
  readonly name: string
  readonly extension: string
  readonly callerId?: string | undefined
}

export const addUser = async (on: Queryable, given: NewUser): Promise<number> => {
  const organizationId = id('organizationId', given.organizationId)
  const extension = matching('extension', given.extension, /^[0-9]{2,10}$/, 'an extension has 2 to 10 digits')
  const callerId = given.callerId === undefined ? null : e164('callerId', given.callerId)
  const userName = name('name', given.name, 255)
  const [organization] = await on.query<{ country: string }>(
    'SELECT country FROM organizations WHERE id = $1',
    [organizationId],
  )
  if (organization === undefined) throw badInput('organizationId', 'there is no such organisation')
  if (isCountry(organization.country) && emergencyNumbers(organization.country).includes(extension)) {
    throw badInput('extension', 'it is an emergency number, which always goes out')
  }
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        'INSERT INTO users (organization_id, name, extension, caller_id) VALUES ($1, $2, $3, $4) RETURNING id',
        [organizationId, userName, extension, callerId],
      ),
    ),
  )
}

export type NewDevice = {
  readonly userId: number
  readonly username: string
  /** Kept nowhere; only its hash with the user name and the domain. */
  readonly password: string
}

export const addDevice = async (on: Queryable, given: NewDevice): Promise<number> => {
  const userId = id('userId', given.userId)
  const username = matching(
    'username',
    given.username,
    /^[A-Za-z0-9_.-]{1,64}$/,
    'only letters, digits, _ . and - make a user name',
  )
  const password = plain('password', given.password, 255)
  if (password.length < 8) throw badInput('password', 'it has fewer than 8 characters')
  const [user] = await on.query<{ organization_id: number; sip_domain: string }>(
    `SELECT users.organization_id, organizations.sip_domain
     FROM users JOIN organizations ON organizations.id = users.organization_id WHERE users.id = $1`,
    [userId],
  )
  if (user === undefined) throw badInput('userId', 'there is no such user')
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        'INSERT INTO devices (organization_id, user_id, username, a1_hash) VALUES ($1, $2, $3, $4) RETURNING id',
        [user.organization_id, userId, username, a1HashOf(username, user.sip_domain, password)],
      ),
    ),
  )
}

/** RFC 2617's HA1: md5(username:domain:password) in lower-case hex, what FreeSWITCH calls a1-hash. */
export const a1HashOf = (username: string, domain: string, password: string): string =>
  createHash('md5').update(`${username}:${domain}:${password}`).digest('hex')

export type NewNumber = { readonly organizationId: number; readonly number: string; readonly userId: number }

export const addNumber = async (on: Queryable, given: NewNumber): Promise<number> => {
  const values = [
    id('organizationId', given.organizationId),
    e164('number', given.number),
    id('userId', given.userId),
  ]
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        'INSERT INTO numbers (organization_id, number, user_id) VALUES ($1, $2, $3) RETURNING id',
        values,
      ),
    ),
  )
}

/** True as soon as an organisation exists that is not the demo's: the trial is over. */
export const hasForeignOrganization = async (on: Queryable): Promise<boolean> => {
  const rows = await on.query('SELECT 1 FROM organizations WHERE NOT is_demo LIMIT 1')
  return rows.length > 0
}
