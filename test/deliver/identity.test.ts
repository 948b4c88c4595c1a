/** Signatures made by our signer and by jose, checked by our verifier and by jose; certificates by openssl. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { compactVerify, CompactSign, importPKCS8 } from 'jose'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { headerText, type Claims } from '../../src/caller-id/passport.ts'
import { createIdentitySigner } from '../../src/deliver/identity-signer.ts'
import { createIdentityVerifier, type IdentityVerifierOptions } from '../../src/deliver/identity-verifier.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { makeStirCertificates } from '../support/stir-certificates.ts'

const NOW = Date.now()
const HOST = 'certificates.example'
const AT = `https://${HOST}/a.pem`
const ours = makeStirCertificates('ours')
const others = makeStirCertificates('others')
const claims: Claims = {
  attest: 'B',
  orig: '33142685300',
  dest: ['442079460102'],
  iat: Math.floor(NOW / 1_000),
  origid: 'x',
}
const call = { caller: '+33142685300', called: asE164('+442079460102'), now: NOW }

type Given = Partial<IdentityVerifierOptions> & { readonly answers?: Readonly<Record<string, string>> }

const verifierOf = ({ answers = { [AT]: ours.chain }, ...given }: Given = {}) => {
  const asked: string[] = []
  const verify = createIdentityVerifier({
    trustAnchors: ours.root,
    hosts: [HOST],
    timeoutMs: 1_000,
    clock: systemClock,
    logger: silentLogger,
    fetch: (url) => {
      const address = url instanceof Request ? url.url : url.toString()
      asked.push(address)
      const answer = answers[address]
      return Promise.resolve(
        new Response(answer ?? 'nothing here', { status: answer === undefined ? 404 : 200 }),
      )
    },
    ...given,
  })
  return { asked, verify }
}

suite('deliver: identities', () => {
  test('what our signer signs another library verifies', async () => {
    const header = createIdentitySigner(ours.key, AT)(claims) ?? ''
    const [token = ''] = header.split(';')
    const { payload, protectedHeader } = await compactVerify(token, createPublicKey(ours.leaf))
    assert.deepEqual(protectedHeader, JSON.parse(headerText(AT)))
    assert.equal((JSON.parse(Buffer.from(payload).toString()) as { attest: string }).attest, 'B')
  })

  test('and our verifier passes it, asking for the certificate once', async () => {
    const { verify, asked } = verifierOf()
    const header = createIdentitySigner(ours.key, AT)(claims) ?? ''
    for (let calls = 0; calls < 3; calls += 1)
      assert.deepEqual(await verify(header, call), { verdict: 'passed', attestation: 'B', why: undefined })
    assert.deepEqual(asked, [AT])
  })

  test("a signature by another library's hand passes, too", async () => {
    const token = await new CompactSign(Buffer.from(JSON.stringify(claimsAsTold())))
      .setProtectedHeader({ ppt: 'shaken', alg: 'ES256', x5u: AT, typ: 'passport' })
      .sign(await importPKCS8(ours.key, 'ES256'))
    const { verify } = verifierOf()
    assert.equal((await verify(`${token};info=<${AT}>;alg=ES256;ppt="shaken"`, call)).verdict, 'passed')
  })

  const signed = (url = AT, key = ours.key, more: Partial<Claims> = {}): string =>
    createIdentitySigner(key, url)({ ...claims, ...more }) ?? ''
  const bent = (header: string): string => {
    const [token = '', ...rest] = header.split(';')
    const [head = '', body = '', signature = ''] = token.split('.')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    return [[head, body, flipped].join('.'), ...rest].join(';')
  }
  for (const [sentence, header, given, verdict, why] of [
    ['a signature that was changed', bent(signed()), {}, 'failed', 'a wrong signature'],
    ["somebody else's key", signed(AT, others.key), {}, 'failed', 'a wrong signature'],
    [
      'a chain to nobody we trust',
      signed(AT, others.key),
      { answers: { [AT]: others.chain } },
      'failed',
      'a certificate that is not trusted',
    ],
    ['a leaf alone, signed by the anchor', signed(), { answers: { [AT]: ours.leaf } }, 'passed', undefined],
    [
      'a host that nobody named',
      signed('https://evil.example/a.pem'),
      {},
      'failed',
      'a certificate from an unknown host',
    ],
    [
      'a named host as a user of another',
      signed(`https://${HOST}@evil.example/a.pem`),
      {},
      'failed',
      'a certificate from an unknown host',
    ],
    [
      'another port of it',
      signed(`https://${HOST}:8443/a.pem`),
      {},
      'failed',
      'a certificate from an unknown host',
    ],
    ['another scheme', signed(`ftp://${HOST}/a.pem`), {}, 'failed', 'a certificate from an unknown host'],
    [
      'a certificate that is not there',
      signed(`https://${HOST}/b.pem`),
      {},
      'none',
      'the certificate could not be fetched',
    ],
    [
      'no certificate at all in what came',
      signed(),
      { answers: { [AT]: 'hello' } },
      'none',
      'the certificate could not be fetched',
    ],
    [
      'one that never ends',
      signed(),
      { answers: { [AT]: 'x'.repeat(100_000) } },
      'none',
      'the certificate could not be fetched',
    ],
    [
      'one that never comes',
      signed(),
      { timeoutMs: 20, fetch: () => new Promise<Response>(() => undefined) },
      'none',
      'not in time',
    ],
    ['an old one', signed(AT, ours.key, { iat: claims.iat - 100 }), {}, 'failed', 'stale'],
    ['no PASSporT', 'rubbish', {}, 'failed', 'no PASSporT that can be read'],
  ] as const) {
    test(`${sentence}: ${verdict}`, async () => {
      const { verify } = verifierOf(given)
      const found = await verify(header, call)
      assert.deepEqual([found.verdict, found.why], [verdict, why])
    })
  }

  test('a certificate that is not in force any more is not trusted', async () => {
    const { verify } = verifierOf()
    const later = NOW + 45 * 86_400_000
    const found = await verify(signed(AT, ours.key, { iat: Math.floor(later / 1_000) }), {
      ...call,
      now: later,
    })
    assert.deepEqual([found.verdict, found.why], ['failed', 'a certificate that is not trusted'])
  })

  test('a key of another kind signs nothing', () => {
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'secp384r1',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    assert.throws(() => createIdentitySigner(privateKey, AT), /no EC key on P-256/)
    assert.throws(() => createIdentitySigner('nothing', AT), /no private key in PEM/)
  })

  test('without anchors there is no verifier', () => {
    assert.throws(() => verifierOf({ trustAnchors: 'nothing' }), /no certificate in PEM/)
  })
})

const claimsAsTold = (): object => ({
  origid: 'x',
  attest: 'B',
  iat: claims.iat,
  orig: { tn: claims.orig },
  dest: { tn: claims.dest },
})
