/**
 * What can be asked wrongly of any operation, made from the document and from a request that went well: without a token,
 * with one that may not, of what is not there, with every field of the body wrong or missing, with fields and query
 * parameters that nobody knows, with a body that is no JSON or has another content type.
 */
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import type { PlainSchema } from './contract-schema.ts'
import type { Ask, ContractWorld, Operation } from './contract-world.ts'

/** What nothing here can be asked with success for, each with its reason; all the rest is asked of it. */
export const NOT_HERE: ReadonlyMap<string, Ask> = new Map([
  // Only a switch that tells of failed registrations makes a ban; nobody registers wrongly at the simulator.
  ['DELETE /v1/bans/{address}', { params: { address: '203.0.113.7' } }],
])

/** Asks all of it. Rejects at the first answer that is not as it should be. */
export const askWrongly = async (world: ContractWorld, name: string): Promise<void> => {
  const operation = world.operations.get(name)
  const good = world.succeeded.get(name) ?? NOT_HERE.get(name)
  if (operation === undefined || good === undefined) throw new Error(`${name} was never asked with success`)
  await wrongTokens(world, name, operation, good)
  await wrongParameters(world, name, operation, good)
  await wrongBodies(world, name, operation, good)
}

const wrongTokens = async (
  { refused, tenant, ask }: ContractWorld,
  name: string,
  { security }: Operation,
  good: Ask,
): Promise<void> => {
  const scopes = security?.[0]?.['token']
  if (security === undefined || security.length === 0) return
  const headers = without(good.headers ?? {}, 'authorization')
  const tell = async (status: number, token: string | null, code: string): Promise<void> => {
    // What has no body has no code.
    if (name.startsWith('HEAD ')) await ask(status, name, { ...good, headers, token })
    else await refused(status, name, { ...good, headers, token }, { code })
  }
  await tell(401, null, 'UNAUTHORIZED')
  await tell(401, 'wrong', 'UNAUTHORIZED')
  if (scopes === undefined || scopes.length === 0) return
  if (scopes[0] !== 'events:read' || scopes.length > 1)
    await tell(403, tenant.weakToken, 'INSUFFICIENT_SCOPE')
  if (scopes.some((scope) => scope.startsWith('platform:')))
    await tell(403, tenant.token, 'INSUFFICIENT_SCOPE')
}

/** No record has it; no call and no recording has it. */
const UNKNOWN: Readonly<Record<string, string | number>> = {
  id: 2_147_483_647,
  callId: newCallUuid(),
  legUuid: newCallUuid(),
  address: '203.0.113.99',
  base: 'CHF',
  currency: 'NOK',
  day: '1999-01-04',
}

const unknownOf = (name: string, parameter: string): string | number => {
  if (name.includes('/v1/recordings/{id}')) return newCallUuid()
  if (name.includes('/v1/cdrs/quarantine/{id}')) return '1-0123456789abcdef'
  return UNKNOWN[parameter] ?? ''
}

const wrongParameters = async (
  { refused, ask, tenant }: ContractWorld,
  name: string,
  { parameters = [] }: Operation,
  good: Ask,
): Promise<void> => {
  const isHead = name.startsWith('HEAD ')
  const tell = async (status: number, wanted: Ask, code: string, field?: string): Promise<void> => {
    if (isHead) await ask(status, name, wanted)
    else await refused(status, name, wanted, { code, ...(field === undefined ? {} : { field }) })
  }
  for (const { name: parameter, in: place } of parameters.filter((one) => one.in !== 'header')) {
    const wrong = '\u0001not this\u0001'
    if (place === 'path') {
      // A link is right for one recording, and says nothing of another.
      const isLink = name.endsWith('/listen')
      await tell(400, { ...good, params: { ...good.params, [parameter]: wrong } }, 'BAD_INPUT', parameter)
      const unknown = unknownOf(name, parameter)
      if (parameter !== 'legUuid' && !isLink)
        await tell(404, { ...good, params: { ...good.params, [parameter]: unknown } }, 'NOT_FOUND')
    } else {
      await tell(400, { ...good, query: { ...good.query, [parameter]: wrong } }, 'BAD_INPUT', parameter)
    }
  }
  if (
    parameters.some(({ name: parameter, in: place }) => place === 'query' && parameter === 'organization')
  ) {
    const ofAnother = { ...good, token: tenant.token, query: { ...good.query, organization: 1 } }
    await tell(404, ofAnother, 'ORGANIZATION_NOT_FOUND', 'organization')
  }
  if (parameters.some(({ in: place }) => place === 'query'))
    await tell(400, { ...good, query: { ...good.query, nonsense: 1 } }, 'BAD_INPUT', 'nonsense')
}

const wrongBodies = async (
  { refused, tenant }: ContractWorld,
  name: string,
  operation: Operation,
  good: Ask,
): Promise<void> => {
  const { requestBody } = operation
  const schema = requestBody?.content['application/json']?.schema
  if (schema === undefined) return
  const sent = { ...(good.body as object | undefined) } as Record<string, unknown>
  if (schema.properties?.['organizationId'] !== undefined && isTenants(name, operation)) {
    const body = { ...sent, organizationId: 1 }
    await refused(404, name, { ...good, body, token: tenant.token }, {})
  }
  const tell = (body: unknown, field: string): Promise<unknown> =>
    refused(400, name, { ...good, body }, { code: 'BAD_INPUT', field })
  await tell({ ...sent, nonsense: 1 }, 'nonsense')
  for (const field of schema.required ?? []) await tell(without(sent, field), field)
  for (const [field, inner] of Object.entries(schema.properties ?? {}))
    await tell({ ...sent, [field]: wrongFor(inner) }, field)
  const bytes = (text: string, type = 'application/json'): Ask => ({
    ...good,
    body: new TextEncoder().encode(text),
    headers: { ...good.headers, 'content-type': type },
  })
  await refused(400, name, bytes('{'), { code: 'BAD_INPUT' })
  await refused(400, name, bytes('[]'), { code: 'BAD_INPUT' })
  await refused(415, name, bytes('{}', 'text/plain'), { code: 'MEDIA_TYPE' })
  await refused(413, name, { ...good, announcedBytes: 1_000_000_000 }, { code: 'BODY_TOO_LARGE' })
}

/** Where a tenant may ask at all. What an organisation is charged it may not say of itself either. */
const isTenants = (name: string, { security }: Operation): boolean =>
  !name.startsWith('PUT ') &&
  name !== 'POST /v1/rate-decks' &&
  security?.[0]?.['token']?.every((scope) => !scope.startsWith('platform:')) === true

const without = <T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== name))

/** A value that no field of this schema takes. */
const wrongFor = (schema: PlainSchema): unknown => {
  const types = new Set([schema, ...(schema.anyOf ?? [])].map(({ type }) => type))
  return types.has('object') ? 7 : { not: 'this' }
}
