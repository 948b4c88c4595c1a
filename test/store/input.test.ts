import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EngineError } from '../../src/base/errors.ts'
import { addDevice } from '../../src/store/device-writes.ts'
import { addGateway } from '../../src/store/gateway-writes.ts'
import { addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import type { Queryable } from '../../src/store/database.ts'

const key = Buffer.alloc(32, 1)

/** Takes everything and keeps what it was asked. */
const recorder = (): Queryable & { readonly values: unknown[][] } => {
  const values: unknown[][] = []
  return {
    values,
    query: <Row extends object>(_text: string, given: readonly unknown[] = []) => {
      values.push([...given])
      const answer: unknown = [{ id: 1, country: 'GB', organization_id: 1, sip_domain: 'a.test' }]
      return Promise.resolve(answer as readonly Row[])
    },
  }
}

const organization = { name: 'Acme', sipDomain: 'acme.test', country: 'GB', currency: 'GBP' }
const gateway = { carrierId: 1, name: 'Trunk', hostname: 'sip.example.com' }
const rate = {
  prefix: '44',
  pricePerMinute: '0.01',
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  effectiveFrom: 0,
}
const deck = { carrierId: 1, name: 'Deck', currency: 'GBP', rates: [rate] }

suite('input is refused by the name of its field', () => {
  const refused: readonly (readonly [
    field: string,
    what: string,
    write: (on: Queryable) => Promise<unknown>,
  ])[] = [
    ['name', 'an empty name', (on) => addOrganization(on, { ...organization, name: '  ' })],
    ['name', 'a name with a line break', (on) => addOrganization(on, { ...organization, name: 'a\nb' })],
    ['name', 'a name with a NUL', (on) => addOrganization(on, { ...organization, name: 'a\0b' })],
    ['name', 'half of a character', (on) => addOrganization(on, { ...organization, name: 'a\ud800' })],
    [
      'sipDomain',
      'a domain with a space',
      (on) => addOrganization(on, { ...organization, sipDomain: 'a b' }),
    ],
    ['country', 'a country that is none', (on) => addOrganization(on, { ...organization, country: 'ZZ' })],
    [
      'currency',
      'a currency in lower case',
      (on) => addOrganization(on, { ...organization, currency: 'gbp' }),
    ],
    [
      'defaultCallerId',
      'a national number',
      (on) => addOrganization(on, { ...organization, defaultCallerId: '0207' }),
    ],
    ['extension', 'letters', (on) => addUser(on, { organizationId: 1, name: 'A', extension: 'abc' })],
    [
      'extension',
      'an emergency number',
      (on) => addUser(on, { organizationId: 1, name: 'A', extension: '999' }),
    ],
    [
      'organizationId',
      'an id that is none',
      (on) => addUser(on, { organizationId: 0, name: 'A', extension: '10' }),
    ],
    [
      'username',
      'an at sign',
      (on) => addDevice(on, { userId: 1, username: 'a@b', password: 'long enough' }),
    ],
    ['password', 'a short password', (on) => addDevice(on, { userId: 1, username: 'a', password: 'short' })],
    ['hostname', 'a URL', (on) => addGateway(on, key, { ...gateway, hostname: 'sip:example.com' })],
    ['hostname', 'a host with a quote', (on) => addGateway(on, key, { ...gateway, hostname: `a"b` })],
    ['port', 'port 0', (on) => addGateway(on, key, { ...gateway, port: 0 })],
    ['port', 'port 65536', (on) => addGateway(on, key, { ...gateway, port: 65_536 })],
    ['port', 'half a port', (on) => addGateway(on, key, { ...gateway, port: 5060.5 })],
    ['transport', 'wss', (on) => addGateway(on, key, { ...gateway, transport: 'wss' })],
    ['pingSeconds', 'pings each four seconds', (on) => addGateway(on, key, { ...gateway, pingSeconds: 4 })],
    ['codecs', 'a codec with a comma', (on) => addGateway(on, key, { ...gateway, codecs: ['PCMA,PCMU'] })],
    ['inboundCidrs', 'everybody', (on) => addGateway(on, key, { ...gateway, inboundCidrs: ['0.0.0.0/0'] })],
    [
      'inboundCidrs',
      'bits beyond the mask',
      (on) => addGateway(on, key, { ...gateway, inboundCidrs: ['192.0.2.1/24'] }),
    ],
    [
      'inboundCidrs',
      'a mask of 33',
      (on) => addGateway(on, key, { ...gateway, inboundCidrs: ['192.0.2.1/33'] }),
    ],
    [
      'inboundCidrs',
      'IPv6 bits beyond the mask',
      (on) => addGateway(on, key, { ...gateway, inboundCidrs: ['2001:db8::1/64'] }),
    ],
    [
      'credentials.password',
      'a password with a line break',
      (on) => addGateway(on, key, { ...gateway, credentials: { username: 'a', password: 'b\r\nc' } }),
    ],
    ['rates', 'an empty deck', (on) => addRates(on, { ...deck, rates: [] })],
    [
      'rates[1].prefix',
      'a plus sign',
      (on) => addRates(on, { ...deck, rates: [rate, { ...rate, prefix: '+44' }] }),
    ],
    [
      'rates[0].pricePerMinute',
      'a ninth decimal',
      (on) => addRates(on, { ...deck, rates: [{ ...rate, pricePerMinute: '0.123456789' }] }),
    ],
    [
      'rates[0].pricePerMinute',
      'a negative price',
      (on) => addRates(on, { ...deck, rates: [{ ...rate, pricePerMinute: '-1' }] }),
    ],
    [
      'rates[0].pricePerMinute',
      'NaN',
      (on) => addRates(on, { ...deck, rates: [{ ...rate, pricePerMinute: 'NaN' }] }),
    ],
    [
      'rates[0].firstIncrementSeconds',
      'no seconds',
      (on) => addRates(on, { ...deck, rates: [{ ...rate, firstIncrementSeconds: 0 }] }),
    ],
    [
      'rates[0].effectiveTo',
      'an end before its beginning',
      (on) => addRates(on, { ...deck, rates: [{ ...rate, effectiveTo: -1 }] }),
    ],
  ]
  for (const [field, what, write] of refused) {
    test(`${field}: ${what}`, async () => {
      await assert.rejects(write(recorder()), (fault) => {
        assert.ok(fault instanceof EngineError)
        assert.deepEqual([fault.code, fault.details['field']], ['STORE_BAD_INPUT', field])
        return true
      })
    })
  }

  test('hostile text is either refused by name or goes in without control characters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        async (name, hostname) => {
          const on = recorder()
          try {
            await addGateway(on, key, { carrierId: 1, name, hostname })
          } catch (fault) {
            assert.ok(fault instanceof EngineError && fault.code === 'STORE_BAD_INPUT', String(fault))
            return
          }
          for (const value of on.values.flat()) {
            if (typeof value === 'string') assert.doesNotMatch(value, /[\p{Cc}\p{Cs}]/u)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('networks that are what they say are taken, in both families', async () => {
    const cidrs = ['192.0.2.1', '192.0.2.0/24', '10.0.0.0/8', '2001:db8::/32', '::1', '::ffff:192.0.2.0/120']
    const on = recorder()
    await addGateway(on, key, { ...gateway, inboundCidrs: cidrs })
    assert.deepEqual(on.values[0]?.at(-1), [
      '192.0.2.1/32',
      '192.0.2.0/24',
      '10.0.0.0/8',
      '2001:db8::/32',
      '::1/128',
      '::ffff:192.0.2.0/120',
    ])
  })
})
