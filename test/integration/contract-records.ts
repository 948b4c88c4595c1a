/** What operators keep: made, read, changed and removed over the API, each answer as the OpenAPI document says. */
import assert from 'node:assert/strict'
import { until } from '../live/net.ts'
import { wavTone } from '../support/sound.ts'
import type { ContractWorld, Json, Told } from './contract-world.ts'
import { KINDS } from './record-samples.ts'

export const idIn = ({ json }: Told, key: string): number => {
  const id = (json[key] as Json | undefined)?.['id']
  assert.equal(typeof id, 'number', JSON.stringify(json))
  return Number(id)
}

/** The five routes of a kind of record; what was added is gone at the end. */
const cycle = async (
  { ask }: ContractWorld,
  kind: { readonly path: string; readonly key: string; readonly add: Json; readonly change: Json },
): Promise<void> => {
  const { path, key, add, change } = kind
  const id = idIn(await ask(201, `POST /v1/${path}`, { body: add }), key)
  await ask(200, `GET /v1/${path}`)
  await ask(200, `GET /v1/${path}/{id}`, { params: { id } })
  await ask(200, `PUT /v1/${path}/{id}`, { params: { id }, body: change })
  await ask(200, `DELETE /v1/${path}/{id}`, { params: { id } })
  await ask(404, `GET /v1/${path}/{id}`, { params: { id } })
}

export const askRecords = async (world: ContractWorld): Promise<void> => {
  for (const kind of KINDS) {
    // The demo has this route already.
    const isRoute = kind.path === 'lcr-routes'
    await cycle(world, isRoute ? { ...kind, change: { ...kind.change, prefix: '339' } } : kind)
  }
  await cycle(world, {
    path: 'user-groups',
    key: 'userGroup',
    add: { organizationId: 1, name: 'Sales', userIds: [1] },
    change: { organizationId: 1, name: 'All', userIds: [1, 2] },
  })
}

export const askRateDecks = async ({ ask }: ContractWorld): Promise<void> => {
  const FILE = new TextEncoder().encode('prefix,price\n44,0.01\n4420,0.009\n')
  const asFile = { headers: { 'content-type': 'text/csv' }, body: FILE }
  const imported = async (query: Readonly<Record<string, string | boolean>>): Promise<Told> =>
    ask(200, 'POST /v1/rate-decks/import', { ...asFile, query: { carrier: 'A', currency: 'GBP', ...query } })
  await imported({ dryRun: true })
  const draft = await imported({ draft: true, name: 'draft' })
  const id = Number(draft.json['deckId'] ?? (draft.json['rateDeck'] as Json | undefined)?.['id'])
  await ask(200, 'GET /v1/rate-decks/{id}/export', { params: { id } })
  await ask(200, 'POST /v1/routes/replay', { body: { deckId: id } })
  await ask(200, 'GET /v1/routes/replays/{id}', { params: { id: 1 } })
  await ask(200, 'POST /v1/rate-decks/{id}/publish', { params: { id } })
  await ask(200, 'POST /v1/rate-decks/{id}/withdraw', { params: { id } })
  await imported({ name: 'published' })
  await ask(200, 'POST /v1/rate-decks/rollback', { query: { carrier: 'A' } })
  const withdrawn = await ask(200, 'GET /v1/rate-decks/{id}', { params: { id } })
  assert.equal((withdrawn.json['rateDeck'] as Json)['state'], 'withdrawn')
  const bad = { headers: { 'content-type': 'text/csv' }, body: new TextEncoder().encode('no,deck\n') }
  await ask(400, 'POST /v1/rate-decks/import', { ...bad, query: { carrier: 'A' } })
}

export const askQuotas = async ({ ask }: ContractWorld): Promise<void> => {
  const limits = { callsPerSecond: 50, concurrentCalls: 100, dailySpend: '1000.5', premiumRate: 'block' }
  for (const owner of ['organizations', 'users']) {
    const path = `/v1/${owner}/{id}/quota`
    const params = { id: 1 }
    await ask(200, `PUT ${path}`, { params, body: limits })
    await ask(200, `GET ${path}`, { params })
    await ask(200, 'GET /v1/quotas')
    await ask(200, `DELETE ${path}`, { params })
  }
}

