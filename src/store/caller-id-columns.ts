/**
 * What organisations, users, carriers and gateways say of caller IDs, as columns of their rows. The names of columns
 * stand here once; each SELECT names them as the domain does.
 */
import {
  CALLER_ID_POLICIES,
  PRESENTATIONS,
  type CarrierCallerId,
  type EmergencyIdentity,
  type GatewayCallerId,
  type OrganizationCallerId,
  type UserCallerId,
} from '../directory/caller-id-records.ts'
import { EngineError } from '../base/errors.ts'
import { IDENTITY_HEADERS } from '../telephony/caller-identity.ts'
import { isCountry, type Country, type E164 } from '../telephony/e164.ts'
import { NUMBER_FORMATS } from '../telephony/number-form.ts'
import { badInput, country, e164, matching, name, oneOf } from './input.ts'
import { given, type Columns } from './row-writes.ts'

const EMERGENCY = `emergency_caller_id AS "emergencyCallerId", emergency_address AS "emergencyAddress",
  emergency_location_uri AS "emergencyLocationUri"`

export const ORGANIZATION_CALLER_ID = `main_number AS "mainNumber", ${EMERGENCY}`
export const USER_CALLER_ID = `presentation, ${EMERGENCY}`
export const CARRIER_CALLER_ID = 'caller_id_policy AS "callerIdPolicy"'
export const GATEWAY_CALLER_ID = `identity_header AS "identityHeader", trusts_identity AS "trustsIdentity",
  caller_id_format AS "callerIdFormat", caller_id_country AS "callerIdCountry", signs_identity AS "signsIdentity"`

/** Every field is there, also as undefined: what is spread over a row leaves none of the row's nulls. */
type Whole<Value> = { readonly [Field in keyof Value]-?: Value[Field] }

/** As PostgreSQL tells it: null where the row has nothing. The constraints of sql/0011 hold the values. */
type Told<Value> = { readonly [Field in keyof Value]-?: Exclude<Value[Field], undefined> | null }
export type OrganizationCallerIdRow = Told<OrganizationCallerId>
export type UserCallerIdRow = Told<UserCallerId>
export type CarrierCallerIdRow = Told<CarrierCallerId>
export type GatewayCallerIdRow = Told<GatewayCallerId>

export const organizationCallerIdIn = (row: OrganizationCallerIdRow): Whole<OrganizationCallerId> => ({
  mainNumber: row.mainNumber ?? undefined,
  ...emergencyIn(row),
})

export const userCallerIdIn = (row: UserCallerIdRow): Whole<UserCallerId> => ({
  presentation: row.presentation ?? undefined,
  ...emergencyIn(row),
})

const emergencyIn = (row: Told<EmergencyIdentity>): Whole<EmergencyIdentity> => ({
  emergencyCallerId: row.emergencyCallerId ?? undefined,
  emergencyAddress: row.emergencyAddress ?? undefined,
  emergencyLocationUri: row.emergencyLocationUri ?? undefined,
})

export const carrierCallerIdIn = (row: CarrierCallerIdRow): Whole<CarrierCallerId> => ({
  callerIdPolicy: row.callerIdPolicy ?? undefined,
})

export const gatewayCallerIdIn = (row: GatewayCallerIdRow): Whole<GatewayCallerId> => ({
  identityHeader: row.identityHeader ?? undefined,
  trustsIdentity: row.trustsIdentity ?? undefined,
  callerIdFormat: row.callerIdFormat ?? undefined,
  callerIdCountry: row.callerIdCountry ?? undefined,
  signsIdentity: row.signsIdentity ?? undefined,
})

/** Throws STORE_BAD_ROW: a country that only a hand could have written. */
export const checkedGatewayCallerId = (row: GatewayCallerIdRow): Whole<GatewayCallerId> => {
  if (row.callerIdCountry !== null && !isCountry(row.callerIdCountry))
    throw new EngineError('STORE_BAD_ROW', `there is no country "${String(row.callerIdCountry)}"`)
  return gatewayCallerIdIn(row)
}

/** What is not given stays; null empties what may be empty. */
type Given<Value> = {
  readonly [Field in keyof Value]?: Loose<Exclude<Value[Field], undefined>> | null | undefined
}
/** Words and numbers come from outside as text, and are checked here. */
type Loose<Value> = Value extends E164 | Country ? string : Value extends string ? string : Value

export type EmergencyChanges = Given<EmergencyIdentity>
export type OrganizationCallerIdChanges = Given<OrganizationCallerId>
export type UserCallerIdChanges = Given<UserCallerId>
export type CarrierCallerIdChanges = Given<CarrierCallerId>
export type GatewayCallerIdChanges = Given<GatewayCallerId>

export const organizationCallerIdColumns = (changes: OrganizationCallerIdChanges): Columns => ({
  main_number: given(changes.mainNumber, (value) => e164('mainNumber', value)),
  ...emergencyColumns(changes),
})

export const userCallerIdColumns = (changes: UserCallerIdChanges): Columns => ({
  presentation: orDefault(
    given(changes.presentation, (value) => oneOf('presentation', value, PRESENTATIONS)),
    'allowed',
  ),
  ...emergencyColumns(changes),
})

const emergencyColumns = (changes: EmergencyChanges): Columns => ({
  emergency_caller_id: given(changes.emergencyCallerId, (value) => e164('emergencyCallerId', value)),
  emergency_address: given(changes.emergencyAddress, (value) => name('emergencyAddress', value, 500)),
  emergency_location_uri: given(changes.emergencyLocationUri, (value) =>
    matching(
      'emergencyLocationUri',
      value,
      /^[a-z][a-z0-9+.-]{1,20}:[A-Za-z0-9_.:@+;=~/-]{1,230}$/,
      'it must be a URI of letters, digits and _ . : @ + ; = ~ / -',
    ),
  ),
})

export const carrierCallerIdColumns = ({ callerIdPolicy }: CarrierCallerIdChanges): Columns => ({
  caller_id_policy: orDefault(
    given(callerIdPolicy, (value) => oneOf('callerIdPolicy', value, CALLER_ID_POLICIES)),
    'any',
  ),
})

export const gatewayCallerIdColumns = (changes: GatewayCallerIdChanges): Columns => {
  if (changes.callerIdFormat === 'national' && changes.callerIdCountry === null)
    throw badInput('callerIdCountry', 'a national number is of a country')
  return {
    identity_header: orDefault(
      given(changes.identityHeader, (value) => oneOf('identityHeader', value, IDENTITY_HEADERS)),
      'pai',
    ),
    trusts_identity: orDefault(changes.trustsIdentity, false),
    caller_id_format: orDefault(
      given(changes.callerIdFormat, (value) => oneOf('callerIdFormat', value, NUMBER_FORMATS)),
      'plus',
    ),
    caller_id_country: given(changes.callerIdCountry, (value) => country('callerIdCountry', value)),
    signs_identity: orDefault(changes.signsIdentity, false),
  }
}

/** Columns that are never empty: null gives them back their default. */
const orDefault = <Value>(value: Value | null | undefined, fallback: Value): Value | undefined =>
  value === null ? fallback : value
