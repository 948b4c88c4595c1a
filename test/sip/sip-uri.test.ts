import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseAddresses, parseSipUri, sipUriTo, type Destination } from '../../src/sip/sip-uri.ts'

suite('sip: reading a URI', () => {
  const row = (sentence: string, text: string, read: string | undefined): void => {
    test(sentence, () => {
      const uri = parseSipUri(text)
      const parameters = [...(uri?.parameters ?? [])].map(([name, value]) => `${name}=${value}`).join(' ')
      assert.equal(
        uri === undefined ? undefined : `${uri.scheme} ${uri.user}|${uri.host ?? ''}|${parameters}`,
        read,
      )
    })
  }
  row('user, host and port', 'sip:+442079460123@acme.test:5060', 'sip +442079460123|acme.test|')
  row('the scheme and the host have no case', 'SIP:100@ACME.Test', 'sip 100|acme.test|')
  row('sips', 'sips:100@acme.test', 'sips 100|acme.test|')
  row('no user', 'sip:acme.test', 'sip |acme.test|')
  row('an empty user', 'sip:@acme.test', 'sip |acme.test|')
  row('a password is left out', 'sip:100:secret@acme.test', 'sip 100|acme.test|')
  row('an IPv6 host', 'sip:100@[2001:DB8::1]:5060', 'sip 100|2001:db8::1|')
  row('parameters of the URI', 'sip:100@a.test;user=phone;lr', 'sip 100|a.test|user=phone lr=')
  row('headers of the URI', 'sip:100@a.test;user=phone?Subject=a', 'sip 100|a.test|user=phone')
  row(
    'a ported number',
    'sip:+12125550123;npdi;rn=+14155550100@a.test;user=phone',
    'sip +12125550123|a.test|user=phone npdi= rn=+14155550100',
  )
  row('of two parameters the first counts', 'sip:1;rn=+1;rn=+2@a.test', 'sip 1|a.test|rn=+1')
  row('an escape', 'sip:%2B4420%237@a.test', 'sip +4420#7|a.test|')
  row('an escaped @ is part of the user', 'sip:a%40b@c.test', 'sip a@b|c.test|')
  row('a tel URI', 'tel:+44-20-7946-0123', 'tel +44-20-7946-0123||')
  row('a local number', 'tel:7946;phone-context=+4420', 'tel 7946||phone-context=+4420')

  row('a line break behind an escape', 'sip:44%0d%0aX:1@a.test', undefined)
  row('a NUL behind an escape', 'sip:44%00@a.test', undefined)
  row('a NUL', 'sip:44\u000012@a.test', undefined)
  row('a blank', 'sip:44 12@a.test', undefined)
  row('a line break', 'sip:44\r\n@a.test', undefined)
  row('an escape that is none', 'sip:44%zz@a.test', undefined)
  row('half an escape', 'sip:44%2@a.test', undefined)
  row('an escape that is no UTF-8', 'sip:44%ff@a.test', undefined)
  row('two hosts', 'sip:44@a.test@b.test', undefined)
  row('no host', 'sip:44@', undefined)
  row('a host of other characters', 'sip:44@a_b<>', undefined)
  row('an address that is none', 'sip:44@[1::2::3]', undefined)
  row('a port that is none', 'sip:44@a.test:99999999', undefined)
  row('a user without end', `sip:${'1'.repeat(2000)}@a.test`, undefined)
  row('another scheme', 'http://a.test/', undefined)
  row('nothing', '', undefined)

  test('whatever comes is a URI or none, and never a throw', () => {
    const alphabet = fc.constantFrom(...'sip:tel@;=%0d5[]<>",.+\\?&\u0000\r\n\u00e4'.split(''))
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 60 }), (characters) => {
        const text = `sip:${characters.join('')}`
        const uri = parseSipUri(text)
        // eslint-disable-next-line no-control-regex -- that is what is looked for
        assert.doesNotMatch(uri?.user ?? '', /[\u0000-\u001f]/)
        parseAddresses(text)
      }),
      { numRuns: 2000 },
    )
  })
})

suite('sip: reading the addresses of a header', () => {
  const row = (sentence: string, header: string, users: readonly string[]): void => {
    test(sentence, () =>
      assert.deepEqual(
        parseAddresses(header).map(({ user }) => user),
        users,
      ),
    )
  }
  row('in brackets', '<sip:100@a.test>;tag=1', ['100'])
  row('bare', 'sip:100@a.test;tag=1', ['100'])
  row('with a name', 'Alice <sip:100@a.test>', ['100'])
  row('two, with a comma in a name', '"Doe, J." <sip:100@a.test>, <tel:+4420>', ['100', '+4420'])
  row('an address in a name is none', '"<sip:666@evil.test>" <sip:100@a.test>', ['100'])
  row('nor behind an escaped quote', '"x\\"<sip:666@evil.test>" <sip:100@a.test>', ['100'])
  row('a comma within brackets', '<sip:1,2@a.test>', ['1,2'])
  row('what cannot be read is left out', '<sip:1@>, <sip:2@a.test>', ['2'])
  row('a quote without end', '"Alice <sip:100@a.test>', ['100'])
  row('nothing', '', [])
  row('more than a header holds', `${'"'.repeat(5000)}<sip:1@a.test>`, [])
})

suite('sip: writing a URI', () => {
  const row = (sentence: string, given: Partial<Destination>, written: string | undefined): void => {
    test(sentence, () => {
      const destination = { number: '1', hostname: 'a.test', port: 5060, transport: 'udp', ...given } as const
      assert.equal(sipUriTo(destination), written)
    })
  }
  row('a number', { number: '+442079460123' }, 'sip:+442079460123@a.test:5060;transport=udp')
  row('a host alone', { number: '' }, 'sip:a.test:5060;transport=udp')
  row('an IPv6 host', { hostname: '2001:db8::1' }, 'sip:1@[2001:db8::1]:5060;transport=udp')
  row('TCP', { transport: 'tcp' }, 'sip:1@a.test:5060;transport=tcp')
  row('TLS', { transport: 'tls', port: 5061 }, 'sip:1@a.test:5061;transport=tls')
  row('a prefix with # and *', { number: '*12#44' }, 'sip:*12%2344@a.test:5060;transport=udp')
  row(
    'what would end the URI',
    { number: '1@b;x=y>\r\n' },
    'sip:1%40b%3Bx%3Dy%3E%0D%0A@a.test:5060;transport=udp',
  )
  row('a host that would end it', { hostname: 'a.test>,<sip:x@b' }, undefined)
  row('an empty host', { hostname: '' }, undefined)
  row('port 0', { port: 0 }, undefined)
  row('port 70000', { port: 70_000 }, undefined)

  test('what is written is read back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }), (number) => {
        const uri = sipUriTo({ number, hostname: 'a.test', port: 5060, transport: 'udp' })
        const read = parseSipUri(uri ?? '')
        if (/\s/.test(number)) assert.equal(read, undefined)
        else assert.equal(read?.user, number)
      }),
    )
  })
})
