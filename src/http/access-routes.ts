/**
 * API keys and OAuth clients: given out and taken back. The secret is in the answer that adds one, and nowhere else.
 * Nobody gives away more than he has, and an organisation gives to itself alone.
 */
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { mayGive, SCOPES, TENANT_SCOPES, type Scope } from '../access/caller.ts'
import { EngineError } from '../base/errors.ts'
import type { AccessDoors, ApiKeyRow, OauthClientRow } from './access-doors.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, callerOf, organizationWithin } from './caller.ts'
import { answers, choice, fields, id, iso, isoOrNull, moment, nullable, text, time } from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import { badInput } from './validation.ts'

const string = Type.String()
const whole = Type.Integer()
const tags = ['access']

const scopes = Type.Array(choice(SCOPES), {
  minItems: 1,
  maxItems: SCOPES.length,
  uniqueItems: true,
  description: `a list of scopes: ${SCOPES.join(', ')}`,
})

const NewHolder = {
  organizationId: Type.Optional(nullable(id('an organisation'))),
  name: text('a name', 255),
  scopes,
}

const NewApiKey = fields({
  ...NewHolder,
  expiresAt: Type.Optional(nullable(moment('the moment of its end'))),
})
const NewOauthClient = fields(NewHolder)

const ApiKeyJson = Type.Object({
  id: whole,
  organizationId: nullable(whole),
  name: string,
  prefix: Type.String({ description: 'how the key begins' }),
  scopes: Type.Array(string),
  expiresAt: nullable(time('its end')),
  revokedAt: nullable(time('when it was revoked')),
  lastUsedAt: nullable(time('when it was used last, to the minute or so')),
  createdBy: string,
  createdAt: time('a moment'),
})

const OauthClientJson = Type.Object({
  id: whole,
  organizationId: nullable(whole),
  name: string,
  clientId: string,
  scopes: Type.Array(string),
  enabled: Type.Boolean(),
  lastUsedAt: nullable(time('when it fetched a token last, to the minute or so')),
  createdBy: string,
  createdAt: time('a moment'),
})

const apiKeyJson = (row: ApiKeyRow) => ({
  id: row.id,
  organizationId: row.organizationId ?? null,
  name: row.name,
  prefix: `sk_${row.prefix}`,
  scopes: [...row.scopes],
  expiresAt: isoOrNull(row.expiresAt),
  revokedAt: isoOrNull(row.revokedAt),
  lastUsedAt: isoOrNull(row.lastUsedAt),
  createdBy: row.createdBy,
  createdAt: iso(row.createdAt),
})

const oauthClientJson = (row: OauthClientRow) => ({
  id: row.id,
  organizationId: row.organizationId ?? null,
  name: row.name,
  clientId: row.clientId,
  scopes: [...row.scopes],
  enabled: row.enabled,
  lastUsedAt: isoOrNull(row.lastUsedAt),
  createdBy: row.createdBy,
  createdAt: iso(row.createdAt),
})

type Needs = { readonly access: Pick<AccessDoors, 'apiKeys' | 'oauthClients'>; readonly now: () => number }

