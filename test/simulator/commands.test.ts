import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dialplan, directoryUser, NOT_FOUND, sofiaConf, startBench, type Bench } from './bench.ts'

const PHONE = { username: '1001', domain: 'a.test' }
const UUID = '11111111-1111-4111-8111-111111111111'

suite('The simulated switch', () => {
  let bench: Bench
  teardown(() => bench.close())

  test('fires the events of a bridged call in the order of the real one', async () => {
    bench = await startBench(
      { gateway: () => ({ ringAfterMs: 100, outcome: { kind: 'answer', afterMs: 500 } }) },
      {
        dialplan: () =>
          dialplan('phones', ['set', 'hangup_after_bridge=true'], ['bridge', 'sofia/gateway/gw2/200']),
      },
    )
    const client = await bench.settle(bench.listen('event plain ALL'))
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '9100', { hangupAfterMs: 2000 }))
    await bench.settle(placed.final)
    await bench.until(() => bench.simulator.channels().length === 0)
    const of = (isA: boolean): string =>
      client.events
        .filter((event) => event.name.startsWith('CHANNEL_') && event.name !== 'CHANNEL_STATE')
        .filter((event) => (event.get('Unique-ID') === placed.uuid) === isA)
        .map((event) => event.name.slice('CHANNEL_'.length))
        .join(' ')
    // Recorded from FreeSWITCH 1.10.12, leg by leg: each has a thread of its own.
    assert.equal(
      of(true),
      'CREATE CALLSTATE EXECUTE EXECUTE_COMPLETE EXECUTE PROGRESS ANSWER CALLSTATE BRIDGE HANGUP UNBRIDGE EXECUTE_COMPLETE CALLSTATE HANGUP_COMPLETE DESTROY',
    )
    assert.equal(
      of(false),
      'OUTGOING CREATE ORIGINATE PROGRESS CALLSTATE ANSWER CALLSTATE HANGUP CALLSTATE HANGUP_COMPLETE DESTROY',
    )
    const bridge = client.events.find(({ name }) => name === 'CHANNEL_BRIDGE')
    assert.equal(bridge?.get('Bridge-A-Unique-ID'), placed.uuid)
    assert.equal(bridge.get('Other-Leg-Unique-ID'), bridge.get('Bridge-B-Unique-ID'))
    const complete = client.events.filter(({ name }) => name === 'CHANNEL_HANGUP_COMPLETE').at(-1)
    assert.equal(complete?.variable('strowger_simulated'), 'true')
    assert.equal(complete.variable('sip_hangup_disposition'), 'recv_bye')
    assert.equal(complete.get('Channel-State'), 'CS_REPORTING')
  })

  test('asks for the dialplan with the variables that the directory gave the phone', async () => {
    bench = await startBench({}, { dialplan: () => dialplan('phones', ['answer'], ['hangup']) })
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '+442071838750'))
    await bench.settle(placed.final)
    const asked = bench.requests.find((form) => form.get('section') === 'dialplan')
    assert.equal(asked?.get('variable_strowger_user_id'), '7')
    assert.equal(asked.get('variable_strowger_simulated'), 'true')
    assert.equal(asked.get('Hunt-Context'), 'phones')
    assert.equal(asked.get('Caller-Destination-Number'), '+442071838750')
    assert.equal(asked.get('Caller-Caller-ID-Number'), '1001')
    const auth = bench.requests.find((form) => form.get('action') === 'sip_auth')
    assert.deepEqual(
      [auth?.get('user'), auth?.get('domain'), auth?.get('sip_auth_method')],
      ['1001', 'a.test', 'INVITE'],
    )
  })

  test('lets the first phone that answers have the call and ends the others with LOSE_RACE', async () => {
    const both = '${sofia_contact(phones/1002@a.test)},${sofia_contact(phones/1003@a.test)}'
    bench = await startBench(
      {
        phone: (username) => ({
          outcome: { kind: 'answer', afterMs: username === '1002' ? 3000 : 1000, hangupAfterMs: 1000 },
        }),
      },
      { dialplan: () => dialplan('phones', ['set', 'hangup_after_bridge=true'], ['bridge', both]) },
    )
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '2000'))
    assert.equal((await bench.settle(placed.final)).sipStatus, 200)
    await bench.until(() => bench.cdrs.length === 3)
    const causes = bench.cdrs.map(({ variables }) => variables['hangup_cause']).sort()
    assert.deepEqual(causes, ['LOSE_RACE', 'NORMAL_CLEARING', 'NORMAL_CLEARING'])
  })

  test('finds no phone that is not registered', async () => {
    bench = await startBench(
      { registered: () => false },
      { dialplan: () => dialplan('phones', ['bridge', '${sofia_contact(phones/1002@a.test)}']) },
    )
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '2000'))
    assert.equal((await bench.settle(placed.final)).cause, 'USER_NOT_REGISTERED')
  })

  test('originates to a phone, then sends it through the dialplan', async () => {
    bench = await startBench(
      {},
      {
        dialplan: () =>
          dialplan('click', ['set', 'hangup_after_bridge=true'], ['bridge', 'sofia/gateway/gw1/44']),
      },
    )
    const client = await bench.settle(bench.listen('event plain BACKGROUND_JOB CHANNEL_BRIDGE'))
    const command = `bgapi originate {origination_uuid=${UUID},note=it\\\\\\'s\\sfine}user/1002@a.test 44 XML click\nJob-UUID: job-1`
    assert.equal(await bench.settle(client.reply(command)), '+OK Job-UUID: job-1')
    await bench.until(() => client.events.some(({ name }) => name === 'CHANNEL_BRIDGE'))
    const [job, bridge] = client.events
    assert.equal(job?.get('Job-UUID'), 'job-1')
    assert.equal(job.body, `+OK ${UUID}\n`)
    assert.equal(bridge?.get('Bridge-A-Unique-ID'), UUID)
    assert.equal(bridge.variable('note'), "it's fine")
    await bench.until(() => bench.cdrs.length === 2)
  })

  test('answers a failed originate with its cause', async () => {
    bench = await startBench({ gateway: () => ({ outcome: { kind: 'refuse', status: 486, afterMs: 10 } }) })
    const client = await bench.settle(bench.listen())
    assert.equal(
      await bench.settle(client.reply('api originate sofia/gateway/gw1/1 &park')),
      '-ERR USER_BUSY\n',
    )
    assert.equal(
      await bench.settle(client.reply('api originate sofia/gateway/none/1 &park')),
      '-ERR INVALID_GATEWAY\n',
    )
    assert.equal(
      await bench.settle(client.reply('api nosuchcommand')),
      '-ERR nosuchcommand Command not found!\n',
    )
  })

  test('knows a new gateway after a rescan and an old one until it is killed', async () => {
    bench = await startBench({}, { configuration: () => sofiaConf('gw1') })
    assert.deepEqual(bench.simulator.gateways(), ['gw1'])
    const client = await bench.settle(
      bench.listen('event json CUSTOM sofia::gateway_add sofia::gateway_delete'),
    )
    bench.engine = { configuration: () => sofiaConf('gw2') }
    assert.equal(
      await bench.settle(client.reply('api sofia profile trunks rescan')),
      'Reload XML [Success]\n+OK scan complete\n',
    )
    assert.deepEqual(bench.simulator.gateways(), ['gw1', 'gw2'])
    const asked = bench.requests.at(-1)
    assert.deepEqual([asked?.get('profile'), asked?.get('reconfig')], ['trunks', 'true'])
    assert.equal(
      await bench.settle(client.reply('api sofia profile trunks killgw gw1')),
      '+OK gateway marked for deletion.\n',
    )
    await bench.run(1500)
    assert.deepEqual(
      client.events.map((event) => `${event.subclass} ${event.get('Gateway')}`),
      ['sofia::gateway_add gw2', 'sofia::gateway_delete gw1'],
    )
    assert.match(await bench.settle(client.reply('api sofia xmlstatus gateway gw2')), /<status>UP<\/status>/)
  })

  test('says when a gateway stops answering pings, and refuses to dial it', async () => {
    const conf = sofiaConf('gw1').replace(
      '<param name="register"',
      '<param name="ping" value="10"/><param name="register"',
    )
    let up = true
    bench = await startBench({ answersPing: () => up }, { configuration: () => conf })
    const client = await bench.settle(bench.listen('event json CUSTOM sofia::gateway_state'))
    up = false
    await bench.until(() => client.events.length > 0)
    assert.equal(client.events[0]?.get('Ping-Status'), 'DOWN')
    assert.equal(
      await bench.settle(client.reply('api originate sofia/gateway/gw1/1 &park')),
      '-ERR GATEWAY_DOWN\n',
    )
  })

  test('shows channels and calls, dumps one and kills it', async () => {
    bench = await startBench(
      { gateway: () => ({ outcome: { kind: 'answer', afterMs: 100 } }) },
      { dialplan: () => dialplan('phones', ['bridge', '[accountcode=org7]sofia/gateway/gw1/44']) },
    )
    const client = await bench.settle(bench.listen())
    assert.equal(await bench.settle(client.reply('api show calls as json')), '{"row_count": 0}\n')
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '44'))
    await bench.until(() => bench.simulator.channels().some(({ bridgedTo }) => bridgedTo !== undefined))
    const calls = JSON.parse(await bench.settle(client.reply('api show calls as json'))) as {
      row_count: number
      rows: Record<string, string>[]
    }
    assert.equal(calls.row_count, 1)
    assert.equal(calls.rows[0]?.['uuid'], placed.uuid)
    assert.equal(calls.rows[0]['b_accountcode'], 'org7')
    const dump = JSON.parse(await bench.settle(client.reply(`api uuid_dump ${placed.uuid} json`))) as Record<
      string,
      string
    >
    assert.equal(dump['variable_sip_from_user'], '1001')
    assert.equal(await bench.settle(client.reply(`api uuid_kill ${placed.uuid} CALL_REJECTED`)), '+OK\n')
    const final = await bench.settle(placed.final)
    assert.equal(final.cause, 'CALL_REJECTED')
    assert.equal(await bench.settle(client.reply(`api uuid_kill ${UUID}`)), '-ERR No such channel!\n')
    await bench.until(() => bench.cdrs.length === 2)
  })

  test('leaves a file where a CDR was not taken', async () => {
    bench = await startBench(
      {},
      { cdrStatus: 500, dialplan: () => dialplan('phones', ['hangup', 'USER_BUSY']) },
    )
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '44'))
    assert.equal((await bench.settle(placed.final)).sipStatus, 486)
    await bench.until(() => bench.simulator.channels().length === 0)
    assert.equal(readdirSync(bench.fallbackDirectory).length, 1)
    const text = readFileSync(join(bench.fallbackDirectory, `${placed.uuid}.cdr.json`), 'utf8')
    assert.equal((JSON.parse(text) as { variables: Record<string, string> }).variables['uuid'], placed.uuid)
  })

  test('registers a phone by its password and refuses a wrong one', async () => {
    bench = await startBench(
      {},
      { directory: (form) => (form.get('user') === '1001' ? directoryUser('1001', 'a.test') : NOT_FOUND) },
    )
    const client = await bench.settle(
      bench.listen('event plain CUSTOM sofia::register sofia::register_failure'),
    )
    assert.equal(await bench.settle(bench.simulator.register('1001', 'a.test', 'secret')), 'registered')
    assert.equal(
      await bench.settle(bench.simulator.register('1001', 'a.test', 'guess', '198.51.100.9')),
      'refused',
    )
    assert.equal(await bench.settle(bench.simulator.register('1009', 'a.test', 'secret')), 'refused')
    assert.deepEqual(
      client.events.map((event) => `${event.subclass} ${event.get('to-user')} ${event.get('network-ip')}`),
      [
        'sofia::register 1001 127.0.0.1',
        'sofia::register_failure 1001 198.51.100.9',
        'sofia::register_failure 1009 127.0.0.1',
      ],
    )
    assert.match(
      await bench.settle(client.reply('api sofia status profile phones reg')),
      /User: {7}\t1001@a\.test/,
    )
  })

  test('takes calls from the networks of its access list only', async () => {
    bench = await startBench({}, { dialplan: () => dialplan('trunks', ['answer'], ['sleep', '1000']) })
    const known = await bench.simulator.receiveCall('192.0.2.7', '+442079460000')
    assert.equal((await bench.settle(known.final)).sipStatus, 200)
    const stranger = await bench.simulator.receiveCall('203.0.113.5', '+442079460000')
    assert.equal((await stranger.final).sipStatus, 403)
  })

  test('collects digits into a variable', async () => {
    bench = await startBench(
      {},
      {
        dialplan: () =>
          dialplan(
            'phones',
            ['answer'],
            ['play_and_get_digits', '1 4 2 3000 # menu.wav invalid.wav choice \\d+'],
            ['set', 'result=${choice}/${read_result}'],
          ),
      },
    )
    const placed = await bench.settle(
      bench.simulator.placeCall(PHONE, '1', { digits: [{ afterMs: 500, digits: '42#' }] }),
    )
    await bench.settle(placed.final)
    await bench.until(() => bench.cdrs.length === 1)
    assert.equal(bench.cdrs[0]?.variables['result'], '42/success')
  })

  test('takes a parked caller back by uuid_transfer and ends a file by uuid_break', async () => {
    bench = await startBench(
      {},
      {
        dialplan: (form) =>
          form.get('Hunt-Destination-Number') === 'again'
            ? dialplan('phones', ['playback', 'silence_stream://60000'], ['hangup', 'CALL_REJECTED'])
            : dialplan('phones', ['answer'], ['park']),
      },
    )
    const client = await bench.settle(bench.listen('event plain CHANNEL_PARK PLAYBACK_START'))
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '1'))
    await bench.until(() => client.events.length === 1)
    assert.equal(
      await bench.settle(client.reply(`api uuid_transfer ${placed.uuid} again XML phones`)),
      '+OK\n',
    )
    await bench.until(() => client.events.length === 2)
    assert.equal(await bench.settle(client.reply(`api uuid_break ${placed.uuid}`)), '+OK\n')
    assert.equal((await bench.settle(placed.final, 5000)).cause, 'CALL_REJECTED')
  })

  test('joins two channels by uuid_bridge', async () => {
    bench = await startBench(
      { phone: () => ({ outcome: { kind: 'answer', afterMs: 100 } }) },
      { dialplan: () => dialplan('phones', ['answer'], ['park']) },
    )
    const client = await bench.settle(bench.listen('event plain CHANNEL_BRIDGE CHANNEL_UNBRIDGE'))
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '1', { hangupAfterMs: 9000 }))
    assert.equal(
      await bench.settle(client.reply(`api originate {origination_uuid=${UUID}}user/1002@a.test &park()`)),
      `+OK ${UUID}\n`,
    )
    assert.equal(await bench.settle(client.reply(`api uuid_bridge ${placed.uuid} ${UUID}`)), `+OK ${UUID}\n`)
    await bench.until(() => bench.cdrs.length === 2)
    assert.deepEqual(
      client.events.map(({ name }) => name),
      ['CHANNEL_BRIDGE', 'CHANNEL_UNBRIDGE'],
    )
  })

  test('dies without a word and without a CDR', async () => {
    bench = await startBench({}, { dialplan: () => dialplan('phones', ['answer'], ['park']) })
    const client = await bench.settle(bench.listen('event plain ALL'))
    await bench.settle(bench.simulator.placeCall(PHONE, '1'))
    await bench.until(() => client.events.some(({ name }) => name === 'CHANNEL_PARK'))
    const closed = new Promise<void>((resolve) =>
      client.socket.once('close', () => {
        resolve()
      }),
    )
    bench.simulator.crash()
    await bench.settle(closed)
    assert.equal(
      client.events.some(({ name }) => name === 'CHANNEL_HANGUP'),
      false,
    )
    await bench.run(1000)
    assert.deepEqual([bench.cdrs.length, bench.simulator.channels().length], [0, 0])
  })

  test('beats its heart every twenty seconds', async () => {
    bench = await startBench({})
    const client = await bench.settle(bench.listen('event plain HEARTBEAT'))
    await bench.until(() => client.events.length === 2, 45_000)
    assert.equal(client.events[0]?.get('Event-Info'), 'System Ready')
  })

  test('mutes, lists and lets go the members of a conference', async () => {
    bench = await startBench({}, { dialplan: () => dialplan('phones', ['conference', 'sales@control']) })
    const client = await bench.settle(bench.listen('event plain CHANNEL_HANGUP'))
    const api = (command: string): Promise<string> => bench.settle(client.reply(`api conference ${command}`))
    assert.equal(await api('sales json_list'), '-ERR Conference sales not found\n')
    const { uuid } = await bench.settle(bench.simulator.placeCall(PHONE, '9100', { hangupAfterMs: 60_000 }))
    assert.equal(await api('sales mute 1'), '+OK mute 1\n')
    assert.match(await api('sales json_list'), new RegExp(`"can_speak":false.*"uuid":"${uuid}"`))
    assert.equal(await api('sales hup 2'), '-ERR Member: 2 not found.\n')
    assert.equal(await api('sales hup all'), '+OK hup 1\n')
    await bench.until(() => bench.simulator.channels().length === 0)
    assert.equal(await api('sales json_list'), '-ERR Conference sales not found\n')
  })

  test('sends the legs of a call to waiting and back by uuid_dual_transfer and intercept', async () => {
    const folder = join(import.meta.dirname, '../../freeswitch-conf')
    bench = await startBench(
      { gateway: () => ({ ringAfterMs: 100, outcome: { kind: 'answer', afterMs: 500 } }) },
      {
        dialplan: (form) =>
          form.get('Hunt-Context') === 'control'
            ? NOT_FOUND
            : dialplan('phones', ['set', 'hangup_after_bridge=false'], ['bridge', 'sofia/gateway/gw2/200']),
      },
      folder,
    )
    const client = await bench.settle(bench.listen('event plain CHANNEL_BRIDGE'))
    const bridges = () => client.events.filter(({ name }) => name === 'CHANNEL_BRIDGE')
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '9100', { hangupAfterMs: 60_000 }))
    await bench.until(() => bridges().length === 1)
    const other = bridges()[0]?.get('Bridge-B-Unique-ID') ?? ''
    for (const command of [
      `uuid_setvar_multi ${placed.uuid} strowger_consulting_for=${other};park_after_bridge=true`,
      `uuid_setvar ${other} park_after_bridge true`,
      `uuid_dual_transfer ${placed.uuid} back/XML/control waiting/XML/control`,
    ])
      assert.equal(await bench.settle(client.reply(`api ${command}`)), '+OK\n')
    await bench.until(() => bridges().length === 2)
    assert.equal(bench.simulator.channels().length, 2)
  })

  test('uses its own dialplan where the engine has nothing to say', async () => {
    const folder = join(import.meta.dirname, '../../freeswitch-conf')
    bench = await startBench({}, {}, folder)
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '442071838750'))
    assert.equal((await bench.settle(placed.final)).sipStatus, 503)
  })
})
