import type { Money } from './money.ts'

/** How a call's seconds become money. Prices are per minute; `currency` is ISO 4217. */
export type Tariff = {
  readonly pricePerMinute: Money
  readonly connectionFee: Money
  /** Seconds that every answered call pays for at least, before increments; undefined: none. */
  readonly minimumSeconds?: number | undefined
  /** Seconds that every answered call pays for at least, and the step after them: 60/60, 30/6, 1/1. */
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
  readonly currency: string
  /** An answered call of at most so many seconds costs nothing, its connection fee included; undefined: none does. */
  readonly graceSeconds?: number | undefined
  /** So many first seconds of each answered call are not charged; its connection fee is; undefined: all are. */
  readonly freeSeconds?: number | undefined
  /** Of the amount of a call; undefined: half up at the eighth decimal, the last that Money has. */
  readonly rounding?: Rounding | undefined
}

/** `up` favours whoever bills. `decimals` is 0 to 8. */
export type Rounding = { readonly mode: RoundingMode; readonly decimals: number }
export const ROUNDING_MODES = ['half-up', 'up'] as const
export type RoundingMode = (typeof ROUNDING_MODES)[number]

/** What a tariff says beyond price, fee, minimum and increments. */
export type Charging = Pick<Tariff, 'graceSeconds' | 'freeSeconds' | 'rounding'>

/** `grace=5 free=30 round=up/2`: what a record keeps of it; undefined where nothing is said. `readCharging` reads it. */
export const formatCharging = ({
  graceSeconds = 0,
  freeSeconds = 0,
  rounding,
}: Charging): string | undefined => {
  const words = [
    ...(graceSeconds > 0 ? [`grace=${graceSeconds}`] : []),
    ...(freeSeconds > 0 ? [`free=${freeSeconds}`] : []),
    ...(rounding === undefined ? [] : [`round=${formatRounding(rounding)}`]),
  ]
  return words.length === 0 ? undefined : words.join(' ')
}

/** Words that it does not know say nothing. */
export const readCharging = (text: string): Charging => {
  const graceSeconds = Number(/(?:^| )grace=(\d{1,9})(?: |$)/.exec(text)?.[1] ?? 0)
  const freeSeconds = Number(/(?:^| )free=(\d{1,9})(?: |$)/.exec(text)?.[1] ?? 0)
  const rounding = readRounding(/(?:^| )round=([a-z]+(?:-[a-z]+)*\/\d)(?: |$)/.exec(text)?.[1] ?? '')
  return {
    ...(graceSeconds > 0 && { graceSeconds }),
    ...(freeSeconds > 0 && { freeSeconds }),
    ...(rounding !== undefined && { rounding }),
  }
}

/** `half-up/4`, `up/2` */
export const formatRounding = ({ mode, decimals }: Rounding): string => `${mode}/${decimals}`

/** Undefined: it is none. */
export const readRounding = (text: string): Rounding | undefined => {
  const [, word, decimals] = /^([a-z-]{1,10})\/([0-8])$/.exec(text) ?? []
  const mode = ROUNDING_MODES.find((one) => one === word)
  return mode === undefined ? undefined : { mode, decimals: Number(decimals) }
}
