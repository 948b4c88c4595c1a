/** Values that would be read as something else, on the real switch: refused clearly, or read back as they were. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../src/base/errors.ts'
import { displayName } from '../../src/caller-id/display-name.ts'
import { addCarrier, addGateway, removeGateway } from '../../src/store/gateway-writes.ts'
import { addDevice } from '../../src/store/device-writes.ts'
import { addUser } from '../../src/store/organization-writes.ts'
import { DialString } from '../../src/telephony/dial-string.ts'
import { ANSWERS, HANGS_UP } from '../scenario/parties.ts'
import { DOMAIN, OWN_NUMBER } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { freePort, until } from './net.ts'
import { finalStatuses, invitesOf, type SippParty } from './sipp.ts'
import { callerXml, partyXml, type Caller } from './sipp-xml.ts'
import { TRUNK_ADDRESS } from './stage.ts'

/** `FILE` is a file that nobody may make. */
const VALUES: readonly string[] = [
  `plain`,
  `it's "quoted"`,
  `back\\slash \\' \\"`,
  `{x=y}`,
  `+44{x=y}|user/1,2`,
  `[a=b],c|d`,
  `100 % %41 %0d%0a`,
  '$${domain} $1 ${domain_name}',
  '${system(touch FILE)}',
  `<X-PRE-PROCESS cmd="exec-set" data="x=touch FILE"/>`,
  `x-pre-process <include> <? ?> <!-- --> ]]>`,
  `^^;a=b;c=d`,
  `a:_:b`,
  `&amp; &#36; <b>`,
  `Zoë 東京 🎉`,
  `  two  blanks  `,
  `comma, semicolon; colon: at@ slash/`,
]

