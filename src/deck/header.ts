/**
 * Which column holds what. This file owns the names that carriers give their columns; a new one is a word in
 * NAMES, the surer ones first. It never looks at rows.
 */
import { EngineError } from '../base/errors.ts'
import { isCurrency } from './amount.ts'
import { DECK_FIELDS, type DeckField, type DeckFormat } from './format.ts'
import { visible } from './visible.ts'

/** Where a deck's fields stand; -1: nowhere. Indices count from 0. */
export type Layout = {
  readonly columns: Readonly<Record<DeckField, number>>
  /** As written; empty for a file without a header. */
  readonly headers: readonly string[]
  /** ISO 4217, where a header of a price names one. */
  readonly currency: string | undefined
  /** Fields whose header says that they are in cents. */
  readonly inCents: ReadonlySet<DeckField>
}

/**
 * Reads one row as a header. Undefined: it is none, since it lacks a column of prefixes or one of prices, or one
 * that the format names. Throws DECK_AMBIGUOUS_HEADER where two columns have the same name for one field.
 */
export const layoutOf = (cells: readonly string[], format: DeckFormat): Layout | undefined => {
  const titles = cells.map(titleOf)
  const columns = emptyColumns()
  const doubtful: string[] = []
  for (const field of DECK_FIELDS) {
    const told = format.columns?.[field]
    if (told === false) continue
    if (told !== undefined) {
      const index = typeof told === 'number' ? told - 1 : indexOf(cells, told)
      if (index < 0) return undefined
      columns[field] = index
      continue
    }
    const [best, ...more] = titles
      .map((title, index) => ({ index, rank: rankOf(field, title) }))
      .filter(({ rank }) => rank >= 0)
      .sort((a, b) => a.rank - b.rank || a.index - b.index)
    if (best === undefined) continue
    columns[field] = best.index
    if (more.some(({ rank }) => rank === best.rank))
      doubtful.push(`${field} may be any column named "${visible(cells[best.index] ?? '', 60)}"`)
  }
  const layout = settled(columns, format)
  if (!isUsable(layout)) return undefined
  if (doubtful.length > 0)
    throw new EngineError(
      'DECK_AMBIGUOUS_HEADER',
      `${doubtful.join('; ')}: say which by the option columns`,
      {
        columns: cells.slice(0, 50).map((cell) => visible(cell, 60)),
      },
    )
  return { columns: layout, headers: cells, ...unitsOf(layout, titles) }
}

/** The layout of a file without a header: the format numbers its columns. Undefined: it does not. */
export const layoutByNumber = (format: DeckFormat): Layout | undefined => {
  const columns = emptyColumns()
  for (const field of DECK_FIELDS) {
    const told = format.columns?.[field]
    if (typeof told === 'string') return undefined
    if (typeof told === 'number') columns[field] = told - 1
  }
  const layout = settled(columns, format)
  return isUsable(layout)
    ? { columns: layout, headers: [], currency: undefined, inCents: new Set() }
    : undefined
}

/** How many fields of a deck a row's cells could be the names of: the most is the header. */
export const namesIn = (cells: readonly string[]): number => {
  const titles = cells.map(titleOf)
  return DECK_FIELDS.filter((field) => titles.some((title) => rankOf(field, title) >= 0)).length
}

const emptyColumns = (): Record<DeckField, number> => {
  // Every field of the list is given, which fromEntries cannot tell the compiler.
  return Object.fromEntries(DECK_FIELDS.map((field) => [field, -1])) as Record<DeckField, number>
}

const isUsable = ({ prefix, price, interstate, intrastate }: Readonly<Record<DeckField, number>>): boolean =>
  prefix >= 0 && (price >= 0 || (interstate >= 0 && intrastate >= 0))

