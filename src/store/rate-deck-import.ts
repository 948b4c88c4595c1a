/**
 * A deck from a file of any size: read, checked and compared while it goes by, written by COPY, and seen whole or
 * not at all, since all of it is one transaction. A fault, a client that went away or an engine that died leaves
 * nothing behind but dead rows, which vacuum takes. Runs in a worker.
 */
import { EngineError } from '../base/errors.ts'
import { compareDecks, type DeckDifference } from '../deck/compare.ts'
import type { DeckFormat } from '../deck/format.ts'
import type { DeckWarning, ReadRate } from '../deck/read-rate.ts'
import { createDeckReader, type DeckReport } from '../deck/reader.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import { currency, madeId, moment, name, plain } from './input.ts'
import { chargingColumns, type GivenCharging } from './deck-charging.ts'
import { findOwner, lockOwner, ownerColumn, type KnownOwner, type OwnerName } from './rate-deck-owner.ts'
import type { CopyIn, RatesConnection } from './rates-connection.ts'
import { currentRatesOf } from './rates-current.ts'
import { COPY_INTO_RATES, createRateEncoder } from './rates-encode.ts'
import {
  isDeckFault,
  joinWarnings,
  lateStarts,
  notCompared,
  refusalOf,
  type DeckRefused,
} from './rate-deck-verdict.ts'

export type DeckImport = {
  readonly owner: OwnerName
  /** Undefined: the name of the file, or the day. */
  readonly name: string | undefined
  /** The file's name, for people; may be empty. */
  readonly source: string
  /** Its effectiveFrom is the deck's; without it the deck begins with its first rate, and not before today. */
  readonly format: DeckFormat
  /** The file is the owner's whole list; false: it adds to what there is. */
  readonly replaces: boolean
  /** Written and not published. */
  readonly draft: boolean
  /** Only read, checked and compared. */
  readonly dryRun: boolean
  /** Of all its rates; what is not given is as in the owner's last deck: a contract says it, not a file. */
  readonly charging?: GivenCharging | undefined
  /** A rise beyond this many percent is warned of. Default 50. */
  readonly jumpPercent: number | undefined
}

export type DeckImported = {
  readonly outcome: 'imported'
  /** Undefined for a dry run. */
  readonly deckId: number | undefined
  readonly state: 'dry-run' | 'draft' | 'published'
  readonly owner: KnownOwner
  readonly name: string
  readonly currency: string
  readonly replaces: boolean
  /** Milliseconds since the epoch. */
  readonly effectiveFrom: number
  readonly effectiveTo: number | undefined
  readonly rateCount: number
  /** Against what is in force now; undefined: too many rates to compare in memory. */
  readonly difference: DeckDifference | undefined
  readonly warnings: readonly DeckWarning[]
  /** How the file was read. */
  readonly read: Pick<
    DeckReport,
    | 'bytes'
    | 'lines'
    | 'encoding'
    | 'delimiter'
    | 'headerLine'
    | 'columns'
    | 'decimalMark'
    | 'dateOrder'
    | 'skipped'
  >
}

export type DeckImportOutcome = DeckImported | DeckRefused

export type ImportParts = {
  readonly on: RatesConnection
  /** Of what is in force now. */
  readonly index: RateIndex
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Aborted: nothing is committed. */
  readonly signal: AbortSignal
}

/** More would take gigabytes as objects; no carrier has so many prefixes. */
const MOST_RATES_COMPARED = 2_000_000

/** Throws STORE_BAD_INPUT, STORE_CONFLICT, STORE_UNAVAILABLE, and whatever `chunks` throws. */
export const importDeck = async (
  request: DeckImport,
  chunks: AsyncIterable<Uint8Array>,
  parts: ImportParts,
): Promise<DeckImportOutcome> => {
  const { on } = parts
  await on.query('BEGIN')
  const owner = await findOwner(on, request.owner)
  if (!request.dryRun) await lockOwner(on, owner)
  const writer = createWriter(on, request.format, request.dryRun ? undefined : await newDeckId(on))
  try {
    const imported = await takeIn(request, owner, writer, chunks, parts)
    await on.query('COMMIT')
    return imported
  } catch (fault) {
    await writer.abort()
    // On a connection that was lost the server has done so by itself, and `fault` says that it was.
    await on.query('ROLLBACK').catch(() => undefined)
    if (isDeckFault(fault)) return refusalOf(fault)
    throw fault
  }
}

