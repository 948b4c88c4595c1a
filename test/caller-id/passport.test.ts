import assert from 'node:assert/strict'
import {
  claimsText,
  headerText,
  identityHeader,
  misfit,
  readIdentity,
  type Claims,
} from '../../src/caller-id/passport.ts'
import { asE164 } from '../../src/telephony/e164.ts'

const URL_ = 'https://certificates.example/a.pem'
const CLAIMS: Claims = {
  attest: 'A',
  orig: '12155551212',
  dest: ['12125551213'],
  iat: 1_443_208_345,
  origid: '123e4567-e89b-12d3-a456-426655440000',
}
const base64 = (text: string): string => Buffer.from(text).toString('base64url')
const tokenOf = (header: string, claims: string): string =>
  `${base64(header)}.${base64(claims)}.${'s'.repeat(86)}`

suite('caller-id: PASSporTs', () => {
  test('keys stand in the order of their names, without blanks (RFC 8225, 9)', () => {
    assert.equal(
      claimsText(CLAIMS),
      '{"attest":"A","dest":{"tn":["12125551213"]},"iat":1443208345,"orig":{"tn":"12155551212"},"origid":"123e4567-e89b-12d3-a456-426655440000"}',
    )
    assert.equal(headerText(URL_), `{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"${URL_}"}`)
  })

  test('what is written is read', () => {
    const header = identityHeader(tokenOf(headerText(URL_), claimsText(CLAIMS)), URL_)
    assert.deepEqual(readIdentity(header)?.claims, CLAIMS)
    assert.equal(readIdentity(header)?.certificateUrl, URL_)
  })

  for (const [sentence, header] of [
    ['nothing', ''],
    ['no token', `;info=<${URL_}>`],
    ['no info', tokenOf(headerText(URL_), claimsText(CLAIMS))],
    [
      'another algorithm',
      identityHeader(tokenOf(headerText(URL_).replace('ES256', 'none'), claimsText(CLAIMS)), URL_),
    ],
    [
      'another extension',
      identityHeader(tokenOf(headerText(URL_).replace('shaken', 'rph'), claimsText(CLAIMS)), URL_),
    ],
    [
      'an info that is not the x5u',
      identityHeader(tokenOf(headerText(URL_), claimsText(CLAIMS)), 'https://evil.example/'),
    ],
    ['claims that are no JSON', identityHeader(tokenOf(headerText(URL_), 'x'.repeat(40)), URL_)],
    [
      'another attestation',
      identityHeader(tokenOf(headerText(URL_), claimsText(CLAIMS).replace('"A"', '"D"')), URL_),
    ],
    [
      'no caller',
      identityHeader(
        tokenOf(headerText(URL_), claimsText(CLAIMS).replace('"orig":{"tn"', '"orig":{"uri"')),
        URL_,
      ),
    ],
    ['a million letters', `${'a'.repeat(1_000_000)};info=<${URL_}>`],
  ] as const) {
    test(`${sentence} is no identity`, () => assert.equal(readIdentity(header), undefined))
  }

  const call = { caller: '+12155551212', called: asE164('+12125551213'), now: CLAIMS.iat * 1_000 }
  for (const [sentence, changes, expected] of [
    ['it is about this call', {}, undefined],
    ['a minute later still', { now: call.now + 60_000 }, undefined],
    ['later no more', { now: call.now + 61_000 }, 'stale'],
    ['nor too early', { now: call.now - 61_000 }, 'stale'],
    ['another caller', { caller: '+12155551213' }, 'another caller'],
    ['a caller who is not told', { caller: undefined }, 'another caller'],
    ['another callee', { called: asE164('+12125551299') }, 'another callee'],
  ] as const) {
    test(sentence, () => assert.equal(misfit(CLAIMS, { ...call, ...changes }), expected))
  }
})