/** Area codes without a country column are prefixes, and an indeterminate price is the price. */
const settled = (
  columns: Record<DeckField, number>,
  { columns: told }: DeckFormat,
): Record<DeckField, number> => {
  const { prefix, areaCode, countryCode, price, indeterminate } = columns
  const own = { ...columns }
  if (told?.prefix === undefined && told?.areaCode !== undefined && areaCode >= 0) own.prefix = areaCode
  else if (areaCode >= 0 && countryCode >= 0 && (told?.prefix === undefined || told.prefix === false)) {
    // A full code beside the two, as in `Country Code, Area Code, Dial Code`, is preferred.
    if (prefix < 0) own.prefix = areaCode
    else own.countryCode = -1
  } else if (prefix < 0) own.prefix = areaCode >= 0 ? areaCode : countryCode
  own.areaCode = own.prefix === areaCode && own.countryCode >= 0 ? areaCode : -1
  if (own.prefix === countryCode) own.countryCode = -1
  if (price < 0 || (indeterminate >= 0 && told?.price === undefined)) {
    if (indeterminate >= 0) own.price = indeterminate
  }
  return own
}

const indexOf = (cells: readonly string[], header: string): number => {
  const exact = cells.findIndex((cell) => cell.trim() === header.trim())
  return exact >= 0 ? exact : cells.findIndex((cell) => plain(cell) === plain(header) && plain(cell) !== '')
}

type Title = { readonly words: string; readonly currency: string | undefined; readonly cents: boolean }

const titleOf = (header: string): Title => {
  let currency: string | undefined
  let cents = false
  const all = plain(header.replace(/€/g, ' EUR ').replace(/£/g, ' GBP ').replace(/\$/g, ' dollar ')).split(
    ' ',
  )
  const words = all.filter((word) => {
    const code = word.toUpperCase()
    if (COMMON_CURRENCIES.has(code) && isCurrency(code)) currency = code
    else if (CENTS.test(word)) cents = true
    else return !MONEY_WORDS.test(word)
    return false
  })
  const isMoney = words.length < all.length
  const rest = words.join(' ').replace(/ in$/, '')
  // `USD/min` is a price, `min` is a minimum.
  return { words: isMoney && MINUTES.test(rest) ? 'price' : rest, currency, cents }
}

const MINUTES = /^(?:(?:a|per|p)? ?(?:m|min|minute)?)$/
const CENTS = /^(?:cents?|cts?|pence|eurocents?)$/
const MONEY_WORDS = /^(?:dollars?|euros?|pounds?|us(?=$))$/

/** Not every code of ISO 4217: ALL, TOP and TRY are words. */
const COMMON_CURRENCIES: ReadonlySet<string> = new Set(
  (
    'USD EUR GBP CHF AUD CAD JPY CNY INR SEK NOK DKK PLN CZK HUF RON BGN RUB UAH ZAR BRL MXN SGD HKD NZD AED SAR ILS ' +
    'KRW TRY THB MYR IDR PHP VND PKR BDT LKR KES NGN GHS EGP MAD TND'
  ).split(' '),
)

/** Lower case, without accents and punctuation. */
const plain = (header: string): string =>
  header
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

const rankOf = (field: DeckField, { words }: Title): number =>
  words === '' ? -1 : (RANKS.get(field)?.get(words.replaceAll(' ', '')) ?? -1)

const unitsOf = (
  columns: Readonly<Record<DeckField, number>>,
  titles: readonly Title[],
): Pick<Layout, 'currency' | 'inCents'> => {
  const priced = DECK_FIELDS.filter((field) => PRICED.has(field) && columns[field] >= 0)
  return {
    currency: priced.map((field) => titles[columns[field]]?.currency).find((code) => code !== undefined),
    inCents: new Set(priced.filter((field) => titles[columns[field]]?.cents === true)),
  }
}

const PRICED: ReadonlySet<DeckField> = new Set([
  'price',
  'interstate',
  'intrastate',
  'indeterminate',
  'connectionFee',
])

