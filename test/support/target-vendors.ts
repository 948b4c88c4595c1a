/**
 * Servers that take calls, as their vendors' API documents say that they answer: Salesforce (REST API, OAuth 2.0),
 * HubSpot (CRM objects), Zendesk (Support API, Talk Partner Edition), Google Analytics 4 (measurement protocol) and a
 * billing server. All on one loopback port; their paths do not meet. What they hold can be looked at, and any request
 * can be made to fail.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'

export type Asked = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown>
  readonly status: number
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly text?: string
}

type Fields = Record<string, unknown>
type Ticket = Fields & { comments: Fields[] }

export type Vendors = {
  readonly url: string
  readonly asked: Asked[]
  /** CallReporting__c by its external id. */
  readonly records: Map<string, Fields>
  readonly tasks: Map<string, Fields>
  /** HubSpot's calls by id. */
  readonly calls: Map<string, { properties: Fields; associations: unknown }>
  readonly tickets: Map<string, Ticket>
  readonly events: Fields[]
  readonly bills: { readonly headers: IncomingHttpHeaders; readonly text: string; readonly json: Fields }[]
  /** The next `times` requests whose `METHOD /path` fits get this instead; `lost`: it is done, and no answer comes. */
  readonly fail: (what: RegExp, reply: Reply | 'hang' | 'lost' | 'reset', times?: number) => void
  /** No access token is good any more. */
  readonly endTokens: () => void
  /** No refresh token either. */
  readonly revoke: () => void
  readonly tokens: () => number
  readonly of: (what: RegExp) => readonly Asked[]
  /** Forgets everything; `keepTokens`: but for the refresh token that is good now. */
  readonly clear: (keepTokens?: boolean) => void
  readonly close: () => Promise<void>
}

