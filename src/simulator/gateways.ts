import { every, type Cancel, type Clock } from '../base/clock.ts'
import type { XmlFetch } from './xml-fetch.ts'
import { childrenOf, findChild, pairsOf, type XmlNode } from './xml-tree.ts'

/** Owns sofia's profiles and gateways: read from sofia.conf, changed by rescan and killgw as sofia changes them. */
export type SofiaProfile = {
  readonly name: string
  readonly context: string
  readonly settings: ReadonlyMap<string, string>
}

export type Gateway = {
  readonly name: string
  readonly profile: string
  readonly parameters: ReadonlyMap<string, string>
  readonly variables: ReadonlyMap<string, string>
  state: 'NOREG' | 'REGED' | 'FAIL_WAIT' | 'UNREGED'
  status: 'UP' | 'DOWN'
  callsIn: number
  callsOut: number
  failedCallsIn: number
  failedCallsOut: number
  pingCount: number
  readonly since: number
}

export type Gateways = {
  /** Reads all profiles, as at the start. */
  readonly load: (parameters: Readonly<Record<string, string>>) => Promise<void>
  /** `sofia profile X rescan`; false when there is no configuration for the profile. */
  readonly rescan: (profile: string, parameters: Readonly<Record<string, string>>) => Promise<boolean>
  readonly kill: (name: string) => boolean
  readonly killAll: (profile: string) => void
  readonly find: (name: string) => Gateway | undefined
  readonly all: () => readonly Gateway[]
  readonly profile: (name: string) => SofiaProfile | undefined
  readonly profiles: () => readonly SofiaProfile[]
  readonly stop: () => void
}

export type GatewaysOptions = {
  readonly xml: XmlFetch
  readonly clock: Clock
  readonly fireCustom: (subclass: string, headers: Readonly<Record<string, string>>) => void
  readonly answersPing: (gateway: string) => boolean
}

/** What a switch of ours has without an engine: two profiles, no gateways. */
const STATIC_PROFILES = ['phones', 'trunks']
/** sofia.c: a gateway that is marked is swept by the profile's worker, once a second. */
const SWEEP_MS = 1000
/** sofia.c: a ping more often than this is refused. */
const SHORTEST_PING_S = 5

export const createGateways = ({ xml, clock, fireCustom, answersPing }: GatewaysOptions): Gateways => {
  const profiles = new Map<string, SofiaProfile>()
  const gateways = new Map<string, Gateway>()
  const pings = new Map<string, Cancel>()
  const sweeps = new Set<Cancel>()

  for (const name of STATIC_PROFILES) profiles.set(name, { name, context: name, settings: new Map() })

  const setStatus = (gateway: Gateway, up: boolean): void => {
    const status = up ? 'UP' : 'DOWN'
    const before = gateway.status
    gateway.status = status
    if (before === status) return
    fireCustom('sofia::gateway_state', {
      Gateway: gateway.name,
      State: gateway.state,
      'Ping-Status': status,
      Phrase: up ? 'OK' : 'Service Unavailable',
      Status: up ? '200' : '503',
    })
  }

  const addGateway = (node: XmlNode, profile: string): void => {
    const name = node.attributes['name'] ?? ''
    // sofia.c, parse_gateways: other names are ignored; a name that exists stays as it is.
    if (!/^[\w.-]+$/.test(name) || gateways.has(name)) return
    const parameters = pairsOf(node, 'param')
    const registers = parameters.get('register') !== 'false'
    const gateway: Gateway = {
      name,
      profile,
      parameters,
      variables: pairsOf(findChild(node, 'variables'), 'variable'),
      state: registers ? 'REGED' : 'NOREG',
      status: 'UP',
      callsIn: 0,
      callsOut: 0,
      failedCallsIn: 0,
      failedCallsOut: 0,
      pingCount: 0,
      since: clock.now(),
    }
    gateways.set(name, gateway)
    fireCustom('sofia::gateway_add', { Gateway: name, 'profile-name': profile })
    if (registers)
      fireCustom('sofia::gateway_state', {
        Gateway: name,
        State: 'REGED',
        'Ping-Status': 'UP',
        Phrase: 'OK',
        Status: '200',
      })
    const ping = Number(parameters.get('ping') ?? '0')
    if (ping >= SHORTEST_PING_S) startPinging(gateway, ping)
  }

  const startPinging = (gateway: Gateway, seconds: number): void => {
    const misses = Number(gateway.parameters.get('ping-max') ?? '1')
    pings.set(
      gateway.name,
      every(clock, seconds * 1000, () => {
        if (answersPing(gateway.name)) {
          gateway.pingCount = misses
          setStatus(gateway, true)
        } else {
          gateway.pingCount = Math.max(0, gateway.pingCount - 1)
          if (gateway.pingCount === 0) setStatus(gateway, false)
        }
      }),
    )
  }

  const remove = (gateway: Gateway): void => {
    gateways.delete(gateway.name)
    pings.get(gateway.name)?.()
    pings.delete(gateway.name)
    const cancel = clock.after(SWEEP_MS, () => {
      sweeps.delete(cancel)
      fireCustom('sofia::gateway_delete', { 'profile-name': gateway.profile, Gateway: gateway.name })
    })
    sweeps.add(cancel)
  }

  const fetchProfiles = async (
    parameters: Readonly<Record<string, string>>,
  ): Promise<readonly XmlNode[] | undefined> => {
    const section = await xml.fetch({
      section: 'configuration',
      tagName: 'configuration',
      keyName: 'name',
      keyValue: 'sofia.conf',
      parameters,
    })
    const configuration = findChild(section, 'configuration', 'name', 'sofia.conf')
    return configuration === undefined
      ? undefined
      : childrenOf(findChild(configuration, 'profiles'), 'profile')
  }

  const addGatewaysOf = (node: XmlNode, profile: string): void => {
    for (const gateway of childrenOf(findChild(node, 'gateways'), 'gateway')) addGateway(gateway, profile)
  }

  return {
    load: async (parameters) => {
      for (const node of (await fetchProfiles(parameters)) ?? []) {
        const name = node.attributes['name'] ?? ''
        const settings = pairsOf(findChild(node, 'settings'), 'param')
        profiles.set(name, { name, context: settings.get('context') ?? name, settings })
        addGatewaysOf(node, name)
      }
    },
    rescan: async (profile, parameters) => {
      const nodes = await fetchProfiles(parameters)
      const node = nodes?.find((candidate) => candidate.attributes['name'] === profile)
      if (node === undefined) return false
      addGatewaysOf(node, profile)
      return true
    },
    kill: (name) => {
      const gateway = gateways.get(name)
      if (gateway !== undefined) remove(gateway)
      return gateway !== undefined
    },
    killAll: (profile) => {
      for (const gateway of [...gateways.values()]) if (gateway.profile === profile) remove(gateway)
    },
    find: (name) => gateways.get(name.split('::').at(-1) ?? name),
    all: () => [...gateways.values()],
    profile: (name) => profiles.get(name),
    profiles: () => [...profiles.values()],
    stop: () => {
      for (const cancel of [...pings.values(), ...sweeps]) cancel()
    },
  }
}
