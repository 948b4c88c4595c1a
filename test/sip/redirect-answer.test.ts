import assert from 'node:assert/strict'
import { REFUSAL_CAUSES, type RefusalKind } from '../../src/routing/refusal.ts'
import { refuseWith, renderAnswer, type RedirectAnswer } from '../../src/sip/redirect-answer.ts'
import type { Destination } from '../../src/sip/sip-uri.ts'

const contact = (number: string, given: Partial<Destination> = {}): Destination => ({
  number,
  hostname: 'carrier.test',
  port: 5060,
  transport: 'udp',
  ...given,
})

suite('sip: a redirection on the wire', () => {
  test('contacts in order, with falling q', () => {
    const { sip, unusable } = renderAnswer({
      kind: 'redirect',
      contacts: [
        contact('+4420'),
        contact('0044#20', { hostname: '2001:db8::1', transport: 'tcp' }),
        contact('9420', { port: 5061, transport: 'tls' }),
      ],
    })
    assert.equal(sip.status, 302)
    assert.deepEqual(sip.headers, {
      Contact:
        '<sip:+4420@carrier.test:5060;transport=udp>;q=1.0, ' +
        '<sip:0044%2320@[2001:db8::1]:5060;transport=tcp>;q=0.9, ' +
        '<sip:9420@carrier.test:5061;transport=tls>;q=0.8',
    })
    assert.deepEqual(unusable, [])
  })

  for (const count of [1, 2, 10, 11, 20]) {
    test(`the q of ${count} contacts fall from 1, no two are equal, none is 0`, () => {
      const contacts = Array.from({ length: count }, (_, n) => contact(String(n + 1)))
      const { sip } = renderAnswer({ kind: 'redirect', contacts })
      const qualities = [...(sip.headers['Contact'] ?? '').matchAll(/;q=([01]\.\d{1,3})(?:,|$)/g)].map(
        ([, q]) => Number(q),
      )
      assert.equal(qualities.length, count)
      assert.equal(qualities[0], 1)
      for (const [place, quality] of qualities.entries())
        assert.ok(quality > (qualities[place + 1] ?? 0), `${place}: ${quality}`)
    })
  }

  test('a contact that cannot be written is left out and told', () => {
    const bad = [contact('1', { hostname: 'a>,<sip:x' }), contact('')]
    const { sip, unusable } = renderAnswer({ kind: 'redirect', contacts: [...bad, contact('2')] })
    assert.deepEqual(sip.headers, { Contact: '<sip:2@carrier.test:5060;transport=udp>;q=1.0' })
    assert.deepEqual(unusable, bad)
  })

  const faults: readonly (readonly [sentence: string, answer: RedirectAnswer])[] = [
    ['no contact', { kind: 'redirect', contacts: [] }],
    ['none that can be written', { kind: 'redirect', contacts: [contact('1', { port: 0 })] }],
    ['a refusal that refuses nothing', { kind: 'refuse', status: 200, reason: 'OK' }],
    ['a status that is none', { kind: 'refuse', status: 99.5, reason: 'x' }],
  ]
  for (const [sentence, answer] of faults) {
    test(`${sentence} is a fault of ours`, () => assert.equal(renderAnswer(answer).sip.status, 500))
  }
})

suite('sip: a refusal on the wire', () => {
  test('reason and Retry-After', () => {
    const { sip } = renderAnswer({ kind: 'refuse', status: 503, reason: 'Full', retryAfterSeconds: 4.2 })
    assert.deepEqual(sip, { status: 503, reason: 'Full', headers: { 'Retry-After': '5' } })
  })
  test('a reason cannot begin a header', () => {
    const { sip } = renderAnswer({ kind: 'refuse', status: 403, reason: 'a\r\nContact: <sip:x@y>\u0000ü' })
    assert.equal(sip.reason, 'a Contact: <sip:x@y> ')
  })
  test('an empty reason has a word', () =>
    assert.equal(renderAnswer({ kind: 'refuse', status: 403, reason: '\r\n' }).sip.reason, 'Refused'))

  const statuses: Readonly<Record<RefusalKind, number>> = {
    NO_PROFILE: 404,
    NO_PREFIX: 404,
    NOT_OFFERED: 404,
    ALL_DOWN: 503,
    OVER_CAPACITY: 503,
    WOULD_LOSE_MONEY: 503,
    BLOCKED: 403,
  }
  for (const kind of Object.keys(REFUSAL_CAUSES) as RefusalKind[]) {
    test(`${kind} is ${statuses[kind]}${statuses[kind] === 503 ? ' for a while' : ''}`, () => {
      const { sip } = renderAnswer(refuseWith(kind))
      assert.equal(sip.status, statuses[kind])
      assert.equal('Retry-After' in sip.headers, statuses[kind] === 503)
    })
  }
  test('a number that is none is 484', () => assert.equal(refuseWith('INVALID_NUMBER').status, 484))
  test('nobody to call for is 403', () => assert.equal(refuseWith('NO_ORGANIZATION').status, 403))
})
