/** What a scope of the server demands of every request in it. */
import { EngineError } from '../base/errors.ts'
import { refuse, type Api } from './api.ts'
import type { Admits } from './credentials.ts'

export const requireToken = (api: Api, admits: Admits): void => {
  api.addHook('onRequest', (request, reply, done) => {
    if (admits(request.headers.authorization)) {
      done()
      return
    }
    void reply.header('www-authenticate', 'Bearer realm="strowger"')
    refuse(reply, 'HTTP_UNAUTHORIZED', 'this takes the admin token: Authorization: Bearer <token>')
  })
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
