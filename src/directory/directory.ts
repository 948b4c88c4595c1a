/** A snapshot, indexed for the questions that a call asks. Built once per snapshot, never changed. */
import type { E164 } from '../telephony/e164.ts'
import { indexRecording, NO_RECORDING_ROWS, type RecordingIndex } from './recording-records.ts'
import { createExchangeRates, type ExchangeRates } from './exchange-rates.ts'
import { indexFraud, NO_FRAUD_ROWS, type FraudIndex } from './fraud-records.ts'
import { indexPrefixes } from './prefix-rows.ts'
import type { Quota } from './quota.ts'
import { createTaxRates, type TaxRates } from './tax-rates.ts'
import { createCallerIds, NO_CALLER_IDS, type CallerIds } from './caller-ids.ts'
import type {
  BlockedPrefix,
  Carrier,
  DdiNumber,
  Device,
  Gateway,
  LcrProfile,
  LcrRoute,
  Organization,
  Snapshot,
  User,
} from './records.ts'

export type Directory = RecordingIndex & {
  readonly organization: (id: number) => Organization | undefined
  readonly organizationOfDomain: (sipDomain: string) => Organization | undefined
  readonly organizations: () => readonly Organization[]
  readonly user: (id: number) => User | undefined
  readonly userOfExtension: (organizationId: number, extension: string) => User | undefined
  readonly usersOf: (organizationId: number) => readonly User[]
  /** The device that registers under this name in this domain. */
  readonly device: (organizationId: number, username: string) => Device | undefined
  /** The same of a device that is disabled, or whose user is. */
  readonly disabledDevice: (organizationId: number, username: string) => Device | undefined
  readonly devicesOf: (userId: number) => readonly Device[]
  readonly ddi: (number: E164) => DdiNumber | undefined
  /** The user's own numbers, in the order of their rows. */
  readonly ddisOf: (userId: number) => readonly DdiNumber[]
  /** Which numbers are shown to whom, and who may show one that is not his. */
  readonly callerIds: CallerIds
  /** Whether the organisation may show this number as its own. */
  readonly ownsNumber: (organizationId: number, number: E164) => boolean
  readonly carrier: (id: number) => Carrier | undefined
  readonly gateway: (id: number) => Gateway | undefined
  readonly gateways: () => readonly Gateway[]
  readonly lcrProfile: (id: number) => LcrProfile | undefined
  /** By its name or its id, of those that are offered to the organisation. */
  readonly lcrProfileNamed: (organizationId: number, nameOrId: string) => LcrProfile | undefined
  readonly lcrRoutesOf: (profileId: number) => readonly LcrRoute[]
  /**
   * What forbids the organisation this number, given as digits without plus; undefined: it may be called. The
   * longest enabled prefix speaks, of two as long the organisation's own; one that allows lifts the shorter ones.
   */
  readonly blockedBy: (organizationId: number, digits: string) => BlockedPrefix | undefined
  readonly quotaOf: (organizationId: number) => Quota | undefined
  readonly quotaOfUser: (userId: number) => Quota | undefined
  /** Rules against toll fraud, and whom they blocked. */
  readonly fraud: FraudIndex
  readonly exchange: ExchangeRates['quote']
  readonly taxOf: TaxRates['taxOf']
}

/** `exchangeMostDays`: how much older than a call its exchange rate may be; over Easter banks tell none for four days. */
export type DirectorySettings = { readonly exchangeMostDays?: number }
const EXCHANGE_MOST_DAYS = 7

