import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createDirectory } from '../../src/directory/directory.ts'
import type { Gateway, Snapshot } from '../../src/directory/records.ts'
import { activeGateways, renderConfiguration } from '../../src/xml-curl/configuration.ts'
import { NOT_FOUND } from '../../src/xml-curl/document.ts'
import { carrier, gateway, snapshot } from '../support/snapshot.ts'
import { assertInert, carried, hostile, read, type Element } from './preprocessor.ts'

const directoryOf = (given: Partial<Snapshot>): ReturnType<typeof createDirectory> =>
  createDirectory(snapshot({ carriers: [carrier(1), carrier(2)], ...given }))

const sofia = async (...gateways: readonly Gateway[]): Promise<Element> => {
  const text = renderConfiguration('sofia.conf', directoryOf({ gateways }))
  assertInert(text)
  return (await read(text)).at('section', 'configuration')
}

const parametersOf = async (given: Partial<Gateway>): Promise<Readonly<Record<string, string>>> => {
  const [, trunks] = (await sofia(gateway(1, given))).at('profiles').all('profile')
  const found = trunks?.at('gateways', 'gateway')
  assert.equal(found?.attribute('name'), 'gw1')
  return Object.fromEntries(
    found.all('param').map((each) => [each.attribute('name') ?? '', each.attribute('value') ?? '']),
  )
}

suite('xml-curl: sofia.conf', () => {
  test('without a gateway it is the profiles of the static files', async () => {
    const profiles = (await sofia()).at('profiles').all('profile')
    assert.deepEqual(
      profiles.map((each) => [
        each.attribute('name'),
        ...each.all('X-PRE-PROCESS').map((line) => line.attribute('data')),
      ]),
      [
        ['phones', 'sip_profiles/phones.xml'],
        ['trunks', 'sip_profiles/trunks.xml'],
      ],
    )
    assert.equal(
      profiles[1]?.at('gateways', 'X-PRE-PROCESS').attribute('data'),
      'sip_profiles/emergency-gateway.xml',
    )
  })

  test('a gateway that knows us by our address', async () => {
    assert.deepEqual(await parametersOf({}), {
      realm: 'sip1.carrier.example',
      proxy: 'sip1.carrier.example:5060',
      username: 'strowger',
      password: '',
      register: 'false',
      'register-transport': 'udp',
      'caller-id-in-from': 'true',
      'extension-in-contact': 'true',
      'retry-seconds': '30',
    })
  })

  test('an IPv6 address stands in brackets', async () => {
    const parameters = await parametersOf({ hostname: '2001:db8::5', port: 5080 })
    assert.equal(parameters['proxy'], '[2001:db8::5]:5080')
    assert.equal(parameters['realm'], '[2001:db8::5]')
  })

  for (const [transport, proxy] of [
    ['udp', 'sip1.carrier.example:5061'],
    ['tcp', 'sip1.carrier.example:5061;transport=tcp'],
    ['tls', 'sip1.carrier.example:5061;transport=tls'],
  ] as const) {
    test(`over ${transport} the proxy is ${proxy}`, async () => {
      const parameters = await parametersOf({ transport, port: 5061 })
      assert.equal(parameters['proxy'], proxy)
      assert.equal(parameters['register-transport'], transport)
    })
  }

  test('a pinged gateway says how often, another says nothing', async () => {
    assert.equal((await parametersOf({ pingSeconds: 20 }))['ping'], '20')
    assert.equal('ping' in (await parametersOf({})), false)
  })

  test('credentials with quotes and directives arrive as they are', async () => {
    const credentials = {
      username: `o'brien "x" <y>`,
      password: '$${domain}&amp;<X-PRE-PROCESS cmd="exec-set" data="a=id"/>',
      realm: "it's",
    }
    const parameters = await parametersOf({ credentials, register: true })
    assert.equal(parameters['username'], credentials.username)
    assert.equal(parameters['password'], credentials.password)
    assert.equal(parameters['realm'], credentials.realm)
    assert.equal(parameters['register'], 'true')
  })

  test('any hostname and credentials are inert and read back', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, hostile, async (hostname, username, password, realm) => {
        const parameters = await parametersOf({ hostname, credentials: { username, password, realm } })
        assert.equal(parameters['username'], carried(username))
        assert.equal(parameters['password'], carried(password))
        assert.equal(parameters['realm'], carried(realm))
        const host = hostname.includes(':') ? `[${hostname}]` : hostname
        assert.equal(parameters['proxy'], carried(`${host}:5060`))
      }),
      { numRuns: 300 },
    )
  })

  test('disabled gateways and those of disabled carriers are not given', () => {
    const directory = directoryOf({
      carriers: [carrier(1), carrier(2, { enabled: false })],
      gateways: [
        gateway(1),
        gateway(2),
        gateway(3, { carrierId: 1, enabled: false }),
        gateway(4, { carrierId: 9 }),
      ],
    })
    assert.deepEqual(
      activeGateways(directory).map(({ id }) => id),
      [1],
    )
  })

  test('another file is not ours', () => {
    for (const file of ['ivr.conf', '', 'SOFIA.CONF', 'sofia.conf.xml'])
      assert.equal(renderConfiguration(file, directoryOf({})), NOT_FOUND)
  })
})

suite('xml-curl: acl.conf', () => {
  const nodes = async (gateways: readonly Gateway[]): Promise<readonly (string | undefined)[]> => {
    const text = renderConfiguration('acl.conf', directoryOf({ gateways }))
    assertInert(text)
    const [trunks] = (await read(text)).at('section', 'configuration', 'network-lists').all('list')
    assert.equal(trunks?.attribute('name'), 'trunks')
    assert.equal(trunks.attribute('default'), 'deny')
    return trunks.all('node').map((node) => {
      assert.equal(node.attribute('type'), 'allow')
      return node.attribute('cidr')
    })
  }

  test('without a gateway nobody may call', async () => {
    assert.deepEqual(await nodes([]), [])
  })

  test('every address of every active gateway may call', async () => {
    assert.deepEqual(
      await nodes([
        gateway(1, { inboundCidrs: ['192.0.2.0/24', '2001:db8::/32'] }),
        gateway(2, { inboundCidrs: ['198.51.100.7/32'] }),
        gateway(3, { carrierId: 1, enabled: false, inboundCidrs: ['203.0.113.0/24'] }),
      ]),
      ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7/32'],
    )
  })

  test('a hostile address is inert and reads back', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (cidr) => {
        assert.deepEqual(await nodes([gateway(1, { inboundCidrs: [cidr] })]), [carried(cidr)])
      }),
    )
  })
})
