import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { silentLogger } from '../../src/base/logger.ts'
import { encodeCarried } from '../../src/call/carried.ts'
import type { SeenLeg } from '../../src/call/call-step.ts'
import { createBoard, type Board } from '../../src/engine/board.ts'
import { resync } from '../../src/engine/resync.ts'
import type { CallUuid } from '../../src/telephony/call-uuid.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { uuid } from '../support/snapshot.ts'
import { fakeCommands, notConnected, type AnswerCommand, type FakeCommands } from './fake-commands.ts'

type Row = { readonly uuid: string; readonly state?: string }

const listOf = (...rows: readonly Row[]): string =>
  JSON.stringify(rows.length === 0 ? { row_count: 0 } : { row_count: rows.length, rows })

const dumpOf = (leg: CallUuid, fields: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({ 'Event-Name': 'CHANNEL_DATA', 'Unique-ID': leg, 'Answer-State': 'ringing', ...fields })

const attempt = (leg: CallUuid, callId: CallUuid): string =>
  encodeCarried({
    n: 1,
    callId,
    legUuid: leg,
    organizationId: 1,
    userId: 11,
    gatewayId: 5,
    gatewayName: 'edge 5',
    carrierId: 3,
    carrierName: 'Carrier 3',
    number: '+44',
    rate: undefined,
  })

const leg = (n: number, given: Partial<SeenLeg> = {}): SeenLeg => ({
  legUuid: uuid(n),
  leg: 'A',
  party: '',
  attempt: undefined,
  gateway: undefined,
  gatewayId: undefined,
  carrier: undefined,
  direction: 'inbound',
  from: '',
  to: '',
  simulated: false,
  ...given,
})

const boardWith = async (...known: readonly number[]): Promise<Board> => {
  const board = createBoard({ clock: createManualClock(), logger: silentLogger })
  for (const n of known) board.post(uuid(n), { kind: 'leg-seen', leg: leg(n) })
  await board.idle()
  return board
}

const run = async (
  board: Board,
  answer: AnswerCommand,
): Promise<{
  readonly channels: number
  readonly commands: FakeCommands
  readonly states: readonly string[]
}> => {
  const commands = fakeCommands(answer)
  const channels = await resync(commands, board, silentLogger)
  await board.idle()
  return {
    channels,
    commands,
    states: board.calls().map((call) => `${call.state}: ${call.legs.map(({ state }) => state).join(' ')}`),
  }
}

/** Each list and each dump as given; a list that is asked for again is the next, or the last again. */
const answers = (lists: readonly string[], dumps: Readonly<Record<string, string>> = {}): AnswerCommand => {
  let asked = 0
  return (line) => {
    if (line === 'show channels as json') return lists[Math.min(asked++, lists.length - 1)]
    return dumps[line.split(' ')[1] ?? ''] ?? '-ERR No such channel!\n'
  }
}

suite('engine: the picture after a gap', () => {
  test('an empty switch ends what we knew', async () => {
    const { channels, states } = await run(await boardWith(1, 2), answers([listOf()]))
    assert.equal(channels, 0)
    assert.deepEqual(states, ['ended: gone', 'ended: gone'])
  })

  test('a call that we never saw appears with both its legs, whatever their order', async () => {
    const board = await boardWith()
    const { channels, states } = await run(
      board,
      answers([listOf({ uuid: uuid(2) }, { uuid: uuid(1) })], {
        [uuid(2)]: dumpOf(uuid(2), {
          'Answer-State': 'answered',
          variable_strowger_attempt: attempt(uuid(2), uuid(1)),
        }),
        [uuid(1)]: dumpOf(uuid(1), { 'Answer-State': 'answered', variable_bridge_uuid: uuid(2) }),
      }),
    )
    assert.equal(channels, 2)
    assert.deepEqual(states, ['talking: answered answered'])
    assert.deepEqual(
      board.call(uuid(1))?.legs.map((each) => each.leg),
      ['A', 'B'],
    )
    assert.equal(board.channelsInUse(5), 1)
  })

  test('a leg that we know and that lives is kept, and was answered if the switch says so', async () => {
    const { states } = await run(
      await boardWith(1, 2),
      answers([listOf({ uuid: uuid(1) }, { uuid: uuid(2) })], {
        [uuid(1)]: dumpOf(uuid(1), { 'Answer-State': 'answered' }),
        [uuid(2)]: dumpOf(uuid(2)),
      }),
    )
    assert.deepEqual(states, ['answered: answered', 'initiated: new'])
  })

  test('a channel that ended between the list and its dump is gone', async () => {
    const { channels, states } = await run(
      await boardWith(1),
      answers([listOf({ uuid: uuid(1) }, { uuid: uuid(2) }), listOf()]),
    )
    assert.equal(channels, 0)
    assert.deepEqual(states, ['ended: gone'])
  })

  test('a channel that ended after its dump, whose end came before we knew it, is gone', async () => {
    const board = await boardWith()
    const { states } = await run(board, (line) => {
      if (line.startsWith('uuid_dump')) {
        board.post(uuid(1), { kind: 'leg', legUuid: uuid(1), input: 'hangup' })
        return dumpOf(uuid(1))
      }
      return listing()
    })
    assert.deepEqual(states, ['ended: gone'])
  })

  let lists = 0
  const listing = (): string => (lists++ === 0 ? listOf({ uuid: uuid(1) }) : listOf())

  test('a channel that began after the list lives', async () => {
    const board = await boardWith(1)
    const { states } = await run(board, (line) => {
      if (line !== 'show channels as json') return undefined
      if (board.call(uuid(9)) === undefined) board.post(uuid(9), { kind: 'leg-seen', leg: leg(9) })
      return listOf()
    })
    assert.deepEqual(states, ['ended: gone', 'initiated: new'])
  })

  test('a channel that hung up and is only still listed is gone', async () => {
    const { channels, states, commands } = await run(
      await boardWith(1),
      answers([listOf({ uuid: uuid(1), state: 'CS_REPORTING' }, { uuid: uuid(2), state: 'CS_HANGUP' })]),
    )
    assert.equal(channels, 0)
    assert.deepEqual(states, ['ended: gone'])
    assert.ok(!commands.told.some((line) => line.startsWith('uuid_dump')))
  })

  test('a dump that cannot be read spoils nothing else, and its channel is not ended', async () => {
    for (const broken of ['{"a', '[]', 'null', dumpOf(uuid(1), { variable_strowger_call: 'x' })]) {
      const { channels, states } = await run(
        await boardWith(1),
        answers([listOf({ uuid: uuid(1) }, { uuid: uuid(2) })], {
          [uuid(1)]: broken,
          [uuid(2)]: dumpOf(uuid(2)),
        }),
      )
      assert.equal(channels, 2)
      assert.deepEqual(states, ['initiated: new', 'initiated: new'])
    }
  })

  test('uuids that FreeSWITCH was given by somebody else are not asked for', async () => {
    const { commands } = await run(
      await boardWith(),
      answers([listOf({ uuid: '../etc' }, { uuid: 'all; status' })]),
    )
    assert.ok(commands.told.every((line) => line === 'show channels as json'))
  })

  for (const reply of ['-ERR no such command\n', 'not JSON', '5', '{"row_count":1,"rows":{}}']) {
    test(`a list that says ${JSON.stringify(reply)} is a fault, and nothing is ended`, async () => {
      const board = await boardWith(1)
      await assert.rejects(
        run(board, () => reply),
        { code: 'ENGINE_BAD_REPLY' },
      )
      await board.idle()
      assert.equal(board.call(uuid(1))?.state, 'initiated')
    })
  }

  test('a switch that goes away meanwhile is a fault, and nothing is ended', async () => {
    const board = await boardWith(1)
    await assert.rejects(
      run(board, (line) => (line.startsWith('show') ? listOf({ uuid: uuid(1) }) : notConnected())),
      { code: 'ESL_NOT_CONNECTED' },
    )
    await board.idle()
    assert.equal(board.call(uuid(1))?.state, 'initiated')
  })

  test('channels by the hundred are asked for in slices', async () => {
    const rows = Array.from({ length: 120 }, (_, index) => ({ uuid: uuid(index + 1) }))
    let flying = 0
    let most = 0
    const { channels } = await run(await boardWith(), async (line) => {
      if (line.startsWith('show')) return listOf(...rows)
      flying += 1
      most = Math.max(most, flying)
      await Promise.resolve()
      flying -= 1
      return '-ERR No such channel!\n'
    })
    assert.equal(channels, 120)
    assert.equal(most, 50)
  })

  test('the list and the dump of a real switch', async () => {
    const sample = (name: string): string => readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8')
    const { channels, states } = await run(await boardWith(), (line) =>
      line.startsWith('show')
        ? sample('show-channels.json')
        : line.includes('acfbdf53')
          ? sample('uuid-dump-a-leg.json')
          : '-ERR No such channel!\n',
    )
    assert.equal(channels, 2)
    assert.deepEqual(states, ['talking: answered'])
  })
})