export const askBalances = async ({ ask }: ContractWorld): Promise<void> => {
  for (const owner of ['organizations', 'users']) {
    const path = `/v1/${owner}/{id}/balance`
    const params = { id: 1 }
    await ask(404, `GET ${path}`, { params })
    await ask(200, `PUT ${path}`, { params, body: { lowThreshold: '5' } })
    await ask(200, `GET ${path}`, { params })
    await ask(200, 'GET /v1/balances')
    const payment = { params, body: { amount: '20', key: 'invoice 1', note: 'by card' } }
    await ask(201, `POST ${path}/top-ups`, payment)
    await ask(200, `POST ${path}/top-ups`, payment)
    await ask(409, `POST ${path}/top-ups`, { params, body: { amount: '21', key: 'invoice 1' } })
    const change = { params, body: { amount: '-0.5', key: 'ticket 1' } }
    await ask(201, `POST ${path}/adjustments`, change)
    await ask(200, `POST ${path}/adjustments`, change)
    await ask(400, `POST ${path}/adjustments`, { params, body: { amount: '0', key: 'ticket 2' } })
    await ask(200, `GET ${path}/entries`, { params })
    await ask(200, `DELETE ${path}`, { params })
  }
}

export const askAccess = async ({ ask, tenant }: ContractWorld): Promise<void> => {
  const body = { organizationId: tenant.organizationId, name: 'of a dialler', scopes: ['calls:read'] }
  const key = await ask(201, 'POST /v1/api-keys', { body: { ...body, expiresAt: '2999-01-01' } })
  const client = await ask(201, 'POST /v1/oauth-clients', { body })
  for (const [path, id] of [
    ['api-keys', idIn(key, 'apiKey')],
    ['oauth-clients', idIn(client, 'oauthClient')],
  ] as const) {
    await ask(200, `GET /v1/${path}`)
    await ask(200, `GET /v1/${path}/{id}`, { params: { id } })
  }
  await ask(200, 'GET /v1/calls', { token: String(key.json['key']) })
  const form = (fields: Readonly<Record<string, string>>) => ({
    token: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(new URLSearchParams(fields).toString()),
  })
  const credentials = {
    grant_type: 'client_credentials',
    client_id: String((client.json['oauthClient'] as Json)['clientId']),
    client_secret: String(client.json['clientSecret']),
  }
  const granted = await ask(200, 'POST /oauth/token', form(credentials))
  await ask(200, 'GET /v1/calls', { token: String(granted.json['access_token']) })
  await ask(400, 'POST /oauth/token', form({ ...credentials, grant_type: 'password' }))
  await ask(401, 'POST /oauth/token', form({ ...credentials, client_secret: 'wrong' }))
  await ask(413, 'POST /oauth/token', form({ ...credentials, scope: 'x'.repeat(20_000) }))
  await ask(200, 'GET /.well-known/jwks.json', { token: null })
  await ask(200, 'DELETE /v1/api-keys/{id}', { params: { id: idIn(key, 'apiKey') } })
  await ask(200, 'DELETE /v1/oauth-clients/{id}', { params: { id: idIn(client, 'oauthClient') } })
  await ask(200, 'GET /v1/secrets')
  await ask(200, 'POST /v1/secrets/rotate')
}

export const askRecordingSettings = async ({ ask }: ContractWorld): Promise<void> => {
  const archive = await ask(201, 'POST /v1/archive-policies', {
    body: { organizationId: 1, name: 'old', afterDays: 90, folder: 'old' },
  })
  const archivePolicy = idIn(archive, 'archivePolicy')
  await ask(200, 'GET /v1/archive-policies')
  await ask(200, 'GET /v1/archive-policies/{id}', { params: { id: archivePolicy } })
  const sound = await ask(201, 'POST /v1/audio-files', {
    query: { name: 'announcement', organization: 1 },
    headers: { 'content-type': 'audio/wav' },
    body: wavTone({ seconds: 0.2 }),
  })
  const audioFileId = idIn(sound, 'audioFile')
  await ask(200, 'GET /v1/audio-files')
  await ask(200, 'GET /v1/audio-files/{id}', { params: { id: audioFileId } })
  const policy = await ask(201, 'POST /v1/recording-policies', {
    body: {
      organizationId: 1,
      name: 'all',
      scope: { type: 'specific', users: [1], groups: [], numbers: ['+442079460123'] },
      settings: { announcement: { enabled: true, audioFileId, playTo: 'all' } },
      storage: { archivePolicy },
      enabled: false,
    },
  })
  const params = { id: idIn(policy, 'recordingPolicy') }
  await ask(200, 'GET /v1/recording-policies')
  await ask(200, 'GET /v1/recording-policies/{id}', { params })
  await ask(409, 'DELETE /v1/audio-files/{id}', { params: { id: audioFileId } })
  await ask(200, 'PUT /v1/recording-policies/{id}', { params, body: { name: 'none' } })
  await ask(200, 'DELETE /v1/recording-policies/{id}', { params })
  await ask(200, 'DELETE /v1/audio-files/{id}', { params: { id: audioFileId } })
  await ask(200, 'DELETE /v1/archive-policies/{id}', { params: { id: archivePolicy } })
}

