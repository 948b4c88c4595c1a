/** Carriers and a profile of one suite: rows of its own, so that nothing that it does to them is left to another. */
import type { SippParty } from './sipp.ts'
import type { Stage } from './stage.ts'
import { addCarrier, addGateway, removeGateway } from '../../src/store/gateway-writes.ts'
import type { GatewayFields, NewCarrier } from '../../src/store/gateway-writes.ts'
import { updateOrganization } from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { addLcrProfile, addLcrRoute } from '../../src/store/routing-writes.ts'
import type { NewLcrProfile, NewLcrRoute } from '../../src/store/routing-writes.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import type { Party } from '../scenario/scenario.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { freePort, until } from './net.ts'
import { finalStatuses, invitesOf } from './sipp.ts'
import type { SipMessage } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

/** Dialled where a test says nothing else. */
export const SOMEBODY = '+442079460150'

export type Trunk = {
  readonly carrierId: number
  readonly gatewayId: number
  readonly name: string
  readonly port: number
  /** Who answers from now on; whoever answered before is gone. */
  readonly plays: (party: Party, answersOptions?: 'answered' | 'unanswered') => Promise<void>
  /** The INVITEs since the test began, each once. */
  readonly invites: () => readonly SipMessage[]
  /** All that it sent and received, of every party that played it. */
  readonly messages: () => readonly SipMessage[]
  readonly heardOptions: () => number
}

export type GivenTrunk = {
  readonly gateway?: Partial<GatewayFields>
  readonly carrier?: Partial<Omit<NewCarrier, 'code' | 'name'>>
  /** A trunk of the same carrier; its prices count. */
  readonly sharing?: Trunk
  /** A minute's price by prefix; default a penny for 44. */
  readonly prices?: Readonly<Record<string, string>>
}

let count = 0

export const addTrunk = async (stage: Stage, given: GivenTrunk = {}): Promise<Trunk> => {
  const { database, stale, sipp } = stage
  count += 1
  const name = `Trunk ${count} of a suite`
  const port = await freePort()
  const carrierId =
    given.sharing?.carrierId ??
    (await addCarrier(database, { code: `S${count}`, name: `Carrier S${count}`, ...given.carrier }))
  if (given.sharing === undefined) {
    await addRates(database, {
      carrierId,
      name: `Prices of S${count}`,
      currency: 'GBP',
      rates: Object.entries(given.prices ?? { '44': '0.01' }).map(([prefix, pricePerMinute]) => ({
        prefix,
        pricePerMinute,
        firstIncrementSeconds: 60,
        nextIncrementSeconds: 60,
        effectiveFrom: Date.UTC(2020, 0, 1),
      })),
    })
  }
  const gatewayId = await addGateway(database, MASTER_KEY, {
    carrierId,
    name,
    hostname: '127.0.0.1',
    port,
    codecs: ['PCMA'],
    ...given.gateway,
  })
  const parties: SippParty[] = []
  const messages = (): readonly SipMessage[] => parties.flatMap((party) => party.messages())
  return {
    carrierId,
    gatewayId,
    name,
    port,
    plays: async (party, options) => {
      await parties.at(-1)?.stop()
      parties.push(await sipp({ name: `trunk-${count}`, port, xml: partyXml(party, options) }))
    },
    invites: () => invitesOf(messages(), stale),
    messages,
    heardOptions: () => messages().filter(({ received, method }) => received && method === 'OPTIONS').length,
  }
}

export type Layout = {
  readonly profile: Omit<NewLcrProfile, 'name'>
  readonly routes: readonly (Omit<NewLcrRoute, 'profileId' | 'gatewayId' | 'prefix'> & {
    readonly over: Trunk
    readonly prefix?: string
  })[]
}

