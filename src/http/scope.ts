/** What a scope of the server demands of every request in it. */
import type { FastifyRequest } from 'fastify'
import { mayDo, type Caller } from '../access/caller.ts'
import { asError, EngineError } from '../base/errors.ts'
import { refuse, type Api } from './api.ts'
import { boundBy, organizationNamed, type Authenticate, type Authenticated } from './authenticate.ts'
import './caller.ts'

/**
 * Every request has a caller, and the caller has the right that the route asks for (RFC 6750, 3.1: 401 where the
 * token is none, 403 where it may not do this). What belongs to whom the routes see to, by `boundTo`.
 */
export const requireToken = (api: Api, authenticate: Authenticate): void => {
  api.addHook('onRequest', (request, reply, done) => {
    const admit = (found: Authenticated): void => {
      const refused = found.kind === 'known' ? admitted(request, found.caller) : undefined
      if (found.kind === 'known' && refused === undefined) {
        done()
        return
      }
      const { code, message, challenge } = refused ?? notKnown(found)
      if (challenge !== undefined)
        void reply.header('www-authenticate', `Bearer realm="strowger"${challenge}`)
      refuse(reply, code, message)
    }
    const failed = (fault: unknown): void => done(asError(fault))
    try {
      const found = authenticate(request.headers.authorization)
      if ('kind' in found) admit(found)
      else found.then(admit, failed)
    } catch (fault) {
      failed(fault)
    }
  })
}

type Refusal = { readonly code: string; readonly message: string; readonly challenge: string | undefined }

const notKnown = (found: Authenticated): Refusal => {
  const why = found.kind === 'unknown' ? found.why : undefined
  return {
    code: 'HTTP_UNAUTHORIZED',
    message: why ?? 'this takes a token: Authorization: Bearer <token>',
    // A quoted-string (RFC 9110, 5.6.4); our sentences have neither quotes nor backslashes, a claim's name may.
    challenge:
      why === undefined
        ? ''
        : `, error="invalid_token", error_description="${why.replace(/[^\x20-\x7e]|["\\]/g, "'")}"`,
  }
}

/** Notes the caller with the request, or says why he may not. */
const admitted = (request: FastifyRequest, holder: Caller): Refusal | undefined => {
  const named = organizationNamed(request.headers['x-organization-id'])
  if (named === 'malformed') {
    return {
      code: 'HTTP_BAD_INPUT',
      message: 'the header X-Organization-Id takes the id of an organisation',
      challenge: undefined,
    }
  }
  const caller = boundBy(holder, named)
  if (caller === undefined) {
    return {
      code: 'ACCESS_OTHER_ORGANIZATION',
      message: 'X-Organization-Id names an organisation that the token is not of',
      challenge: undefined,
    }
  }
  const { scope } = request.routeOptions.config
  if (!mayDo(caller, scope)) {
    const wanted =
      scope === undefined || scope.startsWith('platform:') ? 'a token of the platform' : 'a token'
    return {
      code: 'ACCESS_INSUFFICIENT_SCOPE',
      message: `this takes ${wanted} with ${scope === undefined ? 'every scope' : `the scope ${scope}`}`,
      challenge: `, error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`,
    }
  }
  request.caller = caller
  return undefined
}

/** No CORS headers: a page of another origin has no business here. */
export const addSecurityHeaders = (api: Api): void => {
  api.addHook('onRequest', (_request, reply, done) => {
    void reply.headers({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    })
    done()
  })
}

/** UTF-8 or nothing (fastify would put U+FFFD in its place); `__proto__` and `constructor.prototype` are refused. */
export const readJsonStrictly = (api: Api): void => {
  api.removeAllContentTypeParsers()
  const parseJson = api.getDefaultJsonParser('error', 'error')
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  api.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // A DELETE with a content type and no body is usual.
    if (body.length === 0) {
      done(null, undefined)
      return
    }
    let text: string
    try {
      text = utf8.decode(typeof body === 'string' ? Buffer.from(body) : body)
    } catch (fault) {
      done(new EngineError('HTTP_BAD_INPUT', 'the body is not UTF-8', {}, fault))
      return
    }
    void parseJson(request, text, done)
  })
}

/** Bodies as they come, whatever their content type says. */
export const readRaw = (api: Api): void => {
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
}

/** 405 with Allow where the path exists and the method does not, before a body is read. */
export const refuseOtherMethods = (api: Api, methods: ReadonlyMap<string, ReadonlySet<string>>): void => {
  for (const [url, known] of [...methods]) {
    const others = api.supportedMethods.filter((method) => !known.has(method))
    const allow = [...known].join(', ')
    api.route({
      method: others,
      url,
      schema: { hide: true },
      onRequest: (_request, reply) => {
        void reply.header('allow', allow)
        refuse(reply, 'HTTP_METHOD_NOT_ALLOWED', `this path takes ${allow}`)
      },
      handler: () => undefined,
    })
  }
}
