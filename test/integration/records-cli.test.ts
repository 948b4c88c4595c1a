/** Records from the command line, through the real HTTP server to a real PostgreSQL. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCli } from '../../src/cli/main.ts'
import { TOKEN } from '../http/fake-doors.ts'
import { RATES, SECRET, startRecordServer, type RecordServer } from './record-server.ts'

suite('records: the command line', function () {
  this.timeout(60_000)
  let server: RecordServer
  setup(async () => {
    server = await startRecordServer()
  })
  teardown(() => server.stop())

  const run = async (
    args: readonly string[],
    input = '',
  ): Promise<{ code: number; out: string; err: string }> => {
    const ran = { code: 0, out: '', err: '' }
    ran.code = await runCli(args, {
      environment: { STROWGER_URL: server.url, STROWGER_TOKEN: TOKEN },
      workingDirectory: tmpdir(),
      packageDirectory: fileURLToPath(new URL('../..', import.meta.url)),
      out: (text) => (ran.out += text),
      err: (text) => (ran.err += text),
      readInput: () => Promise.resolve(input),
      interrupt: new AbortController().signal,
    })
    return ran
  }
  const says = async (line: string, out: RegExp | string, input?: string): Promise<void> => {
    const ran = await run(line.split(' '), input)
    assert.equal(ran.code, 0, `${line}: ${ran.err}`)
    if (typeof out === 'string') assert.equal(ran.out, out)
    else assert.match(ran.out, out)
  }

  test('a carrier is added with its gateway, its route and its rates', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'records-'))
    try {
      const file = join(folder, 'rates.json')
      await writeFile(file, JSON.stringify(RATES))
      await says('carriers add --code delta --name Delta', 'carrier 4 added\n')
      await says(
        'gateways add --carrier 4 --name delta-1 --hostname sip.delta.test --username us --password-stdin --register',
        'gateway 4 added\n',
        `${SECRET}\n`,
      )
      await says('lcr-routes add --profile 1 --gateway 4 --prefix 44 --priority 1', 'LCR route 4 added\n')
      await says(`rate-decks add --carrier 4 --name D --currency GBP --file ${file}`, 'rate deck 4 added\n')
      await says(
        'rate-decks add --carrier 4 --name E --currency GBP --file -',
        'rate deck 5 added\n',
        JSON.stringify(RATES),
      )
      const known = await server.snapshot()
      assert.equal(known.gateways.find(({ id }) => id === 4)?.credentials?.password, SECRET)
      assert.equal(known.lcrRoutes.find(({ id }) => id === 4)?.gatewayId, 4)
      assert.equal(known.rates.filter(({ carrierId }) => carrierId === 4).length, 2)
      await says('rate-decks list', /^4 +4 +D +GBP +1 +20\d\d-/m)
      await writeFile(file, '{"no": "list"}')
      for (const bad of [file, join(folder, 'none.json'), fileURLToPath(import.meta.url)]) {
        const ran = await run([
          'rate-decks',
          'add',
          '--carrier',
          '4',
          '--name',
          'D',
          '--currency',
          'GBP',
          '--file',
          bad,
        ])
        assert.equal(ran.code, 2)
        assert.match(ran.err, /--file: /)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('every kind is added, listed, set and removed', async () => {
    await says(
      'organizations add --name Acme --sip-domain acme.test --country GB --currency GBP',
      'organisation 2 added\n',
    )
    await says('lcr-profiles add --name Own --organization 2 --strategy PRIORITY', 'LCR profile 2 added\n')
    await says('organizations set 2 --lcr-profile 2', 'organisation 2 changed\n')
    await says('organizations list', /^2 +Acme +acme\.test +GB +GBP +2$/m)
    await says(
      'users add --organization 2 --name Ada --extension 2001 --caller-id +442079460111',
      'user 3 added\n',
    )
    await says('devices add --user 3 --username 2001 --password-stdin', 'device 3 added\n', 'long enough\n')
    await says('numbers add --organization 2 --number +442079460112 --user 3', 'number 2 added\n')
    await says('users set 3 --caller-id none --disable', 'user 3 changed\n')
    await says('users list --organization 2', /^3 +2 +2001 +Ada +disabled$/m)
    await says('devices list', /^3 +3 +2001$/m)
    await says('numbers list', /^2 +2 +\+442079460112 +3$/m)
    await says('lcr-profiles list', /^1 +Cheapest first +LOWEST_COST +all$/m)
    await says('lcr-routes list', /^1 +1 +1 +any +1$/m)
    await says('lcr-routes set 1 --price-override 0.0001 --priority 0', 'LCR route 1 changed\n')
    await says('carriers set 1 --disable', 'carrier 1 changed\n')
    await says('carriers list', /^1 +A +Alpha Carrier +all +disabled$/m)
    await says('gateways set 1 --ping 30 --no-register --emergency', 'gateway 1 changed\n')
    await says('gateways set 1 --ping none --no-credentials', 'gateway 1 changed\n')
    await says('rate-decks set 1 --to 2099-01-01T00:00Z --name Old', 'rate deck 1 changed\n')
    await says('organizations set 2 --lcr-profile none', 'organisation 2 changed\n')
    for (const path of [
      'numbers 2',
      'devices 3',
      'users 3',
      'lcr-profiles 2',
      'organizations 2',
      'rate-decks 1',
    ]) {
      const [kind = '', id = ''] = path.split(' ')
      await says(`${kind} remove ${id}`, / removed\n$/)
    }
    await says('--json lcr-routes list', /^\{"success":true,"lcrRoutes":\[/)
  })

  for (const [line, code, message] of [
    ['carriers add --name x', 2, /--code/],
    ['carriers add --name x --code a/b', 2, /"code" takes/],
    ['gateways add --carrier 99 --name x --hostname x', 2, /carrierId: there is no such carrier/],
    ['gateways add --carrier 1 --name x --hostname x --transport sctp', 2, /--transport/],
    ['gateways set 1 --username us', 2, /go together/],
    ['devices add --user 1 --username x', 2, /--password-stdin/],
    ['devices set 1 --username x', 2, /password: a new user name needs the password/],
    ['users add --organization 1 --name x --extension 999', 2, /extension: it is an emergency number/],
    ['users set 1', 2, /nothing to change/],
    ['users set 99 --name x', 2, /there is no user 99/],
    ['lcr-routes remove 99', 2, /there is no lcr-route 99/],
    ['gateways remove 1', 1, /needed by LCR route 1/],
    ['organizations set 1 --lcr-profile x', 2, /whole number/],
  ] as const) {
    test(`${line} ends with ${code}`, async () => {
      const ran = await run(line.split(' '))
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.err, message)
    })
  }
})
