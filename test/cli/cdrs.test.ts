import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CdrExportRequest, ErasureRequest } from '../../src/http/cdr-doors.ts'
import { fakeErasures, fakeExports } from '../http/fake-cdrs.ts'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { run, type Ran } from './run.ts'

suite('strowger: call records', () => {
  let fake: Fake
  const exported: CdrExportRequest[] = []
  const erased: ErasureRequest[] = []
  setup(async () => {
    const erasures = fakeErasures()
    fake = await startFake({
      cdrExports: {
        export: (request) => {
          exported.push(request)
          return fakeExports().export(request)
        },
      },
      cdrErasures: {
        ...erasures,
        erase: (request) => {
          erased.push(request)
          return erasures.erase(request)
        },
      },
    })
  })
  teardown(() => fake.server.stop())
  const strowger = (...args: readonly string[]): Promise<Ran> =>
    run(['cdrs', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })

  test('list asks by whatever is known of a call', async () => {
    const { code, err } = await strowger(
      ...['list', '--caller', '+442079460100', '--callee', '7946', '--match', 'exact', '--user', '7'],
      ...['--direction', 'outbound', '--disposition', 'BUSY', '--cause', 'user_busy', '--gateway', '3'],
      ...['--carrier', '4', '--min-seconds', '60', '--estimated', '--recorded', '--crm-record', '0031a'],
      ...['--legs', '--limit', '5'],
    )
    assert.deepEqual([code, err], [0, ''])
    const [asked = {}] = fake.seen.filters
    assert.deepEqual(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)), {
      caller: '442079460100',
      callee: '7946',
      match: 'exact',
      userId: 7,
      direction: 'outbound',
      disposition: 'BUSY',
      hangupCause: 'USER_BUSY',
      gatewayId: 3,
      carrierId: 4,
      minSeconds: 60,
      estimated: true,
      hasRecording: true,
      crmRecordId: '0031a',
      legs: true,
      limit: 5,
    })
  })

  test('export writes a file for its owner alone, or to standard output', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'strowger-cli-'))
    try {
      const file = join(folder, 'calls.parquet')
      const written = await strowger(
        'export',
        '--format',
        'parquet',
        '--since',
        '2026-08-01',
        '--output',
        file,
      )
      assert.deepEqual([written.code, written.err], [0, ''])
      assert.match(written.out, /calls\.parquet \(10 bytes\)/)
      assert.equal(readFileSync(file, 'utf8'), 'parquet\n1\n')
      assert.equal(statSync(file).mode & 0o077, 0)
      assert.equal(exported.at(-1)?.query.since, Date.UTC(2026, 7, 1))
      const piped = await strowger('export', '--disposition', 'FAILED')
      assert.deepEqual([piped.code, piped.out], [0, 'csv\n1\n'])
      assert.equal((await strowger('export', '--format', 'xlsx')).code, 2)
      assert.equal((await strowger('export', '--output', join(folder, 'no', 'such'))).code, 2)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('erase says what was changed; the audit shows it', async () => {
    const dry = await strowger('erase', '+442079460123', '--reason', 'request 4711', '--dry-run')
    assert.deepEqual([dry.code, dry.err], [0, ''])
    assert.equal(dry.out, 'would be changed: 1 calls, 2 records\n')
    assert.equal(erased.at(-1)?.dryRun, true)
    const done = await strowger(
      ...[
        'erase',
        '+442079460123',
        '--reason',
        'request 4711',
        '--mask',
        '--recordings',
        '--organization',
        '2',
      ],
    )
    assert.equal(done.out, 'erasure 1 is done; changed: 1 calls, 2 records\n')
    const { mode, recordings, organizationId } = erased.at(-1) ?? {}
    assert.deepEqual([mode, recordings, organizationId], ['mask', true, 2])
    const listed = await strowger('erasures', '--number', '+442079460123')
    assert.match(
      listed.out,
      /^ID +BEGUN +WHO +MODE +STATE +CHANGED +REASON\n1 .*admin +mask +done.*request 4711\n$/,
    )
    for (const args of [
      ['erase', '02079460123', '--reason', 'x'],
      ['erase', '+442079460123'],
    ])
      assert.equal((await strowger(...args)).code, 2)
  })

  test('help teaches each of them by examples', async () => {
    for (const verb of ['list', 'export', 'erase'])
      assert.match((await strowger(verb, '--help')).out, new RegExp(`Examples?:\n  strowger cdrs ${verb}`))
  })
})
