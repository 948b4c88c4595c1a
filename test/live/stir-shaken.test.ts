/** STIR/SHAKEN: calls that we sign, as a carrier reads them, and signed calls of a carrier, as a phone is told of them. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import { compactVerify, CompactSign, importPKCS8 } from 'jose'
import { HANGS_UP } from '../scenario/parties.ts'
import { OWN_NUMBER, SHOWN_NUMBER } from '../scenario/scenario.ts'
import { makeStirCertificates } from '../support/stir-certificates.ts'
import { live } from './live.ts'
import { freePort, until } from './net.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import { invitesOf, type SipMessage } from './sipp.ts'
import { TRUNK_ADDRESS } from './stage.ts'
import { addTrunk, layOut, placeCalls, putBack, SOMEBODY, type Trunk } from './trunks.ts'

const OURS = 'https://certificates.strowger.test/ours.pem'
const CALLER = '+33142685300'

const certificates = makeStirCertificates()
const port = await freePort()
const host = `127.0.0.1:${port}`
const theirs = `http://${host}/carrier.pem`

const token = async (claims: object, x5u = theirs): Promise<string> => {
  const key = await importPKCS8(certificates.key, 'ES256')
  const signed = await new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', ppt: 'shaken', typ: 'passport', x5u })
    .sign(key)
  return `${signed};info=<${x5u}>;alg=ES256;ppt="shaken"`
}

const claimsOf = (changes: object = {}): object => ({
  attest: 'A',
  dest: { tn: [OWN_NUMBER.slice(1)] },
  iat: Math.floor(Date.now() / 1_000),
  orig: { tn: CALLER.slice(1) },
  origid: '00000000-0000-4000-8000-000000000001',
  ...changes,
})

live(
  'STIR/SHAKEN',
  (stage) => {
    const server = createServer((request, reply) => {
      if (request.url === '/carrier.pem') reply.end(certificates.chain)
      // One that never answers: the call must not wait for it.
      else if (request.url !== '/slow.pem') reply.writeHead(404).end()
    })
    suiteSetup(() => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)))
    suiteTeardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const trunks: Trunk[] = []
    teardown(async function () {
      this.timeout(20_000)
      await putBack(stage(), trunks.splice(0))
    })

    for (const [rendering, next] of [
      ['dialplan', []],
      ['conversation', [403]],
    ] as const) {
      test(`signed, ${rendering}: the INVITE carries one Identity that the certificate's key verifies`, async () => {
        const trunk = await addTrunk(stage(), {
          gateway: { signsIdentity: true, failover: { believes: 'status', next: [...next], stop: [] } },
        })
        trunks.push(trunk)
        await layOut(stage(), { profile: { strategy: 'PRIORITY' }, routes: [{ over: trunk }] })
        await trunk.plays(HANGS_UP)
        await placeCalls(stage())
        const invite = trunk.invites()[0]
        const identities = [...(invite?.text ?? '').matchAll(/^(?:Identity|y):/gim)]
        assert.equal(identities.length, 1, invite?.text)
        const [signed = '', ...parameters] = (invite?.header('Identity') ?? '').split(';')
        assert.deepEqual(parameters, [`info=<${OURS}>`, 'alg=ES256', 'ppt=shaken'])
        const { payload, protectedHeader } = await compactVerify(signed, createPublicKey(certificates.leaf))
        assert.deepEqual(protectedHeader, { alg: 'ES256', ppt: 'shaken', typ: 'passport', x5u: OURS })
        const { iat, origid, ...claims } = JSON.parse(Buffer.from(payload).toString()) as Record<
          string,
          unknown
        >
        assert.deepEqual(claims, {
          attest: 'A',
          dest: { tn: [SOMEBODY.slice(1)] },
          orig: { tn: SHOWN_NUMBER.slice(1) },
        })
        assert.ok(Math.abs(Number(iat) - Date.now() / 1_000) < 60)
        assert.match(String(origid), /^[0-9a-f-]{36}$/)
      })
    }

    test('a gateway that does not want it gets no Identity', async () => {
      const trunk = await addTrunk(stage())
      trunks.push(trunk)
      await layOut(stage(), { profile: { strategy: 'PRIORITY' }, routes: [{ over: trunk }] })
      await trunk.plays(HANGS_UP)
      await placeCalls(stage())
      assert.equal(trunk.invites()[0]?.header('Identity'), undefined)
    })

    for (const [sentence, header, verstat, verdict, why] of [
      ['a good signature passes', () => token(claimsOf()), 'TN-Validation-Passed', 'passed', null],
      ['no signature is none', undefined, 'No-TN-Validation', 'none', 'not signed'],
      [
        "another caller's signature fails",
        () => token(claimsOf({ orig: { tn: '33142685301' } })),
        'TN-Validation-Failed',
        'failed',
        'another caller',
      ],
      [
        'an old one fails',
        () => token(claimsOf({ iat: Math.floor(Date.now() / 1_000) - 300 })),
        'TN-Validation-Failed',
        'failed',
        'stale',
      ],
      [
        'one that was changed fails',
        async () => (await token(claimsOf())).replace(/\.[\w-]{6}/, '.eyJhYm'),
        'TN-Validation-Failed',
        'failed',
        'no PASSporT that can be read',
      ],
      [
        'a certificate that does not come is waited for no longer than the limit',
        () => token(claimsOf(), `http://${host}/slow.pem`),
        'No-TN-Validation',
        'none',
        'not in time',
      ],
    ] as const) {
      test(`received: ${sentence}, and phone and record say so`, async () => {
        const { sipp, ports, register, stale, database, recorder } = stage()
        await register('1002')
        const phone = await sipp({ name: 'verstat-1002', port: ports.phone['1002'], xml: partyXml(HANGS_UP) })
        const identity = header === undefined ? undefined : await header()
        const began = Date.now()
        const caller = await sipp({
          name: 'verstat-carrier',
          remote: `127.0.0.1:${ports.trunks}`,
          address: TRUNK_ADDRESS,
          xml: callerXml({
            user: CALLER,
            domain: 'carrier.test',
            to: OWN_NUMBER,
            ...(identity === undefined ? {} : { headers: `Identity: ${identity}\n` }),
          }),
        })
        const invite = await until('the phone is called', (): SipMessage | undefined =>
          invitesOf(phone.messages(), stale).at(-1),
        )
        assert.ok(invite.at - began < 4_000)
        assert.match(
          invite.header('P-Asserted-Identity') ?? '',
          new RegExp(`${CALLER.slice(1)}@.*;verstat=${verstat}>`),
        )
        assert.equal(invite.header('P-Attestation-Indicator'), verdict === 'passed' ? 'A' : undefined)
        const passed = [...invite.text.matchAll(/^Identity:/gim)].length
        assert.equal(passed, identity === undefined ? 0 : 1)
        await caller.done
        const row = await until('the record', async () => {
          const [found] = await database.query<{ identity: { verdict: string; why?: string } | null }>(
            `SELECT custom_data->'identity' AS identity FROM call_detail_records
             WHERE leg = 'A' AND leg_uuid = ANY($1::uuid[])`,
            [[...recorder.created()]],
          )
          return found
        })
        assert.equal(row.identity?.verdict, verdict)
        assert.equal(row.identity.why ?? null, why)
      })
    }
  },
  {
    engineEnvironment: {
      STIR_PRIVATE_KEY_FILE: certificates.keyFile,
      STIR_CERTIFICATE_URL: OURS,
      STIR_TRUST_ANCHORS_FILE: certificates.rootFile,
      STIR_CERTIFICATE_HOSTS: host,
      STIR_VERIFY_TIMEOUT: '500',
    },
  },
)
