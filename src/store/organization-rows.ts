/**
 * Rows of whom we serve, as decisions read them. What cannot be a domain value throws; whoever reads leaves the row
 * out.
 */
import { EngineError } from '../base/errors.ts'
import type { DdiNumber, Organization, User } from '../directory/records.ts'
import { asE164, isCountry, type E164 } from '../telephony/e164.ts'
import {
  ORGANIZATION_CALLER_ID,
  organizationCallerIdIn,
  USER_CALLER_ID,
  userCallerIdIn,
  type OrganizationCallerIdRow,
  type UserCallerIdRow,
} from './caller-id-columns.ts'

export const ORGANIZATIONS = `SELECT id, name, sip_domain, country, currency, default_caller_id, lcr_profile_id, time_zone, is_demo, enabled,
    ${ORGANIZATION_CALLER_ID}
  FROM organizations ORDER BY id`

export type OrganizationRow = OrganizationCallerIdRow & {
  readonly id: number
  readonly name: string
  readonly sip_domain: string
  readonly country: string
  readonly currency: string
  readonly default_caller_id: string | null
  readonly lcr_profile_id: number | null
  readonly time_zone: string | null
  readonly is_demo: boolean
  readonly enabled: boolean
}

export const toOrganization = (row: OrganizationRow): Organization => {
  if (!isCountry(row.country)) throw new EngineError('STORE_BAD_ROW', `there is no country "${row.country}"`)
  return {
    id: row.id,
    name: row.name,
    sipDomain: row.sip_domain,
    country: row.country,
    currency: row.currency,
    defaultCallerId: numberOf(row.default_caller_id),
    lcrProfileId: row.lcr_profile_id ?? undefined,
    ...(row.time_zone !== null && { timeZone: row.time_zone }),
    isDemo: row.is_demo,
    enabled: row.enabled,
    ...organizationCallerIdIn(row),
  }
}

const numberOf = (text: string | null): E164 | undefined => (text === null ? undefined : asE164(text))

export const USERS = `SELECT id, organization_id, name, extension, caller_id, enabled, ${USER_CALLER_ID}
  FROM users ORDER BY id`

export type UserRow = UserCallerIdRow & {
  readonly id: number
  readonly organization_id: number
  readonly name: string
  readonly extension: string
  readonly caller_id: string | null
  readonly enabled: boolean
}

export const toUser = (row: UserRow): User => ({
  id: row.id,
  organizationId: row.organization_id,
  name: row.name,
  extension: row.extension,
  callerId: numberOf(row.caller_id),
  enabled: row.enabled,
  ...userCallerIdIn(row),
})

export const DEVICES =
  'SELECT id, user_id AS "userId", username, a1_hash AS "a1Hash", enabled FROM devices ORDER BY id'

export const NUMBERS = 'SELECT id, organization_id, number, user_id, enabled FROM numbers ORDER BY id'

export type NumberRow = {
  readonly id: number
  readonly organization_id: number
  readonly number: string
  readonly user_id: number
  readonly enabled: boolean
}

export const toNumber = ({ id, organization_id, number, user_id, enabled }: NumberRow): DdiNumber => ({
  id,
  organizationId: organization_id,
  number: asE164(number),
  userId: user_id,
  enabled,
})
