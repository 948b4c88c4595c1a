/**
 * The records that the API reads and writes: both go to the tables, so that what was just written shows. The
 * routing snapshot follows by itself: the tables tell when they change.
 */
import { EngineError } from '../base/errors.ts'
import type { DeckDoors } from '../http/deck-doors.ts'
import type { NewNumber, NewRateDeck, NewUser, RecordDoors } from '../http/record-doors.ts'
import { addBlockedPrefix, removeBlockedPrefix, updateBlockedPrefix } from '../store/blocked-prefix-writes.ts'
import type { NewCallerIdRule, NewCarrierNumber } from '../http/caller-id-json.ts'
import {
  addCallerIdRule,
  addCarrierNumber,
  callerIdRuleReads,
  carrierNumberReads,
  removeCallerIdRule,
  removeCarrierNumber,
  updateCallerIdRule,
  updateCarrierNumber,
} from '../store/caller-id-writes.ts'
import { addDevice, removeDevice, updateDevice } from '../store/device-writes.ts'
import {
  addCarrier,
  addGateway,
  removeCarrier,
  removeGateway,
  updateCarrier,
  updateGateway,
} from '../store/gateway-writes.ts'
import {
  addNumber,
  addOrganization,
  addUser,
  removeNumber,
  removeOrganization,
  removeUser,
  updateNumber,
  updateOrganization,
  updateUser,
} from '../store/organization-writes.ts'
import { addRateDeck, removeRateDeck, updateRateDeck } from '../store/rate-deck-writes.ts'
import { rateDeckReads } from '../store/rate-deck-reads.ts'
import * as reads from '../store/record-reads.ts'
import {
  addLcrProfile,
  addLcrRoute,
  removeLcrProfile,
  removeLcrRoute,
  updateLcrProfile,
  updateLcrRoute,
} from '../store/routing-writes.ts'
import type { DoorParts } from './doors.ts'
import { ownRecords } from './own-records.ts'

export const createRecordDoors = ({
  database,
  masterKey,
  clock,
  rateDeckFiles,
}: Pick<DoorParts, 'database' | 'masterKey' | 'clock'> & {
  readonly rateDeckFiles?: DeckDoors | undefined
}): RecordDoors => ({
  organizations: ownRecords({
    database,
    table: 'organizations',
    reads: reads.organizationReads,
    writes: { add: addOrganization, update: updateOrganization, remove: removeOrganization },
  }),
  carriers: ownRecords({
    database,
    table: 'carriers',
    reads: reads.carrierReads,
    writes: { add: addCarrier, update: updateCarrier, remove: removeCarrier },
  }),
  gateways: ownRecords({
    database,
    table: 'gateways',
    reads: reads.gatewayReads,
    writes: {
      add: (on, record) => addGateway(on, masterKey, record),
      update: (on, id, changes) => updateGateway(on, masterKey, id, changes),
      remove: (on, id) => removeGateway(on, id),
    },
    // Where the platform's trunks lead to, and as whom, is between it and its carriers.
    offered: (gateway) => ({ ...gateway, hostname: '', credentials: undefined, inboundCidrs: [] }),
  }),
  users: ownRecords({
    database,
    table: 'users',
    reads: reads.userReads,
    writes: {
      add: (on, record: NewUser) => addUser(on, { ...record, organizationId: needed(record) }),
      update: updateUser,
      remove: removeUser,
    },
  }),
  devices: ownRecords({
    database,
    table: 'devices',
    reads: reads.deviceReads,
    writes: { add: addDevice, update: updateDevice, remove: removeDevice },
  }),
  numbers: ownRecords({
    database,
    table: 'numbers',
    reads: reads.numberReads,
    writes: {
      add: (on, record: NewNumber) => addNumber(on, { ...record, organizationId: needed(record) }),
      update: updateNumber,
      remove: removeNumber,
    },
  }),
  lcrProfiles: ownRecords({
    database,
    table: 'lcr_profiles',
    reads: reads.lcrProfileReads,
    writes: { add: addLcrProfile, update: updateLcrProfile, remove: removeLcrProfile },
  }),
  lcrRoutes: ownRecords({
    database,
    table: 'lcr_routes',
    reads: reads.lcrRouteReads,
    writes: { add: addLcrRoute, update: updateLcrRoute, remove: removeLcrRoute },
    offered: (route) => ({ ...route, priceOverride: undefined }),
  }),
  blockedPrefixes: ownRecords({
    database,
    table: 'blocked_prefixes',
    reads: reads.blockedPrefixReads,
    writes: { add: addBlockedPrefix, update: updateBlockedPrefix, remove: removeBlockedPrefix },
    added: async (on, id) => {
      await on.query('UPDATE blocked_prefixes SET by_platform = false WHERE id = $1', [id])
    },
  }),
  callerIdRules: ownRecords({
    database,
    table: 'caller_id_rules',
    reads: callerIdRuleReads,
    writes: {
      add: (on, record: NewCallerIdRule) =>
        addCallerIdRule(on, { ...record, organizationId: needed(record) }),
      update: updateCallerIdRule,
      remove: removeCallerIdRule,
    },
  }),
  carrierCallerIds: ownRecords({
    database,
    table: 'carrier_caller_ids',
    reads: carrierNumberReads,
    writes: {
      add: (on, record: NewCarrierNumber) =>
        addCarrierNumber(on, { ...record, organizationId: needed(record) }),
      update: updateCarrierNumber,
      remove: removeCarrierNumber,
    },
  }),
  rateDecks: ownRecords({
    database,
    table: 'rate_decks',
    reads: rateDeckReads,
    writes: {
      add: (on, { effectiveFrom, effectiveTo, ...deck }) =>
        addRateDeck(on, {
          ...deck,
          effectiveFrom: millisecondsOf(effectiveFrom) ?? clock.now(),
          effectiveTo: millisecondsOf(effectiveTo),
        }),
      update: (on, id, { effectiveFrom, effectiveTo, ...changes }: Partial<NewRateDeck>) =>
        updateRateDeck(on, id, {
          ...changes,
          effectiveFrom: millisecondsOf(effectiveFrom),
          effectiveTo: millisecondsOf(effectiveTo),
        }),
      remove: removeRateDeck,
    },
  }),
  ...(rateDeckFiles !== undefined && { rateDeckFiles }),
})

/** The API fills it in for whoever is bound to one, and asks everybody else for it. */
const needed = ({ organizationId }: { readonly organizationId?: number }): number => {
  if (organizationId !== undefined) return organizationId
  throw new EngineError('STORE_BAD_INPUT', 'organizationId: it is missing', { field: 'organizationId' })
}

/** NaN for what is no moment: the store refuses it by the name of its field. */
const millisecondsOf = <Absent extends null | undefined>(moment: string | Absent): number | Absent =>
  typeof moment === 'string' ? Date.parse(moment) : moment
