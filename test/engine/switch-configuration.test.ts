import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { createDirectory, type Directory } from '../../src/directory/directory.ts'
import type { Gateway, Snapshot } from '../../src/directory/records.ts'
import { createSwitchConfiguration } from '../../src/engine/switch-configuration.ts'
import { carrier, device, gateway, organization, snapshot, user } from '../support/snapshot.ts'
import { fakeCommands, notConnected, type FakeCommands } from './fake-commands.ts'

const directoryOf = (gateways: readonly Gateway[], given: Partial<Snapshot> = {}): Directory =>
  createDirectory(snapshot({ carriers: [1, 2, 3].map((id) => carrier(id)), gateways, ...given }))

/**
 * The switch, as far as its gateways and global variables go: `rescan` adds what is new from what the directory
 * wants, ignores what changed and leaves what was removed; `global_setvar a=b=c` is a condition.
 */
const startSwitch = (): FakeCommands & {
  readonly gateways: Set<string>
  /** What sofia.conf would name. */
  wanted: readonly string[]
  restart: () => void
  clear: () => readonly string[]
} => {
  const gateways = new Set<string>()
  const globals = new Map<string, string>()
  const commands = fakeCommands((line) => {
    const [, kill] = /^sofia profile trunks killgw (\S+)$/.exec(line) ?? []
    if (kill !== undefined) gateways.delete(kill)
    if (line === 'sofia profile trunks rescan') for (const name of made.wanted) gateways.add(name)
    if (line === 'sofia xmlstatus gateway') {
      const rows = [...gateways].map((name) => `<gateway><name>${name}</name><status>UP</status></gateway>`)
      return `<?xml version="1.0"?>\n<gateways>${rows.join('')}</gateways>`
    }
    const [, read] = /^global_getvar (\S+)$/.exec(line) ?? []
    if (read !== undefined) return globals.get(read) ?? '-ERR no reply\n'
    if (line.startsWith('global_setvar ')) {
      const [name = '', value = '', condition] = line.slice('global_setvar '.length).split('=')
      if (condition === undefined || globals.get(name) === condition) globals.set(name, value)
      return '+OK'
    }
    return undefined
  })
  const made = {
    ...commands,
    gateways,
    wanted: [] as readonly string[],
    restart: () => {
      gateways.clear()
      globals.clear()
      for (const name of made.wanted) gateways.add(name)
    },
    clear: () => commands.told.splice(0),
  }
  return made
}

const APPLIED = /^(?:sofia profile|reloadacl|xml_flush_cache)/
const applied = (told: readonly string[]): readonly string[] => told.filter((line) => APPLIED.test(line))

