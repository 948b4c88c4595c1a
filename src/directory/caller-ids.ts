/** The caller ID rows of a snapshot, indexed for the questions that a call asks: no question walks over rows. */
import type { Country, E164 } from '../telephony/e164.ts'
import { createNumberForm, DEFAULT_NUMBER_FORM, type FormNumber } from '../telephony/number-form.ts'
import type {
  CallerIdRows,
  CallerIdRule,
  CallerIdRuleKind,
  GatewayCallerId,
  VerifiedNumber,
} from './caller-id-records.ts'

export type CallerIds = {
  /** The rule with the longest prefix of the number (digits without plus), or else the one of its country. */
  readonly ruleFor: (
    organizationId: number,
    kind: CallerIdRuleKind,
    digits: string,
    country: Country | undefined,
  ) => CallerIdRule | undefined
  /** The proof that this user, or everybody of the organisation, may show the number. */
  readonly verified: (
    organizationId: number,
    userId: number | undefined,
    number: E164,
  ) => VerifiedNumber | undefined
  /** Whether any carrier vouches for it. */
  readonly isListed: (organizationId: number, number: E164) => boolean
  readonly isListedAt: (carrierId: number, organizationId: number, number: E164) => boolean
  /** The carrier's list for the organisation, in the order of its rows. */
  readonly listedAt: (carrierId: number, organizationId: number) => readonly E164[]
  /** How the gateway wants the number that calls. */
  readonly formOf: (gateway: GatewayCallerId) => FormNumber
}

export const NO_CALLER_IDS: CallerIdRows = { rules: [], verified: [], carrierNumbers: [] }

export const createCallerIds = ({ rules, verified, carrierNumbers }: CallerIdRows): CallerIds => {
  const byDestination = new Map<string, CallerIdRule>()
  const prefixLengths = new Map<string, readonly number[]>()
  for (const rule of rules) {
    if (!rule.enabled) continue
    const owner = ownerOf(rule.organizationId, rule.kind)
    byDestination.set(`${owner}/${rule.prefix ?? rule.country ?? ''}`, rule)
    const length = rule.prefix?.length ?? 0
    const lengths = prefixLengths.get(owner) ?? []
    if (!lengths.includes(length))
      prefixLengths.set(
        owner,
        [...lengths, length].sort((a, b) => b - a),
      )
  }
  const proofs = new Map(
    verified.map((row) => [`${row.organizationId}/${row.userId ?? ''}/${row.number}`, row] as const),
  )
  const lists = new Map<string, E164[]>()
  const listed = new Set<string>()
  for (const row of carrierNumbers) {
    if (!row.verified) continue
    const list = `${row.carrierId}/${row.organizationId}`
    lists.set(list, [...(lists.get(list) ?? []), row.number])
    listed.add(`${list}/${row.number}`)
    listed.add(`${row.organizationId}/${row.number}`)
  }
  return {
    ruleFor: (organizationId, kind, digits, country) => {
      const owner = ownerOf(organizationId, kind)
      for (const length of prefixLengths.get(owner) ?? []) {
        // A rule of a country has no prefix, and stands last.
        const destination = length === 0 ? country : digits.slice(0, length)
        const rule = destination === undefined ? undefined : byDestination.get(`${owner}/${destination}`)
        if (rule !== undefined) return rule
      }
      return undefined
    },
    verified: (organizationId, userId, number) =>
      proofs.get(`${organizationId}//${number}`) ??
      (userId === undefined ? undefined : proofs.get(`${organizationId}/${userId}/${number}`)),
    isListed: (organizationId, number) => listed.has(`${organizationId}/${number}`),
    isListedAt: (carrierId, organizationId, number) => listed.has(`${carrierId}/${organizationId}/${number}`),
    listedAt: (carrierId, organizationId) => lists.get(`${carrierId}/${organizationId}`) ?? [],
    formOf: createForms(),
  }
}

/** Each compiled when it is first needed, and kept: a national one remembers what it has written. */
const createForms = (): CallerIds['formOf'] => {
  const forms = new Map<string, FormNumber>()
  return ({ callerIdFormat: format = 'plus', callerIdCountry: country }) => {
    const key = `${format}/${country ?? ''}`
    const known = forms.get(key)
    if (known !== undefined) return known
    const form = createNumberForm({ ...DEFAULT_NUMBER_FORM, format, country })
    forms.set(key, form)
    return form
  }
}

const ownerOf = (organizationId: number, kind: CallerIdRuleKind): string => `${organizationId}/${kind}`
