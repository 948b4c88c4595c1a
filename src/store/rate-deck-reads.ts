/** Rate decks without their rates, as operators see them: drafts, what is published, what was withdrawn. */
import { id } from './input.ts'
import type { RecordReads } from './record-reads.ts'

export type RateDeckState = 'draft' | 'published' | 'withdrawn'

/** One of carrierId and organizationId is given: whom we buy from, or whom we sell to. */
export type RateDeckRow = {
  readonly id: number
  readonly carrierId: number | undefined
  /** The carrier's code, for people. */
  readonly carrier: string | undefined
  readonly organizationId: number | undefined
  readonly name: string
  readonly currency: string
  readonly state: RateDeckState
  /** Counts the owner's decks in the order of their publication, from 1; undefined: never published. */
  readonly version: number | undefined
  /** Ends what its owner published before it. */
  readonly replaces: boolean
  /** Milliseconds since the epoch, like all moments: of rates that have no dates of their own. */
  readonly effectiveFrom: number
  /** Undefined: for good. */
  readonly effectiveTo: number | undefined
  readonly rateCount: number
  /** What it says of all its rates. */
  readonly graceSeconds: number
  readonly freeSeconds: number
  readonly rounding: string | undefined
  /** The file that it came from; may be empty. */
  readonly source: string
  readonly createdAt: number
  readonly publishedAt: number | undefined
  readonly withdrawnAt: number | undefined
}

export const rateDeckReads: RecordReads<RateDeckRow> = {
  list: async (on, organizationId) => {
    const owner = organizationId === undefined ? null : id('organizationId', organizationId)
    const rows = await on.query<StoredDeck>(
      `SELECT * FROM (${SELECT}) AS decks WHERE ${OFFERED} ORDER BY id`,
      [owner],
    )
    return rows.map(toRow)
  },
  get: async (on, deckId) => {
    const [stored] = await on.query<StoredDeck>(`SELECT * FROM (${SELECT}) AS decks WHERE id = $1`, [
      id('id', deckId),
    ])
    return stored === undefined ? undefined : toRow(stored)
  },
}

// What a hand wrote as infinite has no end, or no beginning. One deck may be looked up by its id alone: its version
// needs the others of its owner, of which there are few beside their rates.
const SELECT = `SELECT deck.id, deck.carrier_id AS "carrierId", carriers.code AS carrier,
    deck.organization_id AS "organizationId", deck.name, deck.currency,
    CASE WHEN deck.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN deck.published_at IS NOT NULL THEN 'published'
      ELSE 'draft' END AS state,
    CASE WHEN deck.published_at IS NOT NULL THEN (
      SELECT count(*) FROM rate_decks AS other
      WHERE (other.carrier_id = deck.carrier_id OR other.organization_id = deck.organization_id)
        AND (other.published_at, other.id) <= (deck.published_at, deck.id)
    ) END AS version,
    deck.replaces, greatest(coalesce(deck.effective_from, deck.created_at), 'epoch') AS "effectiveFrom",
    nullif(deck.effective_to, 'infinity') AS "effectiveTo", deck.rate_count AS "rateCount", deck.source,
    deck.grace_seconds AS "graceSeconds", deck.free_seconds AS "freeSeconds", deck.rounding,
    deck.created_at AS "createdAt", deck.published_at AS "publishedAt", deck.withdrawn_at AS "withdrawnAt"
  FROM rate_decks AS deck LEFT JOIN carriers ON carriers.id = deck.carrier_id`

/** For an organisation: what the carriers that it may use charge, and what it is charged itself. */
const OFFERED = `($1::integer IS NULL OR "organizationId" = $1 OR "carrierId" IN (
    SELECT id FROM carriers WHERE organization_id = $1 OR organization_id IS NULL))`

type StoredDeck = {
  readonly [Field in keyof RateDeckRow]: undefined extends RateDeckRow[Field]
    ? Exclude<RateDeckRow[Field], undefined> | null
    : RateDeckRow[Field]
}

const toRow = (stored: StoredDeck): RateDeckRow => ({
  ...stored,
  carrierId: stored.carrierId ?? undefined,
  carrier: stored.carrier ?? undefined,
  organizationId: stored.organizationId ?? undefined,
  version: stored.version ?? undefined,
  rounding: stored.rounding ?? undefined,
  effectiveTo: stored.effectiveTo ?? undefined,
  publishedAt: stored.publishedAt ?? undefined,
  withdrawnAt: stored.withdrawnAt ?? undefined,
})
