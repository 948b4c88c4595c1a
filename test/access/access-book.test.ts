import assert from 'node:assert/strict'
import { createAccessBook, type ApiKey, type OauthClient } from '../../src/access/access-book.ts'
import { digestOf, isSecret, keyOf, prefixOfKey } from '../../src/access/key-text.ts'

const NOW = 1_000_000
const { prefix, key } = keyOf(Buffer.from('0123456789ab', 'hex'), Buffer.alloc(32, 7))
const apiKey: ApiKey = {
  id: 5,
  organizationId: 2,
  name: 'CRM',
  prefix,
  digest: digestOf(key),
  scopes: ['calls:read'],
  expiresAt: undefined,
  revokedAt: undefined,
}
const client: OauthClient = {
  id: 6,
  organizationId: 2,
  name: 'Billing',
  clientId: 'c',
  digest: digestOf('secret'),
  scopes: ['cdrs:read'],
  enabled: true,
}

const bookWith = (keyChanges: Partial<ApiKey> = {}, clientChanges: Partial<OauthClient> = {}) =>
  createAccessBook({
    organizations: [{ id: 2, sipDomain: 'acme.example' }],
    users: [{ id: 7, organizationId: 2 }],
    apiKeys: [{ ...apiKey, ...keyChanges }],
    clients: [{ ...client, ...clientChanges }],
  })

suite('access: API keys', () => {
  test('a key has a part that finds it and a part that is secret', () => {
    assert.equal(prefix, '0123456789ab')
    assert.equal(prefixOfKey(key), prefix)
    assert.equal(isSecret(key, digestOf(key)), true)
    assert.equal(isSecret(`${key}x`, digestOf(key)), false)
  })

  for (const text of ['', 'sk_', key.slice(0, -1), `${key}A`, key.toUpperCase(), ` ${key}`, 'a.b.c'])
    test(`${JSON.stringify(text.slice(0, 20))} … is no key`, () => assert.equal(prefixOfKey(text), undefined))

  test('its holder is the organisation’s, with the key’s scopes', () => {
    assert.deepEqual(bookWith().keyHolder(key, NOW), {
      kind: 'known',
      id: 5,
      caller: {
        name: 'key 5 (CRM)',
        organizationId: 2,
        userId: undefined,
        scopes: new Set(['calls:read']),
      },
    })
  })

  const refused: readonly (readonly [string, Partial<ApiKey>, string, RegExp])[] = [
    ['of another secret', {}, `${key.slice(0, -1)}A`, /not known/],
    ['of another prefix', { prefix: 'ffffffffffff' }, key, /not known/],
    ['that was revoked', { revokedAt: 1 }, key, /revoked/],
    ['whose end is now', { expiresAt: NOW }, key, /expired/],
    ['of an organisation that is disabled', { organizationId: 3 }, key, /disabled/],
  ]
  for (const [what, changes, token, why] of refused) {
    test(`a key ${what} admits nobody`, () => {
      const holder = bookWith(changes).keyHolder(token, NOW)
      assert.equal(holder?.kind, 'unknown')
      assert.match(holder.why, why)
    })
  }

  test('a key holds until its end, and the platform’s needs no organisation', () => {
    assert.equal(bookWith({ expiresAt: NOW + 1 }).keyHolder(key, NOW)?.kind, 'known')
    assert.equal(bookWith({ organizationId: undefined }).keyHolder(key, NOW)?.kind, 'known')
    assert.equal(bookWith().keyHolder('a.b.c', NOW), undefined)
  })
})

suite('access: clients and whom tokens name', () => {
  test('a client is found by its id and its secret', () => {
    assert.equal(bookWith().client('c', 'secret')?.id, 6)
    assert.equal(bookWith().client('c', 'Secret'), undefined)
    assert.equal(bookWith().client('d', 'secret'), undefined)
  })

  test('one that is disabled, or whose organisation is, is not there', () => {
    for (const changes of [{ enabled: false }, { organizationId: 3 }]) {
      assert.equal(bookWith({}, changes).client('c', 'secret'), undefined)
      assert.equal(bookWith({}, changes).clientNamed('c'), undefined)
    }
  })

  test('organisations are known by id and by domain, users within theirs', () => {
    const book = bookWith()
    assert.equal(book.hasOrganization(2), true)
    assert.equal(book.hasOrganization(3), false)
    assert.equal(book.organizationOfDomain('ACME.example'), 2)
    assert.equal(book.hasUser(2, 7), true)
    assert.equal(book.hasUser(3, 7), false)
  })
})
