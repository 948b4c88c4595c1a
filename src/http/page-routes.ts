/**
 * The pages that the engine has for people: the phone in the browser, and the adapter that Salesforce embeds. Open to
 * everyone, for they hold nothing: who uses them signs in at the switch, or shows a token to the API. Bundled by
 * `npm run build` into dist/pages.
 */
import fastifyStatic from '@fastify/static'
import type { Api } from './api.ts'

export type Pages = {
  /** The folder with the built pages. */
  readonly folder: string
  /** Where browsers reach the switch's secure WebSocket; undefined: port 7443 of the host that served the page. */
  readonly wssUrl: string | undefined
  /** Who may embed the adapter; the first has the Open CTI script. */
  readonly salesforceOrigins: readonly string[]
}

/** The version of Salesforce's API whose Open CTI script is loaded; its methods that we use are as old as 38.0. */
const OPEN_CTI = '/support/api/62.0/lightning/opencti_min.js'

export const addPageRoutes = async (api: Api, pages: Pages): Promise<void> => {
  const { wssUrl, salesforceOrigins } = pages
  const openCtiUrl = salesforceOrigins[0] === undefined ? null : `${salesforceOrigins[0]}${OPEN_CTI}`
  await addPage(api, pages.folder, {
    name: 'phone',
    script: 'phone.js',
    settings: { wssUrl: wssUrl ?? null },
    policy: [
      "script-src 'self'",
      `connect-src 'self' ${wssUrl === undefined ? 'wss:' : new URL(wssUrl).origin}`,
      "frame-ancestors 'none'",
    ],
  })
  await addPage(api, pages.folder, {
    name: 'cti',
    script: 'cti.js',
    settings: { openCtiUrl },
    policy: [
      ["script-src 'self'", ...salesforceOrigins].join(' '),
      "connect-src 'self'",
      `frame-ancestors ${salesforceOrigins.length === 0 ? "'none'" : salesforceOrigins.join(' ')}`,
    ],
  })
}

type Page = {
  readonly name: string
  readonly script: string
  readonly settings: Readonly<Record<string, string | null>>
  readonly policy: readonly string[]
}

const ALWAYS = ["default-src 'none'", "style-src 'self'", "base-uri 'none'", "form-action 'none'"]

const addPage = async (api: Api, folder: string, { name, script, settings, policy }: Page): Promise<void> => {
  const files = new Set([`/${name}.html`, `/${script}`, `/${script}.LEGAL.txt`, '/pages.css'])
  await api.register(async (scope) => {
    scope.addHook('onRequest', (_request, reply, done) => {
      void reply.headers({
        'content-security-policy': [...ALWAYS, ...policy].join('; '),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'permissions-policy': 'microphone=(self)',
      })
      done()
    })
    scope.get(`/${name}/settings.json`, { schema: { hide: true } }, (_request, reply) => {
      void reply.header('cache-control', 'no-store').send(settings)
    })
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: `/${name}/`,
      index: `${name}.html`,
      redirect: true,
      decorateReply: false,
      allowedPath: (path) => path === '/' || path === '' || files.has(path),
      schemaHide: true,
    })
  })
}
