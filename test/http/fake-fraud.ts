/** Rules, prefixes, alerts and blocks from memory, as the store would keep them. */
import type { FraudAlert } from '../../src/store/fraud-alerts.ts'
import type {
  FraudDoors,
  ToldFraudBlock,
  ToldFraudRule,
  ToldRiskyPrefix,
} from '../../src/http/fraud-doors.ts'
import { NOON } from './samples.ts'

const RULE: ToldFraudRule = {
  ...{
    id: 1,
    organizationId: 1,
    userId: undefined,
    name: 'Sequence',
    kind: 'sequential-numbers',
    action: 'alert',
  },
  ...{ counts: 'user', countries: [], prefixes: [], international: false, highRisk: false, limitCount: 10 },
  ...{ limitAmount: undefined, windowMinutes: 60, pricePerMinute: undefined, businessHours: [], hours: [] },
  ...{ timeZone: undefined, blockHours: undefined, enforced: false, enabled: true },
}
const PREFIX: ToldRiskyPrefix = {
  ...{
    id: 1,
    organizationId: undefined,
    prefix: '252',
    risk: 'high-risk',
    note: 'Somalia',
    source: 'somebody',
  },
  enabled: true,
}
const ALERT: FraudAlert = {
  ...{
    id: 1,
    organizationId: 1,
    userId: 7,
    ruleId: 1,
    kind: 'sequential-numbers',
    action: 'alert',
    why: 'a row',
  },
  ...{
    callId: undefined,
    number: '+442079460123',
    country: 'GB',
    occurrences: 2,
    firstAt: NOON,
    lastAt: NOON,
  },
  ...{ acknowledgedAt: undefined, acknowledgedBy: undefined, note: undefined },
}
const BLOCK: ToldFraudBlock = {
  ...{ id: 1, organizationId: 1, userId: 7, ruleId: 1, reason: 'a row', countries: [], prefixes: [] },
  ...{ international: false, highRisk: false, endsAt: undefined, createdAt: NOON },
  ...{ releasedAt: undefined, releasedBy: undefined },
}

export const fakeFraud = (): FraudDoors => ({
  rules: {
    list: () => Promise.resolve([RULE]),
    find: (_bound, id) => Promise.resolve(id === 1 ? RULE : undefined),
    add: () => Promise.resolve(RULE),
    change: (_bound, id) => Promise.resolve(id === 1 ? RULE : undefined),
    remove: (_bound, id) => Promise.resolve(id === 1),
  },
  prefixes: {
    list: () => Promise.resolve([PREFIX]),
    add: () => Promise.resolve(PREFIX),
    remove: (_bound, id) => Promise.resolve(id === 1),
  },
  alerts: {
    list: () => Promise.resolve([ALERT]),
    acknowledge: (_bound, id, by, note) =>
      Promise.resolve(id === 1 ? { ...ALERT, acknowledgedAt: NOON, acknowledgedBy: by, note } : undefined),
  },
  blocks: {
    list: () => Promise.resolve([BLOCK]),
    add: () => Promise.resolve(2),
    release: (_bound, id, by) =>
      Promise.resolve(id === 1 ? { ...BLOCK, releasedAt: NOON, releasedBy: by } : undefined),
  },
  setPin: (owner) => Promise.resolve('userId' in owner ? owner.userId === 7 : owner.organizationId === 1),
})
