/** What a record says of a line follows what the line did: loss and jitter that we made, and counted behind it. */
import assert from 'node:assert/strict'
import { babble } from '../support/line-sound.ts'
import { ANSWERS, openScene } from './answering-stage.ts'
import { startImpairedVoice, type Line, type Passed } from './impaired-voice.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { partyXml } from './sipp-xml.ts'

type Told = {
  readonly mosScore: number | null
  readonly jitterMs: number | null
  readonly packetLossPercent: number | null
  readonly postDialDelayMs: number | null
  readonly disposition: string
  readonly leg: string
}

const TALK_MS = 12_000
/** Percent. */
const SLACK = 1.5
const LINES: Readonly<Record<string, Line>> = {
  'a clean line': { lossPercent: 0, jitterMs: 0 },
  '2 % loss': { lossPercent: 2, jitterMs: 0 },
  '10 % loss': { lossPercent: 10, jitterMs: 0 },
  '30 ms of jitter': { lossPercent: 0, jitterMs: 30 },
  '2 % loss and 30 ms of jitter': { lossPercent: 2, jitterMs: 30 },
}

live(
  'quality',
  (stage) => {
    const scene = openScene(stage)
    teardown(scene.close)
    const found = new Map<string, { readonly told: Told; readonly passed: Passed; readonly of: string }>()

    const recordsOf = async (callId: string): Promise<readonly Told[]> =>
      until(
        'both records',
        async () => {
          const { json } = await stage().engine.api(`/v1/cdrs?call=${callId}&legs=true`)
          const cdrs = json['cdrs'] as readonly Told[]
          return ['A', 'B'].every((one) => cdrs.some(({ leg }) => leg === one)) && cdrs
        },
        15_000,
      )

    Object.entries(LINES).forEach(([name, line], index) => {
      test(`quality: ${name}`, async function () {
        const { ports, register, sipp, recorder } = stage()
        await register('1001')
        await scene.party('quality-1001', ports.phone['1001'], babble(TALK_MS + 5_000))
        const voice = await startImpairedVoice(line, index + 1)
        try {
          const xml = partyXml(ANSWERS).replaceAll('m=audio 19998 ', `m=audio ${voice.port} `)
          await sipp({ name: 'quality-carrier', port: ports.carrier.A, xml })
          const callId = scene.dial({})
          await scene.bridged(callId)
          await new Promise((resolve) => setTimeout(resolve, TALK_MS))
          const passed = voice.passed()
          await recorder.client.api('uuid_kill', callId)
          const ended = await scene.ended(scene.callees(callId)[0] ?? '')
          const number = (name: string): number =>
            Number(ended.variable(`rtp_audio_in_${name}`) ?? Number.NaN)
          // What a switch that comes too late to its socket throws away (switch_rtp.c, do_flush) is lost as well.
          const flushed = (number('flush_packet_count') / number('packet_count')) * 100
          const records = await recordsOf(callId)
          const told = records.find(({ leg }) => leg === 'B')
          const phone = records.find(({ leg }) => leg === 'A')
          assert.ok(told !== undefined && phone !== undefined, JSON.stringify(records))
          console.log(
            `      ${voice.by}: lost ${passed.lossPercent.toFixed(2)} % (${passed.missingPercent.toFixed(2)} % missing) and ${flushed.toFixed(2)} % in the switch, told ${told.packetLossPercent}; jitter ${passed.jitterMs.toFixed(1)} ms, intervals off by ${passed.spacingMs.toFixed(1)} ms, told ${told.jitterMs}; MOS ${told.mosScore}; the phone ${phone.packetLossPercent} %, MOS ${phone.mosScore}; the switch: MOS ${number('mos')}, interval ${number('mean_interval')}, flaws ${number('flaw_total')}, packets ${number('media_packet_count')}`,
          )
          found.set(name, { told, passed, of: voice.by })
          assert.ok(passed.sent > 400, `${passed.sent} packets were sent`)
          const loss = told.packetLossPercent ?? 100
          assert.ok(
            loss > passed.lossPercent - SLACK &&
              loss < Math.max(passed.lossPercent, passed.missingPercent) + flushed + SLACK,
            `${loss} % told, ${passed.lossPercent} % lost, ${flushed} % thrown away`,
          )
          assert.ok((told.postDialDelayMs ?? 0) > 0 && (told.postDialDelayMs ?? 0) < 5_000)
          // Nobody impaired the phone's own line.
          assert.ok((phone.mosScore ?? 0) > 3.5, JSON.stringify(phone))
        } finally {
          await voice.stop()
        }
      })
    })

    test('quality: what is worse is told worse', function () {
      const of = (name: string): Told => {
        const one = found.get(name)
        if (one === undefined) return this.skip()
        return one.told
      }
      const inOrder = (
        figure: 'mosScore' | 'jitterMs' | 'packetLossPercent',
        ...names: readonly string[]
      ): void => {
        const values = names.map((name) => of(name)[figure] ?? Number.NaN)
        assert.ok(
          values.every((value, at) => at === 0 || value > (values[at - 1] ?? Number.NaN)),
          `${figure} of ${names.join(', ')}: ${values.join(', ')}`,
        )
      }
      inOrder('packetLossPercent', 'a clean line', '2 % loss', '10 % loss')
      inOrder('mosScore', '10 % loss', '2 % loss', 'a clean line')
      const still = of('a clean line').jitterMs ?? 0
      if (still > 3) {
        console.log(
          `      not run for jitter: this machine was so busy that a clean line had ${still} ms of it`,
        )
        return
      }
      inOrder('jitterMs', 'a clean line', '30 ms of jitter')
      // Jitter alone costs the score hundredths: a listener's buffer takes it up.
      inOrder('mosScore', '2 % loss and 30 ms of jitter', 'a clean line')
    })

    test('quality: the reports say the same as the records', async () => {
      const { engine, house } = stage()
      type Row = Readonly<Record<string, number | string | null>>
      const rowsOf = async (path: string): Promise<readonly Row[]> => {
        const { json } = await engine.api(`/v1/reports/${path}`)
        return json['pending'] === 0 ? (json['rows'] as readonly Row[]) : []
      }
      const carriers = await until(
        'the records are counted',
        async () => {
          const rows = await rowsOf(`carriers?organization=${house.organizationId}`)
          return rows.length > 0 && rows
        },
        20_000,
      )
      const [one] = await stage().database.query<Row>(
        `SELECT count(*)::float8 AS seizures, count(answer_time)::float8 AS answered, sum(billable_seconds)::float8 AS talk,
         round(avg(mos_score), 2)::float8 AS mos, count(mos_score)::float8 AS measured,
         round(avg(packet_loss_pct), 2)::float8 AS loss,
         round(avg(extract(epoch FROM progress_time - start_time)) * 1000)::float8 AS pdd
       FROM call_detail_records WHERE leg = 'B' AND carrier_name = 'Carrier A'`,
      )
      const told = carriers.find(({ carrierName }) => carrierName === 'Carrier A')
      assert.ok(one !== undefined && told !== undefined, JSON.stringify(carriers))
      assert.deepEqual(
        [told['seizures'], told['answered'], told['talkSeconds'], told['measured'], told['asr'], told['ner']],
        [one['seizures'], one['answered'], one['talk'], one['measured'], 100, 100],
      )
      for (const [figure, value, slack] of [
        ['mos', one['mos'], 0.011],
        ['packetLossPercent', one['loss'], 0.011],
        ['pddMs', one['pdd'], 1],
      ] as const)
        assert.ok(
          Math.abs(Number(told[figure]) - Number(value)) <= slack,
          `${figure}: ${told[figure]}, ${value}`,
        )
      const hours = await rowsOf(`hourly?organization=${house.organizationId}`)
      const [calls] = await stage().database.query<{ count: number }>(
        `SELECT count(*)::float8 AS count FROM call_detail_records WHERE leg = 'A'`,
      )
      assert.equal(
        hours.reduce((sum, row) => sum + Number(row['outboundCalls']), 0),
        calls?.count,
      )
      console.log(`      ${JSON.stringify(told)}`)
    })

    test('quality: a party of whom nothing was heard has no score, whatever the switch says', async () => {
      const { ports, register, sipp, recorder } = stage()
      await register('1001')
      await scene.party('quality-1001', ports.phone['1001'], babble(5_000))
      await sipp({ name: 'quality-mute', port: ports.carrier.A, xml: partyXml(ANSWERS) })
      const callId = scene.dial({})
      await scene.bridged(callId)
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      const [callee = ''] = scene.callees(callId)
      await recorder.client.api('uuid_kill', callId)
      const ended = await scene.ended(callee)
      assert.equal(ended.variable('rtp_audio_in_mos'), '4.50')
      assert.equal(ended.variable('rtp_audio_in_media_packet_count'), '0')
      const told = (await recordsOf(callId)).find(({ leg }) => leg === 'B')
      assert.deepEqual([told?.mosScore, told?.packetLossPercent, told?.disposition], [null, null, 'ANSWERED'])
    })
  },
  {},
)
