import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createDirectory, EMPTY_SNAPSHOT } from '../../src/directory/directory.ts'
import { gatewayIdOf, gatewayNameOf, type BlockedPrefix } from '../../src/directory/records.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import {
  carrier,
  ddi,
  device,
  gateway,
  organization,
  profile,
  route,
  snapshot,
  user,
} from '../support/snapshot.ts'

suite('directory', () => {
  const NUMBER = asE164('+442079460123')
  const two = createDirectory(
    snapshot({
      organizations: [organization(), organization({ id: 2, name: 'Bolt', sipDomain: 'Bolt.Example' })],
      users: [user(), user({ id: 12, extension: '1002' }), user({ id: 21, organizationId: 2 })],
      devices: [
        device(),
        device({ id: 112, username: 'ada-mobile' }),
        device({ id: 211, userId: 21, username: 'ada-desk' }),
      ],
      numbers: [ddi(NUMBER)],
      carriers: [carrier(1), carrier(2, { enabled: false })],
      gateways: [gateway(1), gateway(2, { enabled: false })],
      lcrRoutes: [route(1), route(2), route(1, { profileId: 2 })],
    }),
  )

  test('the same extension and the same device name live in two organisations side by side', () => {
    assert.equal(two.userOfExtension(1, '1001')?.id, 11)
    assert.equal(two.userOfExtension(2, '1001')?.id, 21)
    assert.equal(two.device(1, 'ada-desk')?.id, 111)
    assert.equal(two.device(2, 'ada-desk')?.id, 211)
    assert.equal(two.userOfExtension(2, '1002'), undefined)
    assert.equal(two.device(2, 'ada-mobile'), undefined)
  })

  test('a SIP domain is found however it is spelled', () => {
    assert.equal(two.organizationOfDomain('ACME.example')?.id, 1)
    assert.equal(two.organizationOfDomain('bolt.example')?.id, 2)
    assert.equal(two.organizationOfDomain('nobody.example'), undefined)
  })

  test('lists hold what belongs together, and an unknown key an empty one', () => {
    assert.deepEqual(
      two.usersOf(1).map(({ id }) => id),
      [11, 12],
    )
    assert.deepEqual(
      two.devicesOf(11).map(({ id }) => id),
      [111, 112],
    )
    assert.deepEqual(two.lcrRoutesOf(1).length, 2)
    assert.deepEqual(two.usersOf(9), [])
    assert.deepEqual(two.devicesOf(9), [])
    assert.deepEqual(two.lcrRoutesOf(9), [])
  })

  test('a number belongs to its own organisation only', () => {
    assert.equal(two.ddi(NUMBER)?.userId, 11)
    assert.equal(two.ownsNumber(1, NUMBER), true)
    assert.equal(two.ownsNumber(2, NUMBER), false)
    assert.equal(two.ownsNumber(1, asE164('+442079460124')), false)
  })

  test('disabled carriers, gateways and profiles are found, to be explained', () => {
    assert.equal(two.carrier(2)?.enabled, false)
    assert.equal(two.gateway(2)?.enabled, false)
    assert.equal(two.gateways().length, 2)
    const off = createDirectory(snapshot({ lcrProfiles: [profile({ enabled: false })] }))
    assert.equal(off.lcrProfile(1)?.enabled, false)
  })

  test('a disabled organisation takes its users, devices and numbers with it', () => {
    const off = createDirectory(
      snapshot({ organizations: [organization({ enabled: false })], numbers: [ddi(NUMBER)] }),
    )
    assert.equal(off.organization(1), undefined)
    assert.equal(off.organizationOfDomain('acme.example'), undefined)
    assert.equal(off.user(11), undefined)
    assert.equal(off.device(1, 'ada-desk'), undefined)
    assert.equal(off.ddi(NUMBER), undefined)
  })

  test('a disabled user takes its devices with it, but not the number that leads to it', () => {
    const off = createDirectory(snapshot({ users: [user({ enabled: false })], numbers: [ddi(NUMBER)] }))
    assert.equal(off.user(11), undefined)
    assert.equal(off.userOfExtension(1, '1001'), undefined)
    assert.equal(off.device(1, 'ada-desk'), undefined)
    assert.deepEqual(off.devicesOf(11), [])
    assert.equal(off.ownsNumber(1, NUMBER), true)
  })

  test('a disabled device or number is not there', () => {
    const off = createDirectory(
      snapshot({ devices: [device({ enabled: false })], numbers: [ddi(NUMBER, { enabled: false })] }),
    )
    assert.deepEqual(off.devicesOf(11), [])
    assert.equal(off.ddi(NUMBER), undefined)
    assert.equal(off.ownsNumber(1, NUMBER), false)
  })

  test('an empty snapshot answers everything with nothing', () => {
    const empty = createDirectory(EMPTY_SNAPSHOT)
    assert.deepEqual(empty.organizations(), [])
    assert.equal(empty.user(1), undefined)
    assert.equal(empty.device(1, '__proto__'), undefined)
    assert.equal(empty.blockedBy(1, '442079460123'), undefined)
  })

  for (const [name, id] of [
    ['gw1', 1],
    ['gw123456789', 123_456_789],
    ['gw0', undefined],
    ['gw01', undefined],
    ['gw1234567890', undefined],
    ['gw', undefined],
    ['gwx', undefined],
    ['xgw1', undefined],
    ['gw1\n', undefined],
    ['emergency', undefined],
  ] as const) {
    test(`gateway ${JSON.stringify(name)} is ${id === undefined ? 'not ours' : `number ${id}`}`, () => {
      assert.equal(gatewayIdOf(name), id)
      if (id !== undefined) assert.equal(gatewayNameOf(id), name)
    })
  }
})

