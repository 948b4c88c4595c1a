/** What the database has of a scenario's call, held against what the scenario expects. */
import assert from 'node:assert/strict'
import type { Database } from '../../src/store/database.ts'
import type { Scenario } from './scenario.ts'
import { CARRIERS } from './scenario.ts'

type AttemptRow = {
  readonly carrier: string
  readonly outcome: string
  readonly cause: string | null
  readonly status: number | null
}

type LegRow = {
  readonly uuid: string
  readonly phone: string | null
  readonly disposition: string
  readonly cause: string
  readonly status: number | null
}

/** Of the attempts only what the scenario speaks of. */
export const checkAttempts = async (
  database: Database,
  uuid: string,
  { expect }: Scenario,
): Promise<void> => {
  const { attempts } = expect
  if (attempts === undefined) return
  const rows = await database.query<AttemptRow>(
    'SELECT carrier_name AS carrier, outcome, cause, sip_status AS status FROM call_attempts WHERE a_leg_uuid = $1 ORDER BY n',
    [uuid],
  )
  assert.deepEqual(
    rows.map(({ carrier, outcome, cause, status }, index) => ({
      carrier: CARRIERS.find((name) => carrier === `Carrier ${name}`),
      outcome,
      ...(attempts[index]?.cause === undefined ? {} : { cause }),
      ...(attempts[index]?.sipStatus === undefined ? {} : { sipStatus: status }),
    })),
    attempts,
  )
}

/** `look` waits for rows that are still on their way. */
export const checkLegs = async (
  database: Database,
  callId: string,
  { expect }: Scenario,
  look: <Rows>(what: string, rows: () => Promise<Rows | false>) => Promise<Rows>,
): Promise<void> => {
  const { legs } = expect
  if (legs === undefined) return
  const rows = await look('the records of all legs', async () => {
    const found = await database.query<LegRow>(
      `SELECT leg_uuid::text AS uuid, callee_number AS phone, disposition, hangup_cause AS cause, sip_status AS status
       FROM call_detail_records WHERE call_id = $1 AND leg = 'B' ORDER BY callee_number`,
      [callId],
    )
    return found.length >= legs.length && found
  })
  const wanted = [...legs].sort((a, b) => (a.phone < b.phone ? -1 : 1))
  assert.deepEqual(
    rows.map(({ phone, disposition, cause, status }, index) => ({
      phone,
      disposition,
      cause,
      ...(wanted[index]?.sipStatus === undefined ? {} : { sipStatus: status }),
    })),
    wanted,
  )
  assert.equal(
    new Set([callId, ...rows.map(({ uuid }) => uuid)]).size,
    legs.length + 1,
    'a uuid for each leg',
  )
}
