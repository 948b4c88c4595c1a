/** The rows that every scenario needs: one organisation, its users and their phones, three carriers, prices. */
import { createHash } from 'node:crypto'
import type { Database } from '../../src/store/database.ts'
import { addDevice } from '../../src/store/device-writes.ts'
import { addCarrier, addGateway, updateGateway } from '../../src/store/gateway-writes.ts'
import { addNumber, addOrganization, addUser, updateUser } from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { addLcrProfile, addLcrRoute } from '../../src/store/routing-writes.ts'
import {
  CARRIERS,
  DOMAIN,
  OWN_NUMBER,
  SHOWN_NUMBER,
  USER_NAMES,
  USERS,
  type CarrierName,
  type Scenario,
  type UserName,
} from '../scenario/scenario.ts'
import { until } from './net.ts'

export type House = {
  readonly organizationId: number
  readonly profileId: number
  readonly gatewayIds: Readonly<Record<CarrierName, number>>
  readonly userIds: Readonly<Record<UserName, number>>
}

export const passwordOf = (phone: string): string => `password-of-${phone}`

export const buildHouse = async (
  database: Database,
  masterKey: Buffer,
  carriers: Readonly<Record<CarrierName, { readonly port: number; readonly cidrs?: readonly string[] }>>,
): Promise<House> => {
  const profileId = await addLcrProfile(database, { name: 'In order', strategy: 'PRIORITY' })
  const organizationId = await addOrganization(database, {
    name: 'House',
    sipDomain: DOMAIN,
    country: 'GB',
    currency: 'GBP',
    defaultCallerId: SHOWN_NUMBER,
    lcrProfileId: profileId,
  })
  const gatewayIds = { A: 0, B: 0, C: 0 }
  for (const [index, name] of CARRIERS.entries()) {
    const carrierId = await addCarrier(database, {
      code: name,
      name: `Carrier ${name}`,
      // What failed in one scenario is asked again in the next.
      failover: { enabled: false },
    })
    const gatewayId = await addGateway(database, masterKey, {
      carrierId,
      name: `Trunk ${name}`,
      hostname: '127.0.0.1',
      port: carriers[name].port,
      codecs: ['PCMA'],
      inboundCidrs: carriers[name].cidrs ?? [],
    })
    gatewayIds[name] = gatewayId
    await addLcrRoute(database, { profileId, gatewayId, prefix: '', priority: index + 1 })
    await addRates(database, {
      carrierId,
      name: `Prices of ${name}`,
      currency: 'GBP',
      rates: ['44', '33'].map((prefix) => ({
        prefix,
        pricePerMinute: `0.0${index + 1}`,
        firstIncrementSeconds: 60,
        nextIncrementSeconds: 60,
        effectiveFrom: Date.UTC(2020, 0, 1),
      })),
    })
  }
  const userIds = { '1001': 0, '1002': 0, '1003': 0, '1004': 0, '1005': 0, '1006': 0 }
  for (const extension of USER_NAMES) {
    const userId = await addUser(database, { organizationId, name: `Phone ${extension}`, extension })
    userIds[extension] = userId
    for (const username of USERS[extension])
      await addDevice(database, { userId, username, password: passwordOf(username) })
  }
  await addNumber(database, { organizationId, number: OWN_NUMBER, userId: userIds['1002'] })
  await addNumber(database, { organizationId, number: SHOWN_NUMBER, userId: userIds['1001'] })
  return { organizationId, profileId, gatewayIds, userIds }
}

/** A key that is the same in the test and in the engine's environment. */
export const MASTER_KEY = createHash('sha256').update('live tests').digest()

/** What a scenario changes in the house, or takes back. Resolves when the engine plans by it. */
export const rearrange = async (
  scenario: Scenario,
  what: 'begin' | 'end',
  { database, house, get }: Rearranging,
): Promise<void> => {
  const begins = what === 'begin'
  const over = scenario.emergencyOver ?? []
  for (const name of over)
    await updateGateway(database, MASTER_KEY, house.gatewayIds[name], { carriesEmergency: begins })
  if (over.length > 0) {
    const wanted = `${begins ? over.length : 0} emergency gateways`
    await until(wanted, async () => (await get('/v1/routes/explain?number=112&from=1002')).includes(wanted))
  }
  await giveRules(scenario, begins, { database, house, get })
  const { disabled } = scenario
  if (disabled === undefined) return
  await updateUser(database, house.userIds[disabled], { enabled: !begins })
  await until(
    `user ${disabled} is ${begins ? 'disabled' : 'back'}`,
    async () =>
      (await get(`/v1/routes/explain?number=112&from=${disabled}`)).includes('there is no extension') ===
      begins,
  )
}

/** The rules cannot be seen from outside; the name can, and changes with them. */
const giveRules = async (
  { gateways = {} }: Scenario,
  begins: boolean,
  { database, house, get }: Rearranging,
): Promise<void> => {
  const names = CARRIERS.filter((name) => gateways[name] !== undefined)
  for (const name of names) {
    await updateGateway(database, MASTER_KEY, house.gatewayIds[name], {
      name: begins ? `Trunk ${name} by rules` : `Trunk ${name}`,
      failover: begins ? { believes: 'status', next: [], stop: [], ...gateways[name]?.failover } : null,
      maxCallsPerSecond: begins ? (gateways[name]?.maxCallsPerSecond ?? null) : null,
    })
  }
  if (names.length === 0) return
  const path = '/v1/routes/explain?number=%2B442079460123&from=1001'
  await until(`the rules ${begins ? 'count' : 'are taken back'}`, async () => {
    const explained = await get(path)
    return names.every((name) => explained.includes(`Trunk ${name} by rules`) === begins)
  })
}

export type Rearranging = {
  readonly database: Database
  readonly house: House
  /** A path of the engine's API, as text. */
  readonly get: (path: string) => Promise<string>
}
