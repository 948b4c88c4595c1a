import assert from 'node:assert/strict'
import { readInvite } from '../../src/sip/read-invite.ts'
import type { RedirectAsk } from '../../src/sip/redirect-answer.ts'

const FROM = '<sip:+442079460000@acme.test>;tag=1'

const read = (
  uri: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): ReturnType<typeof readInvite> => {
  const all: Readonly<Record<string, string | undefined>> = { From: FROM, 'Call-ID': 'call-1', ...headers }
  return readInvite({ uri, header: (name) => all[name], body, sourceAddress: '192.0.2.1' })
}

const ask = (...given: Parameters<typeof read>): RedirectAsk => {
  const result = read(...given)
  return result.kind === 'ask' ? result.ask : assert.fail(JSON.stringify(result))
}

suite('sip: what an INVITE asks', () => {
  test('everything of a plain one', () => {
    assert.deepEqual(
      ask(
        'sip:+442079460123@10.0.0.1:5060;user=phone',
        { 'X-Strowger-Organization': ' 7 ' },
        'm=audio 4000 RTP/AVP 8 0',
      ),
      {
        requestUser: '+442079460123',
        organizationDomains: ['10.0.0.1', 'acme.test'],
        organizationId: 7,
        callerNumber: '+442079460000',
        offeredCodecs: ['PCMA', 'PCMU'],
        lrn: undefined,
        isPortabilityKnown: false,
        callId: 'call-1',
        sourceAddress: '192.0.2.1',
      },
    )
  })

  suite('the number', () => {
    const row = (sentence: string, uri: string, outcome: string | number): void => {
      test(sentence, () => {
        const result = read(uri)
        assert.equal(result.kind === 'ask' ? result.ask.requestUser : result.status, outcome)
      })
    }
    row('international', 'sip:+442079460123@a.test', '+442079460123')
    row('national', 'sip:02079460123@a.test', '02079460123')
    row('separators mean nothing', 'sip:(020)7946-01.23@a.test', '02079460123')
    row('escaped', 'sip:%2B442079460123@a.test', '+442079460123')
    row('a code', 'sip:*98%23@a.test', '*98#')
    row('tel', 'tel:+44-20-7946-0123', '+442079460123')
    row('none is 484', 'sip:a.test', 484)
    row('an empty one is 484', 'sip:@a.test', 484)
    row('a plus alone is 484', 'sip:+@a.test', 484)
    row('a name is 404', 'sip:alice@a.test', 404)
    row('a plus within is 404', 'sip:44+20@a.test', 404)
    row('digits of another script are 404', 'sip:%D9%A1%D9%A2@a.test', 404)
    row('41 digits are 400', `sip:${'1'.repeat(41)}@a.test`, 400)
    row('40 digits are for routing to judge', `sip:${'1'.repeat(40)}@a.test`, '1'.repeat(40))
    row('a user without end is 400', `sip:${'1'.repeat(5000)}@a.test`, 400)
    row('a line break behind an escape is 400', 'sip:44%0d%0a12@a.test', 400)
    row('a NUL is 400', 'sip:44\u000012@a.test', 400)
    row('half an escape is 400', 'sip:44%1@a.test', 400)
    row('another scheme is 416', 'http://a.test/', 416)
    row('no URI at all is 416', '', 416)
  })

  suite('the routing number', () => {
    const row = (sentence: string, parameters: string, lrn: string | undefined, known: boolean): void => {
      test(sentence, () => {
        const { requestUser, ...rest } = ask(`sip:+12125550123${parameters}@a.test;user=phone`)
        assert.deepEqual([requestUser, rest.lrn, rest.isPortabilityKnown], ['+12125550123', lrn, known])
      })
    }
    row('a ported number', ';npdi;rn=+14155550100', '+14155550100', true)
    row('with separators', ';rn=+1-415-555-0100;npdi', '+14155550100', true)
    row('national', ';rn=4155550100;rn-context=+1;npdi', '4155550100', true)
    row('looked up, not ported', ';npdi', undefined, true)
    row('not looked up', '', undefined, false)
    row('none that is a number', ';npdi;rn=x%0d%0ay', undefined, true)
    row('an empty one', ';npdi;rn=', undefined, true)
  })

  suite('the caller', () => {
    const row = (sentence: string, headers: Readonly<Record<string, string>>, caller?: string): void => {
      test(sentence, () => assert.equal(ask('sip:+4420@a.test', headers).callerNumber, caller))
    }
    row(
      'of the asserted identity',
      { 'P-Asserted-Identity': '"A, B" <sip:+4930123456@b.test>' },
      '+4930123456',
    )
    row(
      'of the tel identity where the other is a name',
      {
        'P-Asserted-Identity': '<sip:alice@b.test>,<tel:+49-30-123456>',
      },
      '+4930123456',
    )
    row('of From', {}, '+442079460000')
    row('of From where the identity cannot be read', { 'P-Asserted-Identity': '"' }, '+442079460000')
    row('national', { From: '<sip:02079460000@acme.test>' }, '02079460000')
    row('withheld', { From: '"Anonymous" <sip:anonymous@anonymous.invalid>' })
    row('of a number without end', { From: `<sip:${'1'.repeat(33)}@acme.test>` })
    row('of no From', { From: '' })
  })

  suite('the organisation', () => {
    const row = (sentence: string, uri: string, from: string, domains: readonly string[]): void => {
      test(sentence, () => assert.deepEqual(ask(uri, { From: from }).organizationDomains, domains))
    }
    row('the Request-URI comes before From', 'sip:1@B.test', '<sip:2@a.test>', ['b.test', 'a.test'])
    row('named twice', 'sip:1@a.test', '<sip:2@A.TEST:5060>', ['a.test'])
    row('the context of a tel URI', 'tel:123;phone-context=b.test', '<sip:2@a.test>', ['b.test', 'a.test'])
    row('a context that is a number', 'tel:123;phone-context=+44', '<sip:2@a.test>', ['a.test'])

    for (const id of ['0', '-1', '1,2', '1; drop', '12345678901', 'x', '']) {
      test(`the id ${JSON.stringify(id)} is 400`, () => {
        const result = read('sip:1@a.test', { 'X-Strowger-Organization': id })
        assert.equal(result.kind === 'refuse' ? result.status : undefined, 400)
      })
    }
  })

  test('a Call-ID without end is cut', () => {
    assert.equal(ask('sip:1@a.test', { 'Call-ID': 'x'.repeat(9000) }).callId.length, 256)
  })
})
