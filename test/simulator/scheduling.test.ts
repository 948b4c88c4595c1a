import assert from 'node:assert/strict'
import { dialplan, startBench, type Bench } from './bench.ts'

const PHONE = { username: '1001', domain: 'a.test' }

suite('The simulated switch: its scheduler', () => {
  let bench: Bench
  teardown(() => bench.close())

  test('does later what it is told, unless that is taken back', async () => {
    bench = await startBench({}, { dialplan: () => dialplan('phones', ['answer'], ['park']) })
    const client = await bench.settle(bench.listen('event plain CHANNEL_HANGUP'))
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '9100'))
    const told = (command: string): Promise<string> => bench.settle(client.reply(`api ${command}`))
    assert.match(await told(`sched_api +5 a uuid_kill ${placed.uuid} CALL_REJECTED`), /^\+OK Added: \d+/)
    assert.match(await told(`sched_api +9 b uuid_kill ${placed.uuid} ALLOTTED_TIMEOUT`), /^\+OK Added/)
    assert.match(await told('show tasks as json'), /"task_group":"a".*"task_group":"b"/)
    assert.equal(await told('sched_del a'), '+OK Deleted: 1\n')
    assert.equal(await told('sched_del a'), '+OK Deleted: 0\n')
    assert.match(await told('sched_api soon a'), /^-ERR Invalid syntax/)
    await bench.run(6_000)
    assert.equal(bench.simulator.channels().length, 1)
    await bench.until(() => bench.simulator.channels().length === 0)
    assert.equal(client.events.at(-1)?.get('Hangup-Cause'), 'ALLOTTED_TIMEOUT')
    assert.equal(await told('show tasks as json'), '{"row_count": 0}\n')
  })
})
