/**
 * One organisation never sees another's calls, numbers, records or events, and changes nothing of them: over every
 * route of the OpenAPI document, with the engine, PostgreSQL and calls as they are. What is tried on a route stands
 * in tenancy-routes.ts.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { findRunningPostgres } from '../../src/store/embedded-postgres.ts'
import { SECRET_COLUMNS } from '../../src/store/secret-columns.ts'
import { freePort, until } from '../live/net.ts'
import { startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder } from '../support/postgres.ts'
import { ROUTES, type Request, type Trial } from './tenancy-routes.ts'
import { as, createTenants, isMarked, type Told, type World } from './tenancy-world.ts'

type Operation = { readonly method: string; readonly path: string }

suite('tenancy: nothing of another organisation, on any route', () => {
  const { folder, remove } = openFolder()
  const dataDir = join(folder, 'engine')
  const over = new AbortController()
  let engine: EngineProcess
  let database: Database
  let world: World
  let operations: readonly Operation[] = []
  let heard = ''
  let listening: Promise<void>

  suiteSetup(async function () {
    this.timeout(120_000)
    engine = await startEngine({
      dataDir,
      httpPort: await freePort(),
      environment: { FREESWITCH_PORT: String(await freePort()) },
      wait: 'ready',
    })
    const url = await findRunningPostgres({ folder: join(dataDir, 'postgres'), logger: silentLogger })
    assert.ok(url !== undefined)
    database = openDatabase({ url, logger: silentLogger })
    const document = (await engine.api('/openapi.json')).json() as { paths: Record<string, object> }
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    )
    world = await createTenants(engine, database)
    listening = listen()
  })
  suiteTeardown(async function () {
    this.timeout(30_000)
    over.abort()
    await listening
    await database.close()
    await engine.kill('SIGTERM')
    remove()
  })

  /** All that B is told by the live stream, everything that is kept included. */
  const listen = async (): Promise<void> => {
    const answer = await fetch(`${engine.url}/v1/live?after=0&snapshot=true`, {
      headers: { authorization: `Bearer ${world.tokenOfB}` },
      signal: over.signal,
    })
    assert.equal(answer.status, 200)
    try {
      for await (const piece of answer.body ?? []) heard += Buffer.from(piece as Uint8Array).toString('utf8')
    } catch (fault) {
      if (!over.signal.aborted) throw fault
    }
  }

  const trialOf = ({ method, path }: Operation): Trial | undefined =>
    ROUTES[`${method} ${path}`] ?? (method === 'HEAD' ? ROUTES[`GET ${path}`] : undefined)

  const requestsOf = (operation: Operation): readonly Request[] => {
    const trial = trialOf(operation)
    if (typeof trial === 'function') return trial(world.a, world.b)
    return [{ params: Object.fromEntries(parametersOf(operation).map((name) => [name, 1])) }]
  }
  const parametersOf = ({ path }: Operation): readonly string[] =>
    [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

  const send = (
    token: string | undefined,
    { method, path }: Operation,
    { params = {}, query, body }: Request,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Told> => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(params[name] ?? '')),
    )
    const target = query === undefined ? filled : `${filled}?${query}`
    return as(engine, token, method, target, body, headers)
  }

  /** A mark in an answer that does not merely repeat what was asked. */
  const markIn = ({ text, headers }: Told, { query, body }: Request): string | undefined =>
    isMarked(
      [...new URLSearchParams(query).values(), ...textsIn(body)].reduce(
        (told, asked) => told.replaceAll(asked, ''),
        text + headers,
      ),
    )

  const faultsOf = (operation: Operation, request: Request, told: Told): readonly string[] => {
    const trial = trialOf(operation)
    const where = `${operation.method} ${operation.path} ${JSON.stringify(request)}: ${told.status} ${told.text.slice(0, 300)}`
    const mark = markIn(told, request)
    const isForFreeswitch = operation.path.startsWith('/freeswitch/')
    const right =
      trial === 'open' ||
      (trial === 'platform'
        ? told.status === (isForFreeswitch ? 401 : 403)
        : request.told === true
          ? told.status < 300
          : [400, 403, 404, ...(request.orElse ?? [])].includes(told.status))
    return [...(mark === undefined ? [] : [`tells ${mark}: ${where}`]), ...(right ? [] : [where])]
  }

  /** What the database holds of A, but what changes by itself. */
  const stateOfA = async (): Promise<Readonly<Record<string, readonly string[]>>> => {
    const tables = await database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
       WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname = 'public'
         -- Counted from records by the engine, soon after they come.
         AND relname !~ '^(?:report_|hourly_call_reporting)' ORDER BY relname`,
    )
    const state: Record<string, readonly string[]> = {}
    for (const { name } of tables) {
      const rows = await database.query<{ row: Record<string, unknown> }>(
        `SELECT to_jsonb(t) AS row FROM ${name} AS t`,
      )
      state[name] = rows
        .filter(
          ({ row }) =>
            row['organization_id'] === world.a.organization || isMarked(JSON.stringify(row)) !== undefined,
        )
        .map(({ row }) =>
          JSON.stringify(Object.entries(row).filter(([column]) => !CHANGES_BY_ITSELF.has(column))),
        )
        .sort()
    }
    return state
  }

  test('every route of the document is in the table, and the table has no other', () => {
    const missing = operations.filter((operation) => trialOf(operation) === undefined)
    assert.deepEqual(
      missing.map(({ method, path }) => `${method} ${path}`),
      [],
      'add them to tenancy-routes.ts',
    )
    const known = new Set(operations.map(({ method, path }) => `${method} ${path}`))
    assert.deepEqual(
      Object.keys(ROUTES).filter((route) => !known.has(route)),
      [],
    )
  })

  test('a call of A that is up is not there for B, and goes on', async () => {
    for (const operation of operations.filter(({ path }) => path.startsWith('/v1/calls/{'))) {
      for (const request of requestsOf(operation)) {
        const told = await send(world.tokenOfB, operation, request)
        const where = `${operation.method} ${operation.path} ${told.text}`
        assert.ok([400, 403, 404].includes(told.status), where)
        assert.equal(markIn(told, request), undefined, where)
      }
    }
    const own = await as(engine, world.tokenOfA, 'GET', `/v1/calls/${world.a.call}`)
    assert.match(own.text, /"state":"talking"/)
  })

  test('what is A’s A finds, by the same ids', async function () {
    this.timeout(40_000)
    await until(
      'the record and the decision of A’s call are kept',
      async () => {
        const cdrs = await as(engine, world.tokenOfA, 'GET', `/v1/cdrs?call=${world.a.call}`)
        const decision = await as(engine, world.tokenOfA, 'GET', `/v1/calls/${world.a.call}/decision`)
        return cdrs.text.includes(String(world.a.call)) && decision.status === 200
      },
      30_000,
    )
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      if (operation.path === '/v1/live' || operation.path.startsWith('/v1/calls/{callId}')) continue
      if (typeof trialOf(operation) !== 'function') continue
      for (const request of requestsOf(operation)) {
        if (request.absent === true) continue
        const told = await send(world.tokenOfA, operation, request)
        assert.ok(told.status < 300, `${operation.method} ${operation.path} ${told.status} ${told.text}`)
      }
    }
    const records = ['users', 'gateways', 'rate-decks', 'webhooks', 'api-keys', 'cdrs']
    for (const path of records)
      assert.notEqual(
        isMarked((await as(engine, world.tokenOfA, 'GET', `/v1/${path}`)).text),
        undefined,
        path,
      )
  })

  test('B is told nothing of A’s and changes nothing of it, on any route, with any id', async function () {
    this.timeout(120_000)
    const before = await stateOfA()
    assert.ok(Object.values(before).flat().length > 20)
    const faults: string[] = []
    for (const operation of operations) {
      const trial = trialOf(operation)
      for (const request of requestsOf(operation)) {
        const token = trial === 'open' ? undefined : world.tokenOfB
        if (operation.path === '/v1/live' && request.told === true) continue
        faults.push(...faultsOf(operation, request, await send(token, operation, request)))
      }
    }
    assert.deepEqual(faults, [])
    assert.deepEqual(await stateOfA(), before)
  })

  test('B with A named in X-Organization-Id is refused on every route', async () => {
    const headers = { 'x-organization-id': String(world.a.organization) }
    for (const operation of operations) {
      const trial = trialOf(operation)
      if (trial === 'open' || operation.path.startsWith('/freeswitch/')) continue
      const [request = {}] = requestsOf(operation)
      const told = await send(world.tokenOfB, operation, request, headers)
      assert.equal(told.status, 403, `${operation.method} ${operation.path} ${told.text}`)
    }
  })

  test('the admin who names B in X-Organization-Id is told what B is told', async () => {
    const headers = { 'x-organization-id': String(world.b.organization) }
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      const trial = trialOf(operation)
      if (typeof trial !== 'function') continue
      for (const request of requestsOf(operation)) {
        const told = await send(engine.token(), operation, request, headers)
        assert.equal(markIn(told, request), undefined, `GET ${operation.path} ${told.text.slice(0, 300)}`)
      }
    }
  })

  test('B owns nothing that leads to what is A’s', async () => {
    const crossed = await database.query(
      `SELECT 'route' FROM lcr_routes JOIN lcr_profiles AS profile ON profile.id = profile_id
         JOIN gateways ON gateways.id = gateway_id JOIN carriers ON carriers.id = carrier_id
       WHERE carriers.organization_id <> profile.organization_id
       UNION ALL SELECT 'number' FROM numbers JOIN users ON users.id = user_id
       WHERE numbers.organization_id <> users.organization_id`,
    )
    assert.deepEqual(crossed, [])
  })

  test('the live stream told B nothing of A’s call, and was open all the time', () => {
    assert.match(heard, /: connected/)
    assert.equal(isMarked(heard), undefined, heard.slice(0, 1000))
    assert.ok(!heard.includes(String(world.a.call)))
  })

  test('every secret in the database stands in a column that a rotation knows', async () => {
    const state: string[] = []
    const columns = await database.query<{ table: string; column: string }>(
      `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type = 'text'`,
    )
    for (const { table, column } of columns) {
      const [sealed] = await database.query(
        `SELECT 1 FROM ${table} WHERE ${column} ~ '^v1[.][0-9a-f]{8}[.][A-Za-z0-9_-]{38,}$' LIMIT 1`,
      )
      if (sealed !== undefined) state.push(`${table}.${column}`)
    }
    assert.ok(state.length >= 2)
    const known = new Set(SECRET_COLUMNS.map(({ table, column }) => `${table}.${column}`))
    assert.deepEqual(
      state.filter((one) => !known.has(one)),
      [],
      'add them to store/secret-columns.ts',
    )
  })
})

const CHANGES_BY_ITSELF: ReadonlySet<string> = new Set(['last_used_at', 'status', 'status_at'])

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return []
  return Object.values(value).flatMap(textsIn)
}
