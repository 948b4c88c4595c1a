/** Calls that are paid for in advance: how they end, how they go on, what is booked. By the sound that callers hear. */
import assert from 'node:assert/strict'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { startReceiver, type Receiver } from '../integration/receiver.ts'
import { ANSWERS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { silence } from '../support/line-sound.ts'
import { ask, type Asked } from './ask.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { freePort, until } from './net.ts'
import { finalStatuses, invitesOf } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import { startSpeakingParty, type SpeakingParty } from './speaking-party.ts'
import { startToneCaller, type ToneCaller } from './tone-caller.ts'
import { levelOf } from './tones.ts'

const TO = '+442079460171'
/** A cent a second, each second by itself. */
const PER_SECOND = '0.60'
/** Of the announcement (freeswitch-conf/dialplan/prepaid.xml). */
const FALLING = [620, 480] as const
const HUM = 1_000

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

live(
  'prepaid',
  (stage) => {
    const balancePath = (): string => `/v1/organizations/${stage().house.organizationId}/balance`
    const post = (path: string, body: unknown): Promise<Asked> =>
      ask(stage(), 'POST', `${balancePath()}${path}`, body)
    const balance = async (): Promise<{ amount: number; reserved: number }> => {
      const { json } = await ask(stage(), 'GET', balancePath())
      const { amount, reserved } = json['balance'] as Record<string, string>
      return { amount: Number(amount), reserved: Number(reserved) }
    }
    let bookings = 0
    const topUp = async (amount: string): Promise<void> => {
      bookings += 1
      const { status, json } = await post('/top-ups', { amount, key: `payment ${bookings}` })
      assert.equal(status, 201, JSON.stringify(json))
    }
    /** Whatever the test before left is taken away. */
    const have = async (amount: string): Promise<void> => {
      await until('nothing is reserved', async () => (await balance()).reserved === 0, 40_000)
      const left = (await balance()).amount
      const change = (Number(amount) - left).toFixed(8)
      if (Number(change) === 0) return
      bookings += 1
      const { status, json } = await post('/adjustments', { amount: change, key: `test ${bookings}` })
      assert.equal(status, 201, JSON.stringify(json))
    }
    const callers: ToneCaller[] = []
    const voices: SpeakingParty[] = []
    const dials = async (user: '1001' | '1002', to = TO): Promise<ToneCaller> => {
      const caller = await startToneCaller(
        stage(),
        { user, domain: DOMAIN, password: passwordOf(user), to, hangupAfterMs: 60_000 },
        HUM,
      )
      callers.push(caller)
      return caller
    }
    const carrier = () =>
      stage().sipp({ name: 'prepaid-A', port: stage().ports.carrier.A, xml: partyXml(ANSWERS) })
    const talks = (calls = 1): Promise<unknown> =>
      until(`${calls} talk`, () => stage().recorder.counts().get('CHANNEL_BRIDGE') === calls)
    /** What the carrier's legs were billed, when all channels are gone and recorded. */
    const billed = async (legs: number): Promise<readonly number[]> => {
      const uuids = [...stage().recorder.created()]
      const rows = await until(
        'the records',
        async () => {
          const found = await stage().database.query<{ billable: number; leg: string }>(
            `SELECT billable_seconds AS billable, leg FROM call_detail_records WHERE leg_uuid = ANY($1::uuid[])`,
            [uuids],
          )
          return found.length === uuids.length && found
        },
        30_000,
      )
      assert.equal(rows.filter(({ leg }) => leg === 'B').length, legs)
      return rows.filter(({ leg }) => leg === 'B').map(({ billable }) => billable)
    }
    const isTold = (caller: ToneCaller): void => {
      for (const tone of FALLING)
        assert.ok(caller.everHeard(tone) > 0.2, `the tone of ${tone} Hz is heard: ${caller.everHeard(tone)}`)
    }
    const booked = async (): Promise<number> => {
      const { json } = await ask(stage(), 'GET', `${balancePath()}/entries?limit=1000`)
      const entries = json['entries'] as readonly { readonly amount: string }[]
      return Number(entries.reduce((sum, { amount }) => sum + Number(amount), 0).toFixed(8)) + 0
    }
    const holds = async (expected: number): Promise<void> => {
      await until(
        `the balance is ${expected}`,
        async () => Math.abs((await balance()).amount - expected) < 1e-9,
        15_000,
      ).catch(async () => assert.fail(`the balance is ${(await balance()).amount}, not ${expected}`))
      assert.equal(await booked(), expected)
    }

    let receiver: Receiver
    suiteTeardown(() => receiver.close())
    suiteSetup(async function () {
      this.timeout(30_000)
      const { database, house } = stage()
      receiver = await startReceiver()
      const added = await stage().engine.api('/v1/webhooks', {
        url: `${receiver.url}/hook`,
        events: ['balance.*'],
        organizationId: house.organizationId,
      })
      assert.equal(added.status, 201, JSON.stringify(added.json))
      await addRates(database, {
        organizationId: house.organizationId,
        name: 'What we sell at',
        currency: 'GBP',
        rates: [
          {
            prefix: '44',
            pricePerMinute: PER_SECOND,
            firstIncrementSeconds: 1,
            nextIncrementSeconds: 1,
            effectiveFrom: Date.UTC(2020, 0, 1),
          },
        ],
      })
      const { status, json } = await ask(stage(), 'PUT', balancePath(), { lowThreshold: '0.02' })
      assert.equal(status, 200, JSON.stringify(json))
      let told = ''
      await until('the engine plans by it', async () => {
        told = JSON.stringify(
          (await ask(stage(), 'GET', `/v1/routes/explain?number=${encodeURIComponent(TO)}&from=1001`)).json,
        )
        return told.includes('the balance has 0.00 GBP')
      }).catch(() => assert.fail(told))
    })
    teardown(async () => {
      for (const caller of callers.splice(0)) await caller.stop()
      for (const voice of voices.splice(0)) voice.stop()
    })

    test('prepaid: without money a phone hears why and gets 402, the API says 402, and nobody is dialled; emergencies pass', async () => {
      const { ports, stale } = stage()
      await have('0')
      const called = await carrier()
      const emergency = await stage().sipp({
        name: 'prepaid-112',
        port: ports.emergency,
        xml: partyXml(ANSWERS),
      })
      const caller = await dials('1001')
      await caller.party.done
      assert.equal(finalStatuses(caller.party.messages()).at(-1)?.status, 402)
      isTold(caller)
      await stage().register('1001')
      const asked = await ask(stage(), 'POST', '/v1/calls/originate', { from: '1001', to: TO })
      assert.deepEqual([asked.status, asked.error['code']], [402, 'INSUFFICIENT_BALANCE'])
      const unsold = await ask(stage(), 'POST', '/v1/calls/originate', { from: '1001', to: '+33142685300' })
      assert.equal(unsold.status, 503, JSON.stringify(unsold.json))
      const help = await stage().sipp({
        name: 'prepaid-help',
        remote: `127.0.0.1:${ports.phones}`,
        xml: callerXml({
          user: '1001',
          domain: DOMAIN,
          password: passwordOf('1001'),
          to: '112',
          hangupAfterMs: 300,
        }),
      })
      assert.equal(await help.done, 0)
      assert.equal(finalStatuses(help.messages()).at(-1)?.status, 200)
      assert.equal(invitesOf(emergency.messages(), stale).length, 1)
      assert.deepEqual(invitesOf(called.messages(), stale), [])
    })

    test('prepaid: money for four seconds is four seconds of talk, and the caller is told', async function () {
      this.timeout(60_000)
      await have('0.04')
      receiver.taken.length = 0
      await carrier()
      const caller = await dials('1001')
      await talks()
      await caller.party.done
      assert.deepEqual(await billed(1), [4])
      isTold(caller)
      await holds(0)
      const heard = (): readonly string[] => receiver.taken.map(({ event }) => event.type)
      await until(
        'it is told',
        () => heard().includes('balance.low') && heard().includes('balance.exhausted'),
      )
    })

    test('prepaid: the same where the engine decides between carriers', async function () {
      this.timeout(60_000)
      const { database, house } = stage()
      await have('0.04')
      await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
        failover: { believes: 'status', next: [403], stop: [] },
      })
      try {
        await until('it is a conversation', async () => {
          const told = await ask(
            stage(),
            'GET',
            `/v1/routes/explain?number=${encodeURIComponent(TO)}&from=1001`,
          )
          return JSON.stringify(told.json).includes('the engine decides between attempts')
        })
        await carrier()
        const caller = await dials('1001')
        await talks()
        await caller.party.done
        assert.deepEqual(await billed(1), [4])
        isTold(caller)
        await holds(0)
      } finally {
        await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { failover: null })
      }
    })

    test('prepaid: the same for a call that the API asked for', async function () {
      this.timeout(60_000)
      const { ports } = stage()
      await have('0.04')
      await stage().register('1001')
      await carrier()
      const voice = await startSpeakingParty(await freePort(), silence(60_000))
      voices.push(voice)
      await stage().sipp({
        name: 'prepaid-phone',
        port: ports.phone['1001'],
        xml: partyXml(ANSWERS).replaceAll('m=audio 19998 ', `m=audio ${voice.port} `),
      })
      const { status, json } = await ask(stage(), 'POST', '/v1/calls/originate', { from: '1001', to: TO })
      assert.equal(status, 200, JSON.stringify(json))
      await talks()
      assert.deepEqual(await billed(1), [4])
      const samples = Float64Array.from(voice.heard())
      for (const tone of FALLING) {
        const windows = Array.from({ length: Math.floor(samples.length / 1_600) }, (_, at) =>
          levelOf(tone, [samples.subarray(at * 1_600, (at + 1) * 1_600)], 1_600),
        )
        assert.ok(Math.max(...windows) > 0.2, `${tone} Hz: ${Math.max(...windows)}`)
      }
      await holds(0)
    })

    test('prepaid: money that comes while a call lasts prolongs it; the same payment twice does not', async function () {
      this.timeout(60_000)
      await have('0.04')
      await carrier()
      const caller = await dials('1001')
      await talks()
      await wait(1_500)
      await topUp('0.03')
      const again = await post('/top-ups', { amount: '0.03', key: `payment ${bookings}` })
      assert.equal(again.status, 200, JSON.stringify(again.json))
      const other = await post('/top-ups', { amount: '0.05', key: `payment ${bookings}` })
      assert.equal(other.status, 409)
      await caller.party.done
      assert.deepEqual(await billed(1), [7])
      isTold(caller)
      await holds(0)
    })

    test('prepaid: two calls at once share what is there', async function () {
      this.timeout(60_000)
      await have('0.10')
      await carrier()
      const both = [await dials('1001'), await dials('1002')]
      await talks(2)
      await Promise.all(both.map(({ party }) => party.done))
      const seconds = await billed(2)
      assert.ok(
        seconds.every((one) => one >= 3),
        String(seconds),
      )
      assert.equal(
        seconds.reduce((sum, one) => sum + one, 0),
        10,
      )
      for (const caller of both) isTold(caller)
      await holds(0)
    })

    test('prepaid: whom our user consults is let go when the money is used up, and he is back with whom he left', async function () {
      this.timeout(60_000)
      const { ports } = stage()
      await have('0.04')
      await stage().register('1002')
      await stage().sipp({ name: 'prepaid-1002', port: ports.phone['1002'], xml: partyXml(ANSWERS) })
      await carrier()
      const caller = await dials('1001', '1002')
      await talks()
      const { json } = await ask(stage(), 'GET', '/v1/calls')
      const [call] = json['calls'] as readonly { readonly callId: string }[]
      const asked = await ask(stage(), 'POST', `/v1/calls/${call?.callId ?? ''}/transfer`, {
        ...{ kind: 'attended', to: TO, leg: 'A' },
      })
      assert.equal(asked.status, 200, JSON.stringify(asked.json))
      await until('three legs', async () => (await stage().recorder.channels()).length === 3)
      await until('two legs', async () => (await stage().recorder.channels()).length === 2, 15_000)
      await until('he was told', () => caller.everHeard(FALLING[0]) > 0.2)
      await wait(5_000)
      const left = await stage().recorder.channels()
      assert.equal(left.length, 2, 'the first two talk again')
      for (const uuid of left) await stage().recorder.client.api('uuid_kill', uuid)
      await until('the money is gone', async () => (await balance()).amount <= 0, 15_000)
      const [row] = await stage().database.query<{ seconds: number }>(
        'SELECT sale_seconds AS seconds FROM call_detail_records WHERE call_id = $1 AND sale_amount > 0',
        [call?.callId],
      )
      assert.equal(row?.seconds, 4)
      await holds(0)
    })

    test('prepaid-engine-killed: the switch itself ends the call after its grace, the caller is told, the ledger is right', async function () {
      this.timeout(90_000)
      const { engine } = stage()
      await have('0.04')
      await carrier()
      const caller = await dials('1001')
      await talks()
      await wait(1_500)
      await engine.kill()
      await caller.party.done
      isTold(caller)
      await engine.start()
      const [seconds = 0] = await billed(1)
      // Four seconds, and three of grace; the switch's scheduler knows whole seconds.
      console.log(`      ${seconds} s with an engine that was killed`)
      assert.ok(seconds >= 6 && seconds <= 9, String(seconds))
      await holds(Number((0.04 - seconds / 100).toFixed(8)))
    })

    test('prepaid-engine-killed: an engine that comes back goes on with the calls that it had', async function () {
      this.timeout(90_000)
      const { engine } = stage()
      await have('5')
      await carrier()
      const caller = await dials('1001')
      await talks()
      const began = Date.now()
      await wait(2_000)
      await engine.kill()
      await engine.start()
      // Reserved were ten seconds, and three are the grace: beyond both.
      await wait(Math.max(0, began + 20_000 - Date.now()))
      assert.equal((await stage().recorder.channels()).length, 2, 'the call goes on')
      assert.ok((await balance()).reserved > 0.2, 'what it costs so far is reserved')
      for (const uuid of await stage().recorder.channels())
        await stage().recorder.client.api('uuid_kill', uuid)
      await caller.party.done
      const [seconds = 0] = await billed(1)
      assert.ok(seconds >= 20, String(seconds))
      await holds(Number((5 - seconds / 100).toFixed(8)))
      // The switch's scheduler forgets what was deleted at its next turn.
      let tasks = ''
      await until('no limit is left in the switch', async () => {
        tasks = await stage().recorder.client.api('show', 'tasks as json')
        return !tasks.includes('prepaid-')
      }).catch(() => assert.fail(tasks))
    })
  },
  {
    engineEnvironment: {
      PREPAID_RESERVE: '10',
      PREPAID_GRACE: '3',
      WEBHOOK_ALLOW_HTTP: 'true',
      WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    },
  },
)
