import assert from 'node:assert/strict'
import { forbiddenToTenant, type RecordPath, type Write } from '../../src/access/tenant-rules.ts'

suite('access: what an organisation writes of its own records', () => {
  const allowed: readonly (readonly [RecordPath, Write, object])[] = [
    ['organizations', 'change', { name: 'x', defaultCallerId: null, lcrProfileId: 3 }],
    ['users', 'add', { organizationId: 2, name: 'x', extension: '7001' }],
    ['users', 'remove', {}],
    ['devices', 'change', { password: 'another password' }],
    ['numbers', 'change', { userId: 7, enabled: false }],
    ['gateways', 'add', { carrierId: 1, name: 'x', hostname: 'x.example', carriesEmergency: true }],
    ['blocked-prefixes', 'add', { prefix: '883', action: 'block' }],
    ['blocked-prefixes', 'remove', {}],
    ['rate-decks', 'add', { carrierId: 1, name: 'x' }],
  ]
  for (const [path, write, record] of allowed)
    test(`${path}: ${write} ${JSON.stringify(record)}`, () =>
      assert.equal(forbiddenToTenant(path, write, record as Record<string, unknown>), undefined))

  const forbidden: readonly (readonly [RecordPath, Write, object, string])[] = [
    ['organizations', 'add', { name: 'x' }, 'id'],
    ['organizations', 'remove', {}, 'id'],
    ['organizations', 'change', { sipDomain: 'x.example' }, 'sipDomain'],
    ['organizations', 'change', { name: 'x', country: 'FR' }, 'country'],
    ['organizations', 'change', { whatComesNext: 1 }, 'whatComesNext'],
    ['numbers', 'add', { number: '+442079460102', userId: 7 }, 'id'],
    ['numbers', 'remove', {}, 'id'],
    ['numbers', 'change', { number: '+442079460102' }, 'number'],
    ['gateways', 'change', { inboundCidrs: [] }, 'inboundCidrs'],
    ['gateways', 'change', { signsIdentity: true }, 'signsIdentity'],
    ['blocked-prefixes', 'add', { prefix: '883', action: 'allow' }, 'action'],
    ['blocked-prefixes', 'change', { action: 'allow' }, 'action'],
    ['rate-decks', 'add', { organizationId: 2, name: 'x' }, 'organizationId'],
  ]
  for (const [path, write, record, field] of forbidden)
    test(`${path}: no ${write} ${JSON.stringify(record)}`, () =>
      assert.equal(forbiddenToTenant(path, write, record as Record<string, unknown>)?.field, field))
})