/** DECK_* of what is thrown is the file's fault. */
const takeIn = async (
  request: DeckImport,
  owner: KnownOwner,
  writer: Writer,
  chunks: AsyncIterable<Uint8Array>,
  { on, index, now, signal }: ImportParts,
): Promise<DeckImported> => {
  // Before the first rates: while they are being copied the connection takes no other statement.
  const usualCurrency = await lastCurrency(on, owner)
  const reader = createDeckReader({ format: request.format })
  const held: (readonly ReadRate[])[] = []
  for await (const { rates, progress } of reader.read(chunks)) {
    if (progress.rates <= MOST_RATES_COMPARED) held.push(rates)
    else held.length = 0
    await writer.write(rates)
  }
  const report = reader.report()
  const deck = describe(request, report, { usualCurrency, undatedCount: writer.undatedCount(), now })
  await writer.end()
  const difference =
    report.rates > MOST_RATES_COMPARED
      ? undefined
      : compareDecks(currentRatesOf(index, owner, now), eachOf(held), {
          replaces: request.replaces,
          at: Math.max(now, deck.effectiveFrom),
          ...(request.jumpPercent !== undefined && { jumpPercent: request.jumpPercent }),
        })
  signal.throwIfAborted()
  if (writer.deckId !== undefined) await insertDeck(on, writer.deckId, owner, request, deck, report.rates)
  return {
    outcome: 'imported',
    deckId: writer.deckId,
    state: request.dryRun ? 'dry-run' : request.draft ? 'draft' : 'published',
    owner,
    ...deck,
    replaces: request.replaces,
    rateCount: report.rates,
    difference,
    warnings: joinWarnings(
      report.warnings,
      difference === undefined ? [notCompared(report.rates)] : difference.warnings,
      request.replaces ? lateStarts(held, deck.effectiveFrom) : [],
    ),
    read: readingOf(report),
  }
}

function* eachOf(batches: readonly (readonly ReadRate[])[]): Generator<ReadRate> {
  for (const batch of batches) yield* batch
}

const readingOf = (report: DeckReport): DeckImported['read'] => {
  const { bytes, lines, encoding, delimiter, headerLine, columns, decimalMark, dateOrder, skipped } = report
  return { bytes, lines, encoding, delimiter, headerLine, columns, decimalMark, dateOrder, skipped }
}

type Described = Pick<DeckImported, 'name' | 'currency' | 'effectiveFrom' | 'effectiveTo'>

/** What the deck is called and counts for, now that the whole file is known. */
const describe = (
  { format, source, name: given }: DeckImport,
  report: DeckReport,
  {
    usualCurrency,
    undatedCount,
    now,
  }: {
    readonly usualCurrency: string | undefined
    readonly undatedCount: number
    readonly now: number
  },
): Described => {
  const [money, ...others] = report.currencies
  if (others.length > 0)
    throw new EngineError(
      'DECK_SEVERAL_CURRENCIES',
      `a deck is in one currency, and this file has ${report.currencies.join(', ')}`,
    )
  if (money !== undefined && format.currency !== undefined && money !== format.currency)
    throw new EngineError(
      'DECK_OTHER_CURRENCY',
      `the file says that it is in ${money}, the option currency says ${format.currency}`,
    )
  const known = money ?? usualCurrency
  if (known === undefined)
    throw new EngineError(
      'DECK_NO_CURRENCY',
      'neither the file nor an earlier deck says which currency this is in: give the option currency (--currency)',
    )
  const first = undatedCount > 0 ? now : (report.effectiveFrom?.first ?? now)
  return {
    name: name(
      'name',
      given ?? (source.trim() === '' ? new Date(now).toISOString().slice(0, 10) : source),
      255,
    ),
    currency: currency('currency', known),
    // A deck must not end the rates of today before it has some of its own.
    effectiveFrom: format.effectiveFrom ?? Math.max(now, first),
    effectiveTo: format.effectiveTo,
  }
}

