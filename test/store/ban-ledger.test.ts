import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addressOf, createMemoryBanLedger } from '../../src/store/ban-ledger.ts'
import { banLedgerTests } from './ban-ledger-tests.ts'

suite('the ban ledger in memory', () => {
  banLedgerTests((options) => createMemoryBanLedger(options))
})

suite('addresses', () => {
  test('one address has one spelling', () => {
    for (const [given, canonical] of [
      ['192.0.2.1', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::FFFF:c000:201', '192.0.2.1'],
      ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
      ['::1', '::1'],
    ] as const) {
      assert.equal(addressOf(given), canonical)
    }
  })

  test('what is no address is refused', () => {
    for (const given of ['', 'localhost', '192.0.2', '192.0.2.1:5060', 'fe80::1%eth0', '1.2.3.4\0']) {
      assert.throws(() => addressOf(given), { code: 'STORE_BAD_INPUT' })
    }
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        assert.equal(addressOf(addressOf(address)), addressOf(address))
      }),
    )
  })
})
