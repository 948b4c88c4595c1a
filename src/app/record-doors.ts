/**
 * The records that the API reads and writes: both go to the tables, so that what was just written shows. The
 * routing snapshot follows by itself: the tables tell when they change.
 */
import { EngineError } from '../base/errors.ts'
import type { DeckDoors } from '../http/deck-doors.ts'
import type { Collection, NewRateDeck, RecordDoors } from '../http/record-doors.ts'
import { addBlockedPrefix, removeBlockedPrefix, updateBlockedPrefix } from '../store/blocked-prefix-writes.ts'
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

export const createRecordDoors = ({
  database,
  masterKey,
  clock,
  rateDeckFiles,
}: Pick<DoorParts, 'database' | 'masterKey' | 'clock'> & {
  readonly rateDeckFiles?: DeckDoors | undefined
}): RecordDoors => {
  const collection = <New, Row>(
    { list, get }: reads.RecordReads<Row>,
    writes: {
      readonly add: (record: New) => Promise<number>
      readonly update: (id: number, changes: Partial<New>) => Promise<boolean>
      readonly remove: (id: number) => Promise<boolean>
    },
  ): Collection<New, Row> => ({
    list: ({ organizationId }) => list(database, organizationId),
    get: (id) => get(database, id),
    add: async (record) => {
      const row = await get(database, await writes.add(record))
      if (row !== undefined) return row
      throw new EngineError('STORE_NOT_FOUND', 'the record was removed as soon as it was added')
    },
    update: async (id, changes) => ((await writes.update(id, changes)) ? get(database, id) : undefined),
    remove: writes.remove,
  })

  return {
    organizations: collection(reads.organizationReads, {
      add: (record) => addOrganization(database, record),
      update: (id, changes) => updateOrganization(database, id, changes),
      remove: (id) => removeOrganization(database, id),
    }),
    carriers: collection(reads.carrierReads, {
      add: (record) => addCarrier(database, record),
      update: (id, changes) => updateCarrier(database, id, changes),
      remove: (id) => removeCarrier(database, id),
    }),
    gateways: collection(reads.gatewayReads, {
      add: (record) => addGateway(database, masterKey, record),
      update: (id, changes) => updateGateway(database, masterKey, id, changes),
      remove: (id) => removeGateway(database, id),
    }),
    users: collection(reads.userReads, {
      add: (record) => addUser(database, record),
      update: (id, changes) => updateUser(database, id, changes),
      remove: (id) => removeUser(database, id),
    }),
    devices: collection(reads.deviceReads, {
      add: (record) => addDevice(database, record),
      update: (id, changes) => updateDevice(database, id, changes),
      remove: (id) => removeDevice(database, id),
    }),
    numbers: collection(reads.numberReads, {
      add: (record) => addNumber(database, record),
      update: (id, changes) => updateNumber(database, id, changes),
      remove: (id) => removeNumber(database, id),
    }),
    lcrProfiles: collection(reads.lcrProfileReads, {
      add: (record) => addLcrProfile(database, record),
      update: (id, changes) => updateLcrProfile(database, id, changes),
      remove: (id) => removeLcrProfile(database, id),
    }),
    lcrRoutes: collection(reads.lcrRouteReads, {
      add: (record) => addLcrRoute(database, record),
      update: (id, changes) => updateLcrRoute(database, id, changes),
      remove: (id) => removeLcrRoute(database, id),
    }),
    blockedPrefixes: collection(reads.blockedPrefixReads, {
      add: (record) => addBlockedPrefix(database, record),
      update: (id, changes) => updateBlockedPrefix(database, id, changes),
      remove: (id) => removeBlockedPrefix(database, id),
    }),
    rateDecks: collection(rateDeckReads, {
      add: ({ effectiveFrom, effectiveTo, ...deck }) =>
        addRateDeck(database, {
          ...deck,
          effectiveFrom: millisecondsOf(effectiveFrom) ?? clock.now(),
          effectiveTo: millisecondsOf(effectiveTo),
        }),
      update: (id, { effectiveFrom, effectiveTo, ...changes }: Partial<NewRateDeck>) =>
        updateRateDeck(database, id, {
          ...changes,
          effectiveFrom: millisecondsOf(effectiveFrom),
          effectiveTo: millisecondsOf(effectiveTo),
        }),
      remove: (id) => removeRateDeck(database, id),
    }),
    ...(rateDeckFiles !== undefined && { rateDeckFiles }),
  }
}

/** NaN for what is no moment: the store refuses it by the name of its field. */
const millisecondsOf = <Absent extends null | undefined>(moment: string | Absent): number | Absent =>
  typeof moment === 'string' ? Date.parse(moment) : moment
