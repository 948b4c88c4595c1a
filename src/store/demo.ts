/**
 * What a trial starts with: one organisation with two phones, three carriers on this machine, and prices that
 * make the choice between them visible. Numbers are from Ofcom's ranges for drama, which reach nobody.
 */
import { randomInt } from 'node:crypto'
import type { Database, Queryable } from './database.ts'
import { addCarrier, addGateway } from './gateway-writes.ts'
import { addDevice } from './device-writes.ts'
import { isConflict } from './input.ts'
import { addNumber, addOrganization, addUser } from './organization-writes.ts'
import { addRates } from './rate-deck-writes.ts'
import { addLcrProfile, addLcrRoute } from './routing-writes.ts'

/** Told once: the passwords are kept nowhere. */
export type DemoSecrets = {
  readonly organizationId: number
  readonly domain: string
  readonly number: string
  readonly devices: readonly {
    readonly username: string
    readonly extension: string
    readonly password: string
  }[]
}

export const DEMO_DOMAIN = 'demo.strowger.local'
export const DEMO_NUMBER = '+442079460100'

/** Undefined when any organisation exists, or another engine seeds at the same moment. */
export const seedDemo = async (database: Database, masterKey: Buffer): Promise<DemoSecrets | undefined> => {
  try {
    return await database.transaction(async (on) => {
      const existing = await on.query('SELECT 1 FROM organizations LIMIT 1')
      return existing.length > 0 ? undefined : seed(on, masterKey)
    })
  } catch (fault) {
    if (isConflict(fault)) return undefined
    throw fault
  }
}

const seed = async (on: Queryable, masterKey: Buffer): Promise<DemoSecrets> => {
  const profileId = await addLcrProfile(on, { name: 'Cheapest first', strategy: 'LOWEST_COST' })
  const organizationId = await addOrganization(on, {
    name: 'Demo',
    sipDomain: DEMO_DOMAIN,
    country: 'GB',
    currency: 'GBP',
    defaultCallerId: DEMO_NUMBER,
    lcrProfileId: profileId,
    isDemo: true,
  })
  for (const [index, carrier] of CARRIERS.entries())
    await seedCarrier(on, masterKey, profileId, carrier, index + 1)

  const devices = []
  for (const [index, extension] of ['1001', '1002'].entries()) {
    const userId = await addUser(on, { organizationId, name: `Demo phone ${index + 1}`, extension })
    const password = easyPassword()
    await addDevice(on, { userId, username: extension, password })
    if (index === 0) await addNumber(on, { organizationId, number: DEMO_NUMBER, userId })
    devices.push({ username: extension, extension, password })
  }
  return { organizationId, domain: DEMO_DOMAIN, number: DEMO_NUMBER, devices }
}

const seedCarrier = async (
  on: Queryable,
  masterKey: Buffer,
  profileId: number,
  carrier: (typeof CARRIERS)[number],
  priority: number,
): Promise<void> => {
  const { code, name, port, carriesEmergency, prices, first, next } = carrier
  const carrierId = await addCarrier(on, { code, name })
  const gatewayId = await addGateway(on, masterKey, {
    carrierId,
    name: `${name} trunk`,
    hostname: '127.0.0.1',
    port,
    transport: 'udp',
    carriesEmergency,
  })
  await addLcrRoute(on, { profileId, gatewayId, prefix: '', priority })
  await addRates(on, {
    carrierId,
    name: `${name} standard`,
    currency: 'GBP',
    rates: Object.entries(prices).map(([prefix, pricePerMinute]) => ({
      prefix,
      pricePerMinute,
      firstIncrementSeconds: first,
      nextIncrementSeconds: next,
      effectiveFrom: Date.UTC(2020, 0, 1),
    })),
  })
}

/** Per minute: the United Kingdom, London, British mobiles, North America, France. */
const CARRIERS = [
  {
    code: 'A',
    name: 'Alpha Carrier',
    port: 5091,
    carriesEmergency: false,
    first: 60,
    next: 60,
    prices: { '44': '0.0080', '4420': '0.0050', '447': '0.0180', '1': '0.0060', '33': '0.0090' },
  },
  {
    code: 'B',
    name: 'Beta Carrier',
    port: 5092,
    carriesEmergency: false,
    first: 1,
    next: 1,
    prices: { '44': '0.0100', '4420': '0.0065', '447': '0.0210', '1': '0.0075', '33': '0.0110' },
  },
  {
    code: 'C',
    name: 'Gamma Carrier',
    port: 5093,
    carriesEmergency: true,
    first: 30,
    next: 6,
    prices: { '44': '0.0130', '4420': '0.0085', '447': '0.0260', '1': '0.0095', '33': '0.0140' },
  },
] as const

/** 60 bits in twelve letters and digits that nobody mistakes for one another. */
const easyPassword = (): string =>
  Array.from({ length: 12 }, () => 'abcdefghjkmnpqrstuvwxyz23456789x'.charAt(randomInt(32))).join('')
