/** `cdrs reconcile`, through the real HTTP server and export to a real PostgreSQL, against files as others write them. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createCdrExports, type CdrExports } from '../../src/app/cdr-exports.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { runCli } from '../../src/cli/main.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const NOON = Date.UTC(2026, 6, 1, 12)
const CALLS = 40

suite('cdrs: reconcile', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database
  let exports: CdrExports
  let fake: Fake
  let folder: string

  const uuid = (n: number, leg = 0) =>
    asCallUuid(`00000000-0000-4000-8000-00${leg}${String(n).padStart(9, '0')}`)
  const number = (n: number): string => `44207946${String(1_000 + n)}`
  const at = (n: number): number => NOON + n * 60_000
  const legsOf = (n: number): readonly Cdr[] => {
    const base = {
      ...{
        callId: uuid(n),
        startTime: at(n) - 3_000,
        answerTime: at(n),
        endTime: at(n) + 30_000,
        attempts: [],
      },
      ...{ billableSeconds: 30, durationSeconds: 33, calleeNumber: `+${number(n)}` },
    }
    return [
      cdrOf({ ...base, legUuid: uuid(n), cost: undefined, rate: undefined, chargedSeconds: undefined }),
      cdrOf({
        ...{ ...base, legUuid: uuid(n, 1), parentUuid: uuid(n), leg: 'B', calleeNumber: `00${number(n)}` },
        ...{ carrierId: 2, chargedSeconds: 60, cost: parseMoney('0.01') },
      }),
    ]
  }

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    exports = createCdrExports({ databaseUrl: place.url, clock: systemClock, logger: silentLogger })
    fake = await startFake({ cdrExports: exports })
    folder = mkdtempSync(join(tmpdir(), 'strowger-reconcile-'))
    await insertCdrs(database, Array.from({ length: CALLS }, (_, n) => legsOf(n)).flat())
  })
  suiteTeardown(async () => {
    await fake.server.stop()
    await exports.stop()
    await database.close()
    await place.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const ran = { code: 0, out: '', err: '' }
    ran.code = await runCli(['cdrs', 'reconcile', ...args], {
      environment: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN },
      workingDirectory: folder,
      packageDirectory: fileURLToPath(new URL('../..', import.meta.url)),
      out: (text) => (ran.out += text),
      err: (text) => (ran.err += text),
      readInput: () => Promise.resolve(''),
      interrupt: new AbortController().signal,
    })
    return ran
  }
  const write = (name: string, lines: readonly string[]): string => {
    const path = join(folder, name)
    writeFileSync(path, lines.join('\n'))
    return path
  }
  const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  /** As a carrier two hours ahead writes it. */
  const line = (n: number, given: { seconds?: number; amount?: string } = {}): string =>
    `${stamp(at(n) + 7_200_400)},${number(n)},${given.seconds ?? 30},${given.amount ?? '0.0100'}`
  const HEAD = 'Connect Time,Called Number,Billed Duration,Charge (GBP)'
  const all = Array.from({ length: CALLS }, (_, n) => n)

  test('an invoice that is right differs in nothing, whatever time zone it is in and whichever seconds it tells', async () => {
    const path = write('right.csv', [
      'Invoice 17',
      '',
      HEAD,
      ...all.map((n) => line(n, { seconds: n % 2 === 0 ? 30 : 60 })),
      'Total,,1200,0.40',
    ])
    const ran = await run('--carrier', '2', '--file', path)
    assert.equal(ran.code, 0, ran.err + ran.out)
    assert.match(ran.out, /40 lines, 40 are ours too; their clock is 7200 s ahead of ours/)
    assert.match(ran.out, /1 lines have no number/)
    assert.match(ran.out, /nothing differs\n$/)
  })

  test('what is missing, doubled, longer and dearer is told with its sum, and is in the file and in JSON', async () => {
    const path = write('wrong.csv', [
      HEAD,
      ...all.flatMap((n) => {
        if (n === 3) return []
        if (n === 5) return [line(n), line(n)]
        if (n === 7) return [line(n, { seconds: 300, amount: '0.05' })]
        if (n === 9) return [line(n, { amount: '0.02' })]
        return [line(n)]
      }),
      `${stamp(at(10) + 7_200_000)},33140000000,120,0.50`,
    ])
    const output = join(folder, 'differences.csv')
    const ran = await run('--carrier', '2', '--file', path, '--output', output)
    assert.equal(ran.code, 1, ran.err + ran.out)
    for (const sum of [
      /^missing-here +1 +0\.50 GBP$/m,
      /^missing-there +1 +-0\.01 GBP$/m,
      /^doubled-there +1 +0\.01 GBP$/m,
      /^duration +1 +0\.04 GBP$/m,
      /^amount +1 +0\.01 GBP$/m,
    ])
      assert.match(ran.out, sum)
    assert.match(ran.out, /^missing-there .* 00442079461003 .*$/m)
    const written = readFileSync(output, 'utf8').split('\r\n')
    assert.equal(written.length, 7)
    const told = JSON.parse((await run('--carrier', '2', '--file', path, '--json')).out) as {
      readonly sums: readonly { readonly kind: string; readonly disputed: object }[]
      readonly differences: readonly object[]
    }
    assert.deepEqual(told.sums[0], { kind: 'missing-here', count: 1, disputed: { GBP: '0.50' } })
    assert.equal(told.differences.length, 5)
  })

  test('a time that is named cuts both sides', async () => {
    const path = write('cut.csv', [HEAD, ...all.filter((n) => n >= 5).map((n) => line(n))])
    const since = new Date(at(10) - 30_000).toISOString()
    const until = new Date(at(20) + 30_000).toISOString()
    const ran = await run('--carrier', '2', '--file', path, '--since', since, '--until', until)
    assert.equal(ran.code, 0, ran.out)
    const whole = await run(
      '--carrier',
      '2',
      '--file',
      path,
      '--since',
      new Date(at(0) - 30_000).toISOString(),
    )
    assert.match(whole.out, /^missing-there +5 +-0\.05 GBP$/m)
  })

  test('a file without a header that is known says how to name its columns', async () => {
    const path = write('odd.csv', ['when;whom;how long', `${stamp(at(1))};${number(1)};30`])
    const refused = await run('--carrier', '2', '--file', path)
    assert.equal(refused.code, 2)
    assert.match(refused.err, /--column/)
    const told = ['--column', 'time=1', 'number=whom', 'duration=3']
    assert.equal((await run('--carrier', '2', '--file', path, ...told)).code, 0)
    assert.equal((await run('--carrier', '2', '--file', path, '--column', 'number=nothing')).code, 2)
  })

  const bad: readonly (readonly [args: readonly string[], why: RegExp])[] = [
    [[], /name what to compare with/],
    [['--file', 'x.csv'], /go together/],
    [['--carrier', '2', '--file', 'nowhere.csv'], /cannot be read/],
    [['--carrier', 'nobody', '--file', 'nowhere.csv'], /there is no carrier nobody/],
    [['--switch-files', 'nowhere'], /cannot be read/],
    [['--carrier', '2', '--file', 'x', '--column', 'sideways=1'], /the fields are/],
    [['--carrier', '2', '--file', 'x', '--time-zone', 'Nowhere/Town'], /IANA/],
  ]
  for (const [args, why] of bad)
    test(`reconcile ${args.join(' ')} is refused`, async () => {
      const ran = await run(...args)
      assert.equal(ran.code, 2)
      assert.match(ran.err, why)
    })

  test("the switch's files that could not be posted are found where we do not have them, and where they are estimates", async () => {
    const left = join(folder, 'left')
    mkdirSync(left)
    const post = (id: string, seconds: number): string =>
      JSON.stringify({
        variables: { uuid: id, billsec: String(seconds), start_uepoch: String(at(1) * 1_000) },
      })
    writeFileSync(join(left, 'a.cdr.json'), post(uuid(1), 30))
    writeFileSync(join(left, 'b.cdr.json'), post(uuid(2), 300))
    writeFileSync(join(left, 'c.cdr.json'), post(uuid(900), 30))
    writeFileSync(join(left, 'd.cdr.json'), '{"variables":')
    const ran = await run('--switch-files', left)
    assert.equal(ran.code, 1)
    assert.match(ran.out, /3 records, 2 of them are ours too/)
    assert.match(ran.out, /^missing-here .*000000000900 .*ingest/m)
    assert.match(ran.out, /^duration .*000000000002 .*the switch has 300 s, we have 30 s/m)
    assert.match(ran.out, /cannot be read: d\.cdr\.json/)
    assert.doesNotMatch(ran.out, /missing-there/)
  })

  test('Master.csv has every call: what stands there alone, and what stands there not, is told', async () => {
    const master = (n: number): string => {
      const [start, answer, end] = [at(n) - 3_000, at(n), at(n) + 30_000].map((ms) => `"${stamp(ms)}"`)
      return `"Ada","1001","${number(n)}","phones",${start ?? ''},${answer ?? ''},${end ?? ''},"33","30","NORMAL_CLEARING","${uuid(n)}","","acme"`
    }
    const path = write('Master.csv', [...all.filter((n) => n !== 4), 900, 6].map(master))
    const since = new Date(at(0) - 60_000).toISOString()
    const ran = await run('--switch-files', path, '--since', since)
    assert.equal(ran.code, 1)
    assert.match(ran.out, /^missing-there .*000000000004/m)
    assert.match(ran.out, /^missing-here .*000000000900/m)
    assert.match(ran.out, /^doubled-there .*000000000006/m)
    assert.match(ran.out, /^3 differences$/m)
  })
})
