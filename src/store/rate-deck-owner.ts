/** Whose decks: a carrier's, for what we buy at, or an organisation's, for what we sell to it at. */
import { EngineError } from '../base/errors.ts'
import type { RateOwner, RateOwnerKind } from '../routing/rate-parts.ts'
import type { Queryable } from './database.ts'
import { badInput, conflict } from './input.ts'

/** As a person names one: a carrier by its code or id, a customer by the id of its organisation. */
export type OwnerName = {
  readonly kind: RateOwnerKind
  readonly name: string
  /** Only carriers of this organisation are meant; undefined: anybody's. */
  readonly within?: number | undefined
}

/** An owner and what people call it: a carrier's code, an organisation's name. */
export type KnownOwner = RateOwner & { readonly name: string }

/** Throws STORE_BAD_INPUT with the field. A whole number is an id before it is a code. */
export const findOwner = async (
  on: Queryable,
  { kind, name, within }: OwnerName,
  field: string = kind,
): Promise<KnownOwner> => {
  const number = /^[1-9]\d{0,9}$/.test(name) && Number(name) <= MAX_ID ? Number(name) : null
  if (kind === 'customer') {
    const [found] = await on.query<FoundOwner>('SELECT id, name FROM organizations WHERE id = $1', [number])
    if (found === undefined) throw badInput(field, `there is no such organisation: ${shown(name)}`)
    return { kind, ...found }
  }
  const found = await on.query<FoundOwner & { readonly named: boolean }>(
    `SELECT id, code AS name, id = $1 AS named FROM carriers
     WHERE (id = $1 OR code = $2) AND ($3::integer IS NULL OR organization_id = $3) ORDER BY id`,
    [number ?? 0, name, within ?? null],
  )
  const only = found.find(({ named }) => named) ?? found[0]
  if (only === undefined) throw badInput(field, `there is no such carrier: ${shown(name)}`)
  if (!only.named && found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ')
    throw badInput(field, `several carriers have the code ${shown(name)}: name one by its id, ${ids}`)
  }
  return { kind, id: only.id, name: only.name }
}

/**
 * Until the transaction ends nobody else writes, publishes or withdraws a deck of this owner: two at once would
 * leave it to chance which of them replaces the other. Waits a little; STORE_CONFLICT where the other takes longer.
 */
export const lockOwner = async (on: Queryable, { kind, id }: RateOwner): Promise<void> => {
  await on.query(`SELECT set_config('lock_timeout', '${LOCK_WAIT_MS}', true)`)
  try {
    await on.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCKS[kind], id])
  } catch (fault) {
    if (!(fault instanceof EngineError) || fault.details['sqlState'] !== LOCK_NOT_AVAILABLE) throw fault
    throw conflict(
      kind,
      'another rate deck of it is being imported or published; try again when that is done',
      fault,
    )
  }
  await on.query(`SELECT set_config('lock_timeout', '0', true)`)
}

/** Whoever writes a deck in one request has done so by then; an import of millions may go on for minutes. */
const LOCK_WAIT_MS = 3_000
const LOCK_NOT_AVAILABLE = '55P03'

export const ownerOfDeck = (row: {
  readonly carrierId: number | null | undefined
  readonly organizationId: number | null | undefined
}): RateOwner =>
  typeof row.carrierId === 'number'
    ? { kind: 'carrier', id: row.carrierId }
    : { kind: 'customer', id: row.organizationId ?? 0 }

/** The column of rate_decks that holds the owner's id. */
export const ownerColumn = (kind: RateOwnerKind): 'carrier_id' | 'organization_id' =>
  kind === 'carrier' ? 'carrier_id' : 'organization_id'

type FoundOwner = { readonly id: number; readonly name: string }

const MAX_ID = 2_147_483_647

/** The first half of the advisory lock's key: a number of our own for each kind ("rdc", "rdo" in ASCII). */
const LOCKS: Readonly<Record<RateOwnerKind, number>> = { carrier: 0x726463, customer: 0x72646f }

const shown = (name: string): string => `"${name.slice(0, 60)}"`
