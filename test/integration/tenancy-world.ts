/**
 * Two organisations in a real engine over a real PostgreSQL: A has one of everything, each with a mark in it, and has
 * called; B has what a customer has. What the platform keeps to itself is marked too.
 */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { TENANT_SCOPES } from '../../src/access/caller.ts'
import type { Queryable } from '../../src/store/database.ts'
import { until } from '../live/net.ts'
import type { EngineProcess } from '../support/engine.ts'

/** In every text of A's, and in nothing else. */
export const MARK = 'zyxa'
/** In everything that only the platform may see. */
export const PLATFORM_MARK = 'qplatq'
/** A's numbers and prices, which have no room for a word. */
export const MARKED_DIGITS = ['2079467771', '3314268777', '88377701', '0.07654321'] as const

export const isMarked = (text: string): string | undefined =>
  [MARK, PLATFORM_MARK, ...MARKED_DIGITS].find((mark) => text.toLowerCase().includes(mark))

/** What A has, by what a route calls it. A kind of record that is new gets a name here and is made below. */
export type OfA = Readonly<Record<Name, number | string>>
type Name =
  | 'organization'
  | 'user'
  | 'device'
  | 'number'
  | 'carrier'
  | 'carrierCode'
  | 'gateway'
  | 'profile'
  | 'route'
  | 'blockedPrefix'
  | 'rateDeck'
  | 'customerDeck'
  | 'apiKey'
  | 'oauthClient'
  | 'call'
  | 'webhook'
  | 'target'
  | 'userGroup'
  | 'recordingPolicy'
  | 'delivery'
  | 'recording'
  | 'verification'
  | 'callerIdRule'
  | 'carrierCallerId'
  | 'archivePolicy'
  | 'audioFile'

/** B's own, for requests that mix both. */
export type OfB = {
  readonly organization: number
  readonly user: number
  readonly profile: number
  readonly gateway: number
}

export type World = { readonly a: OfA; readonly b: OfB; readonly tokenOfA: string; readonly tokenOfB: string }

type Row = Readonly<Record<string, unknown>>