live('hostile values', (stage) => {
  const trap = (): string => join(stage().folder, 'trapped')
  const armed = (): readonly string[] => VALUES.map((value) => value.replace('FILE', trap()))
  const call = async (caller: Caller, address?: string): Promise<SippParty> => {
    const { sipp, ports } = stage()
    return sipp({
      name: 'hostile-caller',
      remote: `127.0.0.1:${address === undefined ? ports.phones : ports.trunks}`,
      xml: callerXml(caller),
      ...(address === undefined ? {} : { address }),
    })
  }
  /** The name as a phone shows it. */
  const shown = (from: string | undefined): string =>
    Buffer.from(/^"?(.*?)"?\s*<sip:/.exec(from ?? '')?.[1] ?? '', 'latin1').toString('utf8')

  test('names of users reach the other phone as what is left of them, and change no call', async function () {
    this.timeout(60_000)
    const { ports, database, house, sipp, recorder, stale } = stage()
    const names = armed()
    for (const [index, name] of names.entries()) {
      const extension = String(1101 + index)
      const userId = await addUser(database, { organizationId: house.organizationId, name, extension })
      await addDevice(database, { userId, username: extension, password: passwordOf(extension) })
    }
    const last = String(1100 + names.length)
    await until('the engine knows the users', async () => {
      const { json } = await stage().engine.api('/v1/calls/originate', { from: last, to: '1002' })
      return JSON.stringify(json).includes('DEVICE_UNAVAILABLE')
    })
    const phone = await sipp({ name: 'hostile-1002', port: ports.phone['1002'], xml: partyXml(HANGS_UP) })
    for (const [index, name] of names.entries()) {
      const extension = String(1101 + index)
      const caller = await call({
        user: extension,
        domain: DOMAIN,
        password: passwordOf(extension),
        to: '1002',
      })
      assert.equal(await caller.done, 0, name)
      const invite = invitesOf(phone.messages(), stale).at(-1)
      assert.match(invite?.header('From') ?? '', new RegExp(`<sip:${extension}@`), name)
      assert.equal(shown(invite?.header('From')), decodeURIComponent(displayName(name)) || extension, name)
    }
    assert.equal(recorder.created().size, 2 * names.length)
    assert.ok(!existsSync(trap()))
  })

  test("a caller's display name, Latin-1 bytes too, changes no call", async function () {
    this.timeout(60_000)
    const { ports, sipp, stale } = stage()
    const phone = await sipp({ name: 'latin-1002', port: ports.phone['1002'], xml: partyXml(HANGS_UP) })
    const displays = [
      `"Zo\u00eb \u00fcber"`,
      ...armed()
        .filter((value) => !/[[\]]/.test(value))
        .map((value) => `"${Buffer.from(value).toString('latin1').replace(/[\\"]/g, '\\$&')}"`),
    ]
    for (const [index, display] of displays.entries()) {
      const fromCarrier = index % 2 === 0
      const caller = fromCarrier
        ? await call({ display, user: '+33142685300', domain: 'carrier.test', to: OWN_NUMBER }, TRUNK_ADDRESS)
        : await call({ display, user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: '1002' })
      await caller.done
      assert.equal(finalStatuses(caller.messages()).at(-1)?.status, 200, display)
      const from = invitesOf(phone.messages(), stale).at(-1)?.header('From') ?? ''
      assert.match(from, fromCarrier ? /<sip:\+33142685300@/ : /<sip:1001@/, display)
    }
    assert.equal(invitesOf(phone.messages(), stale).length, displays.length)
    assert.ok(!existsSync(trap()))
  })

  test('what is dialled reaches no preprocessor, shell or other extension', async () => {
    const dialled = [
      '%24%7Bsystem(touch)%7D',
      '1002%0d%0a',
      '1002%2C1001',
      '%2B44%7Bx%3Dy%7D%7Cuser%2F1',
      '*43%20XML%20trunks',
    ]
    for (const to of dialled) {
      const caller = await call({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to })
      await caller.done
      const status = finalStatuses(caller.messages()).at(-1)?.status ?? 0
      assert.ok(status >= 400, `${to} got ${status}`)
    }
  })

  test('variables of an originate read back as they were sent, or are refused', async () => {
    const { ports, sipp, recorder, register } = stage()
    await register('1002')
    await sipp({ name: 'variables-1002', port: ports.phone['1002'], xml: partyXml(ANSWERS) })
    const target = DialString.user('1002', DOMAIN)
    let read = 0
    for (const value of armed()) {
      let dialString: string
      try {
        dialString = target.withVariables({ probe: value, after: 'untouched' }).toString()
      } catch (fault) {
        assert.equal(codeOf(fault), 'TELEPHONY_UNSAFE_VALUE')
        assert.match(value, /\$\{|:_:|^\^\^/)
        continue
      }
      const reply = await recorder.client.bgapi('originate', `${dialString} &park()`)
      const uuid = /^\+OK (\S+)/.exec(reply)?.[1]
      assert.ok(uuid !== undefined, `${value}: ${reply}`)
      const dump = JSON.parse(await recorder.client.api('uuid_dump', `${uuid} json`)) as Record<
        string,
        string
      >
      assert.equal(dump['variable_probe'], value)
      assert.equal(dump['variable_after'], 'untouched')
      await recorder.client.api('uuid_kill', uuid)
      read += 1
    }
    assert.ok(read >= 10)
    assert.ok(!existsSync(trap()))
  })

  test("a gateway's user name and password read back as they were sent, and an engine can start beside them", async function () {
    this.timeout(60_000)
    const { database, engine, recorder } = stage()
    const gatewayIds: number[] = []
    const carrierId = await addCarrier(database, { code: 'hostile', name: 'Hostile' })
    for (const [index, value] of armed().entries()) {
      const gatewayId = await addGateway(database, MASTER_KEY, {
        carrierId,
        name: `Hostile ${index}`,
        hostname: '127.0.0.1',
        port: await freePort(),
        credentials: { username: value, password: value },
      })
      const status = await until('the gateway is there', async () => {
        const reply = await recorder.client.api('sofia', `xmlstatus gateway gw${gatewayId}`)
        return reply.trimStart().startsWith('<') && reply
      })
      // Not escaped by FreeSWITCH.
      assert.equal(/^ *<username>(.*)<\/username>$/m.exec(status)?.[1], value)
      gatewayIds.push(gatewayId)
    }
    await engine.kill()
    await engine.start()
    for (const gatewayId of gatewayIds) await removeGateway(database, gatewayId)
    for (const gatewayId of gatewayIds) {
      await until('the gateway is gone', async () =>
        (await recorder.client.api('sofia', `xmlstatus gateway gw${gatewayId}`)).startsWith('Invalid'),
      )
    }
    assert.ok(!existsSync(trap()))
  })
})