suite('directory: blocked prefixes', () => {
  const blocked = (prefix: string, given: Partial<BlockedPrefix> = {}): BlockedPrefix => ({
    id: 1,
    organizationId: undefined,
    prefix,
    action: 'block',
    note: '',
    enabled: true,
    ...given,
  })
  const allowed = (prefix: string, given: Partial<BlockedPrefix> = {}): BlockedPrefix =>
    blocked(prefix, { action: 'allow', ...given })
  const off = { enabled: false }
  const own = { organizationId: 1 }
  const others = { organizationId: 2 }

  for (const [sentence, rows, digits, prefix] of [
    ['nothing is blocked where nothing is said', [], '883123', undefined],
    ['a number with the prefix is blocked', [blocked('883')], '883123', '883'],
    ['a number that is the prefix is blocked', [blocked('883')], '883', '883'],
    ['a number that is shorter is not', [blocked('883')], '88', undefined],
    ['a number with other digits is not', [blocked('883')], '882123', undefined],
    ['no digits at all are not', [blocked('8')], '', undefined],
    ['what is disabled says nothing', [blocked('883', off)], '883123', undefined],
    ['a longer one that allows lifts', [blocked('883'), allowed('8831')], '883123', undefined],
    ['one that allows lifts nothing beside it', [blocked('883'), allowed('8831')], '883223', '883'],
    ['a disabled one lifts nothing', [blocked('883'), allowed('8831', off)], '883123', '883'],
    ['a longer one blocks within what is allowed', [allowed('88'), blocked('883')], '883123', '883'],
    ['the longest of three speaks', [blocked('8'), allowed('88'), blocked('883')], '883123', '883'],
    ["an organisation's own blocks it", [blocked('44', own)], '442079', '44'],
    ["another organisation's does not", [blocked('44', others)], '442079', undefined],
    ["its own lifts the platform's as long", [allowed('883', own), blocked('883')], '883123', undefined],
    ["its own blocks what the platform's lifts", [blocked('44', own), allowed('44')], '442079', '44'],
    ['the same in the other order', [allowed('44'), blocked('44', own)], '442079', '44'],
    ["another's lifts nothing", [blocked('883'), allowed('883', others)], '883123', '883'],
    ["a longer one of the platform's beats its own", [allowed('88', own), blocked('883')], '8831', '883'],
    [
      "its own that is disabled leaves the platform's",
      [allowed('883', { ...own, ...off }), blocked('883')],
      '8831',
      '883',
    ],
    ['fifteen digits are a prefix', [blocked('123456789012345')], '123456789012345', '123456789012345'],
    ['no key of an object is one', [blocked('1')], '__proto__', undefined],
  ] as const) {
    test(sentence, () => {
      const directory = createDirectory(snapshot({ blockedPrefixes: rows }))
      assert.equal(directory.blockedBy(1, digits)?.prefix, prefix)
    })
  }

  test('what is answered is what a scan of every row finds', () => {
    const digits = fc.stringMatching(/^[12]{1,5}$/)
    const row = fc.record({
      id: fc.nat(),
      organizationId: fc.constantFrom(undefined, 1, 2),
      prefix: digits,
      action: fc.constantFrom('block', 'allow'),
      note: fc.constant(''),
      enabled: fc.boolean(),
    })
    const rows = fc.uniqueArray(row, {
      selector: ({ organizationId, prefix }) => `${organizationId ?? 0}/${prefix}`,
      maxLength: 30,
    })
    fc.assert(
      fc.property(rows, digits, (blockedPrefixes, number) => {
        const [found] = blockedPrefixes
          .filter(({ organizationId }) => organizationId === undefined || organizationId === 1)
          .filter(({ enabled, prefix }) => enabled && number.startsWith(prefix))
          .sort(
            (one, other) =>
              other.prefix.length - one.prefix.length ||
              Number(other.organizationId === 1) - Number(one.organizationId === 1),
          )
        assert.equal(
          createDirectory(snapshot({ blockedPrefixes })).blockedBy(1, number),
          found?.action === 'block' ? found : undefined,
        )
      }),
    )
  })
})
