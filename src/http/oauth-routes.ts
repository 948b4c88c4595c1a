/**
 * The token endpoint (RFC 6749, 3.2 and 4.4) and the keys that our tokens are checked by. Open to everyone: a client
 * shows its secret in the request. Its faults have the shape of RFC 6749, 5.2, not of the rest of the API: libraries
 * read them.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyError } from 'fastify'
import type { AccessDoors } from './access-doors.ts'
import type { Api } from './api.ts'
import { readRaw } from './scope.ts'

const string = Type.String()

const TokenJson = Type.Object({
  access_token: string,
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'seconds' }),
  scope: Type.String({ description: 'what was granted, separated by spaces' }),
})

const FaultJson = Type.Object({
  error: Type.String({
    description:
      'invalid_request, invalid_client, unsupported_grant_type, invalid_scope or temporarily_unavailable',
  }),
  error_description: string,
})

const KeysJson = Type.Object({ keys: Type.Array(Type.Record(string, Type.Unknown())) })

/** Four short fields. */
const BODY_LIMIT = 16 * 1024

const tokenAnswers: Record<string, unknown> = {
  200: TokenJson,
  400: FaultJson,
  401: FaultJson,
  413: FaultJson,
  503: FaultJson,
}
const keyAnswers: Record<string, unknown> = { 200: KeysJson }

export const addOauthRoutes = (api: Api, access: Pick<AccessDoors, 'grant' | 'publicKeys'>): void => {
  readRaw(api)
  api.setErrorHandler<FastifyError>((fault, _request, reply) => {
    const isTooLarge = fault.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    void reply.code(isTooLarge ? 413 : 503).send(
      isTooLarge
        ? { error: 'invalid_request', error_description: 'the body is too large' }
        : {
            error: 'temporarily_unavailable',
            error_description: 'no token can be issued just now; try again',
          },
    )
  })

  api.post(
    '/oauth/token',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        tags: ['access'],
        summary:
          'An access token for a client: grant_type=client_credentials, its id and secret here or as Basic',
        consumes: ['application/x-www-form-urlencoded'],
        security: [],
        response: tokenAnswers,
      },
    },
    async (request, reply) => {
      void reply.header('pragma', 'no-cache')
      const asked = readRequest(request.headers, request.body)
      const outcome = 'kind' in asked ? asked : await access.grant(asked)
      if (outcome.kind === 'granted') {
        return {
          access_token: outcome.token,
          token_type: 'Bearer',
          expires_in: outcome.expiresInSeconds,
          scope: outcome.scopes.join(' '),
        }
      }
      // 401 with the scheme that a client used is what RFC 6749 asks for; without one it is allowed.
      if (outcome.error === 'invalid_client') void reply.header('www-authenticate', 'Basic realm="strowger"')
      return reply
        .code(outcome.error === 'invalid_client' ? 401 : 400)
        .send({ error: outcome.error, error_description: outcome.why })
    },
  )

  api.get(
    '/.well-known/jwks.json',
    {
      schema: {
        tags: ['access'],
        summary: 'The keys that the tokens of this engine are checked by (RFC 7517)',
        security: [],
        response: keyAnswers,
      },
    },
    (_request, reply) => {
      void reply.header('cache-control', 'public, max-age=300').send(access.publicKeys())
    },
  )
}

type Asked = { readonly clientId: string; readonly clientSecret: string; readonly scope: string | undefined }
type Refused = { readonly kind: 'refused'; readonly error: string; readonly why: string }

const refused = (error: string, why: string): Refused => ({ kind: 'refused', error, why })

const readRequest = (
  headers: { readonly authorization?: string | undefined; readonly 'content-type'?: string | undefined },
  body: unknown,
): Asked | Refused => {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return refused('invalid_request', 'the body has to be application/x-www-form-urlencoded')
  const form = new URLSearchParams(Buffer.isBuffer(body) ? body.toString('utf8') : '')
  // RFC 6749, 3.2: parameters must not be included more than once.
  if (new Set(form.keys()).size !== [...form.keys()].length)
    return refused('invalid_request', 'a parameter is given twice')
  const grantType = form.get('grant_type') ?? ''
  if (grantType === '') return refused('invalid_request', 'grant_type is missing')
  if (grantType !== 'client_credentials')
    return refused('unsupported_grant_type', 'this takes grant_type=client_credentials')
  const scope = form.get('scope') ?? ''
  const basic = headers.authorization
  if (basic === undefined) {
    const [clientId, clientSecret] = [form.get('client_id') ?? '', form.get('client_secret') ?? '']
    if (clientId === '' || clientSecret === '')
      return refused('invalid_client', 'client_id and client_secret are missing')
    return { clientId, clientSecret, scope: scope === '' ? undefined : scope }
  }
  if (form.has('client_secret'))
    return refused('invalid_request', 'the client shows its secret in the header and in the body')
  const shown = basicOf(basic)
  if (shown === undefined)
    return refused('invalid_client', 'the header has to be Basic, of client_id:client_secret')
  return { ...shown, scope: scope === '' ? undefined : scope }
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
const basicOf = (header: string): { clientId: string; clientSecret: string } | undefined => {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header.slice(0, 4096))?.[1]
  if (encoded === undefined) return undefined
  const [clientId, clientSecret] = splitOnce(Buffer.from(encoded, 'base64').toString('utf8'))
  if (clientId === '' || clientSecret === undefined) return undefined
  return { clientId: formDecoded(clientId), clientSecret: formDecoded(clientSecret) }
}

const splitOnce = (text: string): readonly [string, string | undefined] => {
  const at = text.indexOf(':')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

const formDecoded = (text: string): string =>
  new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? ''
