import assert from 'node:assert/strict'
import { addressFault, readNetworks } from '../../src/access/outgoing-address.ts'

suite('access: addresses that the engine calls for others', () => {
  for (const address of [
    '8.8.8.8',
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ]) {
    test(`${address} is called`, () => assert.equal(addressFault(address, []), undefined))
  }
  const refused: readonly (readonly [what: string, address: string])[] = [
    ['loopback', '127.0.0.1'],
    ['loopback, somewhere in its network', '127.255.255.254'],
    ['a private network', '10.0.0.1'],
    ['a private network', '172.16.0.1'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['link-local, where clouds tell their secrets', '169.254.169.254'],
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['documentation', '192.0.2.1'],
    ['benchmarks', '198.18.0.1'],
    ['protocol assignments', '192.0.0.8'],
    ['6to4 relays', '192.88.99.1'],
    ['loopback', '::1'],
    ['unspecified', '::'],
    ['unique local', 'fd00::1'],
    ['link-local', 'fe80::1'],
    ['site-local, long gone', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['discard', '100::1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped, even of a global address', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::7f00:1'],
    ['NAT64', '64:ff9b::a00:1'],
    ['NAT64 of a local prefix', '64:ff9b:1::a00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001::1'],
    ['segment routing', '5f00::1'],
    ['outside of what IANA gave out', '4000::1'],
    ['no address', 'example.com'],
    ['an empty text', ''],
  ]
  for (const [what, address] of refused) {
    test(`${what} is not: ${address}`, () => assert.notEqual(addressFault(address, []), undefined))
  }

  test('what the operator allows is called, and nothing beside it', () => {
    const allowed = readNetworks(['10.1.0.0/16', 'fd00:1::/32', '192.168.7.7'])
    assert.ok(allowed)
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::5', '192.168.7.7'])
      assert.equal(addressFault(address, allowed), undefined, address)
    for (const address of ['10.2.0.1', '::ffff:10.2.0.1', 'fd00:2::5', '192.168.7.8', '127.0.0.1'])
      assert.notEqual(addressFault(address, allowed), undefined, address)
  })

  test('what is no network is not taken for one', () => {
    for (const text of ['10.0.0.0/33', 'example.com', '10.0.0.0/8/8', '/8', '::/129'])
      assert.equal(readNetworks([text]), undefined, text)
  })
})
