/** The greatest changes of price, by exact ratio: prices are integers, and so are their cross products. */
import type { Money } from '../telephony/money.ts'

export type Jump = {
  readonly prefix: string
  readonly destination: string
  /** The prefix whose price counted until now: its own, or a shorter one. */
  readonly oldPrefix: string
  readonly oldPrice: Money
  readonly newPrice: Money
  readonly of: 'price' | 'interstate' | 'intrastate'
}

/** Positive where `a` rises by the greater factor. From nothing to something is greater than any factor. */
export const compareRises = (a: Prices, b: Prices): number => {
  const left = BigInt(a.newPrice) * BigInt(b.oldPrice)
  const right = BigInt(b.newPrice) * BigInt(a.oldPrice)
  if (a.oldPrice === 0 || b.oldPrice === 0)
    return a.oldPrice === b.oldPrice ? a.newPrice - b.newPrice : a.oldPrice === 0 ? 1 : -1
  return left > right ? 1 : left < right ? -1 : 0
}

type Prices = Pick<Jump, 'oldPrice' | 'newPrice'>

/** Positive where `a` falls by the greater factor. */
export const compareFalls = (a: Prices, b: Prices): number => compareRises(turned(a), turned(b))

const turned = ({ oldPrice, newPrice }: Prices): Prices => ({ oldPrice: newPrice, newPrice: oldPrice })

/** Whether a price rises by more than so many whole percent. */
export const risesBeyond = ({ oldPrice, newPrice }: Prices, percent: number): boolean =>
  BigInt(newPrice) * 100n > BigInt(oldPrice) * BigInt(100 + percent)

export type Top<Item> = { readonly offer: (item: Item) => void; readonly items: () => readonly Item[] }

/** Keeps the greatest `limit` items, greatest first, the earlier first among equals. */
export const createTop = <Item>(limit: number, compare: (a: Item, b: Item) => number): Top<Item> => {
  const items: Item[] = []
  return {
    offer: (item) => {
      const last = items[items.length - 1]
      if (items.length >= limit && (last === undefined || compare(item, last) <= 0)) return
      let low = 0
      for (let high = items.length; low < high;) {
        const middle = (low + high) >>> 1
        const other = items[middle]
        if (other !== undefined && compare(item, other) > 0) high = middle
        else low = middle + 1
      }
      items.splice(low, 0, item)
      if (items.length > limit) items.pop()
    },
    items: () => items,
  }
}
