import { asError, EngineError } from '../../src/base/errors.ts'
import type { DeckFormat } from '../../src/deck/format.ts'
import type { ReadRate } from '../../src/deck/read-rate.ts'
import { createDeckReader, type DeckReaderOptions, type DeckReport } from '../../src/deck/reader.ts'
import { formatMoney } from '../../src/telephony/money.ts'

export type Read = {
  readonly rates: readonly ReadRate[]
  readonly report: DeckReport
  readonly fault: EngineError | undefined
}

/** Reads a deck in chunks of so many bytes, to its end or its fault. */
export const readDeck = async (
  file: string | Uint8Array,
  format: DeckFormat = {},
  options: Omit<DeckReaderOptions, 'format'> & { readonly chunkBytes?: number } = {},
): Promise<Read> => {
  const { chunkBytes = 1_000, ...limits } = options
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  const reader = createDeckReader({ format, ...limits })
  const rates: ReadRate[] = []
  try {
    for await (const batch of reader.read(chunksOf(bytes, chunkBytes))) rates.push(...batch.rates)
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw asError(thrown)
    return { rates, report: reader.report(), fault: thrown }
  }
  return { rates, report: reader.report(), fault: undefined }
}

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

/** `prefix destination price fee min/first/next from to currency`, what is absent left out. */
export const shown = (rate: ReadRate): string =>
  [
    rate.prefix,
    rate.destination,
    formatMoney(rate.pricePerMinute),
    ...(rate.interstatePrice === undefined ? [] : [`inter ${formatMoney(rate.interstatePrice)}`]),
    ...(rate.intrastatePrice === undefined ? [] : [`intra ${formatMoney(rate.intrastatePrice)}`]),
    ...(rate.connectionFee === 0 ? [] : [`fee ${formatMoney(rate.connectionFee)}`]),
    ...(rate.minimumSeconds === 0 ? [] : [`min ${rate.minimumSeconds}`]),
    `${rate.firstIncrementSeconds}/${rate.nextIncrementSeconds}`,
    ...(rate.effectiveFrom === undefined ? [] : [`from ${day(rate.effectiveFrom)}`]),
    ...(rate.effectiveTo === undefined ? [] : [`to ${day(rate.effectiveTo)}`]),
    ...(rate.currency === undefined ? [] : [rate.currency]),
  ]
    .filter((part) => part !== '')
    .join(' ')

const day = (at: number): string =>
  new Date(at).toISOString().replace('T00:00:00.000Z', '').replace('.000Z', 'Z')
