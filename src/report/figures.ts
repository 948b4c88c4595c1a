/**
 * What a report says, from what was counted. Ratios are taken here and nowhere else, from sums: a ratio of a longer time
 * is never a mean of ratios. Percent with two decimals, undefined where there is nothing to divide by.
 *
 * The words are those of ITU-T E.425: a seizure is an attempt that got a channel, the answer seizure ratio (ASR) is
 * answers to seizures, and the network effectiveness ratio (NER) counts beside answers what the network delivered and the
 * callee left undone: busy, ringing without an answer, a refusal or a phone that was not there. ACD is the mean talk
 * of an answered call. The post-dial delay (PDD, E.721: post-selection delay) is from the INVITE to the first ringing.
 */
import { formatMoney, parseMoney, type Money } from '../telephony/money.ts'

/** Sums over quarters of an hour. */
export type Counted = {
  /** What answered and effective are shares of: calls, or seizures at a carrier. */
  readonly offered: number
  readonly answered: number
  readonly effective: number
  readonly talkSeconds: number
  readonly pddCalls: number
  readonly pddMsSum: number
  readonly mosCalls: number
  readonly mosSum: number
  readonly jitterSum: number
  readonly lossSum: number
}

export type Figures = {
  readonly asr: number | undefined
  readonly ner: number | undefined
  readonly acdSeconds: number | undefined
  readonly pddMs: number | undefined
  readonly mos: number | undefined
  readonly jitterMs: number | undefined
  readonly packetLossPercent: number | undefined
}

export const figuresOf = (counted: Counted): Figures => ({
  asr: percent(counted.answered, counted.offered),
  ner: percent(counted.effective, counted.offered),
  acdSeconds: mean(counted.talkSeconds, counted.answered, 1),
  pddMs: mean(counted.pddMsSum, counted.pddCalls, 0),
  mos: mean(counted.mosSum, counted.mosCalls, 2),
  jitterMs: mean(counted.jitterSum, counted.mosCalls, 1),
  packetLossPercent: mean(counted.lossSum, counted.mosCalls, 2),
})

const percent = (part: number, whole: number): number | undefined => mean(part * 100, whole, 2)

const mean = (sum: number, count: number, decimals: number): number | undefined =>
  count === 0 ? undefined : Math.round((sum / count) * 10 ** decimals) / 10 ** decimals

/**
 * A sum of PostgreSQL's (numeric text) as money: rounded half up at the eighth decimal, and undefined where it is beyond
 * exact money, so that a report of ten years says nothing rather than something wrong.
 */
export const sumOf = (text: string): Money | undefined => {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === '') return undefined
  const kept = BigInt(whole + fraction.slice(0, 8).padEnd(8, '0'))
  const units = kept + (Number(fraction[8] ?? '0') >= 5 ? 1n : 0n)
  if (units > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  const amount = (sign === '-' ? -Number(units) : Number(units)) as Money
  return amount === 0 ? parseMoney('0') : amount
}

export const sumText = (text: string): string | undefined => {
  const amount = sumOf(text)
  return amount === undefined ? undefined : formatMoney(amount)
}
