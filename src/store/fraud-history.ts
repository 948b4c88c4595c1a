/** What records say of calls that left the house: the last day for the counters, and every country that was ever called. */
import type { Queryable } from './database.ts'
import { parseMoney, type Money } from '../telephony/money.ts'

/** One leg of the last day; an A leg was dialled, a B leg may have cost something. */
export type PastLeg = {
  readonly callId: string
  readonly legUuid: string
  readonly leg: 'A' | 'B'
  readonly organizationId: number
  readonly userId: number | undefined
  /** As it was dialled, or as the carrier got it. */
  readonly number: string
  readonly startedAt: number
  readonly endedAt: number
  readonly cost: { readonly amount: Money; readonly currency: string } | undefined
  readonly simulated: boolean
}

/** More of one day are not counted again after a restart: the newest are. */
const MOST_LEGS = 300_000

/** Outgoing legs of calls that were dialled since, the oldest first. */
export const readPastLegs = async (on: Queryable, since: number): Promise<readonly PastLeg[]> => {
  const rows = await on.query<{
    call_id: string
    leg_uuid: string
    leg: 'A' | 'B'
    organization_id: number
    caller_user_id: number | null
    number: string
    start_time: number
    end_time: number
    total_cost: string | null
    currency: string | null
    simulated: boolean
  }>(
    `SELECT call_id::text AS call_id, leg_uuid::text AS leg_uuid, leg, organization_id, caller_user_id,
       coalesce(callee_number, dialled_number) AS number, start_time, end_time, total_cost::text AS total_cost, currency, simulated
     FROM call_detail_records
     WHERE start_time >= $1 AND direction = 'outbound' AND organization_id IS NOT NULL
       AND coalesce(callee_number, dialled_number) IS NOT NULL AND (leg = 'A' OR total_cost IS NOT NULL)
     ORDER BY start_time DESC, leg DESC LIMIT ${MOST_LEGS}`,
    [new Date(since).toISOString()],
  )
  return rows
    .map((row): PastLeg => ({
      callId: row.call_id,
      legUuid: row.leg_uuid,
      leg: row.leg,
      organizationId: row.organization_id,
      userId: row.caller_user_id ?? undefined,
      number: row.number,
      startedAt: row.start_time,
      endedAt: row.end_time,
      cost:
        row.total_cost === null || row.currency === null
          ? undefined
          : { amount: parseMoney(row.total_cost), currency: row.currency },
      simulated: row.simulated,
    }))
    .reverse()
}

export type CalledCountry = { readonly organizationId: number; readonly country: string }

export const listCalledCountries = (on: Queryable): Promise<readonly CalledCountry[]> =>
  on.query<CalledCountry>('SELECT organization_id AS "organizationId", country FROM fraud_countries')

export const addCalledCountries = async (on: Queryable, rows: readonly CalledCountry[]): Promise<void> => {
  await on.query(
    `INSERT INTO fraud_countries (organization_id, country)
     SELECT called.organization_id, called.country FROM unnest($1::int[], $2::text[]) AS called (organization_id, country)
     JOIN organizations ON organizations.id = called.organization_id
     ON CONFLICT DO NOTHING`,
    [rows.map(({ organizationId }) => organizationId), rows.map(({ country }) => country)],
  )
}

/**
 * A number for each beginning that an organisation ever called, where no country is known yet: read once, when the rules
 * are new to a house that has records.
 */
export const samplesOfPast = (
  on: Queryable,
): Promise<readonly { readonly organizationId: number; readonly number: string }[]> =>
  on.query(
    `SELECT organization_id AS "organizationId", min(callee_number) AS number FROM call_detail_records
     WHERE leg = 'A' AND direction = 'outbound' AND organization_id IS NOT NULL AND callee_number ~ '^[+][0-9]{6,15}$'
       AND organization_id NOT IN (SELECT organization_id FROM fraud_countries)
     GROUP BY organization_id, left(callee_number, 7)`,
  )
