/**
 * How the party of a leg was heard: loss, jitter and a mean opinion score, from the RTP statistics that FreeSWITCH leaves
 * as variables (switch_core_media.c, set_stats). Those are taken for what they measure, not for what they say:
 *
 * - `rtp_audio_in_mos` is not believed. It is 4.50 where not one packet came, knows no jitter, and takes each packet that
 *   overtook another for a loss with a growing penalty (switch_rtp.c, do_mos): 2 % loss with 30 ms of jitter read 0.99,
 *   below the end of the scale. Ours is the E-model's (ITU-T G.107), from loss and jitter alone.
 * - `in_mean_interval` is the time between two packets, on average. A party that sends every 20 ms and is heard every
 *   20.4 lost 2 %: within half a percent of the truth. Silence suppression stretches it, so `in_flaw_total` (packets that
 *   the sequence numbers lack, and penalties) bounds it, and `in_jitter_loss_rate`, which silence does not move but which
 *   is up to five seconds old.
 * - `in_jitter_min_variance` is the least that the running variance of that interval was; its last value is not told, and
 *   the greatest is that of one hiccup when the call began. So jitter is told low rather than made up; what lost packets
 *   add to it is taken off.
 */
import type { Post } from './post.ts'

export type Quality = {
  /** 1 to 4.5, in hundredths. Narrowband: nothing that is heard at 8 kHz is better than 4.41. */
  readonly mos: number
  readonly jitterMs: number
  /** 0 to 100. */
  readonly packetLossPercent: number
}

/** Undefined: nothing was heard, or too little to judge. */
export const qualityOf = (post: Post): Quality | undefined => {
  const packets = numberOf(post, 'rtp_audio_in_media_packet_count')
  const interval = numberOf(post, 'rtp_audio_in_mean_interval')
  if (packets === undefined || packets < FEWEST_PACKETS || interval === undefined || interval <= 0)
    return undefined
  const ptime = numberOf(post, 'rtp_use_codec_ptime') ?? 0
  const every = ptime > 0 ? ptime : USUAL_PTIME_MS
  const loss = lossOf({
    packets,
    byInterval: 1 - every / interval,
    flaws: numberOf(post, 'rtp_audio_in_flaw_total') ?? 0,
    lossRate: numberOf(post, 'rtp_audio_in_jitter_loss_rate'),
    every,
  })
  const jitterMs = jitterOf(numberOf(post, 'rtp_audio_in_jitter_min_variance') ?? 0, every, loss)
  const codec = (post.variable('rtp_use_codec_name') ?? post.variable('read_codec') ?? '').toUpperCase()
  return {
    mos: hundredths(opinionOf(ratingOf({ loss, jitterMs, every, codec }))),
    jitterMs: hundredths(jitterMs),
    packetLossPercent: hundredths(loss * 100),
  }
}

/** One second of speech. */
const FEWEST_PACKETS = 50
const USUAL_PTIME_MS = 20
/** How old jitter_loss_rate may be (switch_rtp.c, next_stat_check_time). */
const STALE_MS = 5_000
/** `%0.2f` of a share. */
const ROUNDING = 0.005

type Losses = {
  readonly packets: number
  readonly byInterval: number
  readonly flaws: number
  readonly lossRate: number | undefined
  readonly every: number
}

/** The share of what was sent, 0 to 1. Both counts err upward, each for another reason: the smaller one stands. */
const lossOf = ({ packets, byInterval, flaws, lossRate, every }: Losses): number => {
  const missing = (byInterval / (1 - byInterval)) * packets
  const lost = Math.max(0, Math.min(missing, flaws))
  const seen = lossRate === undefined ? undefined : (lossRate + ROUNDING) * packets
  // More is missing than the last seconds can have lost: the party was silent, and sent nothing.
  const kept = seen !== undefined && lost > seen + STALE_MS / every ? seen : lost
  return kept / (packets + kept)
}

/**
 * Milliseconds, on the scale of RFC 3550 (6.4.1): the mean deviation of transit times, 0.8 of the standard deviation of
 * the intervals. Lost packets stretch intervals as a geometric distribution does, by ptime² × loss / (1 - loss)².
 */
const jitterOf = (least: number, every: number, loss: number): number => {
  const variance = least - (every ** 2 * loss) / (1 - loss) ** 2
  return Math.min(LONGEST_JITTER_MS, MEAN_OF_DEVIATION * Math.sqrt(Math.max(0, variance)))
}

/** sqrt(2 / pi): the mean of a normal deviation. */
const MEAN_OF_DEVIATION = 0.8
/** What numeric(8,2) holds with room; whoever has more has no call. */
const LONGEST_JITTER_MS = 10_000

type Heard = {
  readonly loss: number
  readonly jitterMs: number
  readonly every: number
  readonly codec: string
}

/**
 * The rating factor R of ITU-T G.107 with its default values (93.2), less the delay that is known here (a frame, and a
 * jitter buffer of twice the jitter) and less the codec's impairment under random loss:
 * Ie,eff = Ie + (95 - Ie) × Ppl / (Ppl + Bpl). What comes too late for the listener's buffer is lost to him: delays are
 * taken to fall off exponentially. What the line itself delays is not known, and is left out.
 */
const ratingOf = ({ loss, jitterMs, every, codec }: Heard): number => {
  const delayMs = every + 2 * jitterMs
  const late = jitterMs > 0 ? Math.exp(-BUFFER_MS / jitterMs) : 0
  const byDelay = 0.024 * delayMs + (delayMs > 177.3 ? 0.11 * (delayMs - 177.3) : 0)
  const [impairment, robustness] = CODECS[codec] ?? G711
  const lossPercent = (loss + late * (1 - loss)) * 100
  const byLoss = impairment + ((95 - impairment) * lossPercent) / (lossPercent + robustness)
  return 93.2 - byDelay - byLoss
}

/** As phones have it: three frames. */
const BUFFER_MS = 60

/** Ie and Bpl of ITU-T G.113, appendix I: G.711 with packet loss concealment; wideband codecs count as G.711 here. */
const G711 = [0, 25.1] as const
const CODECS: Readonly<Record<string, readonly [impairment: number, robustness: number]>> = {
  PCMU: G711,
  PCMA: G711,
  G729: [11, 19],
  G723: [15, 16.1],
  GSM: [20, 43],
  ILBC: [11, 32],
  AMR: [5, 10],
}

/** ITU-T G.107, annex B. */
const opinionOf = (rating: number): number => {
  if (rating <= 0) return 1
  if (rating >= 100) return 4.5
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
}

const hundredths = (value: number): number => Math.round(value * 100) / 100

/** What is no number, or no finite one, is not there. */
const numberOf = (post: Post, name: string): number | undefined => {
  const text = post.variable(name)
  return text !== undefined && /^\d{1,15}(?:\.\d{1,10})?$/.test(text) ? Number(text) : undefined
}
