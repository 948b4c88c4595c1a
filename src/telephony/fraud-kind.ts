/** What rules against toll fraud look at, and what they do. To add a kind, add its word here, in `sql/` and in limits/fraud-rules. */
export const FRAUD_KINDS = [
  'calls-per-minute',
  'concurrent-calls',
  'spend-per-hour',
  'spend-per-day',
  'first-high-cost-country',
  'sequential-numbers',
  'range-scan',
  'night-burst',
  'high-risk-prefix',
] as const
export type FraudKind = (typeof FRAUD_KINDS)[number]

export const FRAUD_ACTIONS = ['alert', 'block', 'require-pin'] as const
export type FraudAction = (typeof FRAUD_ACTIONS)[number]

/** Over whose calls a rule counts. */
export const FRAUD_COUNTS = ['user', 'organization'] as const
export type FraudCounts = (typeof FRAUD_COUNTS)[number]

/** What a prefix is listed as; `normal` lifts a shorter prefix. */
export const PREFIX_RISKS = ['premium', 'high-risk', 'normal'] as const
export type PrefixRisk = (typeof PREFIX_RISKS)[number]
