/** What was decided for a call, as it was kept. */
import { isCallUuid } from '../telephony/call-uuid.ts'
import type { Queryable } from './database.ts'
import { badInput } from './input.ts'

/**
 * The call's last decision as JSON, undefined where none is kept: a call that was sent back to the dialplan was
 * decided more than once. With an organisation only what is of it. Throws STORE_BAD_INPUT and STORE_UNAVAILABLE.
 */
export const findDecision = async (
  on: Queryable,
  callId: string,
  organizationId?: number,
): Promise<unknown> => {
  const lower = callId.toLowerCase()
  if (!isCallUuid(lower)) throw badInput('callId', 'it is not a uuid')
  const [row] = await on.query<{ decision: unknown }>(
    `SELECT decision FROM call_decisions WHERE call_id = $1 AND ($2::integer IS NULL OR organization_id = $2)
     ORDER BY start_time DESC LIMIT 1`,
    [lower, organizationId ?? null],
  )
  return row?.decision
}
