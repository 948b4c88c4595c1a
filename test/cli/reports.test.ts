import assert from 'node:assert/strict'
import { chart } from '../../src/cli/chart.ts'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { run } from './run.ts'

suite('strowger report', () => {
  let fake: Fake
  let env: Record<string, string>
  setup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
  })
  teardown(() => fake.server.stop())

  test('carriers are a table', async () => {
    const ran = await run(['report', 'carriers', '--since', '7d'], { env })
    assert.deepEqual([ran.err, ran.code], ['', 0])
    assert.equal(
      ran.out,
      `CARRIER  ATTEMPTS  SEIZED  ANSWERED  TALK        ASR %  NER %  ACD         PDD    MOS  LOSS %  COST  SALE  MARGIN
Alpha    12        10      6         10 min 0 s  60     80     1 min 40 s  1.2 s  4.2  0.12    1.20  2.40  1.20    GBP
Beta     12        10      6         10 min 0 s  60     80     1 min 40 s  1.2 s  4.2  0.12    -     -     -

some records are not counted yet: ask again in some seconds
`,
    )
    const [query] = fake.seen.reports
    assert.ok(query !== undefined && Math.abs(query.until - query.since - 7 * 86_400_000) < 5_000)
  })

  test('--plot draws bars of what is asked for, in plain characters', async () => {
    const ran = await run(['report', 'carriers', '--plot', 'asr'], { env })
    assert.equal(ran.code, 0, ran.err)
    const bars = ran.out.split('\n').slice(4, 7)
    assert.deepEqual(bars, [
      'asr:',
      `Alpha  ${'#'.repeat(40)}${' '.repeat(27)}  60 %`,
      `Beta   ${'#'.repeat(40)}${' '.repeat(27)}  60 %`,
    ])
    assert.ok(/^[\n\x20-\x7e]*$/.test(ran.out))
  })

  test('days without a call have their place in a chart', async () => {
    const ran = await run(['report', 'days', '--timezone', 'Europe/London', '--plot', 'answered'], { env })
    assert.equal(ran.code, 0, ran.err)
    const [, ...lines] = (ran.out.split('answered:\n')[1] ?? '')
      .split('\n')
      .map((line) => line.slice(0, 15).trim())
    assert.deepEqual(lines.slice(0, 3), ['2026-08-02  ###', '2026-08-03', '2026-08-04  ###'])
    const [query] = fake.seen.reports
    assert.deepEqual([query?.kind, query?.interval, query?.timeZone], ['calls', 'day', 'Europe/London'])
  })

  test('--json is what the engine told', async () => {
    const ran = await run(
      ['--json', 'report', 'destinations', '--interval', 'month', '--organization', '1'],
      { env },
    )
    assert.equal(ran.code, 0, ran.err)
    const told = JSON.parse(ran.out) as { readonly rows: readonly unknown[]; readonly interval: string }
    assert.deepEqual([told.rows.length, told.interval], [3, 'month'])
    assert.equal(fake.seen.reports[0]?.organizationId, 1)
  })

  const REFUSED = [
    ['a figure that there is not', ['carriers', '--plot', 'colour']],
    ['an interval that there is not', ['users', '--interval', 'week']],
    ['a report that there is not', ['trunks']],
    ['a moment that is none', ['hours', '--since', 'lately']],
  ] as const
  for (const [name, args] of REFUSED)
    test(`refuses ${name}`, async () => {
      const ran = await run(['report', ...args], { env })
      assert.deepEqual([ran.code, ran.out], [2, ''])
      assert.deepEqual(fake.seen.reports, [])
    })

  test('a time zone that there is not is bad input', async () => {
    const ran = await run(['report', 'calls', '--timezone', 'Mars/Olympus'], { env })
    assert.equal(ran.code, 2)
    assert.match(ran.err, /timezone/)
  })
})

suite('strowger: charts', () => {
  const bar = (label: string, value: number | undefined) => ({ label, value, told: String(value ?? '-') })

  test('no line is wider than the terminal, and the longest bar fills it', () => {
    const lines = chart([bar('one', 50), bar('three', 100), bar('none', undefined)], 40)
    assert.deepEqual(lines, [
      `one    ${'#'.repeat(14)}${' '.repeat(14)}   50`,
      `three  ${'#'.repeat(28)}  100`,
      `none   ${' '.repeat(28)}    -`,
    ])
  })

  test('little is not nothing, and nothing is nothing', () => {
    const lines = chart([bar('a', 1), bar('b', 100_000), bar('c', 0)], 40)
    assert.deepEqual(
      lines.map((line) => line.replace(/[^#]/g, '').length > 0),
      [true, true, false],
    )
  })

  test('where all is nothing there is no bar', () => {
    assert.ok(
      !chart([bar('a', 0), bar('b', 0)], 30)
        .join('')
        .includes('#'),
    )
  })

  test('a scale that has an end is drawn to it', () => {
    assert.match(chart([bar('a', 50)], 30, 100)[0] ?? '', /#{11} {12}/)
  })

  test('a long label is cut, and narrow terminals still have bars', () => {
    const [line = ''] = chart([bar('x'.repeat(60), 5)], 20)
    assert.match(line, /^x{31}~ {2}#{10} {2}5$/)
  })
})
