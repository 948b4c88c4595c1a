/** What is made of FreeSWITCH's RTP statistics: rows measured on 1.10.12, with what a counter behind the line saw. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { openPost } from '../../src/cdr/post.ts'
import { qualityOf, type Quality } from '../../src/cdr/quality.ts'

const of = (stats: Readonly<Record<string, string>>, codec = 'PCMA', ptime = '20'): Quality | undefined =>
  qualityOf(
    openPost({
      variables: {
        rtp_use_codec_name: codec,
        rtp_use_codec_ptime: ptime,
        ...Object.fromEntries(Object.entries(stats).map(([name, value]) => [`rtp_audio_in_${name}`, value])),
      },
    }),
  )

const stats = (
  packets: number,
  interval: string,
  flaws: number,
  least: string,
  most: string,
  lossRate: string,
  mos: string,
) => ({
  media_packet_count: String(packets),
  mean_interval: interval,
  flaw_total: String(flaws),
  jitter_min_variance: least,
  jitter_max_variance: most,
  jitter_loss_rate: lossRate,
  mos,
})

suite('cdr: quality', () => {
  // Measured: statistics; truly lost in percent; what of it is told; MOS that is told. The switch's own MOS is the last one.
  const MEASURED = [
    ['no loss', stats(699, '20.12', 7, '0.04', '55.30', '0.00', '4.48'), 0, 0.6, 4.37],
    ['2 % loss', stats(676, '20.66', 61, '0.57', '89.71', '0.03', '4.34'), 2.52, 3.19, 4.12],
    ['5 % loss', stats(666, '20.97', 92, '19.43', '87.68', '0.05', '4.20'), 4.6, 4.63, 3.94],
    ['10 % loss', stats(631, '22.05', 173, '0.25', '147.50', '0.11', '3.69'), 9.36, 9.3, 3.43],
    ['5 ms of jitter', stats(698, '20.00', 0, '33.33', '127.83', '0.00', '4.50'), 0, 0, 4.38],
    [
      '30 ms of jitter, packets overtake',
      stats(693, '20.06', 205, '60.38', '800.00', '0.53', '3.55'),
      0,
      0.3,
      4.37,
    ],
    ['both', stats(668, '20.49', 640, '57.14', '208.24', '0.48', '0.99'), 2.23, 2.39, 4.16],
  ] as const
  for (const [name, given, lost, loss, mos] of MEASURED) {
    test(`measured: ${name}`, () => {
      const told = of(given)
      assert.ok(told !== undefined)
      assert.ok(Math.abs(told.packetLossPercent - loss) < 0.02, `loss ${told.packetLossPercent}`)
      assert.ok(Math.abs(told.packetLossPercent - lost) < 1, `${told.packetLossPercent} of ${lost}`)
      assert.ok(Math.abs(told.mos - mos) < 0.03, `MOS ${told.mos}`)
    })
  }

  test('jitter grows with jitter, and loss alone is none', () => {
    const jitter = (at: number): number => of(MEASURED[at]?.[1] ?? {})?.jitterMs ?? Number.NaN
    assert.ok(jitter(0) < 2, `${jitter(0)}`)
    assert.equal(jitter(3), 0)
    assert.ok(jitter(4) > 4 && jitter(4) < 10, `${jitter(4)}`)
    assert.ok(jitter(5) > jitter(4), `${jitter(5)}`)
  })

  const NOTHING: readonly (readonly [string, Record<string, string>])[] = [
    ['no statistics', {}],
    ['no packet, with a MOS of 4.50', stats(0, '0.00', 0, '0.00', '0.00', '0.00', '4.50')],
    ['less than a second', stats(49, '20.00', 0, '0.00', '0.00', '0.00', '4.50')],
    ['an interval that is no number', { ...stats(500, 'nan', 0, '0.00', '0.00', '0.00', '4.50') }],
    [
      'a negative count',
      { ...stats(500, '20.00', 0, '0.00', '0.00', '0.00', '4.50'), media_packet_count: '-5' },
    ],
  ]
  for (const [name, given] of NOTHING)
    test(`nothing is told of ${name}`, () => assert.equal(of(given), undefined))

  test('a party that is silent at times lost nothing', () => {
    // Half the packets were never sent: no sequence number lacks.
    assert.equal(of(stats(1_500, '40.00', 0, '1.00', '400.00', '0.00', '4.50'))?.packetLossPercent, 0)
    // The switch counts a flaw for each 20 ms of a longer silence.
    const silent =
      of(stats(1_500, '40.00', 1_500, '1.00', '400.00', '0.00', '1.00'))?.packetLossPercent ?? 100
    assert.ok(silent < 1, `${silent}`)
  })

  test('a party that sends other frames than agreed lost nothing', () => {
    assert.equal(of(stats(1_000, '30.00', 0, '1.00', '4.00', '0.00', '4.50'))?.packetLossPercent, 0)
    assert.equal(
      of(stats(1_000, '30.00', 0, '1.00', '4.00', '0.00', '4.50'), 'PCMA', '30')?.packetLossPercent,
      0,
    )
  })

  test('a codec that compresses is told worse than one that does not, and suffers more', () => {
    const clean = stats(1_000, '20.00', 0, '0.00', '0.00', '0.00', '4.50')
    const lossy = stats(1_000, '20.62', 31, '0.00', '0.00', '0.03', '4.50')
    const mos = (codec: string, given: Record<string, string>): number => of(given, codec)?.mos ?? 0
    assert.ok(mos('PCMU', clean) > 4.35 && mos('PCMU', clean) <= 4.41)
    assert.equal(mos('PCMU', clean), mos('opus', clean))
    assert.ok(mos('G729', clean) < 4.15)
    assert.ok(mos('G729', clean) - mos('G729', lossy) > mos('PCMU', clean) - mos('PCMU', lossy))
  })

  test('whatever the switch says, the scale is kept', () => {
    const number = fc.oneof(
      fc.nat(2_000_000_000).map(String),
      fc.double({ min: 0, noNaN: true }).map((n) => n.toFixed(2)),
      fc.string(),
    )
    fc.assert(
      fc.property(
        number,
        number,
        number,
        number,
        number,
        number,
        (...[packets, interval, flaws, least, most, rate]) => {
          const told = of({
            media_packet_count: packets,
            mean_interval: interval,
            flaw_total: flaws,
            jitter_min_variance: least,
            jitter_max_variance: most,
            jitter_loss_rate: rate,
          })
          if (told === undefined) return
          assert.ok(told.mos >= 1 && told.mos <= 4.5, `MOS ${told.mos}`)
          assert.ok(
            told.packetLossPercent >= 0 && told.packetLossPercent <= 100,
            `loss ${told.packetLossPercent}`,
          )
          assert.ok(told.jitterMs >= 0 && told.jitterMs <= 10_000, `jitter ${told.jitterMs}`)
        },
      ),
    )
  })
})
