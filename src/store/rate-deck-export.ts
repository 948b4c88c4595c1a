/** A deck as a file again, which imports to the same rates. Runs in a worker. */
import type { ReadRate } from '../deck/read-rate.ts'
import { writeDeckCsv, type WrittenRate } from '../deck/write.ts'
import { parseMoney } from '../telephony/money.ts'
import { EngineError } from '../base/errors.ts'
import { id } from './input.ts'
import type { RatesConnection } from './rates-connection.ts'

/**
 * The file in pieces. What rates leave to their deck stands in each line: currency and dates. A row that no deck can
 * hold, since a hand wrote it, is left out. Throws STORE_NOT_FOUND before the first piece, and STORE_UNAVAILABLE.
 */
export async function* exportDeck(
  on: RatesConnection,
  deckId: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const [deck] = await on.query<DeckTerms>(
    `SELECT currency, coalesce(effective_from, created_at) AS "effectiveFrom", effective_to AS "effectiveTo"
     FROM rate_decks WHERE id = $1`,
    [id('id', deckId)],
  )
  if (deck === undefined) throw new EngineError('STORE_NOT_FOUND', `there is no rate deck ${deckId}`)
  let header = true
  for await (const rows of rowsOf(on, deckId)) {
    let text = ''
    for (const piece of writeDeckCsv(ratesOf(rows, deck))) text += piece
    // Each batch is written as a file of its own: only the first one's header is kept.
    yield UTF8.encode(header ? text : text.slice(text.indexOf('\n') + 1))
    header = false
  }
  if (header) yield UTF8.encode([...writeDeckCsv([])].join(''))
}

const UTF8 = new TextEncoder()
const ROWS_A_BATCH = 2_000

type DeckTerms = {
  readonly currency: string
  readonly effectiveFrom: number
  readonly effectiveTo: number | null
}

type StoredRate = Pick<
  ReadRate,
  'prefix' | 'destination' | 'minimumSeconds' | 'firstIncrementSeconds' | 'nextIncrementSeconds'
> & {
  readonly price: string
  readonly fee: string
  readonly interstate: string | null
  readonly intrastate: string | null
  readonly effectiveFrom: number | null
  readonly effectiveTo: number | null
}

/** In the order in which they lie, which is that of the file. */
async function* rowsOf(on: RatesConnection, deckId: number): AsyncGenerator<readonly StoredRate[]> {
  await on.query('BEGIN READ ONLY')
  await on.query(`DECLARE exported NO SCROLL CURSOR FOR SELECT prefix, destination, price_per_minute AS price,
    connection_fee AS fee, interstate_price AS interstate, intrastate_price AS intrastate,
    minimum_seconds AS "minimumSeconds", first_increment_seconds AS "firstIncrementSeconds",
    next_increment_seconds AS "nextIncrementSeconds", effective_from AS "effectiveFrom",
    effective_to AS "effectiveTo" FROM rates WHERE deck_id = ${id('id', deckId)}`)
  for (;;) {
    const rows = await on.query<StoredRate>(`FETCH ${ROWS_A_BATCH} FROM exported`)
    if (rows.length > 0) yield rows
    if (rows.length < ROWS_A_BATCH) break
  }
  await on.query('COMMIT')
}

function* ratesOf(rows: readonly StoredRate[], deck: DeckTerms): Generator<WrittenRate> {
  for (const row of rows) {
    const rate = rateOf(row, deck)
    if (rate !== undefined) yield rate
  }
}

const rateOf = (row: StoredRate, deck: DeckTerms): WrittenRate | undefined => {
  if (!/^[1-9]\d{0,14}$/.test(row.prefix)) return undefined
  const prices = [row.price, row.fee, row.interstate ?? '0', row.intrastate ?? '0']
  if (prices.some((price) => !/^\d+\.?\d*$/.test(price) || Number(price) > MOST_PRICE)) return undefined
  return {
    prefix: row.prefix,
    destination: row.destination,
    pricePerMinute: parseMoney(row.price),
    ...(row.interstate !== null && { interstatePrice: parseMoney(row.interstate) }),
    ...(row.intrastate !== null && { intrastatePrice: parseMoney(row.intrastate) }),
    connectionFee: parseMoney(row.fee),
    minimumSeconds: row.minimumSeconds,
    firstIncrementSeconds: row.firstIncrementSeconds,
    nextIncrementSeconds: row.nextIncrementSeconds,
    effectiveFrom: finite(row.effectiveFrom ?? deck.effectiveFrom),
    effectiveTo: finite(row.effectiveTo ?? deck.effectiveTo),
    currency: deck.currency,
  }
}

/** What money can hold (see telephony/money.ts). */
const MOST_PRICE = 90_000_000

const finite = (moment: number | null): number | undefined =>
  moment !== null && Number.isFinite(moment) ? moment : undefined
