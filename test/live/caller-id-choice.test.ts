/** Which number is shown to whom: rules, carriers' lists, emergencies, and what phones may not say for us. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayFields, NewCarrier } from '../../src/store/gateway-writes.ts'
import { addNumber, removeNumber, updateUser, type NewUser } from '../../src/store/organization-writes.ts'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { DOMAIN, OWN_NUMBER, SHOWN_NUMBER } from '../scenario/scenario.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import { invitesOf, type SipMessage } from './sipp.ts'
import { addTrunk, layOut, placeCalls, putBack, SOMEBODY, type Trunk } from './trunks.ts'

const PARIS = ['+33142685301', '+33142685302'] as const
const IN_FRANCE = '+33142685350'
const PREMIUM = '+449098790000'

const user = (header: string | undefined): string | undefined => /sip:([^@>;]*)/.exec(header ?? '')?.[1]

live('caller ID: the choice', (stage) => {
  const trunks: Trunk[] = []
  const undo: (() => Promise<unknown>)[] = []
  const trunkWith = async (
    gateway: Partial<GatewayFields>,
    carrier: Partial<Omit<NewCarrier, 'code' | 'name'>> = {},
  ): Promise<Trunk> => {
    const trunk = await addTrunk(stage(), { gateway, carrier, prices: { '44': '0.01', '33': '0.02' } })
    trunks.push(trunk)
    await trunk.plays(HANGS_UP)
    return trunk
  }
  const over = (...ways: readonly Trunk[]): Promise<void> =>
    layOut(stage(), {
      profile: { strategy: 'PRIORITY' },
      routes: ways.map((way, index) => ({ over: way, priority: index + 1 })),
    })
  /** 1001 is like this until the test is over. */
  const withUser = async (changes: Partial<NewUser>, back: Partial<NewUser>): Promise<void> => {
    const { database, house } = stage()
    await updateUser(database, house.userIds['1001'], changes)
    undo.push(() => updateUser(database, house.userIds['1001'], back))
  }
  const traceOf = async (number: string): Promise<string> => {
    const { json } = await stage().engine.api(
      `/v1/routes/explain?number=${encodeURIComponent(number)}&from=1001`,
    )
    return JSON.stringify(json)
  }
  const untilPlanned = (number: string, words: string): Promise<unknown> =>
    until(words, async () => (await traceOf(number)).includes(words))
  const api = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const { status, json } = await stage().engine.api(path, body)
    assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(json)}`)
    return json
  }

  teardown(async function () {
    this.timeout(20_000)
    for (const back of undo.splice(0).reverse()) await back()
    await stage().database.query('DELETE FROM caller_id_rules')
    await stage().database.query('DELETE FROM carrier_caller_ids')
    await putBack(stage(), trunks.splice(0))
  })

  test('a name with odd characters arrives as it may stand in From', async () => {
    const trunk = await trunkWith({})
    await withUser({ name: 'Zoë O\'Brien, "100%" & <Söhne>; 李' }, { name: 'Phone 1001' })
    await over(trunk)
    await placeCalls(stage())
    const from = trunk.invites()[0]?.header('From') ?? ''
    const shown = Buffer.from(from, 'latin1').toString('utf8')
    assert.match(shown, new RegExp(`^"Zoë O'Brien, 100% & Söhne ; 李" <sip:\\${SHOWN_NUMBER}@`))
  })

  for (const [format, country, expected] of [
    ['digits', null, SHOWN_NUMBER.slice(1)],
    ['national', 'GB', `0${SHOWN_NUMBER.slice(3)}`],
  ] as const) {
    test(`a gateway that wants the number in the form "${format}" has it so in From and P-Asserted-Identity`, async () => {
      const trunk = await trunkWith({ callerIdFormat: format, callerIdCountry: country })
      await over(trunk)
      await placeCalls(stage())
      const invite = trunk.invites()[0]
      assert.equal(user(invite?.header('From')), expected)
      assert.equal(user(invite?.header('P-Asserted-Identity')), expected)
    })
  }

  test('local presence: callees abroad see numbers of their own country in turn, others do not', async () => {
    const { database, house } = stage()
    const trunk = await trunkWith({})
    for (const number of PARIS) {
      const added = await addNumber(database, {
        organizationId: house.organizationId,
        number,
        userId: house.userIds['1002'],
      })
      undo.push(() => removeNumber(database, added))
    }
    await over(trunk)
    await api('/v1/caller-id-rules', {
      organizationId: house.organizationId,
      kind: 'local-presence',
      country: 'FR',
      numbers: PARIS,
    })
    await untilPlanned(IN_FRANCE, 'local presence in FR')
    await placeCalls(stage(), { to: IN_FRANCE })
    await placeCalls(stage(), { to: IN_FRANCE })
    await placeCalls(stage(), { to: SOMEBODY })
    const shown = trunk.invites().map((invite) => user(invite.header('P-Asserted-Identity')))
    assert.deepEqual([...shown.slice(0, 2)].sort(), [...PARIS])
    assert.equal(shown[2], SHOWN_NUMBER)
  })

  for (const rendering of ['dialplan', 'conversation'] as const) {
    test(`by carrier, ${rendering}: one that does not take the number is shown its own, the next one the user's`, async () => {
      const { house } = stage()
      const failover =
        rendering === 'dialplan' ? {} : { failover: { believes: 'status' as const, next: [403], stop: [] } }
      const picky = await trunkWith(failover, { callerIdPolicy: 'listed' })
      const none = await trunkWith(failover, { callerIdPolicy: 'listed' })
      const open = await trunkWith(failover)
      await picky.plays(refuses(503))
      await none.plays(refuses(503))
      await withUser({ callerId: OWN_NUMBER }, { callerId: null })
      await over(picky, none, open)
      await api('/v1/carrier-caller-ids', {
        carrierId: picky.carrierId,
        organizationId: house.organizationId,
        number: SHOWN_NUMBER,
        verified: true,
      })
      await untilPlanned(SOMEBODY, `does not take ${OWN_NUMBER}: ${SHOWN_NUMBER} is shown over it`)
      await placeCalls(stage())
      const from = ({ invites }: Trunk): string | undefined => user(invites()[0]?.header('From'))
      assert.deepEqual([from(picky), from(none), from(open)], [SHOWN_NUMBER, 'anonymous', OWN_NUMBER])
      const nobody = none.invites()[0]
      assert.equal(
        nobody?.header('From')?.replace(/;tag=.*/, ''),
        '"Anonymous" <sip:anonymous@anonymous.invalid>',
      )
      assert.equal(nobody.header('P-Asserted-Identity'), undefined)
      assert.equal(nobody.header('Privacy'), undefined)
    })
  }

  test('an emergency call shows what is registered for it, and where, whatever the user withholds', async () => {
    const { engine, folder, ports, database, sipp, stale } = stage()
    const trunk = await trunkWith({ carriesEmergency: true }, { callerIdPolicy: 'listed' })
    undo.push(() => database.query('UPDATE gateways SET carries_emergency = false'))
    await withUser(
      {
        presentation: 'withheld',
        emergencyCallerId: OWN_NUMBER,
        emergencyAddress: '1 High Street, London',
        emergencyLocationUri: 'https://lis.strowger.test/loc/9f3c',
      },
      {
        presentation: 'allowed',
        emergencyCallerId: null,
        emergencyAddress: null,
        emergencyLocationUri: null,
      },
    )
    await over(trunk)
    await untilPlanned('112', 'registered for emergencies')
    await placeCalls(stage(), { to: '112' })
    const invite = trunk.invites()[0]
    assert.equal(user(invite?.header('From')), OWN_NUMBER)
    assert.equal(user(invite?.header('P-Asserted-Identity')), OWN_NUMBER)
    assert.equal(invite?.header('Geolocation'), '<https://lis.strowger.test/loc/9f3c>')
    assert.equal(invite.header('Geolocation-Routing'), 'yes')
    assert.equal(invite.header('Privacy'), 'none')
    const token = readFileSync(join(folder, 'engine', 'admin-token'), 'utf8').trim()
    await database.query('UPDATE gateways SET carries_emergency = false')
    await untilPlanned('112', '0 emergency gateways')
    const last = await sipp({ name: 'last-resort', port: ports.emergency, xml: partyXml(HANGS_UP) })
    await placeCalls(stage(), { to: '112' })
    const static_ = invitesOf(last.messages(), stale)[0]
    assert.equal(user(static_?.header('From')), OWN_NUMBER)
    assert.equal(static_?.header('Geolocation'), '<https://lis.strowger.test/loc/9f3c>')
    const metrics = await fetch(`http://127.0.0.1:${ports.http}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    }).then((answer) => answer.text())
    assert.match(metrics, /^strowger_emergency_calls_total [1-9]/m)
    const { json } = await engine.api('/v1/routes/explain?number=112&from=1001')
    assert.ok(JSON.stringify(json).includes('withheld, but not from help'))
  })

  test('what a phone writes of identities reaches no carrier, but its wish for privacy is heard', async () => {
    const trunk = await trunkWith({})
    await over(trunk)
    const { sipp, ports } = stage()
    const call = async (headers: string): Promise<SipMessage> => {
      const before = trunk.invites().length
      const caller = await sipp({
        name: 'forger',
        remote: `127.0.0.1:${ports.phones}`,
        xml: callerXml({
          user: '1001',
          domain: DOMAIN,
          password: passwordOf('1001'),
          to: SOMEBODY,
          headers,
        }),
      })
      await caller.done
      return until('the carrier is called', () => trunk.invites()[before])
    }
    const forged = await call(
      [
        'Identity: eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<https://evil.test/c.pem>',
        'P-Asserted-Identity: <sip:+442079460199@evil.test>',
        'Remote-Party-ID: <sip:+442079460199@evil.test>;party=calling;screen=no;privacy=off',
        'P-Charge-Info: <sip:+442079460199@evil.test>',
        'X-Account: 7',
        '',
      ].join('\n'),
    )
    assert.doesNotMatch(forged.text, /evil\.test|442079460199|X-Account|Identity: ey/)
    assert.equal(user(forged.header('P-Asserted-Identity')), SHOWN_NUMBER)
    assert.equal(forged.header('Remote-Party-ID'), undefined)
    const shy = await call('Privacy: id\n')
    assert.equal(user(shy.header('From')), 'anonymous')
    assert.equal(shy.header('Privacy'), 'id')
    assert.ok(!shy.text.includes(SHOWN_NUMBER.slice(3)))
  })

  test('a phone that redirects to a premium number is refused, called by a phone or by a program', async () => {
    const trunk = await trunkWith({})
    await over(trunk)
    const { register, sipp, ports, engine, stale, recorder } = stage()
    await register('1002')
    const redirecting = partyXml(refuses(302)).replace(
      /(302 Refused[\s\S]*?Contact: )<[^>]*>/,
      `$1<sip:${PREMIUM}@127.0.0.1:${trunk.port}>`,
    )
    assert.ok(redirecting.includes(PREMIUM))
    const phone = await sipp({ name: 'redirects', port: ports.phone['1002'], xml: redirecting })
    const { statuses } = await placeCalls(stage(), { to: '1002' })
    assert.equal(invitesOf(phone.messages(), stale).length, 1)
    assert.ok((statuses[0] ?? 0) >= 400, `the caller got ${String(statuses[0])}`)
    const { status, json } = await engine.api('/v1/calls/originate', { from: '1002', to: SOMEBODY })
    assert.equal(status, 200, JSON.stringify(json))
    await until('the redirected phone is hung up', () => recorder.hungUp().get(String(json['callUuid'])))
    assert.equal(invitesOf(phone.messages(), stale).length, 2)
    assert.deepEqual(trunk.invites(), [])
  })

  test('a number is verified by a call that says a code, and shown from then on', async () => {
    const { house, recorder, database } = stage()
    const trunk = await trunkWith({})
    await trunk.plays(ANSWERS)
    await over(trunk)
    const number = '+33142685399'
    const ask = { number, organizationId: house.organizationId, userId: house.userIds['1001'] }
    const before = await api('/v1/caller-id/validate', ask)
    assert.deepEqual([before['valid'], before['restrictions']], [false, ['NOT_OWNED']])
    const { verification } = await api('/v1/caller-id/verifications', {
      number,
      method: 'call',
      organizationId: house.organizationId,
    })
    const { id } = verification as { id: number }
    const spoken = await until('the code is said', () =>
      recorder
        .events()
        .find(
          (event) =>
            event.name === 'CHANNEL_EXECUTE' && /^(speak|playback)$/.test(event.get('Application') ?? ''),
        ),
    )
    assert.match(trunk.invites()[0]?.firstLine ?? '', new RegExp(`^INVITE sip:\\${number}@`))
    const said = spoken.get('Application-Data') ?? ''
    const code = said.startsWith('flite')
      ? (/is: ([\d. ]+)\./.exec(said)?.[1] ?? '').replace(/\D/g, '')
      : [...said.slice(0, said.length / 2 + 1).matchAll(/880\);loops=(\d+)/g)]
          .map(([, beeps]) => String(Number(beeps) % 10))
          .join('')
          .slice(0, 6)
    assert.match(code, /^\d{6}$/)
    const wrong = await stage().engine.api(`/v1/caller-id/verifications/${id}/confirm`, {
      code: code === '000000' ? '000001' : '000000',
    })
    assert.equal(wrong.status, 422, JSON.stringify(wrong.json))
    await api(`/v1/caller-id/verifications/${id}/confirm`, { code })
    const again = await stage().engine.api(`/v1/caller-id/verifications/${id}/confirm`, { code })
    assert.equal(again.status, 409)
    await recorder.client.api('hupall', 'NORMAL_CLEARING')
    const after = await until('it is verified', async () => {
      const answer = await api('/v1/caller-id/validate', ask)
      return answer['valid'] === true && answer
    })
    assert.equal((after['ownership'] as { type: string }).type, 'verified')
    await withUser({ callerId: number }, { callerId: null })
    await trunk.plays(HANGS_UP)
    await untilPlanned(SOMEBODY, `caller ID ${number}`)
    await placeCalls(stage())
    assert.equal(user(trunk.invites().at(-1)?.header('From')), number)
    await database.query('DELETE FROM caller_id_verifications')
  })
})
