/**
 * The records that operators keep, as the command line takes and shows them, in the order of its help. `records.ts`
 * makes the commands of a kind; another kind is another row here.
 */
import { type RecordKind } from './record-fields.ts'
import { callerIdRules, carrierCallerIds } from './record-kinds-caller-id.ts'
import { carriers, gateways } from './record-kinds-carriers.ts'
import { devices, numbers, organizations, users } from './record-kinds-organizations.ts'
import { blockedPrefixes, lcrProfiles, lcrRoutes } from './record-kinds-routing.ts'

export const RECORD_KINDS: readonly RecordKind[] = [
  organizations,
  carriers,
  gateways,
  users,
  devices,
  numbers,
  lcrProfiles,
  lcrRoutes,
  blockedPrefixes,
  callerIdRules,
  carrierCallerIds,
]
