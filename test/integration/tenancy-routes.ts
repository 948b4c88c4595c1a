/**
 * What an organisation's token tries on every route of the OpenAPI document, with what is another organisation's. A
 * route that is not here fails the test: add one line. `platform`: no organisation may call it (403). `open`: it takes
 * no token. Else a list of requests: with the ids of A in the path, in the query, in the body. They are refused with
 * 400, 403 or 404 unless `told` says that an answer is right, and in no answer is anything of A's.
 */
import { FRAUD_ROUTES } from './tenancy-fraud.ts'
import { MARKED_DIGITS, type OfA, type OfB } from './tenancy-world.ts'

export type Request = {
  /** For each parameter of the path. */
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: string
  readonly body?: unknown
  /** An answer with 2xx is right; it must not have anything of A's in it. */
  readonly told?: true
  /** Further statuses with which it may be refused. */
  readonly orElse?: readonly number[]
  /** A has no such thing either: only that nothing is told is tried. Otherwise a GET of A's own finds it. */
  readonly absent?: true
}

export type Trial = 'open' | 'platform' | ((a: OfA, b: OfB) => readonly Request[])

/** A list: B's own is told, A's is not there. */
const list: Trial = (a) => [{ told: true }, { query: `organization=${a.organization}` }]

/** One record of A's by its id. */
const one =
  (kind: keyof OfA, body?: unknown): Trial =>
  (a) => [{ params: { id: a[kind] }, body }]

const RATES = [{ prefix: '44', pricePerMinute: '0.01' }]
const UUID = '11111111-2222-4333-8444-555555555555'
const FILE = Buffer.from('prefix,price\n44,0.01\n')

const originate: Trial = (a, b) => [
  { body: { userId: a.user, to: '+442079460123' } },
  { body: { userId: b.user, deviceId: a.device, to: '+442079460123' }, orElse: [409] },
  { body: { userId: b.user, to: '+442079460123', organizationId: a.organization } },
  { body: { userId: b.user, to: '+442079460123', callerId: `+44${MARKED_DIGITS[0]}` } },
]

const question: Trial = (a) => [
  { body: { destination: '+442079460123', organizationId: a.organization } },
  { body: { destination: '+442079460123', userId: a.user } },
  {
    body: {
      destination: '+442079460123',
      options: { preferredCarriers: [a.carrierCode, String(a.carrier)] },
    },
    told: true,
  },
]

/** The five routes of a kind of record; `added` are its bodies that name what is A's. */
const kind = (
  path: string,
  name: keyof OfA,
  changes: object,
  added: (a: OfA, b: OfB) => readonly unknown[],
): Readonly<Record<string, Trial>> => ({
  [`GET /v1/${path}`]: list,
  [`POST /v1/${path}`]: (a, b) => added(a, b).map((body) => ({ body })),
  [`GET /v1/${path}/{id}`]: one(name),
  [`PUT /v1/${path}/{id}`]: one(name, changes),
  [`DELETE /v1/${path}/{id}`]: one(name),
})

/** What is done to a call, by the last words of its path. */
const onCall = (method: string, ...words: readonly string[]): Readonly<Record<string, Trial>> =>
  Object.fromEntries(
    words.map((word): [string, Trial] => [
      `${method} /v1/calls/{callId}/${word}`,
      (a) => [{ params: { callId: a.call } }],
    ]),
  )

