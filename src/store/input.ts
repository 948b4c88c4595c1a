/**
 * What people and programs hand in, checked before it becomes a row. Every fault names its field, so that an
 * API can say which one: STORE_BAD_INPUT for a value that cannot be, STORE_CONFLICT for one that is taken or
 * still in use. The CHECK constraints in `sql/` say the same again, for whoever writes rows by hand.
 */
import { codeOf, EngineError } from '../base/errors.ts'
import { isCountry, isE164, type Country, type E164 } from '../telephony/e164.ts'
import { formatMoney, parseMoney } from '../telephony/money.ts'
import { constraintOf } from './database.ts'

export const badInput = (field: string, why: string, cause?: unknown): EngineError =>
  new EngineError('STORE_BAD_INPUT', `${field}: ${why}`, { field }, cause)

export const conflict = (field: string, why: string, cause?: unknown): EngineError =>
  new EngineError('STORE_CONFLICT', `${field}: ${why}`, { field }, cause)

/** Text for people: trimmed, not empty, without control characters or halves of characters. */
export const name = (field: string, value: string, length: number): string => {
  const trimmed = value.trim()
  if (trimmed === '') throw badInput(field, 'it is empty')
  return plain(field, trimmed, length)
}

/** Any text in one line, kept as it is. */
export const plain = (field: string, value: string, length: number): string => {
  if (value === '') throw badInput(field, 'it is empty')
  if (value.length > length) throw badInput(field, `it has more than ${length} characters`)
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value)) throw badInput(field, 'it has control characters')
  return value
}

export const matching = (field: string, value: string, form: RegExp, why: string): string => {
  if (!form.test(value)) throw badInput(field, why)
  return value
}

export const whole = (field: string, value: number, least: number, most: number): number => {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw badInput(field, `it must be a whole number from ${least} to ${most}`)
  }
  return value
}

/** 0 to 100 with at most two decimals, as `numeric(5,2)` keeps it. */
export const percent = (field: string, value: number): number => {
  if (!(value >= 0 && value <= 100) || Math.round(value * 100) / 100 !== value)
    throw badInput(field, 'it must be from 0 to 100, with at most 2 decimals')
  return value
}

export const e164 = (field: string, value: string): E164 => {
  if (!isE164(value)) throw badInput(field, 'it must be in E.164 form, such as +442079460123')
  return value
}

export const country = (field: string, value: string): Country => {
  if (!isCountry(value)) throw badInput(field, 'it must be an ISO 3166 country code, such as GB')
  return value
}

export const currency = (field: string, value: string): string =>
  matching(field, value, /^[A-Z]{3}$/, 'it must be an ISO 4217 currency code, such as GBP')

/** A price as text with its digits; not negative. */
export const price = (field: string, value: string): string => {
  let amount
  try {
    amount = parseMoney(value)
  } catch (fault) {
    throw badInput(field, 'it must be a price with at most 8 decimals, such as 0.0085', fault)
  }
  if (amount < 0) throw badInput(field, 'it must not be negative')
  return formatMoney(amount)
}

export const oneOf = <Choice extends string>(
  field: string,
  value: string,
  choices: readonly Choice[],
): Choice => {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw badInput(field, `it must be one of ${choices.join(', ')}`)
  return found
}

/** A moment in milliseconds since the epoch, as timestamptz reads it. */
export const moment = (field: string, value: number): string => {
  if (!Number.isFinite(value) || value < 0 || value >= END_OF_9999)
    throw badInput(field, 'it is no moment until 9999')
  return new Date(value).toISOString()
}

const END_OF_9999 = Date.UTC(10_000, 0, 1)

/** An id that a row may have. */
export const id = (field: string, value: number): number => whole(field, value, 1, 2_147_483_647)

/** Runs a write; a constraint that it meets becomes a fault that names the field. */
export const guarded = async <Result>(write: () => Promise<Result>): Promise<Result> => {
  try {
    return await write()
  } catch (fault) {
    const constraint = constraintOf(fault)
    const known = constraint === undefined ? undefined : CONSTRAINTS[constraint]
    if (known === undefined) throw fault
    const [kind, field, why] = known
    throw kind === 'taken' ? conflict(field, why, fault) : badInput(field, why, fault)
  }
}

