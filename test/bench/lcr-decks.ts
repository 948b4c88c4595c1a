/**
 * Rate decks as carriers write them, from a seed: country codes, and below each a tree in which some prefixes are
 * split into runs of neighbours. `shared`: all carriers price nearly the same prefixes, as they do, since there is
 * one numbering plan. `distinct`: no prefix twice, the worst that can happen to the memory.
 */
import type { RateColumns } from '../../src/routing/rate-builder.ts'

export type DeckShape = 'shared' | 'distinct'

export type Decks = {
  /** By place in the arrays of `columns`: every prefix once. */
  readonly prefixes: readonly string[]
  /** One carrier's rates. `kinds` is 0 to 4: which of the deck's terms a rate has; a few are 4, which is in the future. */
  readonly columnsOf: (carrier: number) => Omit<RateColumns, 'terms'> & { readonly kinds: Uint8Array }
  /** Numbers of 11 to 13 digits, most of them below a long prefix. */
  readonly numbers: (count: number) => readonly string[]
}

export const makeDecks = (shape: DeckShape, rates: number, carriers: number, seed: number): Decks => {
  const random = createRandom(seed)
  const perCarrier = Math.floor(rates / carriers)
  const prefixes = growTree(shape === 'distinct' ? rates : Math.round(perCarrier / SHARE), random)
  return {
    prefixes,
    columnsOf: (carrier) => {
      const own: string[] = []
      if (shape === 'distinct') {
        for (let at = carrier; own.length < perCarrier; at += carriers) own.push(prefixes[at] ?? '')
      } else {
        // Each carrier lacks others of them; the last ones are taken all, so that the count is exact.
        for (let at = 0; own.length < perCarrier; at += 1) {
          const isLast = prefixes.length - at <= perCarrier - own.length
          if (isLast || random() < SHARE) own.push(prefixes[at] ?? '')
        }
      }
      return columns(own, random)
    },
    numbers: (count) =>
      Array.from({ length: count }, () => {
        const prefix = prefixes[Math.floor(random() * prefixes.length)] ?? ''
        const length = Math.max(prefix.length, 11 + Math.floor(random() * 3))
        const rest = String(Math.floor(random() * 1e12))
          .padStart(12, '0')
          .slice(0, length - prefix.length)
        // A flat string, as from a parser, and not the engine's note of a concatenation.
        return Buffer.from(prefix + rest, 'latin1').toString('latin1')
      }),
  }
}

/** What part of all prefixes a carrier has. */
const SHARE = 0.9
const LONGEST = 12

/** Country codes (ITU-T E.164), the larger plans several times: so much more is split below them. */
const COUNTRY_CODES = (
  '1 1 1 1 1 1 7 7 20 27 30 31 32 33 33 34 36 39 39 40 41 43 44 44 44 45 46 47 48 49 49 49 51 52 52 53 54 55 55 56 ' +
  '57 58 60 61 61 62 63 64 65 66 81 81 82 84 86 86 86 90 91 91 91 92 93 94 95 98 212 213 216 218 220 221 222 223 ' +
  '224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 249 250 251 252 253 254 255 ' +
  '256 257 258 260 261 262 263 264 265 266 267 268 269 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 ' +
  '372 373 374 375 376 377 380 381 382 385 386 387 389 420 421 423 501 502 503 504 505 506 507 509 591 592 593 594 ' +
  '595 597 598 599 670 673 674 675 676 677 678 679 682 685 687 689 691 692 850 852 853 855 856 880 886 960 961 962 ' +
  '963 964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998'
).split(' ')

const growTree = (count: number, random: () => number): readonly string[] => {
  const seen = new Set<string>()
  const prefixes: string[] = []
  const add = (prefix: string): void => {
    if (prefixes.length >= count || prefix.length > LONGEST || seen.has(prefix)) return
    seen.add(prefix)
    prefixes.push(prefix)
  }
  COUNTRY_CODES.forEach(add)
  while (prefixes.length < count) {
    const isCountry = random() < 0.2
    const from = isCountry ? COUNTRY_CODES : prefixes
    const parent = from[Math.floor(random() * from.length)] ?? ''
    const below = random() < 0.5 ? parent : parent + String(Math.floor(random() * 10))
    // A run of neighbours, as 4477000 to 4477009, or a single one.
    const first = Math.floor(random() * 10)
    const last = random() < 0.3 ? first : Math.min(9, first + Math.floor(random() * 10))
    for (let digit = first; digit <= last; digit += 1) add(below + String(digit))
  }
  return prefixes
}

const columns = (own: readonly string[], random: () => number) => {
  const count = own.length
  const bytes = new TextEncoder().encode(own.join(''))
  const [starts, ends] = [new Uint32Array(count), new Uint32Array(count)]
  const prices = new Float64Array(count)
  const kinds = new Uint8Array(count)
  let at = 0
  own.forEach((prefix, row) => {
    starts[row] = at
    at += prefix.length
    ends[row] = at
    // 0.0001 to 0.5 a minute, in units of 10^-8.
    prices[row] = 10_000 + Math.floor(random() * 50_000_000)
    kinds[row] = random() < 0.02 ? 4 : Math.floor(random() * 4)
  })
  return { count, bytes, starts, ends, prices, kinds }
}

/** xorshift32, from 0 until before 1. */
export const createRandom = (seed: number): (() => number) => {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
