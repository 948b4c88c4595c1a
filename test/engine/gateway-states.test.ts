import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createGatewayStates, readGateways } from '../../src/engine/gateway-states.ts'
import { fakeCommands } from './fake-commands.ts'

const REAL = readFileSync(new URL('samples/xmlstatus-gateway.xml', import.meta.url), 'utf8')

suite('engine: which gateways answer their pings', () => {
  test('a gateway of which the switch said nothing is up', () => {
    assert.equal(createGatewayStates().isUp(1), true)
  })

  test('an event takes it down, and brings it back', () => {
    const states = createGatewayStates()
    states.note('gw1', 'DOWN')
    states.note('gw12', 'DOWN')
    assert.deepEqual([states.isUp(1), states.isUp(2), states.down()], [false, true, [1, 12]])
    states.note('gw1', 'UP')
    assert.deepEqual([states.isUp(1), states.down()], [true, [12]])
  })

  for (const [gateway, status] of [
    [undefined, 'DOWN'],
    ['gw1', undefined],
    ['emergency', 'DOWN'],
    ['gw01', 'DOWN'],
  ] as const) {
    test(`an event of ${gateway ?? 'no gateway'} that says ${status ?? 'nothing'} changes nothing`, () => {
      const states = createGatewayStates()
      states.note(gateway, status)
      assert.deepEqual(states.down(), [])
    })
  }

  test('the list of a real switch', async () => {
    assert.deepEqual(await readGateways(fakeCommands(() => REAL)), [
      { name: 'gwdown', status: 'DOWN', pingMs: undefined },
      { name: 'gwsilent', status: 'UP', pingMs: undefined },
      { name: 'gw2', status: 'UP', pingMs: undefined },
      { name: 'gw1', status: 'UP', pingMs: undefined },
    ])
  })

  test('how long a pinged gateway took to answer is told; one that is not pinged has nothing to tell', async () => {
    const told: unknown[] = []
    const states = createGatewayStates((...ping) => told.push(ping))
    const list = REAL.replace('gw2</name>', 'gw2</name>\n    <pingtime>12.50</pingtime>').replace(
      /(gw2[\s\S]*?)<pingfreq>0/,
      '$1<pingfreq>25',
    )
    await states.refresh(fakeCommands(() => list))
    states.note('gw1', 'DOWN')
    assert.deepEqual(told, [
      [2, true, 12.5],
      [1, false, undefined],
    ])
  })

  test('after a gap the list counts, and what was down before is forgotten', async () => {
    const states = createGatewayStates()
    states.note('gw1', 'DOWN')
    states.note('gw9', 'DOWN')
    await states.refresh(fakeCommands(() => REAL.replace('gwdown', 'gw7')))
    assert.deepEqual(states.down(), [7])
  })

  for (const reply of [
    '-ERR no such command\n',
    'Invalid Gateway!\n',
    '',
    '<gateways>\n</gateways>\n',
    '<gateways/>',
  ]) {
    test(`a switch that says ${JSON.stringify(reply)} has none`, async () => {
      assert.deepEqual(await readGateways(fakeCommands(() => reply)), [])
    })
  }
})
