/** Rules and lists of caller IDs, as our API takes and tells them. */
import { Type, type Static } from '@sinclair/typebox'
import {
  CALLER_ID_RULE_KINDS,
  type CallerIdRule,
  type CarrierNumber,
} from '../directory/caller-id-records.ts'
import { choice, e164, fields, flag, id, nullable } from './fields.ts'

export const NewCallerIdRule = fields({
  organizationId: Type.Optional(id('an organisation')),
  kind: choice(CALLER_ID_RULE_KINDS),
  country: Type.Optional(
    nullable(Type.String({ pattern: '^[A-Z]{2}$', description: 'the country that is called, such as US' })),
  ),
  prefix: Type.Optional(
    nullable(
      Type.String({ pattern: '^\\d{1,15}$', description: 'leading digits of the number that is called' }),
    ),
  ),
  numbers: Type.Array(e164('a number that is shown'), {
    minItems: 1,
    maxItems: 50,
    description: '1 to 50 numbers in E.164 form, which take turns',
  }),
  replacesRequested: Type.Optional(flag('whether local presence stands in for a number that was asked for')),
  enabled: Type.Optional(flag('whether it is used')),
})
export type NewCallerIdRule = Static<typeof NewCallerIdRule>

const string = Type.String()
const integer = Type.Integer()

export const CallerIdRuleJson = Type.Object({
  id: integer,
  organizationId: integer,
  kind: string,
  country: nullable(string),
  prefix: nullable(string),
  numbers: Type.Array(string),
  replacesRequested: Type.Boolean(),
  enabled: Type.Boolean(),
})
export const callerIdRuleJson = (rule: CallerIdRule) => ({
  id: rule.id,
  organizationId: rule.organizationId,
  kind: rule.kind,
  country: rule.country ?? null,
  prefix: rule.prefix ?? null,
  numbers: [...rule.numbers],
  replacesRequested: rule.replacesRequested,
  enabled: rule.enabled,
})

export const NewCarrierNumber = fields({
  carrierId: id('the carrier that takes it'),
  organizationId: Type.Optional(id('an organisation')),
  number: e164('a number that is shown'),
  verified: Type.Optional(flag('whether the carrier was seen to take it')),
})
export type NewCarrierNumber = Static<typeof NewCarrierNumber>

export const CarrierNumberJson = Type.Object({
  id: integer,
  carrierId: integer,
  organizationId: integer,
  number: string,
  verified: Type.Boolean(),
})
export const carrierNumberJson = (row: CarrierNumber) => ({
  id: row.id,
  carrierId: row.carrierId,
  organizationId: row.organizationId,
  number: row.number,
  verified: row.verified,
})
