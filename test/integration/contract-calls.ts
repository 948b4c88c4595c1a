/** Calls on the simulator: dialled, controlled, recorded, told of afterwards, each answer as the document says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { until } from '../live/net.ts'
import { leaveRecording, wavTone } from '../support/sound.ts'
import { idIn } from './contract-records.ts'
import { faultIn } from './contract-schema.ts'
import { XML_CURL_PASSWORD, type ContractWorld, type Json } from './contract-world.ts'

const LONDON = '+442079460123'

export const askEngine = async ({ ask }: ContractWorld): Promise<void> => {
  await ask(200, 'GET /health', { token: null })
  await ask(200, 'GET /ready', { token: null })
  await ask(200, 'GET /metrics')
  await ask(200, 'GET /openapi.json')
  await ask(200, 'GET /v1/bans')
  await ask(200, 'GET /v1/bans', { query: { format: 'nftables' } })
}

export const askSwitchsDoors = async ({ ask }: ContractWorld): Promise<void> => {
  const basic = Buffer.from(`freeswitch:${XML_CURL_PASSWORD}`).toString('base64')
  const asSwitch = (body: string | Uint8Array) => ({
    token: null,
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  })
  await ask(200, 'POST /freeswitch/xml', asSwitch('section=directory&user=1001&domain=demo.strowger.local'))
  await ask(200, 'POST /freeswitch/xml', asSwitch('nonsense'))
  await ask(400, 'POST /freeswitch/cdr', asSwitch('{'))
  const post = new Uint8Array(readFileSync(join(import.meta.dirname, '../cdr/samples/a-leg.json')))
  await ask(200, 'POST /freeswitch/cdr', asSwitch(post))
  await ask(200, 'POST /v1/cdrs/ingest', { body: post, headers: { 'content-type': 'application/json' } })
  await ask(400, 'POST /v1/cdrs/ingest', { body: { no: 'record' } })
}

export const askRouting = async ({ ask }: ContractWorld): Promise<void> => {
  for (const path of ['/lcr/route', '/v1/lcr/route']) {
    const body = { destination: LONDON, organizationId: 1, userId: 1, callType: 'voice' }
    await ask(200, `POST ${path}`, { body: { ...body, options: { includeRates: true, maxRoutes: 2 } } })
    await ask(404, `POST ${path}`, { body: { ...body, destination: '+4930123456789' } })
  }
  await ask(200, 'GET /v1/routes/explain', { query: { number: LONDON, organization: 1, from: '1001' } })
  await ask(404, 'GET /v1/routes/explain', { query: { number: LONDON, organization: 999 } })
  await ask(200, 'GET /v1/gateways/health')
  await ask(200, 'GET /v1/gateways/{id}/health', { params: { id: 1 } })
  await ask(200, 'POST /v1/gateways/{id}/breaker', { params: { id: 1 }, body: { action: 'reset' } })
}

export const askCalls = async ({ ask, talk }: ContractWorld): Promise<string> => {
  await ask(200, 'POST /v1/originate', { body: { from: '1001', to: LONDON } })
  const callId = await talk(1, LONDON)
  const params = { callId }
  await ask(200, 'GET /v1/calls')
  await ask(200, 'GET /v1/calls/{callId}', { params })
  const other = await talk(2, '1001')
  await ask(200, 'POST /v1/calls/bridge', { body: { callA: callId, callB: other } })
  await ask(200, 'DELETE /v1/calls/{callId}', { params })
  return callId
}

/** What is done to a call between users of the demo: 1001 and 1002 talk, 1003 is added here. */
export const askControl = async (world: ContractWorld): Promise<void> => {
  const { ask, askUntil, talk } = world
  const user = await ask(201, 'POST /v1/users', {
    body: { organizationId: 1, name: 'Supervisor', extension: '1003' },
  })
  const supervisorUserId = idIn(user, 'user')
  await ask(201, 'POST /v1/devices', {
    body: { userId: supervisorUserId, username: '1003', password: 'a long password' },
  })
  const sound = await ask(201, 'POST /v1/audio-files', {
    query: { name: 'a sound', organization: 1 },
    headers: { 'content-type': 'audio/wav' },
    body: wavTone({ seconds: 0.2 }),
  })
  const callId = await talk(1, '1002')
  const params = { callId }
  const on = (word: string): string => `POST /v1/calls/{callId}/${word}`
  for (const verb of ['hold', 'unhold', 'mute', 'unmute']) await ask(200, on(verb), { params, body: {} })
  await ask(200, on('dtmf'), { params, body: { digits: '1#', leg: 'B' } })
  await ask(200, on('play'), { params, body: { tone: '%(200,100,440)', loops: 2, leg: 'both' } })
  await ask(200, 'DELETE /v1/calls/{callId}/play', { params, query: { leg: 'both' } })
  await ask(200, on('play'), { params, body: { fileId: idIn(sound, 'audioFile') } })

  await ask(404, 'GET /v1/calls/{callId}/recording', { params })
  for (const action of ['start', 'pause', 'resume'])
    await ask(200, on('recording'), { params, body: { action } })
  await ask(409, on('recording'), { params, body: { action: 'start' } })
  await ask(200, 'GET /v1/calls/{callId}/recording', { params })
  await ask(200, on('recording'), { params, body: { action: 'stop' } })

  await ask(409, 'PATCH /v1/calls/{callId}/supervise', { params, body: { mode: 'barge' } })
  await ask(200, on('supervise'), { params, body: { supervisorUserId, mode: 'listen' } })
  await askUntil(200, 'PATCH /v1/calls/{callId}/supervise', { params, body: { mode: 'whisper' } })
  await ask(200, 'PATCH /v1/calls/{callId}/supervise', { params, body: { mode: 'barge' } })
  await ask(200, 'DELETE /v1/calls/{callId}/supervise', { params })

  await ask(409, on('transfer/cancel'), { params })
  for (const end of ['cancel', 'complete']) {
    await askUntil(200, on('transfer'), { params, body: { kind: 'attended', to: '1003' } })
    await askUntil(200, on(`transfer/${end}`), { params })
  }
}

