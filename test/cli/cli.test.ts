import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { A_LEG, B_LEG, call, CALL_ID, leg, NOON } from '../http/samples.ts'
import { run } from './run.ts'

suite('strowger', () => {
  let fake: Fake
  let env: Record<string, string>
  setup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
  })
  teardown(() => fake.server.stop())

  const B1 = leg({
    legUuid: B_LEG,
    leg: 'B',
    party: '+442079460123',
    attempt: 1,
    carrier: 'Alpha Carrier',
    gateway: 'alpha-1',
    gatewayId: 1,
  })
  const B2 = leg({
    ...B1,
    legUuid: CALL_ID,
    attempt: 2,
    carrier: 'Beta Carrier',
    gateway: 'beta-1',
    gatewayId: 2,
  })

  /** A call that fails over, as in the example of the manual. */
  const playCall = (): void => {
    const tell = (
      seconds: number,
      kind: Parameters<Fake['happen']>[0]['kind'],
      one: typeof B1 | undefined,
      cost?: string,
    ): void =>
      fake.happen({
        at: NOON + seconds * 1000,
        kind,
        call: call(kind === 'call-ended' ? { state: 'ended', hangupCause: 'NORMAL_CLEARING' } : {}),
        leg: one,
        cost: cost === undefined ? undefined : { amount: cost, currency: 'GBP' },
      })
    tell(0, 'leg-started', leg())
    tell(0, 'ringing', leg())
    tell(2, 'answered', leg())
    tell(2, 'leg-started', B1)
    tell(2, 'leg-ended', { ...B1, hangupCause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 503 })
    tell(2, 'leg-started', B2)
    tell(2, 'ringing', B2)
    tell(4, 'answered', { ...B2, answeredAt: NOON })
    tell(4, 'talking', B2)
    tell(14, 'leg-ended', { ...B2, answeredAt: NOON, hangupCause: 'NORMAL_CLEARING' })
    tell(14, 'call-ended', undefined)
    tell(14, 'cdr', undefined, '0.0042')
  }

  const EXPECTED = `12:00:00  1001 is ringing (simulated)
12:00:02  1001 answered
12:00:02  Alpha Carrier (gw1): calling +442079460123
12:00:02  Alpha Carrier (gw1): 503 NORMAL_TEMPORARY_FAILURE, trying the next
12:00:02  Beta Carrier (gw2): calling +442079460123
12:00:02  Beta Carrier (gw2): ringing
12:00:04  Beta Carrier (gw2): answered
12:00:04  talking
12:00:14  ended: NORMAL_CLEARING after 10 s
          cost 0.0042 GBP (Beta Carrier)
`

  test('originate follows the call to its end, also what happened before it could look', async () => {
    fake.onOriginate = playCall
    const ran = await run(
      [
        'calls',
        'originate',
        '--from',
        '1001',
        '--to',
        '+442079460123',
        '--caller-id',
        '+442079460001',
        '--organization',
        '3',
      ],
      { env },
    )
    assert.deepEqual(ran, { code: 0, out: EXPECTED, err: '' })
    assert.equal(fake.seen.originated[0]?.callerId, '+442079460001')
    assert.equal(fake.seen.originated[0].organizationId, 3)
  })

  test('originate --json is JSON lines: the answer, then each event', async () => {
    fake.onOriginate = playCall
    const ran = await run(['calls', 'originate', '--from', '1001', '--to', '1002', '--json'], { env })
    const lines = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.equal(ran.code, 0)
    assert.equal(lines[0]?.['callId'], CALL_ID)
    assert.equal(lines.length, 13)
    assert.equal(lines[1]?.['at'], '2026-08-01T12:00:00.000Z')
  })

  test('a call that nobody answers ends with 1 and the reason', async () => {
    fake.onOriginate = () => {
      fake.happen({ at: NOON, kind: 'ringing', call: call(), leg: leg(), cost: undefined })
      fake.happen({
        at: NOON,
        kind: 'call-ended',
        call: call({ hangupCause: 'NO_ANSWER' }),
        leg: undefined,
        cost: undefined,
      })
      fake.happen({
        at: NOON,
        kind: 'cdr',
        call: call({ hangupCause: 'NO_ANSWER' }),
        leg: leg(),
        cost: undefined,
      })
    }
    const ran = await run(['calls', 'originate', '--from', '1001', '--to', '1002'], { env })
    assert.equal(ran.code, 1)
    assert.match(ran.out, /ended: NO_ANSWER\n$/)
    assert.match(ran.err, /not answered: NO_ANSWER/)
  })

  test('originate --no-follow prints the id and leaves', async () => {
    assert.deepEqual(
      await run(['calls', 'originate', '--from', '1001', '--to', '1002', '--no-follow'], { env }),
      { code: 0, out: `${CALL_ID}\n`, err: '' },
    )
  })

  test('Ctrl-C stops watching and says how to hang up', async () => {
    let child: ChildProcess | undefined
    fake.onOriginate = () => {
      fake.happen({ at: NOON, kind: 'ringing', call: call(), leg: leg(), cost: undefined })
      const wait = setInterval(() => {
        if (fake.listeners() === 0) return
        clearInterval(wait)
        setTimeout(() => child?.kill('SIGINT'), 200)
      }, 20)
    }
    const ran = await run(['calls', 'originate', '--from', '1001', '--to', '1002'], {
      env,
      started: (one) => (child = one),
    })
    assert.match(ran.out, new RegExp(`the call goes on; to end it: strowger calls hangup ${CALL_ID}`))
    assert.equal(ran.code, 1)
  })

  const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['calls', 'originate', '--from', '1001', '--to', '404'], 2, /404 cannot be dialled/],
    [['calls', 'originate', '--from', '9999', '--to', '1002'], 2, /nobody has extension 9999/],
    [['calls', 'originate', '--from', '1001', '--to', '503'], 1, /no carrier takes it/],
    [['calls', 'originate', '--from', '1001'], 2, /required option '--to/],
    [['calls', 'originate', '--from', '1001', '--to', 'bob'], 2, /"to" takes a number/],
    [['calls', 'hangup', 'nonsense'], 2, /uuid/],
    [['calls', 'hangup', A_LEG], 2, /there is no call/],
    [['calls', 'watch', A_LEG], 2, /there is no call/],
    [['calls'], 2, /Usage/],
    [['nonsense'], 2, /unknown command/],
    [['cdrs', 'list', '--since', 'whenever'], 2, /how long ago/],
    [['cdrs', 'list', '--limit', '0'], 2, /1 to 1000/],
    [['cdrs', 'ingest', '/nowhere/at/all'], 2, /no folder/],
    [['bans', 'lift', '203.0.113.9'], 2, /is not banned/],
    [['gateways', 'set', '1'], 2, /nothing to change/],
    [
      ['gateways', 'add', '--carrier', '1', '--name', 'g', '--hostname', 'h', '--username', 'u'],
      2,
      /go together/,
    ],
    [['health', '--url', 'ftp://x'], 2, /no address/],
    [['calls', 'list', '--token', 'wrong'], 1, /refuses this token/],
    [
      ['health', '--url', 'http://127.0.0.1:1'],
      3,
      /no engine answers at http:\/\/127\.0\.0\.1:1: start it with `npm start`, or set STROWGER_URL/,
    ],
  ]
  for (const [args, code, says] of refused) {
    test(`${args.join(' ')} ends with ${code}`, async () => {
      const ran = await run(args, { env })
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.err, says)
      assert.equal(ran.out, '')
    })
  }

  test('with --json a fault is a document too', async () => {
    const ran = await run(['calls', 'hangup', A_LEG, '--json'], { env })
    assert.equal(ran.code, 2)
    assert.equal((JSON.parse(ran.out) as { error: { code: string } }).error.code, 'NOT_FOUND')
  })

  const printed: readonly (readonly [readonly string[], RegExp])[] = [
    [['health'], /^ok: version 0\.1\.0, up 12 s, a trial, the switch is simulated$/m],
    [['ready'], /^ready\n {2}ok {2}switch {2}simulator$/m],
    [['version'], /^strowger \d+\.\d+\.\d+$/m],
    [['--version'], /^\d+\.\d+\.\d+$/m],
    [['--help'], /Examples:/],
    [['calls', 'originate', '--help'], /Examples:/],
    [
      ['calls', 'list'],
      new RegExp(`^${CALL_ID}  2026-08-01 12:00:00  initiated  1001  \\+442079460123  simulated$`, 'm'),
    ],
    [['calls', 'hangup', CALL_ID], /^hung up$/m],
    [
      ['route', 'explain', '+442079460123', '--from', '1001'],
      /Gamma \(gw3\): GATEWAY_DOWN, it does not answer OPTIONS/,
    ],
    [
      ['cdrs', 'list', '--since', '24h'],
      /^ {3}1 {2}Alpha Carrier \(gw1\) +FAILED +503 NORMAL_TEMPORARY_FAILURE/m,
    ],
    [['bans', 'list'], /203\.0\.113\.7/],
    [['bans', 'list', '--format', 'plain'], /^203\.0\.113\.7\n2001:db8::7\n$/],
    [['bans', 'list', '--format', 'nftables'], /^table inet strowger \{/],
    [['bans', 'lift', '203.0.113.7'], /^lifted$/m],
    [['carriers', 'list'], /no carriers/],
    [['carriers', 'add', '--name', 'Alpha', '--code', 'alpha'], /^carrier 1 added$/m],
  ]
  for (const [args, says] of printed) {
    test(args.join(' '), async () => {
      const ran = await run(args, { env })
      assert.equal(ran.code, 0, ran.err)
      assert.match(ran.out, says)
      assert.ok(ran.out.split('\n').every((line) => line.length <= 120))
      assert.ok(!ran.out.includes('\u001b'))
    })
  }

  for (const args of [
    ['health'],
    ['ready'],
    ['calls', 'list'],
    ['route', 'explain', '123'],
    ['cdrs', 'list'],
    ['bans', 'list'],
    ['carriers', 'list'],
    ['gateways', 'list'],
    ['version'],
    ['completion', 'bash'],
    ['calls', 'hangup', CALL_ID],
  ]) {
    test(`${args.join(' ')} --json is one document`, async () => {
      const ran = await run([...args, '--json'], { env })
      assert.equal(ran.code, 0, ran.err)
      assert.equal(ran.out.trim().split('\n').length, 1)
      JSON.parse(ran.out)
    })
  }

  test('gateways are added, listed, changed and removed; the password comes from standard input', async () => {
    const add = await run(
      [
        'gateways',
        'add',
        '--carrier',
        '1',
        '--name',
        'alpha-1',
        '--hostname',
        'sip.example',
        '--username',
        'us',
        '--password-stdin',
        '--register',
        '--codecs',
        'PCMA, PCMU',
        '--ping',
        '30',
      ],
      { env, input: 'a secret\n' },
    )
    assert.deepEqual(add, { code: 0, out: 'gateway 1 added\n', err: '' })
    assert.deepEqual((await fake.doors.records.gateways?.get(1, undefined))?.credentials, {
      username: 'us',
      password: 'a secret',
      realm: undefined,
    })
    assert.equal((await run(['gateways', 'set', '1', '--disable', '--max-channels', '10'], { env })).code, 0)
    assert.match(
      (await run(['gateways', 'list'], { env })).out,
      /^1 {3}alpha-1 +1 +udp:sip\.example:5060 +us +10 +any +PCMA,PCMU +disabled$/m,
    )
    assert.equal((await run(['gateways', 'remove', '1'], { env })).code, 0)
    assert.equal((await run(['gateways', 'remove', '1'], { env })).code, 2)
  })

  test('calls watch prints every call until Ctrl-C', async () => {
    const ran = await run(['calls', 'watch'], {
      env,
      started: (child) => {
        const wait = setInterval(() => {
          if (fake.listeners() === 0) return
          clearInterval(wait)
          fake.happen({ at: NOON, kind: 'ringing', call: call(), leg: leg(), cost: undefined })
          child.stdout?.once('data', () => child.kill('SIGINT'))
        }, 20)
      },
    })
    assert.deepEqual(ran, {
      code: 0,
      out: '12:00:00  1001 is ringing (simulated)  [1001 > +442079460123]\n',
      err: '',
    })
  })
})