export const addAccessRoutes = (api: Api, { access, now }: Needs): void => {
  const { apiKeys, oauthClients } = access
  const words = { path: 'api-keys', word: 'API key' }
  addReads(api, { ...words, one: 'apiKey', told: ApiKeyJson, from: apiKeys, render: apiKeyJson })
  api.post(
    '/v1/api-keys',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Makes an API key; the answer alone has it',
        body: NewApiKey,
        response: answers(
          201,
          Type.Object({ success: Type.Literal(true), apiKey: ApiKeyJson, key: string }),
          404,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { expiresAt } = request.body
      const end = millisecondsOf('expiresAt', expiresAt ?? undefined)
      if (end !== undefined && end <= now())
        throw badInput('expiresAt', '"expiresAt" has to be in the future')
      const { key, ...row } = await apiKeys.add({ ...holderOf(request, request.body), expiresAt: end })
      return reply.code(201).send({ success: true, apiKey: apiKeyJson(row), key })
    },
  )
  addRemoval(api, words, apiKeys.remove, 'Revokes an API key, at once and for good')

  const clientWords = { path: 'oauth-clients', word: 'OAuth client' }
  addReads(api, {
    ...clientWords,
    one: 'oauthClient',
    told: OauthClientJson,
    from: oauthClients,
    render: oauthClientJson,
  })
  api.post(
    '/v1/oauth-clients',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Makes an OAuth client; the answer alone has its secret',
        body: NewOauthClient,
        response: answers(
          201,
          Type.Object({ success: Type.Literal(true), oauthClient: OauthClientJson, clientSecret: string }),
          404,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const { clientSecret, ...row } = await oauthClients.add(holderOf(request, request.body))
      return reply.code(201).send({ success: true, oauthClient: oauthClientJson(row), clientSecret })
    },
  )
  addRemoval(api, clientWords, oauthClients.remove, 'Removes an OAuth client; its tokens end at once')
}

type Body = {
  readonly organizationId?: number | null
  readonly name: string
  readonly scopes: Static<typeof scopes>
}

/** For whom, with what rights. */
const holderOf = (request: FastifyRequest, body: Body) => {
  const caller = callerOf(request)
  if (body.organizationId === null && boundTo(request) !== undefined)
    throw forbidden('organizationId', "a key of the platform is the platform's to give")
  const organizationId = organizationWithin(request, body.organizationId ?? undefined, 'organizationId')
  const wanted: readonly Scope[] = body.scopes
  const foreign = wanted.find((scope) => organizationId !== undefined && !TENANT_SCOPES.includes(scope))
  if (foreign !== undefined) throw badInput('scopes', `"scopes": no organisation can have ${foreign}`)
  if (!mayGive(caller, wanted))
    throw forbidden('scopes', 'nobody gives away a scope that his own token does not have')
  return { organizationId, name: body.name, scopes: wanted, createdBy: caller.name }
}

const forbidden = (field: string, message: string): EngineError =>
  new EngineError('ACCESS_FORBIDDEN', message, { field })

type Reads<Row> = {
  readonly path: string
  readonly word: string
  /** Its key in answers; a list's has an s behind it. */
  readonly one: string
  readonly told: typeof ApiKeyJson | typeof OauthClientJson
  readonly from: {
    readonly list: (boundTo: number | undefined) => Promise<readonly Row[]>
    readonly get: (id: number, boundTo: number | undefined) => Promise<Row | undefined>
  }
  readonly render: (row: Row) => Record<string, unknown>
}

const addReads = <Row>(api: Api, { path, word, one, told, from, render }: Reads<Row>): void => {
  api.get(
    `/v1/${path}`,
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: `Lists ${word}s, never a secret`,
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), [`${one}s`]: Type.Array(told) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const rows = await from.list(organizationWithin(request, request.query.organization))
      return { success: true, [`${one}s`]: rows.map(render) }
    },
  )
  api.get(
    `/v1/${path}/:id`,
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: `Tells one ${word}, never its secret`,
        params: fields({ id: id('the record') }),
        response: answers(200, Type.Object({ success: Type.Literal(true), [one]: told }), 404, 503),
      },
    },
    async (request, reply) => {
      const row = await from.get(request.params.id, boundTo(request))
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `there is no ${word} ${request.params.id}`)
        : { success: true, [one]: render(row) }
    },
  )
}

const addRemoval = (
  api: Api,
  { path, word }: { readonly path: string; readonly word: string },
  remove: (id: number, boundTo: number | undefined) => Promise<boolean>,
  summary: string,
): void => {
  api.delete(
    `/v1/${path}/:id`,
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary,
        params: fields({ id: id('the record') }),
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
      },
    },
    async (request, reply) =>
      (await remove(request.params.id, boundTo(request)))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', `there is no ${word} ${request.params.id}`),
  )
}
