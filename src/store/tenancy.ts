/**
 * Whose a row is. An organisation sees its own rows and what the platform offers it, and changes its own alone; what
 * it refers to has to be its own, or offered where that is enough. Names of tables and columns are our own, values go
 * as parameters.
 */
import type { Queryable } from './database.ts'
import { badInput, id } from './input.ts'
import type { RecordTable } from './row-writes.ts'

/** `own`: it may change it. `offered`: it may see it. `none`: to it there is no such row. */
export type Standing = 'own' | 'offered' | 'none'

type Ownership = {
  /** Conditions over a row of the table, for organisation $2. */
  readonly own: string
  /** What is offered to it beside its own. */
  readonly offered: string
}

const ofCarrier = (owner: string): string => `carrier_id IN (SELECT id FROM carriers WHERE ${owner})`
const ofProfile = (owner: string): string => `profile_id IN (SELECT id FROM lcr_profiles WHERE ${owner})`
const MINE = 'organization_id = $2'
const PLATFORM = 'organization_id IS NULL'
const NOTHING = 'false'

const OWNERSHIP: Readonly<Record<RecordTable, Ownership>> = {
  organizations: { own: 'id = $2', offered: NOTHING },
  users: { own: MINE, offered: NOTHING },
  devices: { own: MINE, offered: NOTHING },
  numbers: { own: MINE, offered: NOTHING },
  carriers: { own: MINE, offered: PLATFORM },
  gateways: { own: ofCarrier(MINE), offered: ofCarrier(PLATFORM) },
  lcr_profiles: { own: MINE, offered: PLATFORM },
  lcr_routes: { own: ofProfile(MINE), offered: ofProfile(PLATFORM) },
  blocked_prefixes: { own: `${MINE} AND NOT by_platform`, offered: `(${MINE} OR ${PLATFORM})` },
  caller_id_rules: { own: MINE, offered: NOTHING },
  // The lists of the platform's carriers are the platform's word.
  carrier_caller_ids: { own: `${MINE} AND ${ofCarrier(MINE)}`, offered: MINE },
  // What the platform pays to its carriers is nobody's but the platform's.
  rate_decks: { own: ofCarrier(MINE), offered: MINE },
  tax_rates: { own: NOTHING, offered: `(${MINE} OR ${PLATFORM})` },
}

/** Keeps the row from others until the transaction ends, so that it is still true when it is acted upon. */
export const standingOf = async (
  on: Queryable,
  table: RecordTable,
  rowId: number,
  organizationId: number,
): Promise<Standing> => {
  const { own, offered } = OWNERSHIP[table]
  const [row] = await on.query<{ own: boolean; offered: boolean }>(
    `SELECT coalesce(${own}, false) AS own, coalesce(${offered}, false) AS offered FROM ${table} WHERE id = $1 FOR UPDATE`,
    [id('id', rowId), organizationId],
  )
  return row?.own === true ? 'own' : row?.offered === true ? 'offered' : 'none'
}

/** The ids of the rows that it sees. */
export const seenBy = async (
  on: Queryable,
  table: RecordTable,
  ids: readonly number[],
  organizationId: number,
): Promise<ReadonlyMap<number, Standing>> => {
  const { own, offered } = OWNERSHIP[table]
  const rows = await on.query<{ id: number; own: boolean }>(
    `SELECT id, coalesce(${own}, false) AS own FROM ${table}
     WHERE id = ANY($1::integer[]) AND ((${own}) OR (${offered}))`,
    [ids, organizationId],
  )
  return new Map(rows.map((row) => [row.id, row.own ? 'own' : 'offered']))
}

/** Fields of records that hold the id of another: what that has to be for the organisation. */
const REFERENCES: Readonly<Record<string, readonly [table: RecordTable, least: 'own' | 'offered']>> = {
  userId: ['users', 'own'],
  carrierId: ['carriers', 'own'],
  profileId: ['lcr_profiles', 'own'],
  gatewayId: ['gateways', 'offered'],
  lcrProfileId: ['lcr_profiles', 'offered'],
}

/** STORE_BAD_INPUT names the first field that refers to what is not the organisation's to use. */
export const checkReferences = async (
  on: Queryable,
  record: Readonly<Record<string, unknown>>,
  organizationId: number,
): Promise<void> => {
  for (const [field, [table, least]] of Object.entries(REFERENCES)) {
    const value = record[field]
    if (typeof value !== 'number') continue
    const standing = (await seenBy(on, table, [value], organizationId)).get(value)
    if (standing === undefined) throw badInput(field, 'there is no such record')
    if (standing === 'offered' && least === 'own')
      throw badInput(field, "it is the platform's, and not the organisation's to change")
  }
}
