/** The rows that every scenario needs: one organisation, three phones, three carriers, prices. */
import { createHash } from 'node:crypto'
import type { Database } from '../../src/store/database.ts'
import { addDevice } from '../../src/store/device-writes.ts'
import { addCarrier, addGateway } from '../../src/store/gateway-writes.ts'
import { addNumber, addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { addLcrProfile, addLcrRoute } from '../../src/store/routing-writes.ts'
import {
  CARRIERS,
  DOMAIN,
  OWN_NUMBER,
  PHONES,
  SHOWN_NUMBER,
  type CarrierName,
  type PhoneName,
} from '../scenario/scenario.ts'

export type House = {
  readonly organizationId: number
  readonly profileId: number
  readonly gatewayIds: Readonly<Record<CarrierName, number>>
  readonly userIds: Readonly<Record<PhoneName, number>>
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
    const carrierId = await addCarrier(database, { code: name, name: `Carrier ${name}` })
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
  const userIds = { '1001': 0, '1002': 0, '1003': 0 }
  for (const extension of PHONES) {
    const userId = await addUser(database, { organizationId, name: `Phone ${extension}`, extension })
    userIds[extension] = userId
    await addDevice(database, { userId, username: extension, password: passwordOf(extension) })
  }
  await addNumber(database, { organizationId, number: OWN_NUMBER, userId: userIds['1002'] })
  await addNumber(database, { organizationId, number: SHOWN_NUMBER, userId: userIds['1001'] })
  return { organizationId, profileId, gatewayIds, userIds }
}

/** A key that is the same in the test and in the engine's environment. */
export const MASTER_KEY = createHash('sha256').update('live tests').digest()