/** Disabled organisations, users, devices and numbers are not found; carriers and gateways are, to be explained. */
export const createDirectory = (
  snapshot: Snapshot,
  { exchangeMostDays = EXCHANGE_MOST_DAYS }: DirectorySettings = {},
): Directory => {
  const organizations = snapshot.organizations.filter((organization) => organization.enabled)
  const organizationById = byKey(organizations, (organization) => organization.id)
  const organizationByDomain = byKey(organizations, (organization) => organization.sipDomain.toLowerCase())
  const users = snapshot.users.filter((user) => user.enabled && organizationById.has(user.organizationId))
  const userById = byKey(users, (user) => user.id)
  const userByExtension = byKey(users, (user) => `${user.organizationId}/${user.extension}`)
  const usersByOrganization = groupBy(users, (user) => user.organizationId)
  const devices = snapshot.devices.filter((device) => device.enabled && userById.has(device.userId))
  const deviceByName = byKey(
    devices,
    (device) => `${userById.get(device.userId)?.organizationId ?? 0}/${device.username}`,
  )
  const enabledDevices = new Set(devices)
  const anyUserById = byKey(snapshot.users, (user) => user.id)
  const disabledByName = byKey(
    snapshot.devices.filter((device) => !enabledDevices.has(device)),
    (device) => `${anyUserById.get(device.userId)?.organizationId ?? 0}/${device.username}`,
  )
  const devicesByUser = groupBy(devices, (device) => device.userId)
  const numbers = snapshot.numbers.filter(
    (number) => number.enabled && organizationById.has(number.organizationId),
  )
  const ddiByNumber = byKey<DdiNumber, string>(numbers, (number) => number.number)
  const ddisByUser = groupBy(numbers, (number) => number.userId)
  const carrierById = byKey(snapshot.carriers, (carrier) => carrier.id)
  const gatewayById = byKey(snapshot.gateways, (gateway) => gateway.id)
  const profileById = byKey(snapshot.lcrProfiles, (profile) => profile.id)
  const quotas = snapshot.quotas ?? []
  const quotaOfOrganization = byKey(
    quotas.filter(({ userId }) => userId === undefined),
    ({ organizationId }) => organizationId,
  )
  const quotaOfUser = byKey(quotas, ({ userId }) => userId)
  const routesByProfile = groupBy(snapshot.lcrRoutes, (route) => route.profileId)

  return {
    organization: (id) => organizationById.get(id),
    organizationOfDomain: (sipDomain) => organizationByDomain.get(sipDomain.toLowerCase()),
    organizations: () => organizations,
    user: (id) => userById.get(id),
    userOfExtension: (organizationId, extension) => userByExtension.get(`${organizationId}/${extension}`),
    usersOf: (organizationId) => usersByOrganization.get(organizationId) ?? [],
    device: (organizationId, username) => deviceByName.get(`${organizationId}/${username}`),
    disabledDevice: (organizationId, username) => disabledByName.get(`${organizationId}/${username}`),
    devicesOf: (userId) => devicesByUser.get(userId) ?? [],
    ddi: (number) => ddiByNumber.get(number),
    ddisOf: (userId) => ddisByUser.get(userId) ?? [],
    callerIds: createCallerIds(snapshot.callerIds ?? NO_CALLER_IDS),
    ownsNumber: (organizationId, number) => ddiByNumber.get(number)?.organizationId === organizationId,
    carrier: (id) => carrierById.get(id),
    gateway: (id) => gatewayById.get(id),
    gateways: () => snapshot.gateways,
    lcrProfile: (id) => profileById.get(id),
    lcrProfileNamed: (organizationId, nameOrId) =>
      snapshot.lcrProfiles.find(
        (profile) =>
          profile.enabled &&
          (profile.organizationId === undefined || profile.organizationId === organizationId) &&
          (profile.name === nameOrId || String(profile.id) === nameOrId),
      ),
    lcrRoutesOf: (profileId) => routesByProfile.get(profileId) ?? [],
    blockedBy: blocking(snapshot.blockedPrefixes),
    quotaOf: (organizationId) => quotaOfOrganization.get(organizationId),
    quotaOfUser: (userId) => quotaOfUser.get(userId),
    fraud: indexFraud(snapshot.fraud ?? NO_FRAUD_ROWS),
    exchange: createExchangeRates(snapshot.exchangeRates ?? [], exchangeMostDays).quote,
    taxOf: createTaxRates(snapshot.taxRates ?? []).taxOf,
    ...indexRecording(snapshot.recording ?? NO_RECORDING_ROWS),
  }
}

export const EMPTY_SNAPSHOT: Snapshot = {
  organizations: [],
  users: [],
  devices: [],
  numbers: [],
  carriers: [],
  gateways: [],
  lcrProfiles: [],
  lcrRoutes: [],
  blockedPrefixes: [],
}

const blocking = (rows: readonly BlockedPrefix[]): Directory['blockedBy'] => {
  const rowOf = indexPrefixes(rows)
  return (organizationId, digits) => {
    const row = rowOf(organizationId, digits)
    return row?.action === 'block' ? row : undefined
  }
}

const byKey = <Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): ReadonlyMap<Key, Row> =>
  new Map(rows.map((row) => [keyOf(row), row]))

const groupBy = <Row, Key>(
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): ReadonlyMap<Key, readonly Row[]> => {
  const groups = new Map<Key, Row[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return groups
}