export const askCallerIds = async ({ ask, receiver }: ContractWorld): Promise<void> => {
  const NUMBER = '+442079465501'
  await ask(200, 'POST /v1/caller-id/validate', { body: { number: NUMBER, organizationId: 1 } })
  const started = await ask(201, 'POST /v1/caller-id/verifications', {
    body: { number: NUMBER, method: 'sms', organizationId: 1, userId: 1 },
  })
  const params = { id: idIn(started, 'verification') }
  await ask(200, 'GET /v1/caller-id/verifications')
  await ask(200, 'GET /v1/caller-id/verifications/{id}', { params })
  const code = await until('the code is sent', () => {
    const sent = receiver.taken.find(({ path }) => path === '/sms')
    return sent === undefined ? undefined : /\b(\d{4,10})\b/.exec(String(sent.event['text']))?.[1]
  })
  const confirm = 'POST /v1/caller-id/verifications/{id}/confirm'
  await ask(422, confirm, { params, body: { code: code === '123456' ? '654321' : '123456' } })
  await ask(200, confirm, { params, body: { code } })
  await ask(409, confirm, { params, body: { code } })
  const body = { number: NUMBER, organizationId: 1, userId: 1, purpose: 'outbound_call' }
  await until('the number may be shown', async () => {
    const { json } = await ask(200, 'POST /v1/caller-id/validate', { body })
    return json['valid'] === true ? true : undefined
  })
  await ask(200, 'DELETE /v1/caller-id/verifications/{id}', { params })
}

/** With a call's record to deliver. */
export const askTargets = async ({ ask, receiver }: ContractWorld, callId: string): Promise<void> => {
  await ask(200, 'GET /v1/target-kinds')
  const added = await ask(201, 'POST /v1/targets', {
    body: {
      organizationId: 1,
      name: 'billing',
      kind: 'http',
      settings: { url: `${receiver.url}/bills` },
      mapping: { body: { tariff: { value: 'gold' } } },
      credentials: { flow: 'none' },
    },
  })
  const params = { id: idIn(added, 'target') }
  await ask(200, 'GET /v1/targets')
  await ask(200, 'GET /v1/targets/{id}', { params })
  const body = { callId }
  await ask(200, 'POST /v1/targets/{id}/test', { params, body: { ...body, dryRun: true } })
  await ask(200, 'POST /v1/targets/{id}/test', { params, body })
  await ask(200, 'GET /v1/targets/{id}/deliveries', { params, query: { state: 'delivered' } })
  await ask(200, 'GET /v1/targets/{id}/dead-letters', { params })
  await ask(200, 'POST /v1/targets/{id}/replay', { params, query: { since: '2026-01-01' } })
  await ask(200, 'PUT /v1/targets/{id}', { params, body: { enabled: false } })
  await ask(409, 'POST /v1/targets/{id}/test', { params, body })
  await ask(200, 'DELETE /v1/targets/{id}', { params })
}

/** With events to deliver: a call has been before. */
export const askWebhooks = async ({ ask, receiver }: ContractWorld): Promise<void> => {
  const added = await ask(201, 'POST /v1/webhooks', {
    body: {
      organizationId: 1,
      url: `${receiver.url}/hook`,
      events: ['call.*', 'cdr.stored'],
      description: 'x',
    },
  })
  const params = { id: idIn(added, 'webhook') }
  await ask(200, 'GET /v1/webhooks')
  await ask(200, 'GET /v1/webhooks/{id}', { params })
  await ask(200, 'POST /v1/webhooks/{id}/rotate-secret', { params, query: { hours: 1 } })
  const pinged = await ask(200, 'POST /v1/webhooks/{id}/test', { params })
  const delivery = idIn(pinged, 'delivery')
  await ask(200, 'GET /v1/deliveries')
  await ask(200, 'GET /v1/deliveries/{id}', { params: { id: delivery } })
  await ask(200, 'POST /v1/deliveries/{id}/replay', { params: { id: delivery } })
  await ask(200, 'GET /v1/webhooks/{id}/deliveries', { params })
  await ask(200, 'POST /v1/webhooks/{id}/replay', { params, query: { since: '2026-01-01' } })
  await ask(200, 'PUT /v1/webhooks/{id}', { params, body: { enabled: false } })
  await ask(409, 'POST /v1/webhooks/{id}/test', { params })
  await ask(200, 'DELETE /v1/webhooks/{id}', { params })
  await ask(200, 'GET /v1/callback-secret', { query: { organization: 1 } })
  await ask(200, 'POST /v1/callback-secret/rotate', { query: { organization: 1 } })
}
