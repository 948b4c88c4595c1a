import assert from 'node:assert/strict'
import { bearer, startFake, type Fake } from '../http/fake-doors.ts'
import { run, type Ran } from './run.ts'

suite('CLI: caller-id', function () {
  this.timeout(60_000)
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const says = (...args: readonly string[]): Promise<Ran> =>
    run(args, {
      env: { STROWGER_URL: fake.url, STROWGER_TOKEN: bearer.authorization.replace('Bearer ', '') },
    })

  for (const [args, code, out] of [
    [
      ['caller-id', 'validate', '+442012345678', '--organization', '1'],
      0,
      /^\+442012345678 may be shown: organization, since 2025-06-15[^\n]*\ncarrier bt_wholesale: takes it\ncarrier vonage: does not take it\n$/,
    ],
    [
      ['caller-id', 'verify', '+33142685300'],
      0,
      /^calling \+33142685300\nthen: strowger caller-id confirm 7 CODE\n$/,
    ],
    [['caller-id', 'confirm', '7', '123456'], 0, /^\+33142685300 may be shown\n$/],
    [['caller-id', 'list'], 0, /^ID .*NUMBER.*\n7 +1 +all +\+33142685300 +call +pending/],
    [['caller-id', 'remove', '7'], 0, /^verification 7 removed\n$/],
    [['caller-id', 'confirm', '7', '999999'], 1, /^$/],
    [['caller-id', 'confirm', '7', 'abc'], 2, /^$/],
    [['caller-id', 'verify', '+33142685300', '--by', 'post'], 2, /^$/],
  ] as const) {
    test(`strowger ${args.join(' ')} ends with ${code}`, async () => {
      const ran = await says(...args)
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.out, out)
    })
  }

  test('--help teaches by examples', async () => {
    const { out } = await says('caller-id', '--help')
    assert.match(out, /strowger caller-id confirm 7 482913/)
  })
})