export const createTenants = async (engine: EngineProcess, database: Queryable): Promise<World> => {
  const add = async (path: string, body: Row, key: string): Promise<Row> => {
    const answer = await engine.api(`/v1/${path}`, body)
    assert.ok(answer.status < 300, `${path}: ${answer.text}`)
    const told = answer.json() as Row
    return { ...(told[key] as Row), answer: told }
  }
  const idOf = ({ id }: Row): number => Number(id)
  const tenant = async (mark: string, digits: string) => {
    const organization = idOf(
      await add(
        'organizations',
        { name: `${mark} organisation`, sipDomain: `${mark}.example`, country: 'GB', currency: 'GBP' },
        'organization',
      ),
    )
    const user = idOf(
      await add('users', { organizationId: organization, name: `${mark} user`, extension: '7001' }, 'user'),
    )
    const device = idOf(
      await add('devices', { userId: user, username: `${mark}1`, password: `${mark} password` }, 'device'),
    )
    const number = idOf(
      await add('numbers', { organizationId: organization, number: `+44${digits}`, userId: user }, 'number'),
    )
    const carrier = idOf(
      await add(
        'carriers',
        { organizationId: organization, code: `${mark}-own`, name: `${mark} carrier` },
        'carrier',
      ),
    )
    const gateway = idOf(
      await add(
        'gateways',
        {
          carrierId: carrier,
          name: `${mark} trunk`,
          hostname: `${mark}.sip.example`,
          credentials: { username: `${mark}-us`, password: `${mark} gateway password` },
        },
        'gateway',
      ),
    )
    const profile = idOf(
      await add('lcr-profiles', { organizationId: organization, name: `${mark} profile` }, 'lcrProfile'),
    )
    const route = idOf(
      await add('lcr-routes', { profileId: profile, gatewayId: gateway, prefix: '' }, 'lcrRoute'),
    )
    await add(
      'rate-decks',
      {
        carrierId: carrier,
        name: `${mark} standard`,
        currency: 'GBP',
        rates: [{ prefix: '44', pricePerMinute: '0.02' }],
      },
      'rateDeck',
    )
    await engine.api(
      `/v1/organizations/${organization}`,
      { lcrProfileId: profile, defaultCallerId: `+44${digits}` },
      'PUT',
    )
    const key = await add(
      'api-keys',
      { organizationId: organization, name: `${mark} key`, scopes: TENANT_SCOPES },
      'apiKey',
    )
    return {
      ids: { organization, user, device, number, carrier, gateway, profile, route, apiKey: idOf(key) },
      token: String((key['answer'] as Row)['key']),
    }
  }

  const { ids: a, token: tokenOfA } = await tenant(MARK, MARKED_DIGITS[0])
  const { ids: b, token: tokenOfB } = await tenant('other', '2079465550')

  // What the platform offers to both, and keeps from both.
  const platform = idOf(await add('carriers', { code: 'offered', name: 'Offered' }, 'carrier'))
  await add(
    'gateways',
    {
      carrierId: platform,
      name: 'offered trunk',
      hostname: `${PLATFORM_MARK}.example`,
      credentials: { username: `${PLATFORM_MARK}-us`, password: 'a password' },
      inboundCidrs: [],
    },
    'gateway',
  )
  await add(
    'rate-decks',
    {
      carrierId: platform,
      name: `${PLATFORM_MARK} deck`,
      currency: 'GBP',
      rates: [{ prefix: '99', pricePerMinute: '0.01' }],
    },
    'rateDeck',
  )

  const deck = { currency: 'GBP', rates: [{ prefix: '33', pricePerMinute: MARKED_DIGITS[3] }] }
  const rateDeck = idOf(
    await add('rate-decks', { ...deck, carrierId: a.carrier, name: `${MARK} deck` }, 'rateDeck'),
  )
  const customerDeck = idOf(
    await add('rate-decks', { ...deck, organizationId: a.organization, name: `${MARK} prices` }, 'rateDeck'),
  )
  const blockedPrefix = idOf(
    await add(
      'blocked-prefixes',
      { organizationId: a.organization, prefix: MARKED_DIGITS[2], note: `${MARK} note` },
      'blockedPrefix',
    ),
  )
  const oauthClient = idOf(
    await add(
      'oauth-clients',
      { organizationId: a.organization, name: `${MARK} client`, scopes: TENANT_SCOPES },
      'oauthClient',
    ),
  )
  const webhook = idOf(
    await add(
      'webhooks',
      {
        organizationId: a.organization,
        url: `https://${MARK}.example/hook`,
        description: MARK,
        events: ['*'],
        enabled: false,
      },
      'webhook',
    ),
  )
  const target = idOf(
    await add(
      'targets',
      {
        organizationId: a.organization,
        name: `${MARK} target`,
        kind: 'http',
        settings: { url: `https://${MARK}.example/bills` },
        enabled: false,
      },
      'target',
    ),
  )
  const userGroup = idOf(
    await add(
      'user-groups',
      { organizationId: a.organization, name: `${MARK} group`, userIds: [a.user] },
      'userGroup',
    ),
  )
  const recordingPolicy = idOf(
    await add(
      'recording-policies',
      { organizationId: a.organization, name: `${MARK} policy`, scope: { type: 'all' }, enabled: false },
      'recordingPolicy',
    ),
  )
  const callerIdRule = idOf(
    await add(
      'caller-id-rules',
      {
        organizationId: a.organization,
        kind: 'default',
        prefix: MARKED_DIGITS[2],
        numbers: [`+44${MARKED_DIGITS[0]}`],
      },
      'callerIdRule',
    ),
  )
  const carrierCallerId = idOf(
    await add(
      'carrier-caller-ids',
      { carrierId: a.carrier, organizationId: a.organization, number: `+44${MARKED_DIGITS[0]}` },
      'carrierCallerId',
    ),
  )
  const archivePolicy = idOf(
    await add(
      'archive-policies',
      {
        organizationId: a.organization,
        name: `${MARK} archive`,
        afterDays: 30,
        folder: MARK,
      },
      'archivePolicy',
    ),
  )
  const sound = await as(engine, tokenOfA, 'POST', `/v1/audio-files?name=${MARK}%20sound`, silence(), {
    'content-type': 'audio/wav',
  })
  assert.equal(sound.status, 201, sound.text)
  const audioFile = idOf((JSON.parse(sound.text) as { audioFile: Row }).audioFile)
  const call = await callOf(engine, tokenOfA, a.user)
  const written = await writtenByTheEngine(database, a, webhook, call)
  return {
    a: {
      ...a,
      carrierCode: `${MARK}-own`,
      rateDeck,
      customerDeck,
      blockedPrefix,
      oauthClient,
      webhook,
      target,
      userGroup,
      recordingPolicy,
      callerIdRule,
      carrierCallerId,
      archivePolicy,
      audioFile,
      call,
      ...written,
    },
    b,
    tokenOfA,
    tokenOfB,
  }
}

