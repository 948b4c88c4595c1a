/** Toll fraud as our API tells it: the fields of rules, risky prefixes, alerts and blocks. */
import { Type } from '@sinclair/typebox'
import { FRAUD_ACTIONS, FRAUD_COUNTS, FRAUD_KINDS, PREFIX_RISKS } from '../telephony/fraud-kind.ts'
import { formatMoney } from '../telephony/money.ts'
import { choice, flag, freeText, id, iso, isoOrNull, nullable, price, text, time, whole } from './fields.ts'
import type { FraudAlert } from '../store/fraud-alerts.ts'
import type { ToldFraudBlock, ToldFraudRule, ToldRiskyPrefix } from './fraud-doors.ts'

const list = (what: string, pattern: string, maxItems = 300) =>
  Type.Array(Type.String({ pattern, description: what }), {
    maxItems,
    description: `a list of ${what}`,
  })

export const destinationFields = {
  countries: list('countries in ISO 3166, such as SO', '^[A-Z]{2}$'),
  prefixes: list('leading digits without plus', '^[0-9]{1,15}$', 1_000),
  international: flag("only calls to another country than the organisation's"),
  highRisk: flag('only calls to prefixes that are listed as premium or high-risk'),
}

export const ruleFields = {
  userId: nullable(id('a user: of his calls alone')),
  name: text('a name', 255),
  kind: choice(FRAUD_KINDS),
  action: choice(FRAUD_ACTIONS),
  counts: choice(FRAUD_COUNTS),
  ...destinationFields,
  limitCount: nullable(whole('calls, or numbers, that are still normal', 0, 100_000)),
  limitAmount: nullable(price('money that is still normal')),
  windowMinutes: nullable(whole('minutes in which they are counted', 1, 1_440)),
  pricePerMinute: nullable(price('the price of a minute from which a country is dear')),
  businessHours: list('windows such as Mon-Fri 08:00-18:00', '^[^\\u0000-\\u001f\\u007f]{1,200}$', 20),
  timeZone: nullable(text('an IANA time zone, such as Europe/London', 64)),
  blockHours: nullable(whole('hours of a block; null: until it is released', 1, 8_760)),
  enforced: flag("an organisation's own rule of the kind does not take its place"),
  enabled: flag('whether it is looked at'),
}

const number = Type.Integer()

export const RuleJson = Type.Object({
  id: number,
  organizationId: nullable(Type.Integer({ description: "null: the platform's, for every organisation" })),
  ...ruleFields,
})

export const ruleJson = (rule: ToldFraudRule) => ({
  id: rule.id,
  organizationId: rule.organizationId ?? null,
  userId: rule.userId ?? null,
  name: rule.name,
  kind: rule.kind,
  action: rule.action,
  counts: rule.counts,
  ...destinationsJson(rule),
  limitCount: rule.limitCount ?? null,
  limitAmount: rule.limitAmount === undefined ? null : formatMoney(rule.limitAmount),
  windowMinutes: rule.windowMinutes ?? null,
  pricePerMinute: rule.pricePerMinute === undefined ? null : formatMoney(rule.pricePerMinute),
  businessHours: rule.hours,
  timeZone: rule.timeZone ?? null,
  blockHours: rule.blockHours ?? null,
  enforced: rule.enforced,
  enabled: rule.enabled,
})

const destinationsJson = ({
  countries,
  prefixes,
  international,
  highRisk,
}: Pick<ToldFraudRule, 'countries' | 'prefixes' | 'international' | 'highRisk'>) => ({
  countries,
  prefixes,
  international,
  highRisk,
})

export const prefixFields = {
  prefix: Type.String({
    pattern: '^[0-9]{1,15}$',
    description: 'leading digits without plus, 1 to 15',
  }),
  risk: choice(PREFIX_RISKS),
  note: freeText('a note', 255),
  source: freeText('who says so', 255),
}

export const PrefixJson = Type.Object({
  id: number,
  organizationId: nullable(number),
  ...prefixFields,
  enabled: Type.Boolean(),
})

export const prefixJson = (row: ToldRiskyPrefix) => ({
  id: row.id,
  organizationId: row.organizationId ?? null,
  prefix: row.prefix,
  risk: row.risk,
  note: row.note,
  source: row.source,
  enabled: row.enabled,
})

const string = Type.String()

export const AlertJson = Type.Object({
  id: number,
  organizationId: number,
  userId: nullable(number),
  ruleId: nullable(number),
  kind: Type.String({ description: 'the kind of its rule, or wrong-pin' }),
  action: Type.String({ description: 'what was done: alert, block or require-pin' }),
  why: string,
  callId: nullable(Type.String({ description: 'the last of the calls' })),
  number: nullable(string),
  country: nullable(string),
  occurrences: Type.Integer({ description: 'calls; the same again within an hour is the same alert' }),
  firstAt: time('a moment'),
  lastAt: time('a moment'),
  acknowledgedAt: nullable(time('a moment')),
  acknowledgedBy: nullable(string),
  note: nullable(string),
})

export const alertJson = (alert: FraudAlert) => ({
  id: alert.id,
  organizationId: alert.organizationId,
  userId: alert.userId ?? null,
  ruleId: alert.ruleId ?? null,
  kind: alert.kind,
  action: alert.action,
  why: alert.why,
  callId: alert.callId ?? null,
  number: alert.number ?? null,
  country: alert.country ?? null,
  occurrences: alert.occurrences,
  firstAt: iso(alert.firstAt),
  lastAt: iso(alert.lastAt),
  acknowledgedAt: isoOrNull(alert.acknowledgedAt),
  acknowledgedBy: alert.acknowledgedBy ?? null,
  note: alert.note ?? null,
})

export const BlockJson = Type.Object({
  id: number,
  organizationId: number,
  userId: nullable(Type.Integer({ description: "null: the whole organisation's calls" })),
  ruleId: nullable(number),
  reason: string,
  ...destinationFields,
  endsAt: nullable(time('a moment; null: when it is released')),
  createdAt: time('a moment'),
  releasedAt: nullable(time('a moment')),
  releasedBy: nullable(string),
})

export const blockJson = (block: ToldFraudBlock) => ({
  id: block.id,
  organizationId: block.organizationId,
  userId: block.userId ?? null,
  ruleId: block.ruleId ?? null,
  reason: block.reason,
  ...destinationsJson(block),
  endsAt: isoOrNull(block.endsAt),
  createdAt: iso(block.createdAt),
  releasedAt: isoOrNull(block.releasedAt),
  releasedBy: block.releasedBy ?? null,
})
