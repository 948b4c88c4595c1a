/**
 * What was seen lately, so that one more call is judged in constant time: how many calls within a window, how long a
 * run of neighbouring numbers, how many numbers of one range, how much money. They count and answer; a limit is an
 * argument. Moments are milliseconds and may come again, but never go back by much.
 */
import { addMoney, moneyOf, ZERO, type Money } from '../telephony/money.ts'

export type CallWindow = {
  /** Whether `limit` calls or more were taken since `now - windowMs`. */
  readonly isFull: (limit: number, windowMs: number, now: number) => boolean
  readonly take: (limit: number, windowMs: number, now: number) => void
}

/** Only the last `limit` moments matter. */
export const createCallWindow = (): CallWindow => {
  let times: number[] = []
  let first = 0
  return {
    isFull: (limit, windowMs, now) =>
      limit === 0 || (times.length - first >= limit && (times[times.length - limit] ?? 0) > now - windowMs),
    take: (limit, windowMs, now) => {
      times.push(now)
      while (first < times.length && ((times[first] ?? 0) <= now - windowMs || times.length - first > limit))
        first += 1
      if (first < COMPACT_AT) return
      times = times.slice(first)
      first = 0
    },
  }
}

const COMPACT_AT = 1_024

export type NumberRun = {
  /** How many numbers without a gap were dialled within the window, with `number` among them. */
  readonly runWith: (number: number, atMost: number, windowMs: number, now: number) => number
  readonly take: (number: number, windowMs: number, now: number) => void
}

/** An attacker fills no memory: of more numbers the oldest are forgotten. */
const MOST_NUMBERS = 20_000

/** E.164 has at most 15 digits: a number is exact. In which order they were dialled is nothing to it. */
export const createNumberRun = (): NumberRun => {
  const dialled = new Map<number, number>()
  return {
    runWith: (number, atMost, windowMs, now) => {
      const since = now - windowMs
      let run = 1
      for (let next = number + 1; run < atMost && (dialled.get(next) ?? 0) > since; next += 1) run += 1
      for (let next = number - 1; run < atMost && (dialled.get(next) ?? 0) > since; next -= 1) run += 1
      return run
    },
    take: (number, windowMs, now) => {
      remember(dialled, number, windowMs, now)
    },
  }
}

export type RangeCount = {
  /** How many numbers of the thousand around `number` were dialled within the window, with it among them. */
  readonly countWith: (number: number, windowMs: number, now: number) => number
  readonly take: (number: number, windowMs: number, now: number) => void
}

const MOST_RANGES = 2_000

export const createRangeCount = (): RangeCount => {
  const ranges = new Map<number, Map<number, number>>()
  const rangeOf = (number: number): number => Math.floor(number / 1_000)
  return {
    countWith: (number, windowMs, now) => {
      const dialled = ranges.get(rangeOf(number))
      if (dialled === undefined) return 1
      forgetBefore(dialled, now - windowMs)
      return dialled.size + (dialled.has(number) ? 0 : 1)
    },
    take: (number, windowMs, now) => {
      const range = rangeOf(number)
      const dialled = ranges.get(range) ?? new Map<number, number>()
      // The last used is the last forgotten.
      ranges.delete(range)
      ranges.set(range, dialled)
      remember(dialled, number, windowMs, now)
      if (ranges.size > MOST_RANGES) for (const oldest of ranges.keys()) return void ranges.delete(oldest)
    },
  }
}

/** Kept in the order of their moments, so that the oldest are found first. */
const remember = (dialled: Map<number, number>, number: number, windowMs: number, now: number): void => {
  dialled.delete(number)
  dialled.set(number, now)
  forgetBefore(dialled, now - windowMs)
  if (dialled.size > MOST_NUMBERS) for (const oldest of dialled.keys()) return void dialled.delete(oldest)
}

const forgetBefore = (dialled: Map<number, number>, since: number): void => {
  for (const [number, at] of dialled) {
    if (at > since) return
    dialled.delete(number)
  }
}

export type SpendWindow = {
  readonly spentSince: (windowMs: number, now: number) => Money
  readonly add: (amount: Money, at: number, windowMs: number, now: number) => void
}

/** A window has so many slices; what was spent in one leaves as a whole, late by one slice at the most. */
const SLICES = 60

export const createSpendWindow = (): SpendWindow => {
  const slices = new Map<number, Money>()
  const forget = (windowMs: number, now: number): void => {
    const first = Math.floor((now - windowMs) / (windowMs / SLICES))
    for (const slice of slices.keys()) if (slice < first) slices.delete(slice)
  }
  return {
    spentSince: (windowMs, now) => {
      forget(windowMs, now)
      return slices.size === 0 ? ZERO : addMoney(...slices.values())
    },
    add: (amount, at, windowMs, now) => {
      const slice = Math.floor(at / (windowMs / SLICES))
      slices.set(slice, moneyOf(BigInt(slices.get(slice) ?? 0) + BigInt(amount)))
      forget(windowMs, now)
    },
  }
}