suite('engine: the gateways of the switch', () => {
  const setUp = async (
    ...gateways: readonly Gateway[]
  ): Promise<{
    readonly fake: ReturnType<typeof startSwitch>
    readonly apply: (...wanted: readonly Gateway[]) => Promise<readonly string[]>
    readonly restartEngine: () => void
    readonly forget: () => void
  }> => {
    const fake = startSwitch()
    let configuration = createSwitchConfiguration(fake, silentLogger)
    const apply = async (...wanted: readonly Gateway[]): Promise<readonly string[]> => {
      fake.wanted = wanted.filter(({ enabled }) => enabled).map(({ id }) => `gw${id}`)
      await configuration.apply(directoryOf(wanted))
      return applied(fake.clear())
    }
    await apply(...gateways)
    return {
      fake,
      apply,
      restartEngine: () => {
        configuration = createSwitchConfiguration(fake, silentLogger)
      },
      forget: () => configuration.forget(),
    }
  }

  test('a switch that has nothing is given everything', async () => {
    const { apply } = await setUp()
    assert.deepEqual(await apply(gateway(1, { inboundCidrs: ['192.0.2.0/24'] })), [
      'sofia profile trunks rescan',
      'reloadacl',
    ])
  })

  test('what is the same is not touched', async () => {
    const { apply } = await setUp(gateway(1), gateway(2))
    assert.deepEqual(await apply(gateway(1), gateway(2)), [])
    assert.deepEqual(await apply(gateway(2), gateway(1)), [])
    assert.deepEqual(
      await apply(gateway(1, { name: 'renamed', codecs: ['PCMA'], maxChannels: 3 }), gateway(2)),
      [],
    )
  })

  test('an added gateway takes a rescan and kills none', async () => {
    const { apply, fake } = await setUp(gateway(1))
    assert.deepEqual(await apply(gateway(1), gateway(2)), ['sofia profile trunks rescan'])
    assert.deepEqual([...fake.gateways], ['gw1', 'gw2'])
  })

  test('a changed gateway is killed first, since a rescan would ignore it', async () => {
    const { apply } = await setUp(gateway(1), gateway(2))
    assert.deepEqual(await apply(gateway(1, { port: 5080 }), gateway(2)), [
      'sofia profile trunks killgw gw1',
      'sofia profile trunks rescan',
    ])
  })

  test('a removed gateway is killed, since a rescan would leave it callable', async () => {
    const { apply, fake } = await setUp(gateway(1), gateway(2))
    assert.deepEqual(await apply(gateway(2)), ['sofia profile trunks killgw gw1'])
    assert.deepEqual([...fake.gateways], ['gw2'])
  })

  test('a disabled gateway is a removed one', async () => {
    const { apply } = await setUp(gateway(1))
    assert.deepEqual(await apply(gateway(1, { enabled: false })), ['sofia profile trunks killgw gw1'])
  })

  test('a change of addresses reloads the access list and no gateway', async () => {
    const { apply } = await setUp(gateway(1, { inboundCidrs: ['192.0.2.0/24'] }))
    assert.deepEqual(await apply(gateway(1, { inboundCidrs: ['198.51.100.0/24'] })), ['reloadacl'])
  })

  test('an engine that starts again finds what the switch was given, and touches nothing', async () => {
    const { apply, restartEngine } = await setUp(gateway(1), gateway(2))
    restartEngine()
    assert.deepEqual(await apply(gateway(1), gateway(2)), [])
  })

  test('an engine that starts again sees what changed while it was away', async () => {
    const { apply, restartEngine } = await setUp(gateway(1), gateway(2), gateway(3))
    restartEngine()
    assert.deepEqual(await apply(gateway(1), gateway(2, { port: 5080 })), [
      'sofia profile trunks killgw gw2',
      'sofia profile trunks killgw gw3',
      'sofia profile trunks rescan',
    ])
  })

  test('a switch that starts again has its gateways of unknown make: they are made anew', async () => {
    const { apply, fake, forget } = await setUp(gateway(1))
    fake.restart()
    forget()
    assert.deepEqual(await apply(gateway(1)), [
      'sofia profile trunks killgw gw1',
      'sofia profile trunks rescan',
      'reloadacl',
    ])
    assert.deepEqual(await apply(gateway(1)), [])
  })

  test('a gateway that vanished from the switch is made again', async () => {
    const { apply, fake, forget } = await setUp(gateway(1))
    fake.gateways.clear()
    forget()
    assert.deepEqual(await apply(gateway(1)), ['sofia profile trunks rescan'])
  })

  test("gateways that are not ours, such as the switch's own for emergencies, are left alone", async () => {
    const { apply, fake, forget } = await setUp(gateway(1))
    fake.gateways.add('emergency')
    forget()
    assert.deepEqual(await apply(), ['sofia profile trunks killgw gw1'])
    assert.deepEqual([...fake.gateways], ['emergency'])
  })

  test('what is noted on the switch is one value, without a second equals sign', async () => {
    const fake = startSwitch()
    await createSwitchConfiguration(fake, silentLogger).apply(directoryOf([gateway(1), gateway(2)]))
    const notes = fake.told.filter((line) => line.startsWith('global_setvar '))
    assert.equal(notes.length, 1)
    assert.match(
      notes[0] ?? '',
      /^global_setvar strowger_given=gw1:[0-9a-f]{16};gw2:[0-9a-f]{16};acl:[0-9a-f]{16};users:[0-9a-f]{16}$/,
    )
  })

  test('two changes in a row are applied one after the other', async () => {
    const fake = startSwitch()
    const configuration = createSwitchConfiguration(fake, silentLogger)
    fake.wanted = ['gw1']
    await Promise.all([
      configuration.apply(directoryOf([gateway(1)])),
      configuration.apply(directoryOf([gateway(1, { port: 5080 })])),
    ])
    assert.deepEqual(applied(fake.told), [
      'sofia profile trunks rescan',
      'reloadacl',
      'sofia profile trunks killgw gw1',
      'sofia profile trunks rescan',
    ])
  })

  test('a switch that goes away is a fault, and the next change is applied all the same', async () => {
    let isThere = false
    const commands = fakeCommands(() => (isThere ? undefined : notConnected()))
    const configuration = createSwitchConfiguration(commands, silentLogger)
    await assert.rejects(configuration.apply(directoryOf([gateway(1)])), { code: 'ESL_NOT_CONNECTED' })
    isThere = true
    await configuration.apply(directoryOf([gateway(1)]))
    assert.ok(commands.told.includes('sofia profile trunks rescan'))
  })
})

suite('engine: the users that the switch remembers', () => {
  const rows: readonly (readonly [sentence: string, after: Partial<Snapshot>, flushed: readonly string[]])[] =
    [
      ['nothing changed', {}, []],
      ['a new password', { devices: [device({ a1Hash: 'f'.repeat(32) })] }, ['id ada-desk acme.example']],
      ['a device that was removed', { devices: [] }, ['id ada-desk acme.example']],
      ['a device that was disabled', { devices: [device({ enabled: false })] }, ['id ada-desk acme.example']],
      ['a user that was disabled', { users: [user({ enabled: false })] }, ['id ada-desk acme.example']],
      ['another extension', { users: [user({ extension: '1009' })] }, ['id ada-desk acme.example']],
      [
        'another domain',
        { organizations: [organization({ sipDomain: 'new.example' })] },
        ['id ada-desk acme.example'],
      ],
      ['a new device', { devices: [device(), device({ id: 112, username: 'new' })] }, []],
      ['a new name', { users: [user({ name: 'Ada King' })] }, []],
    ]
  for (const [sentence, after, flushed] of rows) {
    test(`${sentence}: ${flushed.length === 0 ? 'nothing is flushed' : 'the answer is flushed'}`, async () => {
      const fake = startSwitch()
      const configuration = createSwitchConfiguration(fake, silentLogger)
      await configuration.apply(directoryOf([]))
      fake.clear()
      await configuration.apply(directoryOf([], after))
      assert.deepEqual(
        applied(fake.told),
        flushed.map((each) => `xml_flush_cache ${each}`),
      )
    })
  }
})
