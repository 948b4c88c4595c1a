/** Records that do not come: from the hangup event, from the picture of a switch that died, and late ones that correct them. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { buildCdr } from '../../src/cdr/build.ts'
import { documentOfEnd, pictureOf } from '../../src/cdr/estimate.ts'
import { readPost } from '../../src/cdr/post.ts'
import { startReceiver, type Receiver } from '../integration/receiver.ts'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { freePort, until } from './net.ts'
import { callerXml, partyXml, withReinvite } from './sipp-xml.ts'
import { CONFIGURATION } from './switch-process.ts'

const TO = '+442079460123'
const WAIT_MS = 3_000

/** Where the switch posts: to a door that refuses, so that its records are files that the engine does not see. */
const refusing = { port: await freePort() }
const seenByEngine = mkdtempSync(join(tmpdir(), 'strowger-no-cdrs-'))

const configuration = (folder: string): string => {
  const copy = join(folder, 'conf')
  cpSync(CONFIGURATION, copy, { recursive: true })
  const cdr = join(copy, 'autoload_configs', 'json_cdr.conf.xml')
  const text = readFileSync(cdr, 'utf8')
  assert.match(text, /\$\$\{strowger_url\}\/freeswitch\/cdr/)
  writeFileSync(
    cdr,
    text.replace('$${strowger_url}/freeswitch/cdr', `http://127.0.0.1:${refusing.port}/freeswitch/cdr`),
  )
  for (const profile of ['phones.xml', 'trunks.xml']) {
    const path = join(copy, 'sip_profiles', profile)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('<settings>', '<settings><param name="track-calls" value="true"/>'),
    )
  }
  return copy
}

type Row = {
  readonly leg: string
  readonly leg_uuid: string
  readonly estimate: string | null
  readonly estimated: boolean
  readonly corrected_at: number | null
  readonly billable_seconds: number
  readonly duration_seconds: number
  readonly hangup_cause: string
  readonly disposition: string
  readonly total_cost: string | null
  readonly attempts: number
}

type Losing = {
  /** Before the switch is killed ... */
  readonly first?: () => Promise<void>
  /** ... and after. */
  readonly then: () => Promise<void>
  readonly leastSeconds: number
}

