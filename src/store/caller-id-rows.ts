/** Rows that say which number is shown to whom, as decisions read them. What cannot be a domain value throws. */
import {
  CALLER_ID_RULE_KINDS,
  type CallerIdRule,
  type CarrierNumber,
  type VerifiedNumber,
} from '../directory/caller-id-records.ts'
import { EngineError } from '../base/errors.ts'
import { asE164, isCountry } from '../telephony/e164.ts'

export const CALLER_ID_RULE_COLUMNS = `id, organization_id AS "organizationId", kind, country, prefix, numbers,
  replaces_requested AS "replacesRequested", enabled`
export const CALLER_ID_RULES = `SELECT ${CALLER_ID_RULE_COLUMNS} FROM caller_id_rules ORDER BY id`

export type CallerIdRuleRow = {
  readonly id: number
  readonly organizationId: number
  readonly kind: string
  readonly country: string | null
  readonly prefix: string | null
  readonly numbers: readonly string[]
  readonly replacesRequested: boolean
  readonly enabled: boolean
}

export const toCallerIdRule = ({
  kind: text,
  country,
  prefix,
  numbers,
  ...row
}: CallerIdRuleRow): CallerIdRule => {
  const kind = CALLER_ID_RULE_KINDS.find((known) => known === text)
  if (kind === undefined) throw new EngineError('STORE_BAD_ROW', `there is no kind "${text}"`)
  if (country !== null && !isCountry(country))
    throw new EngineError('STORE_BAD_ROW', `there is no country "${country}"`)
  return {
    ...row,
    kind,
    country: country ?? undefined,
    prefix: prefix ?? undefined,
    numbers: numbers.map(asE164),
  }
}

export const CARRIER_NUMBER_COLUMNS =
  'id, carrier_id AS "carrierId", organization_id AS "organizationId", number, verified'
export const CARRIER_NUMBERS = `SELECT ${CARRIER_NUMBER_COLUMNS} FROM carrier_caller_ids ORDER BY id`

export type CarrierNumberRow = Omit<CarrierNumber, 'number'> & { readonly number: string }

export const toCarrierNumber = ({ number, ...row }: CarrierNumberRow): CarrierNumber => ({
  ...row,
  number: asE164(number),
})

/** Those that count at this moment: the snapshot is read again each minute, so that none outlives its time by more. */
export const VERIFIED_NUMBERS = `SELECT id, organization_id AS "organizationId", user_id AS "userId", number,
    verified_at AS "verifiedAt"
  FROM caller_id_verifications
  WHERE verified_at IS NOT NULL AND (valid_until IS NULL OR valid_until > now()) ORDER BY id`

export type VerifiedNumberRow = Omit<VerifiedNumber, 'number' | 'userId'> & {
  readonly userId: number | null
  readonly number: string
}

export const toVerifiedNumber = ({ number, userId, ...row }: VerifiedNumberRow): VerifiedNumber => ({
  ...row,
  userId: userId ?? undefined,
  number: asE164(number),
})