/** Of the owner's newest deck: carriers do not change it. */
const lastCurrency = async (on: RatesConnection, owner: KnownOwner): Promise<string | undefined> => {
  const [last] = await on.query<{ currency: string }>(
    `SELECT currency FROM rate_decks WHERE ${ownerColumn(owner.kind)} = $1 AND published_at IS NOT NULL
     ORDER BY published_at DESC, id DESC LIMIT 1`,
    [owner.id],
  )
  return last?.currency
}

const newDeckId = async (on: RatesConnection): Promise<number> =>
  madeId(
    await on.query<{ id: number }>(
      `SELECT nextval(pg_get_serial_sequence('rate_decks', 'id'))::integer AS id`,
    ),
  )

const insertDeck = async (
  on: RatesConnection,
  deckId: number,
  owner: KnownOwner,
  { source, replaces, draft, charging = {} }: DeckImport,
  deck: Described,
  rateCount: number,
): Promise<void> => {
  const said = chargingColumns(charging)
  // Not now(): that is when the transaction began, and another deck may have been published since.
  await on.query(
    `INSERT INTO rate_decks (id, ${ownerColumn(owner.kind)}, name, currency, replaces, source, rate_count,
       effective_from, effective_to, published_at, grace_seconds, free_seconds, rounding)
     SELECT $1::integer, $2::integer, $3::text, $4::text, $5::boolean, $6::text, $7::bigint, $8::timestamptz, $9::timestamptz,
       CASE WHEN $10::boolean THEN NULL ELSE clock_timestamp() END,
       coalesce($11::integer, last.grace_seconds, 0), coalesce($12::integer, last.free_seconds, 0),
       CASE WHEN $14::boolean THEN $13::text ELSE last.rounding END
     FROM (SELECT 1) AS one LEFT JOIN LATERAL (
       SELECT * FROM rate_decks WHERE ${ownerColumn(owner.kind)} = $2 AND published_at IS NOT NULL
       ORDER BY published_at DESC, id DESC LIMIT 1) AS last ON true`,
    [
      deckId,
      owner.id,
      deck.name,
      deck.currency,
      replaces,
      source === '' ? '' : plain('source', source, 255),
      rateCount,
      moment('effectiveFrom', deck.effectiveFrom),
      deck.effectiveTo === undefined ? null : moment('effectiveTo', deck.effectiveTo),
      draft,
      said['grace_seconds'] ?? null,
      said['free_seconds'] ?? null,
      said['rounding'] ?? null,
      said['rounding'] !== undefined,
    ],
  )
}

type Writer = ReturnType<typeof createWriter>

/** Writes nothing without an id: a dry run only counts. */
const createWriter = (on: RatesConnection, format: DeckFormat, deckId: number | undefined) => {
  const encoder =
    deckId === undefined
      ? undefined
      : createRateEncoder(deckId, { effectiveFrom: format.effectiveFrom, effectiveTo: format.effectiveTo })
  let copy: CopyIn | undefined
  let undated = 0
  return {
    deckId,
    undatedCount: (): number => undated,
    write: async (rates: readonly ReadRate[]): Promise<void> => {
      for (const { effectiveFrom } of rates) if (effectiveFrom === undefined) undated += 1
      if (encoder === undefined || rates.length === 0) return
      copy ??= on.copyFrom(COPY_INTO_RATES)
      await copy.write(encoder.encode(rates))
    },
    end: async (): Promise<void> => {
      await copy?.end()
      copy = undefined
    },
    abort: async (): Promise<void> => {
      await copy?.abort()
      copy = undefined
    },
  }
}

/**
 * The index of rates tells by blocks where a deck lies, and knows new blocks only when it is told of them; otherwise
 * autovacuum does it some time later. After the commit, since it waits for others that do the same.
 */
export const noteNewBlocks = async (on: RatesConnection): Promise<void> => {
  await on.query(`SELECT brin_summarize_new_values('rates_deck_id')`)
}

/** Rates whose deck went with its carrier or customer. Seen by nobody, and a scan of the table: once a start. */
export const removeOrphans = async (on: RatesConnection): Promise<void> => {
  await on.query(
    'DELETE FROM rates WHERE NOT EXISTS (SELECT FROM rate_decks WHERE rate_decks.id = rates.deck_id)',
  )
}
