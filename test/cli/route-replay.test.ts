import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { run } from './run.ts'

suite('strowger: route replay', () => {
  let fake: Fake
  let env: Record<string, string>
  let folder: string
  setup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
    folder = mkdtempSync(join(tmpdir(), 'strowger-replay-'))
  })
  teardown(async () => {
    rmSync(folder, { recursive: true, force: true })
    await fake.server.stop()
  })

  test('says what changes, in sentences and tables', async () => {
    const ran = await run(['route', 'replay', '--deck', '17', '--since', '2026-07-31', '--org', '3'], { env })
    assert.deepEqual([ran.err, ran.code], ['', 0])
    assert.equal(
      ran.out,
      `1000 calls from 2026-07-31 12:00:00 to 2026-08-01 12:00:00, 600 of them answered, replayed in 1 s
there were more: these are the first of them
3 calls of organisations that are gone are left out

CARRIER          CALLS          SHARE               COST
Alpha "A", Ltd.  998    -> 745  100.0 %  -> 74.9 %  10.00  -> 7.00  GBP
=Beta            0      -> 250  0.0 %    -> 25.1 %  0.00   -> 1.50  GBP

cost 10.00 -> 8.50 GBP, -1.50 (-15.0 %)
margin -0.25 -> 1.25 GBP, +1.50 (+600.0 %)
250 calls change their carrier
2 calls have no route today, 5 by the draft (4 lose theirs, 1 get one)

DESTINATION  CALLS  CHANGE CARRIER  COST               CHANGE
44207...     250    250             3.00  -> 1.50 GBP  -1.50 (-50.0 %)
`,
    )
    const [asked] = fake.seen.replayed
    assert.deepEqual([asked?.deckId, asked?.since, asked?.organizationId], [17, Date.UTC(2026, 6, 31), 3])
  })

  test('writes a file that a spreadsheet reads, and takes no name for a formula', async () => {
    const file = join(folder, 'found.csv')
    const ran = await run(['route', 'replay', '--deck', '17', '--csv', file], { env })
    assert.equal(ran.code, 0, ran.err)
    assert.equal(
      readFileSync(file, 'utf8'),
      [
        'kind,key,name,currency,calls before,calls after,change carrier,cost before,cost after',
        'carrier,1,"Alpha ""A"", Ltd.",GBP,998,745,,10.00,7.00',
        "carrier,2,'=Beta,GBP,0,250,,0.00,1.50",
        'destination,44207,,GBP,250,250,250,3.00,1.50',
        'total,cost,,GBP,,,,10.00,8.50',
        'total,margin,,GBP,,,,-0.25,1.25',
        '',
      ].join('\r\n'),
    )
  })

  test('with --json is one document', async () => {
    const ran = await run(['route', 'replay', '--deck', '17', '--json'], { env })
    assert.equal(ran.code, 0, ran.err)
    assert.equal((JSON.parse(ran.out) as { report: { calls: number } }).report.calls, 1_000)
  })

  const wrong: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
    [[], 2, /--deck/],
    [['--deck', '17', '--since', 'yesterday'], 2, /how long ago/],
    [['--deck', '404'], 2, /no rate deck 404/],
    [['--deck', '409'], 1, /one at a time/],
    [['--deck', '/nowhere/new.csv', '--carrier', 'alpha'], 2, /neither the id of a deck nor a file/],
    [['--deck', '/etc/hostname'], 2, /whose deck/],
    [['--deck', '17', '--csv', '/nowhere/found.csv'], 1, /cannot be written/],
  ]
  for (const [args, code, says] of wrong) {
    test(`${args.join(' ')} ends with ${code}`, async () => {
      const ran = await run(['route', 'replay', ...args], { env })
      assert.equal(ran.code, code)
      assert.match(ran.err, says)
    })
  }
})