/** The organisation's calls go by these routes as soon as this resolves: engine and switch know them. */
export const layOut = async (stage: Stage, { profile, routes }: Layout): Promise<void> => {
  const { database, house, recorder } = stage
  count += 1
  const profileId = await addLcrProfile(database, { name: `Profile ${count}`, ...profile })
  for (const { over, ...route } of routes)
    await addLcrRoute(database, { profileId, gatewayId: over.gatewayId, prefix: '', ...route })
  await updateOrganization(database, house.organizationId, { lcrProfileId: profileId })
  const trunks = [...new Set(routes.map(({ over }) => over))]
  await until('the engine plans by the new routes', async () => {
    const { candidates } = await explain(stage)
    return trunks.every(({ name }) => candidates.includes(name)) && candidates.length === trunks.length
  })
  for (const { gatewayId, port } of trunks) {
    await until('the switch knows the gateway', async () =>
      (await recorder.client.api('sofia', `xmlstatus gateway gw${gatewayId}`)).includes(`:${port}`),
    )
  }
}

/** As the house is. */
export const putBack = async (stage: Stage, trunks: readonly Trunk[]): Promise<void> => {
  const { database, house } = stage
  await updateOrganization(database, house.organizationId, { lcrProfileId: house.profileId })
  for (const { gatewayId } of trunks) await removeGateway(database, gatewayId, { withRoutes: true })
  await until('the engine plans by the house again', async () =>
    (await explain(stage)).candidates.includes('Trunk A'),
  )
}

export type Explained = {
  /** Names of gateways, in order. */
  readonly candidates: readonly string[]
  /** Why a gateway is none of them. */
  readonly reasonOf: (trunk: Trunk) => string | undefined
  readonly refusal: string | undefined
}

export const explain = async ({ engine }: Stage, number = SOMEBODY): Promise<Explained> => {
  const { json } = await engine.api(`/v1/routes/explain?number=${encodeURIComponent(number)}&from=1001`)
  const { explanation } = json as {
    explanation: {
      candidates: { gateway: string }[]
      rejected: { gatewayId: number; reason: string }[]
      refusal?: string | null
    }
  }
  return {
    candidates: explanation.candidates.map(({ gateway }) => gateway),
    reasonOf: (trunk) => explanation.rejected.find(({ gatewayId }) => gatewayId === trunk.gatewayId)?.reason,
    refusal: explanation.refusal ?? undefined,
  }
}

export type Calling = {
  readonly to?: string
  readonly calls?: number
  readonly callsPerSecond?: number
  readonly hangupAfterMs?: number
}

/** Calls of 1001; who is called hangs up, where `hangupAfterMs` says nothing else. */
export const startCalls = (stage: Stage, calling: Calling = {}): Promise<SippParty> => {
  const { to = SOMEBODY, hangupAfterMs, calls = 1, callsPerSecond = 10 } = calling
  return stage.sipp({
    name: `calls-${to}`,
    remote: `127.0.0.1:${stage.ports.phones}`,
    calls,
    callsPerSecond,
    xml: callerXml({
      user: '1001',
      domain: DOMAIN,
      password: passwordOf('1001'),
      to,
      ...(hangupAfterMs === undefined ? {} : { hangupAfterMs }),
    }),
  })
}

export type Placed = {
  /** The final status of each call. */
  readonly statuses: readonly number[]
  readonly messages: readonly SipMessage[]
}

/** Resolves when the calls are over. */
export const placeCalls = async (stage: Stage, calling: Calling = {}): Promise<Placed> => {
  const caller = await startCalls(stage, calling)
  await caller.done
  const messages = caller.messages()
  const byCall = new Map(
    finalStatuses(messages)
      .filter(({ header }) => /\bINVITE\b/.test(header('CSeq') ?? ''))
      .map(({ header, status }) => [header('Call-ID') ?? '', status ?? 0]),
  )
  return { statuses: [...byCall.values()], messages }
}

/** The most that came in any one second, wherever it begins. */
export const mostInASecond = (messages: readonly SipMessage[]): number => {
  const times = messages.map(({ at }) => at)
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))
}
