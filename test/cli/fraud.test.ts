import assert from 'node:assert/strict'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { run, type Ran } from './run.ts'

suite('strowger: fraud', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())
  const strowger = (...args: readonly string[]): Promise<Ran> =>
    run(['fraud', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })

  const rows: readonly (readonly [args: readonly string[], code: number, out: RegExp])[] = [
    [['rules'], 0, /^ID +ORG +ON +KIND[^]*sequential-numbers +alert +user +10\/60 min +all +Sequence\n$/],
    [['rules', 'add', '--name', 'x', '--kind', 'range-scan', '--action', 'alert'], 0, /^rule 1 added\n$/],
    [['rules', 'set', '1', '--limit-count', 'none', '--no-enabled'], 0, /Sequence\n$/],
    [['rules', 'remove', '1'], 0, /^rule 1 is removed\n$/],
    [['rules', 'remove', '2'], 2, /^$/],
    [['rules', 'add', '--name', 'x', '--kind', 'nothing', '--action', 'alert'], 2, /^$/],
    [
      ['rules', 'add', '--name', 'x', '--kind', 'range-scan', '--action', 'alert', '--limit-count', '-1'],
      2,
      /^$/,
    ],
    [['alerts'], 0, /sequential-numbers +alert +2 +\+442079460123 +- +a row\n$/],
    [['alerts', 'acknowledge', '1', '--note', 'a test'], 0, /^alert 1 is acknowledged\n$/],
    [['blocks'], 0, /^ID +SINCE[^]*7 +1 +released +- +a row\n$/],
    [
      ['blocks', 'add', '--org', '1', '--reason', 'stolen', '--hours', '4', '--country', 'SO'],
      0,
      /^block 2 stands\n$/,
    ],
    [['blocks', 'release', '1'], 0, /^block 1 is released\n$/],
    [['blocks', 'release', '9'], 2, /^$/],
    [['prefixes'], 0, /252 +high-risk +Somalia +somebody\n$/],
    [['prefixes', 'add', '37190', '--risk', 'premium'], 0, /^prefix 1 is listed\n$/],
    [['prefixes', 'add', '+371'], 2, /^$/],
    [['prefixes', 'remove', '1'], 0, /^prefix 1 is removed\n$/],
    [['pin', 'remove', 'user', '7'], 0, /^user 7 has no PIN\n$/],
    [['pin', 'remove', 'nobody', '7'], 2, /^$/],
  ]
  for (const [args, code, out] of rows)
    test(`fraud ${args.join(' ')}`, async () => {
      const ran = await strowger(...args)
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.out, out)
      assert.equal(ran.err === '', code === 0)
    })

  test('a PIN is read from standard input, and is in no output', async () => {
    const ran = await run(['fraud', 'pin', 'set', 'user', '7'], {
      env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN },
      input: '4711\n',
    })
    assert.deepEqual([ran.code, ran.out, ran.err], [0, 'the PIN of user 7 is set\n', ''])
  })
})
