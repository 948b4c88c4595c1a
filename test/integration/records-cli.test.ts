/** Records from the command line, through the real HTTP server to a real PostgreSQL. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { runCli } from '../../src/cli/main.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import { TOKEN } from '../http/fake-doors.ts'
import { SECRET, startRecordServer, type RecordServer } from './record-server.ts'

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

  test('a carrier is added with its gateway and its route', async () => {
    await says('carriers add --code delta --name Delta', 'carrier 4 added\n')
    await says(
      'gateways add --carrier 4 --name delta-1 --hostname sip.delta.test --username us --password-stdin --register',
      'gateway 4 added\n',
      `${SECRET}\n`,
    )
    await says('lcr-routes add --profile 1 --gateway 4 --prefix 44 --priority 1', 'LCR route 4 added\n')
    const known = await server.snapshot()
    assert.equal(known.gateways.find(({ id }) => id === 4)?.credentials?.password, SECRET)
    assert.equal(known.lcrRoutes.find(({ id }) => id === 4)?.gatewayId, 4)
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
    await says('lcr-profiles list', /^1 +Cheapest first +LOWEST_COST +all +UTC +any$/m)
    await says('lcr-routes list', /^1 +1 +1 +any +1 +1$/m)
    await says('lcr-routes set 1 --price-override 0.0001 --priority 0', 'LCR route 1 changed\n')
    await says('carriers set 1 --disable', 'carrier 1 changed\n')
    await says('carriers list', /^1 +A +Alpha Carrier +all +any +any +disabled$/m)
    await says('gateways set 1 --ping 30 --no-register --emergency', 'gateway 1 changed\n')
    await says('gateways set 1 --ping none --no-credentials', 'gateway 1 changed\n')
    await says('organizations set 2 --lcr-profile none', 'organisation 2 changed\n')
    for (const path of ['numbers 2', 'devices 3', 'users 3', 'lcr-profiles 2', 'organizations 2']) {
      const [kind = '', id = ''] = path.split(' ')
      await says(`${kind} remove ${id}`, / removed\n$/)
    }
    await says('--json lcr-routes list', /^\{"success":true,"lcrRoutes":\[/)
  })

  test('limits, forms and policies are set, told and emptied', async () => {
    const one = async (kind: 'carriers' | 'gateways' | 'lcrProfiles' | 'lcrRoutes'): Promise<unknown> =>
      (await server.snapshot())[kind].find(({ id }) => id === 1)
    const before = {
      carriers: await one('carriers'),
      gateways: await one('gateways'),
      lcrProfiles: await one('lcrProfiles'),
      lcrRoutes: await one('lcrRoutes'),
    }

    await says(
      'carriers set 1 --max-channels 200 --max-cps 20 --no-carries-caller-id --no-supports-fax --no-failover --failover-threshold 3 --failover-window 60',
      'carrier 1 changed\n',
    )
    await says('carriers list', /^1 +A +Alpha Carrier +all +200 +20$/m)
    assert.deepEqual(await one('carriers'), {
      ...Object(before.carriers),
      maxChannels: 200,
      maxCallsPerSecond: 20,
      carriesCallerId: false,
      supportsFax: false,
      failover: { enabled: false, threshold: 3, windowSeconds: 60 },
    })
    await says(
      'carriers set 1 --max-channels none --max-cps none --carries-caller-id --supports-fax --failover --failover-threshold none --failover-window none',
      'carrier 1 changed\n',
    )

    await says(
      'gateways set 1 --max-cps 5 --number-format digits --number-country GB --number-strip 2 --number-pattern ^7 --number-replacement 007 --number-prefix 9 --tech-prefix 88# --failover-next 403,404,USER_BUSY --failover-stop CALL_REJECTED --believes reason --progress-timeout 8 --ring-timeout 45',
      'gateway 1 changed\n',
    )
    assert.deepEqual(await one('gateways'), {
      ...Object(before.gateways),
      maxCallsPerSecond: 5,
      numberForm: {
        format: 'digits',
        country: 'GB',
        strip: 2,
        pattern: '^7',
        replacement: '007',
        prefix: '9',
        techPrefix: '88#',
      },
      failover: { believes: 'reason', next: [403, 404, 'USER_BUSY'], stop: ['CALL_REJECTED'] },
      progressTimeoutSeconds: 8,
      ringTimeoutSeconds: 45,
    })
    await says('gateways set 1 --number-strip 3', 'gateway 1 changed\n')
    await says(
      'gateways set 1 --max-cps none --number-format plus --number-country none --number-strip 0 --number-pattern none --number-prefix none --tech-prefix none --failover-next none --failover-stop none --believes status --progress-timeout none --ring-timeout none',
      'gateway 1 changed\n',
    )

    await says(
      'lcr-profiles set 1 --strategy BALANCED --time-zone Europe/London --cost-weight 70 --quality-weight 30 --max-price 0.25 --protects-margin --requires-caller-id',
      'LCR profile 1 changed\n',
    )
    await says('lcr-profiles list', /^1 +Cheapest first +BALANCED +all +Europe\/London +0\.25$/m)
    assert.deepEqual(await one('lcrProfiles'), {
      ...Object(before.lcrProfiles),
      strategy: 'BALANCED',
      timeZone: 'Europe/London',
      costWeight: 70,
      qualityWeight: 30,
      maxPricePerMinute: 25_000_000,
      protectsMargin: true,
      requiresCallerId: true,
    })
    await says(
      'lcr-profiles set 1 --strategy LOWEST_COST --time-zone UTC --cost-weight 50 --quality-weight 50 --max-price none --no-protects-margin --no-requires-caller-id',
      'LCR profile 1 changed\n',
    )

    const times = ['Mon-Fri 08:00-18:00', 'Sat']
    const routed = await run([
      ...'lcr-routes set 1 --weight 30 --max-channels 10 --max-duration 7200 --asr 62.5 --acd 180 --pdd 1500'.split(
        ' ',
      ),
      ...times.flatMap((window) => ['--times', window]),
    ])
    assert.equal(routed.code, 0, routed.err)
    await says('lcr-routes list', /^1 +1 +1 +any +1 +30 +Mon-Fri 08:00-18:00, Sat$/m)
    assert.deepEqual(await one('lcrRoutes'), {
      ...Object(before.lcrRoutes),
      weight: 30,
      maxChannels: 10,
      maxCallDurationSeconds: 7200,
      timeRestrictions: times,
      asrPercent: 62.5,
      acdSeconds: 180,
      pddMs: 1500,
    })
    await says(
      'lcr-routes set 1 --weight 1 --max-channels none --max-duration none --times none --asr none --acd none --pdd none',
      'LCR route 1 changed\n',
    )
    for (const kind of ['carriers', 'gateways', 'lcrProfiles', 'lcrRoutes'] as const)
      assert.deepEqual(await one(kind), before[kind], kind)
  })

  test('prefixes are blocked, allowed, listed and removed', async () => {
    await says('blocked-prefixes list', 'no blocked prefixes\n')
    await says('blocked-prefixes add --prefix 883 --note satellites', 'blocked prefix 1 added\n')
    await says(
      'blocked-prefixes add --prefix 883120 --action allow --organization 1',
      'blocked prefix 2 added\n',
    )
    const { blockedBy } = createDirectory(await server.snapshot())
    assert.deepEqual(
      ['883120', '88313'].map((digits) => blockedBy(1, digits)?.note),
      [undefined, 'satellites'],
    )
    await says('blocked-prefixes list', /^1 +883 +block +all +satellites$/m)
    await says('blocked-prefixes list', /^2 +883120 +allow +1$/m)
    await says('blocked-prefixes set 1 --note none --disable', 'blocked prefix 1 changed\n')
    await says('blocked-prefixes list', /^1 +883 +block +all +disabled$/m)
    await says('blocked-prefixes remove 1', 'blocked prefix 1 removed\n')
    await says('--json blocked-prefixes list', /^\{"success":true,"blockedPrefixes":\[\{"id":2,/)
  })

  for (const [line, code, message] of [
    ['carriers set 1 --max-cps 0', 2, /whole number from 1 to 100000/],
    ['gateways set 1 --number-format e164', 2, /--number-format/],
    ['gateways set 1 --number-format national', 2, /numberForm\.country: .*missing/],
    ['gateways set 1 --number-strip 16', 2, /0 to 15/],
    ['gateways set 1 --tech-prefix 77', 2, /numberForm\.format: .*digits/],
    ['gateways set 1 --failover-next 200', 2, /--failover-next.*SIP statuses/],
    ['gateways set 1 --failover-stop BUSY', 2, /--failover-stop.*hangup causes/],
    ['gateways set 1 --believes both', 2, /--believes/],
    ['lcr-profiles set 1 --time-zone Nowhere', 2, /timeZone: /],
    ['lcr-profiles set 1 --cost-weight 0 --quality-weight 0', 2, /costWeight: /],
    ['lcr-routes set 1 --times Noday', 2, /timeRestrictions: .*Noday/],
    ['lcr-routes set 1 --asr 62.555', 2, /2 decimals/],
    ['blocked-prefixes add --prefix 4x', 2, /"prefix" takes/],
    ['blocked-prefixes add --prefix 4 --action drop', 2, /--action/],
    ['blocked-prefixes remove 99', 2, /there is no blocked prefix 99/],
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
