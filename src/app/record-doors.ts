/** The records that the API reads and writes: read from the snapshot, written to the tables. */
import type { RecordDoors } from '../http/record-doors.ts'
import type { DoorParts } from './doors.ts'

export const createRecordDoors = (
  _parts: Pick<DoorParts, 'database' | 'databaseLink' | 'world' | 'masterKey'>,
): RecordDoors => ({})