/** Rows that only an engine writes, after something happened: here at once, and as they stay. */
const writtenByTheEngine = async (
  on: Queryable,
  a: { readonly organization: number; readonly user: number },
  webhook: number,
  call: string,
) => {
  const insert = async (text: string, values: readonly unknown[]): Promise<number | string> => {
    const [row] = await on.query<{ id: number | string }>(text, values)
    assert.ok(row !== undefined)
    return row.id
  }
  const endpoint = await insert(
    `INSERT INTO webhook_endpoints (organization_id, webhook_id) VALUES ($1, $2)
     ON CONFLICT (webhook_id) DO UPDATE SET failures = 0 RETURNING id`,
    [a.organization, webhook],
  )
  const event = await insert(
    `INSERT INTO webhook_events (id, organization_id, call_id, sequence, type, at, body)
     VALUES (gen_random_uuid(), $1, $2, 999, 'call.answered', now(), $3) RETURNING id`,
    [a.organization, call, JSON.stringify({ from: MARK })],
  )
  const delivery = await insert(
    `INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url, state, last_error)
     VALUES ($1, $2, $3, $4, $5, 'failed', $6) RETURNING id`,
    [event, endpoint, a.organization, call, `https://${MARK}.example/hook`, `${MARK} is away`],
  )
  const recording = await insert(
    `INSERT INTO recordings (uuid, organization_id, call_id, policy_id, started_at, facts_at, direction, caller_number,
       caller_user_id) VALUES (gen_random_uuid(), $1, $2, 1, now(), now(), 'outbound', $3, $4) RETURNING uuid AS id`,
    [a.organization, call, MARKED_DIGITS[0], a.user],
  )
  await insert(
    `INSERT INTO recording_files (recording_uuid, part, format, sample_rate, channels, duration_ms, size_bytes,
       stored_bytes, sha256, source_bytes, repaired, store, storage_key)
     VALUES ($1, 'mix', 'wav', 8000, 1, 1, 46, 46, repeat('0', 64), 46, false, 'disk', $2) RETURNING part AS id`,
    [recording, `${MARK}/gone.wav`],
  )
  const verification = await insert(
    `INSERT INTO caller_id_verifications (organization_id, number, method, code_expires_at, code_hash)
     VALUES ($1, $2, 'sms', now() + interval '1 day', '\\x00') RETURNING id`,
    [a.organization, `+44${MARKED_DIGITS[0]}`],
  )
  return { delivery, recording, verification }
}

/** A WAV of one sample: PCM, 8 kHz, one channel. */
const silence = (): Buffer => {
  const file = Buffer.alloc(46)
  file.write('RIFF', 0)
  file.writeUInt32LE(38, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(8000, 24)
  file.writeUInt32LE(16_000, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(2, 40)
  return file
}

/** A call by A's own trunk; resolves when it talks. It lasts ten seconds, and then has a record and a decision. */
const callOf = async (engine: EngineProcess, token: string, userId: number): Promise<string> => {
  const callId = await until(
    'A’s call is taken: rates are read a moment after they are written',
    async () => {
      const answer = await as(engine, token, 'POST', '/v1/calls/originate', {
        userId,
        to: `+${MARKED_DIGITS[1]}0`,
      })
      return answer.status === 200 ? String((JSON.parse(answer.text) as Row)['callId']) : undefined
    },
    10_000,
  )
  await until(
    'A’s call talks',
    async () => (await as(engine, token, 'GET', `/v1/calls/${callId}`)).text.includes('"state":"talking"'),
    15_000,
  )
  return callId
}

export type Told = { readonly status: number; readonly text: string; readonly headers: string }

/** A request with somebody's token. A Buffer is sent as it is. */
export const as = async (
  engine: Pick<EngineProcess, 'url'>,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Told> => {
  const isRaw = Buffer.isBuffer(body)
  const answer = await fetch(engine.url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': isRaw ? 'text/csv' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? new Uint8Array(body) : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, text, headers: JSON.stringify([...answer.headers]) }
}
