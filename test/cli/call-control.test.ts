/** What `strowger calls …` asks of an engine for a call that is up. */
import assert from 'node:assert/strict'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { A_LEG, B_LEG, CALL_ID } from '../http/samples.ts'
import { run } from './run.ts'

suite('CLI: call control', () => {
  let fake: Fake
  let env: Record<string, string>
  suiteSetup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
  })
  suiteTeardown(() => fake.server.stop())
  setup(() => fake.seen.controlled.splice(0))

  const rows: readonly (readonly [args: readonly string[], request: object])[] = [
    [['hold'], { verb: 'hold', leg: undefined }],
    [['mute', '--leg', 'B'], { verb: 'mute', leg: 'B' }],
    [
      ['transfer', '1002'],
      { verb: 'transfer', mode: 'blind', to: '1002', callerId: undefined, leg: undefined },
    ],
    [
      ['transfer', '+442079460123', '--attended'],
      { verb: 'transfer', mode: 'attended', to: '+442079460123', callerId: undefined, leg: undefined },
    ],
    [['transfer', '--complete'], { verb: 'complete-transfer' }],
    [['dtmf', '12#'], { verb: 'dtmf', digits: '12#', leg: undefined }],
    [
      ['play', '--tone', '%(1,2,425)', '--leg', 'both'],
      { verb: 'play', media: { tone: '%(1,2,425)' }, loops: 1, leg: 'both' },
    ],
    [['play', '--stop'], { verb: 'stop-playing', leg: undefined }],
    [['supervise', '--mode', 'whisper', '--change'], { verb: 'supervise', does: 'change', mode: 'whisper' }],
    [['conference', '--mute', B_LEG], { verb: 'conference', does: 'mute', member: B_LEG }],
  ]
  for (const [[verb = '', ...rest], request] of rows) {
    test(`calls ${[verb, ...rest].join(' ')}`, async () => {
      const ran = await run(['calls', verb, CALL_ID, ...rest], { env })
      assert.deepEqual([ran.code, ran.err], [0, ''])
      assert.deepEqual(
        fake.seen.controlled.map((seen) => seen.request),
        [request],
      )
    })
  }

  test('a conference is shown with its members', async () => {
    const { out } = await run(['calls', 'conference', CALL_ID, '--members'], { env })
    assert.match(out, /^conference sales\n/)
    assert.match(out, new RegExp(`^${A_LEG} +1001`, 'm'))
    assert.match(out, new RegExp(`^${B_LEG} +\\+442079460123 +muted$`, 'm'))
  })

  test('a refusal says why, and a transfer to nobody is refused before an engine is asked', async () => {
    const refused = await run(['calls', 'unpark', CALL_ID, '1002'], { env })
    assert.notEqual(refused.code, 0)
    assert.match(refused.err, /nobody is parked/)
    assert.equal((await run(['calls', 'transfer', CALL_ID], { env })).code, 2)
    assert.equal((await run(['calls', 'supervise', CALL_ID], { env })).code, 2)
  })
})
