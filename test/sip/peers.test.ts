import assert from 'node:assert/strict'
import { createPeers, plainAddress } from '../../src/sip/peers.ts'

suite('sip: who may ask', () => {
  const row = (cidrs: readonly string[], address: string, may: boolean): void => {
    test(`${address || 'nobody'} ${may ? 'may' : 'may not'}, with ${cidrs.join(' ') || 'no peers'}`, () =>
      assert.equal(createPeers(cidrs).includes(plainAddress(address)), may))
  }
  row(['127.0.0.0/8', '::1'], '127.0.0.1', true)
  row(['127.0.0.0/8', '::1'], '::1', true)
  row(['127.0.0.0/8', '::1'], '[::1]', true)
  row(['127.0.0.0/8', '::1'], '::ffff:127.0.0.1', true)
  row(['127.0.0.0/8', '::1'], '128.0.0.1', false)
  row(['127.0.0.0/8', '::1'], '::2', false)
  row(['192.0.2.7'], '192.0.2.7', true)
  row(['192.0.2.7'], '192.0.2.8', false)
  row(['2001:db8::/32'], '2001:db8:1::1', true)
  row(['0.0.0.0/0'], '203.0.113.1', true)
  row(['0.0.0.0/0'], '2001:db8::1', false)
  row([], '127.0.0.1', false)
  row(['127.0.0.0/8'], '', false)
  row(['127.0.0.0/8'], 'localhost', false)

  for (const cidr of [
    '',
    'localhost',
    '127.0.0.1/33',
    '127.0.0.0/8/8',
    '::1/129',
    '127.0.0.0/',
    '127.1/8',
    '1.2.3.4/-1',
  ]) {
    test(`${JSON.stringify(cidr)} is no network`, () =>
      assert.throws(() => createPeers([cidr]), { code: 'SIP_BAD_PEER' }))
  }
})