live(
  'records that do not come',
  (stage) => {
    let door: Server
    let receiver: Receiver
    suiteSetup(async () => {
      door = createServer((request, response) => {
        request.resume()
        request.on('end', () => response.writeHead(503).end())
      })
      door.listen(refusing.port, '127.0.0.1')
      await once(door, 'listening')
      receiver = await startReceiver()
      const { status, json } = await stage().engine.api('/v1/webhooks', {
        url: `${receiver.url}/hook`,
        events: ['cdr.*'],
        organizationId: stage().house.organizationId,
      })
      assert.equal(status, 201, JSON.stringify(json))
      await new Promise((resolve) => setTimeout(resolve, 300))
    })
    suiteTeardown(async () => {
      door.close()
      await receiver.close()
      rmSync(seenByEngine, { recursive: true, force: true })
    })

    const rowsOf = (legs: readonly string[]): Promise<readonly Row[]> =>
      stage().database.query<Row>(
        `SELECT leg, leg_uuid::text, estimate, estimated, corrected_at, billable_seconds, duration_seconds, hangup_cause,
           disposition, total_cost,
           (SELECT count(*)::int FROM call_attempts WHERE a_leg_uuid = call_detail_records.leg_uuid) AS attempts
         FROM call_detail_records WHERE leg_uuid = ANY($1::uuid[]) ORDER BY leg, start_time`,
        [legs],
      )
    const call = async (name: string, hangupAfterMs: number): Promise<void> => {
      const { ports, sipp } = stage()
      await sipp({
        name,
        remote: `127.0.0.1:${ports.phones}`,
        xml: callerXml({
          user: '1001',
          domain: DOMAIN,
          password: passwordOf('1001'),
          to: TO,
          hangupAfterMs,
        }),
      })
    }
    const files = (): readonly string[] =>
      readdirSync(stage().freeswitch.cdrFolder).filter((name) => name.endsWith('.cdr.json'))
    const fileOf = (legUuid: string): string => {
      const name = files().find((each) => each.includes(legUuid))
      assert.ok(name !== undefined, `the switch left no file of ${legUuid}`)
      return join(stage().freeswitch.cdrFolder, name)
    }
    const giveToEngine = (legUuid: string): void => {
      const path = fileOf(legUuid)
      renameSync(path, join(seenByEngine, basename(path)))
    }
    const post = async (body: Buffer): Promise<number> => {
      const reply = await fetch(`http://127.0.0.1:${stage().ports.http}/freeswitch/cdr`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from('switch:live-xml-curl').toString('base64')}`,
        },
      })
      await reply.text()
      return reply.status
    }
    const corrections = (legUuid: string) =>
      receiver.taken.filter(
        ({ event }) =>
          event.type === 'cdr.corrected' &&
          JSON.stringify((event as Record<string, unknown>)['leg']) === JSON.stringify({ legUuid }),
      )
    const metric = async (line: RegExp): Promise<number> => {
      const { engine, ports } = stage()
      const token = readFileSync(join(stage().folder, 'engine', 'admin-token'), 'utf8').trim()
      assert.ok(engine.isRunning())
      const reply = await fetch(`http://127.0.0.1:${ports.http}/metrics`, {
        headers: { authorization: `Bearer ${token}` },
      })
      return Number(line.exec(await reply.text())?.[1] ?? Number.NaN)
    }

    test('estimated-from-event: no post and no file; the record is written from the event, and a late post corrects it once', async () => {
      const { ports, recorder, sipp, engine } = stage()
      await sipp({ name: 'estimated-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
      await sipp({ name: 'estimated-B', port: ports.carrier.B, xml: partyXml(ANSWERS) })
      await call('estimated-caller', 1_200)
      await until('three legs ended', () => recorder.hungUp().size === 3, 15_000)
      const legs = [...recorder.hungUp().keys()]
      assert.deepEqual(await rowsOf(legs), [])
      const estimated = await until(
        'three estimated records',
        async () => {
          const rows = await rowsOf(legs)
          return rows.length === 3 && rows
        },
        15_000,
      )
      assert.deepEqual(
        estimated.map(({ leg, estimate, estimated: flag, disposition, attempts }) => ({
          leg,
          estimate,
          flag,
          disposition,
          attempts,
        })),
        [
          { leg: 'A', estimate: 'from-event', flag: true, disposition: 'ANSWERED', attempts: 3 },
          { leg: 'B', estimate: 'from-event', flag: true, disposition: 'FAILED', attempts: 0 },
          { leg: 'B', estimate: 'from-event', flag: true, disposition: 'ANSWERED', attempts: 0 },
        ],
      )
      // The event knows what the post would have said.
      for (const [legUuid, event] of recorder.hungUp()) {
        const { estimate, ...fromEvent } = buildCdr(documentOfEnd(pictureOf(event, 'all')))
        assert.equal(estimate, 'from-event')
        assert.deepEqual(fromEvent, buildCdr(readPost(readFileSync(fileOf(legUuid)))))
      }
      const shown = await engine.api(`/v1/cdrs?legs=true&limit=10`)
      const json = JSON.stringify(shown.json)
      for (const legUuid of legs) assert.match(json, new RegExp(legUuid))
      assert.match(json, /"estimate":"from-event"/)

      // Late, doubled, and one of them with another end than the event told.
      const [, , answered] = estimated
      assert.ok(answered !== undefined)
      const late = readFileSync(fileOf(answered.leg_uuid)).toString()
      const end = /"end_uepoch":"(\d+)"/.exec(late)?.[1] ?? ''
      assert.notEqual(end, '')
      const longer = late.replaceAll(end, String(Number(end) + 120_000_000))
      assert.equal(await post(Buffer.from(longer)), 200)
      assert.equal(await post(Buffer.from(longer)), 200)
      assert.equal(await post(Buffer.from(late)), 200)
      const corrected = await until('the record is corrected', async () => {
        const [row] = await rowsOf([answered.leg_uuid])
        return row?.corrected_at !== null && row
      })
      assert.equal(corrected.estimate, null)
      assert.equal(corrected.estimated, false)
      assert.equal(corrected.billable_seconds, answered.billable_seconds + 120)
      assert.ok(Number(corrected.total_cost) > Number(answered.total_cost))
      await until('the correction is told', () => corrections(answered.leg_uuid).length === 1)
      const [told] = corrections(answered.leg_uuid)
      assert.deepEqual((told?.event as Record<string, unknown>)['changed'], [
        'durationSeconds',
        'billableSeconds',
        'cost',
      ])
      // The others come as files.
      for (const { leg_uuid: legUuid } of estimated.slice(0, 2)) {
        giveToEngine(legUuid)
      }
      await until('all are corrected', async () =>
        (await rowsOf(legs)).every(({ corrected_at: at, estimate }) => at !== null && estimate === null),
      )
      await until('each is told', () => legs.every((legUuid) => corrections(legUuid).length === 1))
      assert.equal((await rowsOf(legs))[0]?.attempts, 3)
      assert.equal(await metric(/^strowger_cdr_estimated_total\{kind="from-event"\} (\d+)$/m), 3)
      assert.equal(await metric(/^strowger_cdr_corrected_total (\d+)$/m), 3)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      for (const legUuid of legs) assert.equal(corrections(legUuid).length, 1)
    })

    test('estimated-in-time: a record that the switch left while the engine was killed is no estimate', async () => {
      const { ports, recorder, sipp, engine } = stage()
      await sipp({ name: 'in-time-A', port: ports.carrier.A, xml: partyXml(HANGS_UP) })
      await call('in-time-caller', 20_000)
      await until('two legs ended', () => recorder.hungUp().size === 2, 15_000)
      const legs = [...recorder.hungUp().keys()]
      await engine.kill()
      for (const legUuid of legs) giveToEngine(legUuid)
      await engine.start()
      await until('two records', async () => (await rowsOf(legs)).length === 2)
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS + 1_500))
      for (const row of await rowsOf(legs)) {
        assert.equal(row.estimate, null)
        assert.equal(row.corrected_at, null)
      }
    })

    test('estimated-engine-killed: what was due is due after kill -9', async () => {
      const { ports, recorder, sipp, engine } = stage()
      await sipp({ name: 'due-A', port: ports.carrier.A, xml: partyXml(HANGS_UP) })
      await call('due-caller', 20_000)
      await until('two legs ended', () => recorder.hungUp().size === 2, 15_000)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await engine.kill()
      await engine.start()
      const legs = [...recorder.hungUp().keys()]
      await until('two estimated records', async () => (await rowsOf(legs)).length === 2, 15_000)
      for (const row of await rowsOf(legs)) assert.equal(row.estimate, 'from-event')
    })

    const loseTwoTalks = async (name: string, { first, then, leastSeconds }: Losing): Promise<void> => {
      const { ports, recorder, sipp, freeswitch } = stage()
      await sipp({ name: `${name}-A`, port: ports.carrier.A, xml: partyXml(ANSWERS) })
      await call(`${name}-caller-1`, 60_000)
      await call(`${name}-caller-2`, 60_000)
      await until('two talks', () => recorder.counts().get('CHANNEL_BRIDGE') === 2, 15_000)
      const legs = [...recorder.created()]
      assert.equal(legs.length, 4)
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      const answeredAt = Date.now() - 3_000
      await first?.()
      await freeswitch.kill()
      const longest = Math.ceil((Date.now() - answeredAt) / 1_000) + 2
      await then()
      const rows = await until(
        'four estimated records',
        async () => {
          const found = await rowsOf(legs)
          return found.length === 4 && found
        },
        40_000,
      )
      for (const row of rows) {
        assert.equal(row.estimate, 'switch-lost')
        assert.equal(row.hangup_cause, 'NORMAL_TEMPORARY_FAILURE')
        assert.equal(row.disposition, 'ANSWERED')
        assert.ok(
          row.billable_seconds >= leastSeconds && row.billable_seconds <= longest,
          String(row.billable_seconds),
        )
        assert.equal(row.attempts, row.leg === 'A' ? 3 : 0)
        assert.equal(row.total_cost !== null, row.leg === 'B')
      }
      await until('the engine is ready', async () => {
        const reply = await fetch(`http://127.0.0.1:${ports.http}/ready`)
        return reply.status === 200
      })
    }

    test('estimated-switch-lost: the switch is killed in two talks; their legs are closed at the last that was heard of it', () =>
      // A process that dies closes its sockets: that moment is known.
      loseTwoTalks('lost', { then: stage().freeswitch.startAgain, leastSeconds: 3 }))

    test('estimated-both-lost: the engine is killed with the switch, and a new one closes the legs', () =>
      // The last that was heard is what the engine asked every two seconds.
      loseTwoTalks('both', {
        first: stage().engine.kill,
        then: async () => {
          await stage().freeswitch.startAgain()
          await stage().engine.start()
        },
        leastSeconds: 1,
      }))

    test('estimated-recovered: a switch that died recovers its legs; they live again, and their own records correct the estimates', async () => {
      const { ports, recorder, sipp, freeswitch } = stage()
      // What earlier switches lost is not brought back.
      await recorder.client.api('sofia', 'recover flush')
      await sipp({ name: 'recovered-A', port: ports.carrier.A, xml: withReinvite(partyXml(ANSWERS)) })
      await sipp({
        name: 'recovered-caller',
        remote: `127.0.0.1:${ports.phones}`,
        xml: withReinvite(callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: TO })),
      })
      await until('they talk', () => recorder.counts().get('CHANNEL_BRIDGE') === 1, 15_000)
      const legs = [...recorder.created()]
      assert.equal(legs.length, 2)
      // The table of what may be recovered is written behind.
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      await freeswitch.kill()
      await freeswitch.startAgain()
      const estimated = await until(
        'two estimated records',
        async () => {
          const found = await rowsOf(legs)
          return found.length === 2 && found
        },
        40_000,
      )
      for (const row of estimated) assert.equal(row.estimate, 'switch-lost')
      await until('the recorder is back', () => recorder.client.state() === 'up')
      assert.match(await recorder.client.api('sofia', 'recover'), /Recovered 2 call/)
      await until('both legs live again', async () => {
        const alive = await recorder.channels()
        return legs.every((leg) => alive.includes(leg))
      })
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      await recorder.client.api('hupall', 'NORMAL_CLEARING')
      await until('both legs have ended', () => legs.every((leg) => recorder.hungUp().has(leg)))
      for (const legUuid of legs) assert.equal(await post(readFileSync(fileOf(legUuid))), 200)
      await until('both are corrected', async () =>
        (await rowsOf(legs)).every(({ corrected_at: at, estimate }) => at !== null && estimate === null),
      )
      // The talk goes on in one record, from its first answer to its end.
      for (const [index, row] of (await rowsOf(legs)).entries()) {
        assert.ok(row.billable_seconds > (estimated[index]?.billable_seconds ?? Number.NaN))
        assert.ok(row.duration_seconds >= row.billable_seconds)
        assert.equal(row.hangup_cause, 'NORMAL_CLEARING')
      }
      await until('each is told', () => legs.every((legUuid) => corrections(legUuid).length === 1))
    })
  },
  {
    configuration,
    engineEntry: 'test/live/impatient-engine.ts',
    engineEnvironment: {
      RECORD_WAIT_MS: String(WAIT_MS),
      FREESWITCH_CDR_DIR: seenByEngine,
      WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      WEBHOOK_ALLOW_HTTP: 'true',
    },
  },
)