/** Compared without spaces, so that `Dial Code` and `Dialcode` are one. The surer names first. */
const NAMES: Readonly<Record<DeckField, string>> = {
  prefix:
    'prefix|dial prefix|dialing prefix|dialling prefix|destination prefix|full prefix|dial code|dial codes|dialing code|dialling code|' +
    'dialed digits|full code|destination code|destination codes|dest code|e164 prefix|e164|npanxx|npa nxx x|lata npanxx|' +
    'number prefix|phone prefix|phone code|prefixes|vorwahl|prefixo|prefijo|prefisso|indicatif|breakout code|breakout|' +
    'code|codes|digits|area prefix',
  countryCode:
    'country code|countrycode|cc|country prefix|country dial code|intl code|international code|npa',
  areaCode:
    'area code|area codes|areacode s|area code s|city code|city codes|ndc|national code|region code|nxx|area',
  destination:
    'destination name|destination|dest name|dest|destination description|route name|zone name|breakout name|description|' +
    'area name|location|zone|region|name|country name|country|ziel|destino|destinazione|carrier destination|operator|network',
  price:
    'new rate|new price|price per minute|rate per minute|cost per minute|price per min|rate per min|price min|rate min|' +
    'cost min|minute price|minute rate|minute cost|per minute rate|per minute price|per minute|per min|ppm|' +
    'rate 1|rate|rates|price|prices|cost|tariff|charge|charge per minute|unit price|sell rate|buy rate|selling rate|' +
    'termination rate|voice rate|rate value|amount|minutenpreis|preis pro minute|preis|tarif|prix|precio|prezzo|tarifa',
  interstate:
    'interstate|inter|interstate rate|inter rate|interstate price|inter state|inter state rate|interstate price per minute|inter price|rate inter|rate interstate|interstate cost',
  intrastate:
    'intrastate|intra|intrastate rate|intra rate|intrastate price|intra state|intra state rate|intrastate price per minute|intra price|rate intra|rate intrastate|intrastate cost',
  indeterminate:
    'indeterminate|indeterminate rate|indeterminate price|indet|indet rate|indeterminant|ij|ij rate|rate ij|unknown jurisdiction|undetermined|default rate|rate indeterminate',
  connectionFee:
    'connection fee|connect fee|connection charge|connect charge|connection cost|connect cost|conn charge|conn fee|conn cost|' +
    'setup fee|set up fee|setup charge|setup cost|setup|set up|call setup fee|flag fall|flagfall|per call|fee',
  minimumSeconds:
    'minimum seconds|minimum duration|min duration|minimum time|min time|minimum call duration|minimum charge duration|' +
    'minimum|min|min seconds|min sec|minimum sec|minimum billing|mindestdauer',
  increments:
    'billing increments|billing increment|billing interval|billing intervals|increments|increment|rounding|rounding rules|rounding rule|' +
    'billing terms|billing|billing type|billing step|interval|intervals|charging interval|charging increment|pulse|taktung|takt',
  firstIncrement:
    'first increment seconds|first increment|initial increment|first interval|initial interval|interval 1|increment 1|1st increment|1st interval|' +
    'initial increment seconds|initial|first|initial period|initial billing increment|initial seconds|init increment|initial block',
  nextIncrement:
    'next increment seconds|next increment|subsequent increment|subsequent interval|next interval|interval n|increment n|interval 2|increment 2|' +
    '2nd increment|2nd interval|second increment|subsequent increment seconds|subsequent|next|sub increment|additional increment|' +
    'subsequent billing increment|following increment|subsequent period|subsequent seconds|recurring increment',
  effectiveFrom:
    'effective from|effective date|effective|effective start date|rate effective date|new rate effective date|price effective date|eff date|effdate|valid from|' +
    'valid from date|start date|start|date from|from date|from|begin date|activation date|effective as of|effective on|effective time|date|' +
    'gultig ab|gueltig ab',
  effectiveTo:
    'effective to|effective until|effective end date|effective end|end date|end|valid to|valid until|valid till|valid through|valid to date|expires|' +
    'expiry|expiry date|expire date|expiration|expiration date|date to|to date|until|till|to|discontinue date|close date|gultig bis|gueltig bis',
  currency: 'currency|currency code|curr|ccy|cur|iso currency|wahrung|waehrung|moneda|devise|valuta',
}

const RANKS: ReadonlyMap<DeckField, ReadonlyMap<string, number>> = new Map(
  DECK_FIELDS.map((field) => [
    field,
    new Map(
      NAMES[field]
        .split('|')
        .map((name, rank): [string, number] => [name.replaceAll(' ', ''), rank])
        .reverse(),
    ),
  ]),
)