export const askConferences = async ({ ask, talk, engine }: ContractWorld): Promise<void> => {
  const callId = await talk(1, '1002')
  const params = { callId }
  const path = '/v1/calls/{callId}/conference'
  await ask(409, `GET ${path}`, { params })
  await ask(200, `POST ${path}`, { params, body: { name: 'sales' } })
  await ask(409, `POST ${path}`, { params, body: {} })
  await ask(200, `GET ${path}`, { params })
  await ask(200, `POST ${path}/members`, { params, body: { to: LONDON } })
  const legUuid = await until('a third is in it', async () => {
    const { conference } = (await engine.api(`/v1/calls/${callId}/conference`)).json() as {
      readonly conference: { readonly members: readonly { readonly legUuid: string }[] }
    }
    return conference.members[2]?.legUuid
  })
  const member = { ...params, legUuid }
  await ask(200, `PATCH ${path}/members/{legUuid}`, { params: member, body: { muted: true } })
  await ask(200, `DELETE ${path}/members/{legUuid}`, { params: member })
  await ask(404, `DELETE ${path}/members/{legUuid}`, { params: { ...params, legUuid: newCallUuid() } })
  await ask(200, `DELETE ${path}`, { params })
}

/** A file as the switch leaves it, and the second at which it was left. */
export const askRecordings = async ({ ask, recordings }: ContractWorld): Promise<void> => {
  const left = leaveRecording(recordings, { writtenAt: Date.now() - 60_000 })
  const params = { id: left.recordingId }
  await ask(200, 'GET /v1/recordings/pending')
  await until(
    'the recording is in the store',
    async () => {
      const { json } = await ask(200, 'GET /v1/recordings', { query: { organization: 1 } })
      return (json['recordings'] as readonly Json[]).length > 0 ? true : undefined
    },
    40_000,
  )
  await ask(200, 'GET /v1/recordings/{id}', { params })
  const audio = '/v1/recordings/{id}/audio'
  await ask(200, `GET ${audio}`, { params })
  await ask(200, `HEAD ${audio}`, { params })
  await ask(206, `GET ${audio}`, { params, headers: { range: 'bytes=0-9' } })
  await ask(416, `GET ${audio}`, { params, headers: { range: 'bytes=999999-' } })
  const linked = await ask(200, 'POST /v1/recordings/{id}/link', { params, body: { minutes: 5 } })
  const query = Object.fromEntries(new URL(String(linked.json['url']), 'http://engine').searchParams)
  await ask(200, 'HEAD /v1/recordings/{id}/listen', { params, query, token: null })
  const heard = await ask(200, 'GET /v1/recordings/{id}/listen', { params, query, token: null })
  const etag = heard.headers.get('etag') ?? ''
  await ask(304, 'GET /v1/recordings/{id}/listen', {
    params,
    query,
    token: null,
    headers: { 'if-none-match': etag },
  })
  await ask(403, 'GET /v1/recordings/{id}/listen', {
    params,
    query: { ...query, by: 'another' },
    token: null,
  })
  const hold = '/v1/recordings/{id}/legal-hold'
  await ask(200, `PUT ${hold}`, { params, body: { reason: 'a dispute' } })
  await ask(409, 'DELETE /v1/recordings/{id}', { params })
  await ask(200, `DELETE ${hold}`, { params })
  await ask(404, `DELETE ${hold}`, { params })
  await ask(200, 'GET /v1/recordings/{id}/audit', { params })
  await ask(200, 'POST /v1/recordings/rotate-keys', { body: { organizationId: 1 } })
  await ask(200, 'DELETE /v1/recordings/{id}', { params })
  await ask(404, `GET ${audio}`, { params })
}

