import assert from 'node:assert/strict'
import type { JWTPayload } from 'jose'
import { createAccessBook } from '../../src/access/access-book.ts'
import type { Scope } from '../../src/access/caller.ts'
import { digestOf } from '../../src/access/key-text.ts'
import { claimAt, holderOfOutside, holderOfOwn, type ClaimNames } from '../../src/access/token-claims.ts'

const book = createAccessBook({
  organizations: [{ id: 2, sipDomain: 'acme.example' }],
  users: [
    { id: 7, organizationId: 2 },
    { id: 8, organizationId: 3 },
  ],
  apiKeys: [],
  clients: [
    {
      id: 6,
      organizationId: 2,
      name: 'Billing',
      clientId: 'c',
      digest: digestOf('secret'),
      scopes: ['cdrs:read', 'calls:read'],
      enabled: true,
    },
  ],
})
const NAMES: ClaimNames = { organization: 'organization_id', user: 'user_id', scope: 'scope' }

suite('access: claims of our own tokens', () => {
  test('a token has what was granted, less what its client has lost since', () => {
    const holder = holderOfOwn({ client_id: 'c', scope: 'calls:read routing:write' }, book)
    assert.ok(holder.kind === 'known')
    assert.deepEqual(holder.caller, {
      name: 'client 6 (Billing)',
      organizationId: 2,
      userId: undefined,
      scopes: new Set<Scope>(['calls:read']),
    })
  })

  for (const claims of [{}, { client_id: 'd' }, { client_id: 7 }, { client_id: ['c'] }])
    test(`${JSON.stringify(claims)} names no client`, () =>
      assert.equal(holderOfOwn(claims as JWTPayload, book).kind, 'unknown'))
})

suite('access: claims of an outside issuer', () => {
  const rows: readonly (readonly [string, JWTPayload, number | undefined, readonly Scope[]])[] = [
    ['the id of an organisation', { organization_id: 2, scope: 'calls:read' }, undefined, ['calls:read']],
    ['its id as text', { organization_id: '2', scope: ['cdrs:read'] }, undefined, ['cdrs:read']],
    ['its domain', { organization_id: 'Acme.Example' }, undefined, []],
    ['a user', { organization_id: 2, user_id: '7' }, 7, []],
    ['no user', { organization_id: 2, user_id: null }, undefined, []],
    ['scopes of others', { organization_id: 2, scope: 'openid calls:read email' }, undefined, ['calls:read']],
    ['scopes of the platform', { organization_id: 2, scope: 'platform:write' }, undefined, []],
    [
      'scopes that are no text',
      { organization_id: 2, scope: [1, null, 'calls:read'] },
      undefined,
      ['calls:read'],
    ],
  ]
  for (const [what, claims, userId, scopes] of rows) {
    test(`${what}: ${JSON.stringify(claims)}`, () => {
      const holder = holderOfOutside({ sub: 'auth0|1', ...claims }, NAMES, book)
      assert.ok(holder.kind === 'known')
      assert.equal(holder.caller.organizationId, 2)
      assert.equal(holder.caller.userId, userId)
      assert.deepEqual(holder.caller.scopes, new Set(scopes))
    })
  }

  for (const claims of [
    {},
    { organization_id: 3 },
    { organization_id: 2.5 },
    { organization_id: -2 },
    { organization_id: null },
    { organization_id: [2] },
    { organization_id: { id: 2 } },
    { organization_id: 'other.example' },
    { organization_id: 2, user_id: 8 },
    { organization_id: 2, user_id: 'seven' },
    { organization_id: 2, user_id: {} },
  ]) {
    test(`${JSON.stringify(claims)} is nobody’s`, () =>
      assert.equal(holderOfOutside(claims as JWTPayload, NAMES, book).kind, 'unknown'))
  }

  test('a subject from outside does no harm in a log', () => {
    const holder = holderOfOutside({ sub: `a\n\u001b[2J${'x'.repeat(500)}`, organization_id: 2 }, NAMES, book)
    assert.ok(holder.kind === 'known')
    assert.match(holder.caller.name, /^outside a\?\?\[2Jx+$/)
    assert.ok(holder.caller.name.length < 120)
  })

  test('a claim is found by its name, then by its path, and never on a prototype', () => {
    const claims = { 'https://acme.example/org': 2, a: { b: { c: 3 } }, 'a.b': 4 } as JWTPayload
    assert.equal(claimAt(claims, 'https://acme.example/org'), 2)
    assert.equal(claimAt(claims, 'a.b.c'), 3)
    assert.equal(claimAt(claims, 'a.b'), 4)
    assert.equal(claimAt(claims, 'constructor.name'), undefined)
    assert.equal(claimAt(claims, 'a.x.c'), undefined)
  })
})