const CONSTRAINTS: Readonly<Record<string, readonly [kind: 'taken' | 'wrong', field: string, why: string]>> =
  {
    organizations_sip_domain_unique: ['taken', 'sipDomain', 'another organisation has it'],
    organizations_one_demo: ['taken', 'isDemo', 'there is a demo organisation'],
    organizations_lcr_profile: ['wrong', 'lcrProfileId', 'there is no such profile'],
    users_organization_id_fkey: ['wrong', 'organizationId', 'there is no such organisation'],
    users_extension_unique: ['taken', 'extension', 'another user of the organisation has it'],
    devices_username_unique: ['taken', 'username', 'another device of the organisation has it'],
    devices_user: ['wrong', 'userId', 'there is no such user'],
    numbers_number_unique: ['taken', 'number', 'it is in use'],
    numbers_user: ['wrong', 'userId', 'the organisation has no such user'],
    carriers_organization_id_fkey: ['wrong', 'organizationId', 'there is no such organisation'],
    carriers_code_unique: ['taken', 'code', 'another carrier has it'],
    gateways_carrier_id_fkey: ['wrong', 'carrierId', 'there is no such carrier'],
    gateways_name_unique: ['taken', 'name', 'another gateway of the carrier has it'],
    gateways_credentials: ['wrong', 'credentials', 'a user name and a password come together'],
    gateways_register: ['wrong', 'register', 'registering needs credentials'],
    gateways_caller_id_country: ['wrong', 'callerIdCountry', 'a national number is of a country'],
    caller_id_rules_destination: ['wrong', 'prefix', 'a rule is of a country or of a prefix: one of the two'],
    caller_id_rules_unique: ['taken', 'prefix', 'another rule of this kind speaks of it'],
    caller_id_rules_organization_id_fkey: ['wrong', 'organizationId', 'there is no such organisation'],
    carrier_caller_ids_carrier: ['wrong', 'carrierId', 'there is no such carrier'],
    carrier_caller_ids_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    carrier_caller_ids_unique: ['taken', 'number', 'the carrier has it on its list'],
    caller_id_verifications_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    caller_id_verifications_user: ['wrong', 'userId', 'the organisation has no such user'],
    gateways_number_country: ['wrong', 'numberForm.country', 'a national number is of a country'],
    gateways_number_pattern: [
      'wrong',
      'numberForm.pattern',
      'a pattern and what it is replaced with come together',
    ],
    lcr_profiles_organization_id_fkey: ['wrong', 'organizationId', 'there is no such organisation'],
    lcr_profiles_name_unique: ['taken', 'name', 'another profile has it'],
    lcr_profiles_weights: ['wrong', 'costWeight', 'it or qualityWeight must be above 0'],
    lcr_routes_profile_id_fkey: ['wrong', 'profileId', 'there is no such profile'],
    lcr_routes_gateway: ['taken', 'gatewayId', 'routes refer to the gateway, or there is none'],
    lcr_routes_unique: ['taken', 'prefix', 'the profile has this route'],
    blocked_prefixes_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    blocked_prefixes_unique: ['taken', 'prefix', 'another row speaks of it'],
    recording_policies_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    recording_policies_name_unique: ['taken', 'name', 'another recording policy has it'],
    recording_policies_announcement: [
      'wrong',
      'settings.announcement.audioFileId',
      'there is no such audio file',
    ],
    recording_policies_digits: ['wrong', 'settings.resumeDigits', 'there is nothing that pauses'],
    recording_policies_gdpr: [
      'wrong',
      'compliance.gdprEnabled',
      'the other party has to be told (an announcement to all or external_only) or asked (consentRequired)',
    ],
    recording_policies_specific: ['wrong', 'scope.type', 'a specific scope names users, groups or numbers'],
    user_groups_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    user_groups_name_unique: ['taken', 'name', 'another group has it'],
    user_group_members_user: ['wrong', 'userIds', 'the organisation has no such user'],
    cdr_targets_organization_id_fkey: ['wrong', 'organizationId', 'there is no such organisation'],
    cdr_targets_name_unique: ['taken', 'name', 'another target of the organisation has it'],
    audio_files_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    audio_files_name_unique: ['taken', 'name', 'another audio file has it'],
    fraud_rules_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    fraud_rules_user: ['wrong', 'userId', 'the organisation has no such user'],
    fraud_prefixes_organization: ['wrong', 'organizationId', 'there is no such organisation'],
    fraud_prefixes_unique: ['taken', 'prefix', 'it is on the list already'],
    rate_decks_carrier_id_fkey: ['wrong', 'carrierId', 'there is no such carrier'],
  }

/** The id that an INSERT ... RETURNING id made. */
export const madeId = (rows: readonly { readonly id: number }[]): number => {
  const [row] = rows
  if (row === undefined) throw new EngineError('STORE_QUERY_FAILED', 'an INSERT returned no row')
  return row.id
}

export const isConflict = (fault: unknown): boolean => codeOf(fault) === 'STORE_CONFLICT'
