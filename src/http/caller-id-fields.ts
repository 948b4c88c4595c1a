/** What organisations, users, carriers and gateways say of caller IDs, as our API takes and tells it. */
import { Type } from '@sinclair/typebox'
import {
  CALLER_ID_POLICIES,
  PRESENTATIONS,
  type CarrierCallerId,
  type EmergencyIdentity,
  type GatewayCallerId,
  type OrganizationCallerId,
  type UserCallerId,
} from '../directory/caller-id-records.ts'
import { IDENTITY_HEADERS } from '../telephony/caller-identity.ts'
import { NUMBER_FORMATS } from '../telephony/number-form.ts'
import { choice, e164, flag, nullable, text } from './fields.ts'

const string = Type.String()

const emergencyTaken = {
  emergencyCallerId: Type.Optional(nullable(e164('the number that is registered for emergency calls'))),
  emergencyAddress: Type.Optional(nullable(text('the street address that is registered with it', 500))),
  emergencyLocationUri: Type.Optional(
    nullable(
      Type.String({
        maxLength: 250,
        pattern: '^[a-z][a-z0-9+.-]{1,20}:[A-Za-z0-9_.:@+;=~/-]{1,230}$',
        description: 'a location by reference (RFC 6442): a URI of letters, digits and _ . : @ + ; = ~ / -',
      }),
    ),
  ),
}
const emergencyTold = {
  emergencyCallerId: nullable(string),
  emergencyAddress: nullable(string),
  emergencyLocationUri: nullable(string),
}
const emergencyJson = (row: EmergencyIdentity) => ({
  emergencyCallerId: row.emergencyCallerId ?? null,
  emergencyAddress: row.emergencyAddress ?? null,
  emergencyLocationUri: row.emergencyLocationUri ?? null,
})

export const organizationCallerIdTaken = {
  mainNumber: Type.Optional(nullable(e164('the number that is shown where there is no default'))),
  ...emergencyTaken,
}
export const organizationCallerIdTold = { mainNumber: nullable(string), ...emergencyTold }
export const organizationCallerIdJson = (row: OrganizationCallerId) => ({
  mainNumber: row.mainNumber ?? null,
  ...emergencyJson(row),
})

export const userCallerIdTaken = {
  presentation: Type.Optional(choice(PRESENTATIONS)),
  ...emergencyTaken,
}
export const userCallerIdTold = { presentation: string, ...emergencyTold }
export const userCallerIdJson = (row: UserCallerId) => ({
  presentation: row.presentation ?? 'allowed',
  ...emergencyJson(row),
})

export const carrierCallerIdTaken = { callerIdPolicy: Type.Optional(choice(CALLER_ID_POLICIES)) }
export const carrierCallerIdTold = { callerIdPolicy: string }
export const carrierCallerIdJson = (row: CarrierCallerId) => ({ callerIdPolicy: row.callerIdPolicy ?? 'any' })

export const gatewayCallerIdTaken = {
  identityHeader: Type.Optional(choice(IDENTITY_HEADERS)),
  trustsIdentity: Type.Optional(flag('whether it may know a number that is withheld')),
  callerIdFormat: Type.Optional(choice(NUMBER_FORMATS)),
  callerIdCountry: Type.Optional(
    nullable(Type.String({ pattern: '^[A-Z]{2}$', description: 'a country in ISO 3166, such as GB' })),
  ),
  signsIdentity: Type.Optional(flag('whether calls over it carry a signed Identity')),
}
export const gatewayCallerIdTold = {
  identityHeader: string,
  trustsIdentity: Type.Boolean(),
  callerIdFormat: string,
  callerIdCountry: nullable(string),
  signsIdentity: Type.Boolean(),
}
export const gatewayCallerIdJson = (row: GatewayCallerId) => ({
  identityHeader: row.identityHeader ?? 'pai',
  trustsIdentity: row.trustsIdentity ?? false,
  callerIdFormat: row.callerIdFormat ?? 'plus',
  callerIdCountry: row.callerIdCountry ?? null,
  signsIdentity: row.signsIdentity ?? false,
})