export const ROUTES: Readonly<Record<string, Trial>> = {
  'GET /health': 'open',
  'GET /ready': 'open',
  'POST /oauth/token': 'open',
  'GET /.well-known/jwks.json': 'open',
  'POST /freeswitch/xml': 'platform',
  'POST /freeswitch/cdr': 'platform',
  'GET /openapi.json': () => [{ told: true }],
  'GET /metrics': 'platform',
  'GET /v1/exchange-rates': 'platform',
  'POST /v1/exchange-rates': 'platform',
  'DELETE /v1/exchange-rates/{base}/{currency}/{day}': 'platform',
  'GET /v1/tax-rates': list,
  'POST /v1/tax-rates': 'platform',
  'POST /v1/tax-rates/{id}/end': 'platform',
  'DELETE /v1/tax-rates/{id}': 'platform',
  'GET /v1/cdrs/reratings': 'platform',
  'POST /v1/cdrs/reratings': 'platform',
  'GET /v1/cdrs/reratings/{id}': 'platform',
  'POST /v1/cdrs/reratings/{id}/undo': 'platform',
  'POST /v1/cdrs/reratings/{id}/cancel': 'platform',
  'GET /v1/bans': 'platform',
  'DELETE /v1/bans/{address}': 'platform',
  'POST /v1/cdrs/ingest': 'platform',
  'GET /v1/cdrs/quarantine': 'platform',
  'GET /v1/cdrs/quarantine/{id}': 'platform',
  'POST /v1/cdrs/quarantine/{id}/retry': 'platform',
  'DELETE /v1/cdrs/quarantine/{id}': 'platform',
  'POST /v1/routes/replay': 'platform',
  'GET /v1/routes/replays/{id}': 'platform',
  'GET /v1/secrets': 'platform',
  'POST /v1/secrets/rotate': 'platform',

  ...kind('organizations', 'organization', { name: 'stolen' }, () => [
    { name: 'x', sipDomain: 'x.example', country: 'GB', currency: 'GBP' },
  ]),
  ...kind('users', 'user', { name: 'stolen' }, (a) => [
    { organizationId: a.organization, name: 'x', extension: '7009' },
  ]),
  ...kind('devices', 'device', { enabled: false }, (a) => [
    { userId: a.user, username: 'x', password: 'a long password' },
  ]),
  ...kind('numbers', 'number', { enabled: false }, (a, b) => [
    { organizationId: a.organization, number: '+442079465599', userId: a.user },
    { organizationId: b.organization, number: '+442079465599', userId: a.user },
  ]),
  ...kind('carriers', 'carrier', { enabled: false }, (a) => [
    { organizationId: a.organization, code: 'x', name: 'x' },
  ]),
  ...kind('gateways', 'gateway', { enabled: false }, (a) => [
    { carrierId: a.carrier, name: 'x', hostname: 'x.example' },
  ]),
  ...kind('lcr-profiles', 'profile', { name: 'stolen' }, (a) => [
    { organizationId: a.organization, name: 'x' },
  ]),
  ...kind('lcr-routes', 'route', { priority: 9 }, (a, b) => [
    { profileId: a.profile, gatewayId: b.gateway, prefix: '1' },
    { profileId: b.profile, gatewayId: a.gateway, prefix: '1' },
  ]),
  ...kind('blocked-prefixes', 'blockedPrefix', { enabled: false }, (a) => [
    { organizationId: a.organization, prefix: '883' },
  ]),
  ...kind('rate-decks', 'rateDeck', { name: 'stolen' }, (a, b) => [
    { carrierId: a.carrier, name: 'x', currency: 'GBP', rates: RATES },
    { organizationId: a.organization, name: 'x', currency: 'GBP', rates: RATES },
    { organizationId: b.organization, name: 'x', currency: 'GBP', rates: RATES },
  ]),
  'POST /v1/rate-decks/import': (a, b) => [
    { query: `carrier=${a.carrier}`, body: FILE },
    { query: `carrier=${a.carrierCode}`, body: FILE },
    { query: `customer=${a.organization}`, body: FILE },
    { query: `customer=${b.organization}`, body: FILE },
  ],
  'POST /v1/rate-decks/rollback': (a) => [
    { query: `carrier=${a.carrier}` },
    { query: `carrier=${a.carrierCode}` },
    { query: `customer=${a.organization}` },
  ],
  'POST /v1/rate-decks/{id}/publish': (a) => [
    { params: { id: a.rateDeck } },
    { params: { id: a.customerDeck } },
  ],
  'POST /v1/rate-decks/{id}/withdraw': (a) => [
    { params: { id: a.rateDeck } },
    { params: { id: a.customerDeck } },
  ],
  'GET /v1/rate-decks/{id}/export': (a) => [
    { params: { id: a.rateDeck } },
    { params: { id: a.customerDeck } },
  ],

  'GET /v1/api-keys': list,
  'POST /v1/api-keys': (a) => [
    { body: { organizationId: a.organization, name: 'x', scopes: ['calls:read'] } },
    { body: { organizationId: null, name: 'x', scopes: ['calls:read'] } },
    { body: { name: 'x', scopes: ['platform:read'] } },
  ],
  'GET /v1/api-keys/{id}': one('apiKey'),
  'DELETE /v1/api-keys/{id}': one('apiKey'),
  'GET /v1/oauth-clients': list,
  'POST /v1/oauth-clients': (a) => [
    { body: { organizationId: a.organization, name: 'x', scopes: ['calls:read'] } },
    { body: { organizationId: null, name: 'x', scopes: ['calls:read'] } },
  ],
  'GET /v1/oauth-clients/{id}': one('oauthClient'),
  'DELETE /v1/oauth-clients/{id}': one('oauthClient'),

  'POST /v1/calls/originate': originate,
  'POST /v1/originate': originate,
  'GET /v1/calls': list,
  'GET /v1/calls/{callId}': (a) => [{ params: { callId: a.call } }],
  'DELETE /v1/calls/{callId}': (a) => [{ params: { callId: a.call } }],
  'GET /v1/calls/{callId}/decision': (a) => [{ params: { callId: a.call } }],
  'GET /v1/calls/{callId}/recording': (a) => [{ params: { callId: a.call } }],
  'POST /v1/calls/{callId}/recording': (a) => [
    { params: { callId: a.call }, body: { action: 'start', policyId: a.recordingPolicy } },
    { params: { callId: a.call }, body: { action: 'stop' } },
  ],
  // What it tells is listened to while everything else happens.
  'GET /v1/live': (a) => [{ query: `organization=${a.organization}` }],
  'GET /v1/cdrs': (a) => [
    { told: true },
    { query: `call=${a.call}`, told: true },
    { query: `number=${MARKED_DIGITS[1]}&legs=true`, told: true },
    { query: `organization=${a.organization}` },
  ],
  'GET /v1/cdrs/export': (a) => [
    { query: 'format=ndjson&legs=true', told: true },
    { query: `format=csv&call=${a.call}`, told: true },
    { query: `format=csv&organization=${a.organization}` },
  ],
  'GET /v1/cdrs/erasures': list,
  'POST /v1/cdrs/erasures': (a) => [
    { body: { number: `+44${MARKED_DIGITS[0]}`, reason: 'x', organizationId: a.organization } },
    { body: { number: `+44${MARKED_DIGITS[0]}`, reason: 'x' }, told: true },
  ],
  'GET /v1/routes/explain': (a) => [
    { query: 'number=%2B442079460123&from=7001', told: true },
    { query: `number=%2B442079460123&organization=${a.organization}` },
    { query: `number=%2B442079460123&from=%2B44${MARKED_DIGITS[0]}` },
  ],
  'POST /lcr/route': question,
  'POST /v1/lcr/route': question,
  'GET /v1/gateways/health': () => [{ told: true }],
  'GET /v1/gateways/{id}/health': one('gateway'),
  'POST /v1/gateways/{id}/breaker': one('gateway', { action: 'reset' }),

  'GET /v1/reports/calls': list,
  'GET /v1/reports/users': list,
  'GET /v1/reports/carriers': list,
  'GET /v1/reports/gateways': list,
  'GET /v1/reports/destinations': list,
  'GET /v1/reports/prefixes': list,
  'GET /v1/reports/hourly': list,
  ...FRAUD_ROUTES,
  'GET /v1/quotas': (a) => [{ told: true }, { query: `organization=${a.organization}` }],
  'GET /v1/organizations/{id}/quota': one('organization'),
  'PUT /v1/organizations/{id}/quota': 'platform',
  'DELETE /v1/organizations/{id}/quota': 'platform',
  'GET /v1/users/{id}/quota': one('user'),
  'GET /v1/balances': list,
  ...Object.fromEntries(
    (['organization', 'user'] as const).flatMap((whose): [string, Trial][] => {
      const path = `/v1/${whose}s/{id}/balance`
      const none: Trial = (a) => [{ params: { id: a[whose] }, absent: true }]
      return [
        [`GET ${path}`, none],
        [`GET ${path}/entries`, none],
        [`PUT ${path}`, 'platform'],
        [`DELETE ${path}`, 'platform'],
        [`POST ${path}/top-ups`, 'platform'],
        [`POST ${path}/adjustments`, 'platform'],
      ]
    }),
  ),
  'PUT /v1/users/{id}/quota': one('user', { concurrentCalls: 0 }),
  'DELETE /v1/users/{id}/quota': one('user'),

  'GET /v1/target-kinds': () => [{ told: true }],
  'GET /v1/targets': list,
  'POST /v1/targets': (a) => [
    {
      body: {
        organizationId: a.organization,
        name: 'x',
        kind: 'http',
        settings: { url: 'https://x.example/' },
      },
    },
  ],
  'GET /v1/targets/{id}': one('target'),
  'PUT /v1/targets/{id}': one('target', { enabled: true }),
  'DELETE /v1/targets/{id}': one('target'),
  'POST /v1/targets/{id}/test': (a) => [
    { params: { id: a.target }, body: { callId: a.call } },
    { params: { id: a.target }, body: { callId: a.call, dryRun: true } },
  ],
  'GET /v1/targets/{id}/deliveries': one('target'),
  'GET /v1/targets/{id}/dead-letters': one('target'),
  'POST /v1/targets/{id}/replay': (a) => [
    { params: { id: a.target }, query: 'since=2026-01-01' },
    { params: { id: a.target }, query: 'deliveryId=1' },
  ],

  'GET /v1/webhooks': list,
  'POST /v1/webhooks': (a) => [
    { body: { organizationId: a.organization, url: 'https://x.example/', events: ['*'] } },
  ],
  'GET /v1/webhooks/{id}': one('webhook'),
  'PUT /v1/webhooks/{id}': one('webhook', { enabled: true }),
  'DELETE /v1/webhooks/{id}': one('webhook'),
  'POST /v1/webhooks/{id}/rotate-secret': one('webhook'),
  'POST /v1/webhooks/{id}/test': one('webhook'),
  'GET /v1/webhooks/{id}/deliveries': one('webhook'),
  'POST /v1/webhooks/{id}/replay': one('webhook', { since: '2026-01-01', until: '2999-01-01' }),
  'GET /v1/deliveries': (a) => [
    { told: true },
    { query: `callId=${a.call}`, told: true },
    { query: `organization=${a.organization}` },
  ],
  'GET /v1/deliveries/{id}': one('delivery'),
  'POST /v1/deliveries/{id}/replay': one('delivery'),
  'GET /v1/callback-secret': list,
  'POST /v1/callback-secret/rotate': (a) => [{ query: `organization=${a.organization}` }],

  ...kind('user-groups', 'userGroup', { name: 'stolen' }, (a) => [
    { organizationId: a.organization, name: 'x', userIds: [] },
    { name: 'x', userIds: [a.user] },
  ]),
  ...kind('recording-policies', 'recordingPolicy', { enabled: true }, (a) => [
    { organizationId: a.organization, name: 'x', scope: { type: 'all' } },
    { name: 'x', scope: { type: 'specific', users: [a.user] } },
    { name: 'x', scope: { type: 'specific', groups: [a.userGroup] } },
  ]),
  'GET /v1/audio-files': list,
  'POST /v1/audio-files': (a) => [{ query: `name=x&organization=${a.organization}`, body: FILE }],
  'GET /v1/audio-files/{id}': one('audioFile'),
  'DELETE /v1/audio-files/{id}': one('audioFile'),

  'GET /v1/recordings': (a) => [
    { told: true },
    { query: `call=${a.call}`, told: true },
    { query: `organization=${a.organization}` },
  ],
  // The link is the right to listen; one that nobody signed opens nothing.
  'GET /v1/recordings/{id}/listen': 'open',
  'GET /v1/recordings/pending': () => [{ told: true }],
  'GET /v1/recordings/{id}': one('recording'),
  'DELETE /v1/recordings/{id}': one('recording'),
  // The file itself is not there: A is told 404 as well.
  'GET /v1/recordings/{id}/audio': (a) => [{ params: { id: a.recording }, absent: true }],
  'HEAD /v1/recordings/{id}/audio': (a) => [{ params: { id: a.recording }, absent: true }],
  'GET /v1/recordings/{id}/audit': one('recording'),
  'POST /v1/recordings/{id}/link': one('recording', {}),
  'PUT /v1/recordings/{id}/legal-hold': one('recording', { reason: 'stolen' }),
  'DELETE /v1/recordings/{id}/legal-hold': one('recording'),
  'POST /v1/recordings/rotate-keys': (a) => [{ body: { organizationId: a.organization } }],
  'GET /v1/archive-policies': () => [{ told: true }],
  'POST /v1/archive-policies': 'platform',
  'GET /v1/archive-policies/{id}': one('archivePolicy'),
  'DELETE /v1/archive-policies/{id}': 'platform',

  // That a number is its own is asked when it is shown, not when a rule names it.
  ...kind('caller-id-rules', 'callerIdRule', { enabled: false }, (a) => [
    { organizationId: a.organization, kind: 'default', prefix: '44', numbers: ['+442079465550'] },
  ]),
  ...kind('carrier-caller-ids', 'carrierCallerId', { verified: true }, (a, b) => [
    { carrierId: a.carrier, number: '+442079465550' },
    { carrierId: a.carrier, organizationId: b.organization, number: '+442079465550' },
  ]),
  'POST /v1/caller-id/validate': (a, b) => [
    { body: { number: '+442079465550', organizationId: a.organization } },
    { body: { number: '+442079465550', userId: a.user } },
    { body: { number: `+44${MARKED_DIGITS[0]}`, organizationId: b.organization }, told: true },
  ],
  'GET /v1/caller-id/verifications': list,
  'POST /v1/caller-id/verifications': (a) => [
    { body: { organizationId: a.organization, number: '+442079465599', method: 'sms' } },
    { body: { userId: a.user, number: '+442079465599', method: 'sms' }, orElse: [409, 503] },
  ],
  'GET /v1/caller-id/verifications/{id}': one('verification'),
  'DELETE /v1/caller-id/verifications/{id}': one('verification'),
  'POST /v1/caller-id/verifications/{id}/confirm': one('verification', { code: '123456' }),

  ...onCall('POST', 'hold', 'unhold', 'mute', 'unmute', 'park', 'transfer/complete', 'transfer/cancel'),
  ...onCall('DELETE', 'play', 'conference', 'supervise'),
  ...onCall('GET', 'conference'),
  'POST /v1/calls/{callId}/transfer': (a) => [
    { params: { callId: a.call }, body: { kind: 'blind', to: '7001' } },
  ],
  'POST /v1/calls/{callId}/unpark': (a) => [{ params: { callId: a.call }, body: { to: '7001' } }],
  'POST /v1/calls/{callId}/dtmf': (a) => [{ params: { callId: a.call }, body: { digits: '1' } }],
  'POST /v1/calls/{callId}/play': (a) => [
    { params: { callId: a.call }, body: { tone: '%(200,100,440)' } },
    { params: { callId: a.call }, body: { fileId: a.audioFile } },
  ],
  'POST /v1/calls/bridge': (a) => [{ body: { callA: a.call, callB: UUID } }],
  'POST /v1/calls/{callId}/conference': (a) => [{ params: { callId: a.call }, body: {} }],
  'POST /v1/calls/{callId}/conference/members': (a) => [{ params: { callId: a.call }, body: { to: '7001' } }],
  'PATCH /v1/calls/{callId}/conference/members/{legUuid}': (a) => [
    { params: { callId: a.call, legUuid: a.call }, body: { muted: true } },
  ],
  'DELETE /v1/calls/{callId}/conference/members/{legUuid}': (a) => [
    { params: { callId: a.call, legUuid: a.call } },
  ],
  'POST /v1/calls/{callId}/supervise': (a, b) => [
    { params: { callId: a.call }, body: { supervisorUserId: b.user, mode: 'listen' } },
    { params: { callId: a.call }, body: { supervisorUserId: a.user, mode: 'listen' } },
  ],
  'PATCH /v1/calls/{callId}/supervise': (a) => [{ params: { callId: a.call }, body: { mode: 'barge' } }],
}
