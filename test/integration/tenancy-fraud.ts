/** What an organisation's token tries on the routes of toll fraud: the platform's rules are seen and stay, A's are not there. */
import type { Trial } from './tenancy-routes.ts'

const list: Trial = (a) => [{ told: true }, { query: `organization=${a.organization}` }]
/** The ids of the platform's own: whoever may change those has all organisations in hand. */
const ofPlatform =
  (body?: unknown): Trial =>
  () => [{ params: { id: 1 }, body, absent: true }]
const RULE = { name: 'x', kind: 'range-scan', action: 'alert' }

export const FRAUD_ROUTES: Readonly<Record<string, Trial>> = {
  'GET /v1/fraud/rules': list,
  'POST /v1/fraud/rules': (a, b) => [
    { body: { ...RULE, organizationId: a.organization } },
    { body: { ...RULE, userId: a.user } },
    { body: { ...RULE, organizationId: b.organization, enforced: true } },
  ],
  'GET /v1/fraud/rules/{id}': () => [{ params: { id: 1 }, told: true }],
  'PUT /v1/fraud/rules/{id}': ofPlatform({ enabled: false }),
  'DELETE /v1/fraud/rules/{id}': ofPlatform(),
  'GET /v1/fraud/prefixes': list,
  'POST /v1/fraud/prefixes': (a) => [
    { body: { prefix: '37190', risk: 'normal', organizationId: a.organization } },
  ],
  'DELETE /v1/fraud/prefixes/{id}': ofPlatform(),
  'GET /v1/fraud/alerts': list,
  'POST /v1/fraud/alerts/{id}/acknowledge': ofPlatform({}),
  'GET /v1/fraud/blocks': list,
  'POST /v1/fraud/blocks': (a) => [
    { body: { reason: 'x', organizationId: a.organization } },
    { body: { reason: 'x', userId: a.user }, orElse: [409] },
  ],
  'DELETE /v1/fraud/blocks/{id}': ofPlatform(),
  'PUT /v1/users/{id}/fraud-pin': (a) => [{ params: { id: a.user }, body: { pin: '1234' } }],
  'DELETE /v1/users/{id}/fraud-pin': (a) => [{ params: { id: a.user } }],
  'PUT /v1/organizations/{id}/fraud-pin': (a) => [{ params: { id: a.organization }, body: { pin: '1234' } }],
  'DELETE /v1/organizations/{id}/fraud-pin': (a) => [{ params: { id: a.organization } }],
}
