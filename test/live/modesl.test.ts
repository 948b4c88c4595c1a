/** modesl, an independent client of the event socket, and ours at one FreeSWITCH: both must see the same. */
import assert from 'node:assert/strict'
import modesl from 'modesl'
import { SCENARIOS } from '../scenario/calls.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { play } from './play.ts'
import { RECORDED } from './recorder.ts'
import { EVENT_SOCKET_PASSWORD } from './stage.ts'

live('modesl', (stage) => {
  test('both clients are told of the same events, and get the same answers', async () => {
    const { ports, recorder } = stage()
    const theirs = await new Promise<InstanceType<typeof modesl.Connection>>((resolve) => {
      const connection = new modesl.Connection('127.0.0.1', ports.eventSocket, EVENT_SOCKET_PASSWORD, () =>
        resolve(connection),
      )
    })
    const counted = new Map<string, number>()
    const uuids = new Set<string>()
    for (const name of RECORDED)
      theirs.on(`esl::event::${name}::**`, (event: { getHeader: (name: string) => string | null }) => {
        counted.set(name, (counted.get(name) ?? 0) + 1)
        uuids.add(event.getHeader('Unique-ID') ?? '')
      })
    await new Promise<void>((resolve) => theirs.events('plain', RECORDED, () => resolve()))
    const answer = new Promise<string>((resolve) =>
      theirs.api('hostname', '', (event) => resolve(event.getBody())),
    )
    assert.equal(await recorder.client.api('hostname'), await answer)

    for (const name of ['gateway-503-then-answer', 'callee-busy', 'phone-to-phone']) {
      const scenario = SCENARIOS.find((each) => each.name === name)
      assert.ok(scenario !== undefined)
      await play(stage(), scenario)
      await stage().clear()
    }
    await until('every channel is hung up', () => recorder.hungUp().size === recorder.created().size)
    await until('modesl has seen as much', () =>
      RECORDED.every((name) => counted.get(name) === recorder.counts().get(name)),
    )
    assert.deepEqual([...recorder.created()].sort(), [...uuids].sort())
    theirs.disconnect()
  })
})