/** What is kept of a call that has ended. */
export const askRecordsOfCalls = async (
  { ask, engine, operations }: ContractWorld,
  callId: string,
): Promise<void> => {
  await until('its record is kept', async () => {
    const { json } = await ask(200, 'GET /v1/cdrs', { query: { call: callId, legs: true } })
    return (json['cdrs'] as readonly Json[]).length > 0 ? true : undefined
  })
  await until('its decision is kept', async () => {
    const { status } = await engine.api(`/v1/calls/${callId}/decision`)
    return status === 200 ? true : undefined
  })
  await ask(200, 'GET /v1/calls/{callId}/decision', { params: { callId } })
  await ask(400, 'GET /v1/cdrs', { query: { cursor: 'nonsense' } })
  await ask(200, 'GET /v1/cdrs/export', { query: { format: 'csv', call: callId } })
  await ask(400, 'GET /v1/cdrs/export', { query: { format: 'xlsx' } })
  const erasure = { number: '+442079460999', reason: 'nobody has it' }
  await ask(200, 'POST /v1/cdrs/erasures', { body: { ...erasure, dryRun: true } })
  await ask(200, 'POST /v1/cdrs/erasures', { body: erasure })
  await ask(400, 'POST /v1/cdrs/erasures', { body: { number: '1001', reason: 'x' } })
  await ask(200, 'GET /v1/cdrs/erasures', { query: { number: '+442079460999' } })
  const live = operations.get('GET /v1/live')?.responses['200']?.content?.['text/event-stream']?.schema
  assert.ok(live !== undefined)
  const { text } = await ask(200, 'GET /v1/live', { query: { after: 0, snapshot: true } })
  const told = text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
  // The last one may be cut off.
  const events = told.slice(0, -1).map((line) => JSON.parse(line) as Json)
  assert.ok(events.length > 5)
  for (const event of events)
    if ('kind' in event) assert.equal(faultIn(live, event), undefined, JSON.stringify(event))
}

export const askParking = async ({ ask, talk }: ContractWorld): Promise<void> => {
  const params = { callId: await talk(1, '1002') }
  await ask(409, 'POST /v1/calls/{callId}/unpark', { params, body: { to: '1001' } })
  await ask(200, 'POST /v1/calls/{callId}/park', { params, body: {} })
  await ask(200, 'POST /v1/calls/{callId}/unpark', { params, body: { to: '1001' } })
}
