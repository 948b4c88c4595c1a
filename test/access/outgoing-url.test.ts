import assert from 'node:assert/strict'
import { readNetworks } from '../../src/access/outgoing-address.ts'
import { urlFault } from '../../src/access/outgoing-url.ts'

const STRICT = { allowed: [], allowHttp: false }

suite('access: URLs that the engine calls for others', () => {
  for (const url of [
    'https://example.com',
    'https://example.com/a?b=c#d',
    'https://example.com:8443/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://xn--bcher-kva.example/',
  ]) {
    test(`${url} is taken`, () => assert.equal(urlFault(url, STRICT), undefined))
  }
  const refused: readonly (readonly [what: string, url: string])[] = [
    ['http', 'http://example.com/'],
    ['another protocol', 'ftp://example.com/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
    ['no URL', 'example.com'],
    ['user and password', 'https://user:secret@example.com/'],
    ['a user', 'https://user@example.com/'],
    ['a port of mail', 'https://example.com:25/'],
    ['a port of SSH', 'https://example.com:22/'],
    ['a port that browsers refuse', 'https://example.com:6667/'],
    ['loopback', 'https://127.0.0.1/'],
    ['loopback as one number', 'https://2130706433/'],
    ['loopback in hex', 'https://0x7f000001/'],
    ['loopback in octal', 'https://0177.0.0.1/'],
    ['loopback, shortened', 'https://127.1/'],
    ['loopback in full-width digits', 'https://１２７.０.０.１/'],
    ['loopback in IPv6', 'https://[::1]/'],
    ['IPv4-mapped loopback', 'https://[::ffff:127.0.0.1]/'],
    ['metadata of clouds', 'https://169.254.169.254/latest'],
    ['a line break', 'https://example.com/\r\nX: y'],
    ['a tab in the host, which the parser would take away', 'https://exa\tmple.com/'],
    ['a backslash', 'https:\\\\example.com\\'],
    ['a space', 'https://example.com/a b'],
    ['too much', `https://example.com/${'a'.repeat(2_000)}`],
  ]
  for (const [what, url] of refused) {
    test(`${what} is not`, () => assert.notEqual(urlFault(url, STRICT), undefined))
  }

  test('http and private addresses are taken where the operator says so', () => {
    const allowed = readNetworks(['127.0.0.0/8']) ?? []
    assert.equal(urlFault('http://127.0.0.1:8080/', { allowed, allowHttp: true }), undefined)
    assert.notEqual(urlFault('http://10.0.0.1/', { allowed, allowHttp: true }), undefined)
    assert.notEqual(urlFault('http://127.0.0.1/', { allowed, allowHttp: false }), undefined)
  })

  test('a refusal never repeats what may be secret', () => {
    assert.doesNotMatch(urlFault('https://user:secret@example.com/', STRICT) ?? '', /secret/)
  })
})