export const startVendors = async (): Promise<Vendors> => {
  const good = new Set<string>(['pat-eu1-private-app', 'zendesk-static'])
  let refresh = 'refresh-1'
  let issued = 0
  let ids = 100
  const faults: { what: RegExp; reply: Reply | 'hang' | 'lost' | 'reset'; left: number }[] = []
  const keys = new Map<string, string>()
  const nextId = (): string => String((ids += 1))

  const token = (form: Fields, rotates: boolean): Reply => {
    const grant = form['grant_type']
    if (grant === 'refresh_token' && form['refresh_token'] !== refresh)
      return {
        status: 400,
        json: { error: 'invalid_grant', error_description: 'expired access/refresh token' },
      }
    if (grant === 'client_credentials' && form['client_secret'] !== 'client-secret')
      return {
        status: 401,
        json: { error: 'invalid_client', error_description: 'invalid client credentials' },
      }
    issued += 1
    const access = `access-${issued}`
    good.add(access)
    if (rotates && grant === 'refresh_token') refresh = `refresh-${issued + 1}`
    return {
      status: 200,
      json: {
        access_token: access,
        token_type: 'Bearer',
        expires_in: 7_200,
        ...(rotates && grant === 'refresh_token' ? { refresh_token: refresh } : {}),
      },
    }
  }

  const isAuthorised = (headers: IncomingHttpHeaders): boolean => {
    const [kind, credentials = ''] = (headers.authorization ?? '').split(' ')
    if (kind === 'Basic')
      return Buffer.from(credentials, 'base64').toString() === 'agent@example.com/token:zendesk-api-token'
    return kind === 'Bearer' && good.has(credentials)
  }

  const salesforce = (method: string, path: string, body: Fields): Reply => {
    const error = (status: number, errorCode: string, message: string): Reply => ({
      status,
      json: [{ message, errorCode, fields: [] }],
    })
    const unknown = Object.keys(body).find((name) => name.startsWith('Nonsense'))
    if (unknown !== undefined)
      return error(400, 'INVALID_FIELD', `No such column '${unknown}' on sobject of type CallReporting__c`)
    const upsert = /^\/services\/data\/v67\.0\/sobjects\/(\w+)\/(\w+__c)\/([\w-]+)$/.exec(path)
    if (upsert !== null && method === 'PATCH') {
      const [, object = '', field = '', key = ''] = upsert
      if (body[field] !== undefined || body['Id'] !== undefined)
        return error(400, 'INVALID_FIELD', `The ${field} field should not be specified in the sobject data.`)
      if (object !== 'CallReporting__c')
        return error(404, 'NOT_FOUND', 'The requested resource does not exist')
      const before = vendors.records.get(key)
      const id = (before?.['Id'] as string | undefined) ?? `a0X${nextId().padStart(12, '0')}AAA`
      vendors.records.set(key, { ...before, ...body, Id: id })
      return {
        status: before === undefined ? 201 : 200,
        json: { id, success: true, errors: [], created: before === undefined },
      }
    }
    const byId = /^\/services\/data\/v67\.0\/sobjects\/(\w+)\/(\w{15,18})$/.exec(path)
    if (byId !== null && method === 'PATCH') {
      const [, object = '', id = ''] = byId
      const all =
        object === 'Task'
          ? vendors.tasks
          : new Map([...vendors.records.values()].map((one) => [one['Id'] as string, one]))
      const before = all.get(id)
      if (before === undefined) return error(404, 'NOT_FOUND', 'The requested resource does not exist')
      Object.assign(before, body)
      return { status: 204 }
    }
    if (path === '/services/data/v67.0/sobjects/Task' && method === 'POST') {
      const id = `00T${nextId().padStart(12, '0')}AAA`
      vendors.tasks.set(id, { ...body })
      return { status: 201, json: { id, success: true, errors: [] } }
    }
    if (path.startsWith('/services/data/v67.0/query?q=')) {
      const soql = decodeURIComponent(path.slice(path.indexOf('=') + 1))
      const callObject = /CallObject = '([^']+)'/.exec(soql)?.[1]
      const found = [...vendors.tasks].filter(([, task]) => task['CallObject'] === callObject)
      return {
        status: 200,
        json: { totalSize: found.length, done: true, records: found.slice(0, 1).map(([Id]) => ({ Id })) },
      }
    }
    return error(404, 'NOT_FOUND', 'The requested resource does not exist')
  }

  const hubspot = (method: string, path: string, body: Fields): Reply => {
    const error = (status: number, category: string, message: string): Reply => ({
      status,
      json: { status: 'error', message, correlationId: 'aeb5f871-7f07-4993-9211-075dc63e7cbf', category },
    })
    const properties = (body['properties'] ?? {}) as Fields
    if (Object.values(properties).some((value) => typeof value !== 'string'))
      return error(400, 'VALIDATION_ERROR', 'Invalid input JSON: a property is no text')
    const unknown = Object.keys(properties).find(
      (name) => !/^(?:hs_|hubspot_owner_id$|strowger_call$)/.test(name),
    )
    if (unknown !== undefined)
      return error(
        400,
        'VALIDATION_ERROR',
        `Property values were not valid: Property "${unknown}" does not exist`,
      )
    if (path === '/crm/v3/objects/calls/search') {
      const filter = (body['filterGroups'] as { filters: { value: string }[] }[])[0]?.filters[0]
      const found = [...vendors.calls].filter(
        ([, call]) => call.properties['hs_call_external_id'] === filter?.value,
      )
      return {
        status: 200,
        json: {
          total: found.length,
          results: found.map(([id, call]) => ({ id, properties: call.properties })),
        },
      }
    }
    if (path === '/crm/v3/objects/calls' && method === 'POST') {
      if (properties['hs_timestamp'] === undefined)
        return error(400, 'VALIDATION_ERROR', 'Property values were not valid: hs_timestamp is required')
      const same = [...vendors.calls].find(
        ([, call]) =>
          properties['strowger_call'] !== undefined &&
          call.properties['strowger_call'] === properties['strowger_call'],
      )
      if (same !== undefined) return error(409, 'CONFLICT', `Call already exists. Existing ID: ${same[0]}`)
      const id = nextId()
      vendors.calls.set(id, { properties, associations: body['associations'] })
      return { status: 201, json: { id, properties, archived: false } }
    }
    const [, id = ''] = /^\/crm\/v3\/objects\/calls\/(\d+)$/.exec(path) ?? []
    const before = vendors.calls.get(id)
    if (before === undefined) return error(404, 'OBJECT_NOT_FOUND', 'resource not found')
    Object.assign(before.properties, properties)
    return { status: 200, json: { id, properties: before.properties } }
  }

  const zendesk = (method: string, path: string, body: Fields, headers: IncomingHttpHeaders): Reply => {
    const ticket = (body['ticket'] ?? {}) as Fields
    if (method === 'POST' && /^\/api\/v2\/(?:channels\/voice\/)?tickets$/.test(path)) {
      const comment = (ticket['comment'] ?? ticket['voice_comment']) as Fields | undefined
      if (comment === undefined)
        return {
          status: 422,
          json: {
            error: 'RecordInvalid',
            description: 'Record validation errors',
            details: { comment: [{ description: 'Comment: cannot be blank' }] },
          },
        }
      const key = String(headers['idempotency-key'])
      const known = keys.get(key)
      if (known !== undefined)
        return {
          status: 201,
          headers: { 'x-idempotency-lookup': 'hit' },
          json: { ticket: { id: Number(known) } },
        }
      const id = nextId()
      keys.set(key, id)
      vendors.tickets.set(id, { ...ticket, comment: undefined, comments: [comment] })
      return {
        status: 201,
        headers: { 'x-idempotency-lookup': 'miss' },
        json: { ticket: { id: Number(id) } },
      }
    }
    if (path.startsWith('/api/v2/tickets?external_id=')) {
      const wanted = path.slice(path.indexOf('=') + 1)
      const found = [...vendors.tickets].filter(([, one]) => one['external_id'] === wanted)
      return { status: 200, json: { tickets: found.map(([id]) => ({ id: Number(id) })) } }
    }
    const [, id = '', comments] = /^\/api\/v2\/tickets\/(\d+)(\/comments\?.*)?$/.exec(path) ?? []
    const before = vendors.tickets.get(id)
    if (before === undefined)
      return { status: 404, json: { error: 'RecordNotFound', description: 'Not found' } }
    if (comments !== undefined) return { status: 200, json: { comments: before.comments } }
    if (before['status'] === 'closed')
      return {
        status: 422,
        json: {
          error: 'RecordInvalid',
          description: 'Record validation errors',
          details: { status: [{ description: 'Status: closed prevents ticket update' }] },
        },
      }
    const { comment, voice_comment: voice, ...fields } = ticket
    Object.assign(before, fields)
    if (comment !== undefined) before.comments.push(comment as Fields)
    if (voice !== undefined) before.comments.push(voice as Fields)
    return { status: 200, json: { ticket: { id: Number(id) } } }
  }

  const analytics = (path: string, body: Fields): Reply => {
    if (path.startsWith('/debug')) {
      const events = (body['events'] ?? []) as { params: Fields }[]
      const isBad =
        body['client_id'] === undefined || events.some(({ params }) => Object.keys(params).length > 25)
      return {
        status: 200,
        json: {
          validationMessages: isBad
            ? [{ fieldPath: 'events', description: 'Event is not valid', validationCode: 'VALUE_INVALID' }]
            : [],
        },
      }
    }
    if (path.includes('api_secret=ga-secret')) vendors.events.push(body)
    return { status: 204 }
  }

  const replyTo = (
    method: string,
    path: string,
    headers: IncomingHttpHeaders,
    text: string,
    json: Fields,
  ): Reply => {
    const form = Object.fromEntries(new URLSearchParams(text))
    if (path === '/services/oauth2/token') {
      const answer = token(form, false)
      return answer.status === 200
        ? { status: 200, json: { ...(answer.json as Fields), instance_url: vendors.url } }
        : answer
    }
    if (path === '/oauth/2026-03/token' || path === '/billing/token') return token(form, false)
    if (path === '/oauth/tokens') return token(json, true)
    if (/^\/(?:debug\/)?mp\/collect/.test(path)) return analytics(path, json)
    if (path.startsWith('/billing')) {
      if (path.startsWith('/billing/closed') && !isAuthorised(headers))
        return { status: 401, text: 'who are you' }
      vendors.bills.push({ headers, text, json })
      return { status: 200, json: { id: `bill-${vendors.bills.length}` } }
    }
    if (!isAuthorised(headers))
      return path.startsWith('/services')
        ? { status: 401, json: [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }] }
        : {
            status: 401,
            json: {
              error: 'invalid_token',
              message: 'the token has expired',
              category: 'EXPIRED_AUTHENTICATION',
            },
          }
    if (path.startsWith('/services')) return salesforce(method, path, json)
    if (path.startsWith('/crm')) return hubspot(method, path, json)
    return zendesk(method, path, json, headers)
  }

  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString('utf8')
      const { method = '', url: path = '', headers } = request
      const isJson = headers['content-type']?.startsWith('application/json') === true
      const json = isJson ? (JSON.parse(text) as Fields) : {}
      const fault = faults.find(({ what, left }) => left > 0 && what.test(`${method} ${path}`))
      if (fault !== undefined) fault.left -= 1
      const reply =
        fault === undefined || fault.reply === 'lost'
          ? replyTo(method, path, headers, text, json)
          : typeof fault.reply === 'object'
            ? fault.reply
            : { status: 0 }
      vendors.asked.push({
        method,
        path,
        headers,
        text,
        json,
        status: fault?.reply === 'lost' ? 0 : reply.status,
      })
      if (fault?.reply === 'hang') return
      if (fault?.reply === 'lost' || fault?.reply === 'reset') {
        request.socket.destroy()
        return
      }
      response.writeHead(reply.status, {
        ...(reply.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...reply.headers,
      })
      response.end(reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const vendors: Vendors = {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
    asked: [],
    records: new Map(),
    tasks: new Map(),
    calls: new Map(),
    tickets: new Map(),
    events: [],
    bills: [],
    fail: (what, reply, times = 1) => {
      faults.push({ what, reply, left: times })
    },
    endTokens: () => {
      for (const one of [...good]) if (one.startsWith('access-')) good.delete(one)
    },
    revoke: () => {
      refresh = 'refresh-revoked'
    },
    tokens: () => issued,
    of: (what) => vendors.asked.filter(({ method, path }) => what.test(`${method} ${path}`)),
    clear: (keepTokens = false) => {
      faults.length = 0
      if (!keepTokens) refresh = 'refresh-1'
      vendors.asked.length = 0
      for (const all of [vendors.records, vendors.tasks, vendors.calls, vendors.tickets, keys]) all.clear()
      vendors.events.length = 0
      vendors.bills.length = 0
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return vendors
}
