import type { HangupCause } from '../telephony/hangup-cause.ts'
import { noTimes, type CallerProfile } from './caller-profile.ts'
import { Channel } from './channel.ts'
import type { DialledLeg } from './dial-string-read.ts'
import type { Exchange } from './exchange.ts'
import { playParty } from './far-end.ts'
import { gatewayBehaviour, phoneBehaviour, type PartyBehaviour } from './party.ts'
import { causeOfText } from './sip-status.ts'

/** Owns the making of one outbound channel, or the cause for which there is none. */
export type LegRequest = {
  readonly leg: DialledLeg
  /** Call-wide and exported ones; the leg's own win. */
  readonly variables: ReadonlyMap<string, string>
  readonly caller: Channel | undefined
  readonly callerIdName: string | undefined
  readonly callerIdNumber: string | undefined
}

export type MadeLeg =
  | { readonly kind: 'made'; readonly channel: Channel; readonly start: () => void }
  | { readonly kind: 'refused'; readonly cause: HangupCause }

type Destination = {
  readonly profile: string
  readonly number: string
  readonly channelName: string
  readonly uri: string
  readonly behaviour: PartyBehaviour
  readonly gateway: string | undefined
}

export const makeLeg = (exchange: Exchange, request: LegRequest): MadeLeg => {
  const destination = destinationOf(exchange, request.leg)
  if (typeof destination === 'string') return { kind: 'refused', cause: destination }
  const wanted = request.leg.variables.get('origination_uuid') ?? request.variables.get('origination_uuid')
  // switch_core_session.c: "Duplicate UUID!".
  if (wanted !== undefined && exchange.channels.has(wanted))
    return { kind: 'refused', cause: 'DESTINATION_OUT_OF_ORDER' }
  const uuid = wanted ?? exchange.newUuid()
  const channel = new Channel(exchange, uuid, 'outbound', profileOf(exchange, uuid, destination, request))
  exchange.channels.set(uuid, channel)
  setVariables(channel, destination, request)
  if (request.caller !== undefined) channel.other = { role: 'originator', channel: request.caller }
  const gateway = destination.gateway === undefined ? undefined : exchange.gateways.find(destination.gateway)
  if (gateway !== undefined) gateway.callsOut++
  return {
    kind: 'made',
    channel,
    start: () => {
      announce(channel, request.caller)
      exchange.run(channel)
      playParty(exchange, channel, destination.behaviour)
    },
  }
}

/** The events of a new leg, in the order of the real switch. */
const announce = (channel: Channel, caller: Channel | undefined): void => {
  channel.state = 'CS_NONE'
  if (caller !== undefined) channel.fire('CHANNEL_OUTGOING')
  channel.set('call_uuid', caller?.variables.get('call_uuid') ?? caller?.uuid ?? channel.uuid)
  channel.enter('CS_INIT')
  channel.fire('CHANNEL_CREATE')
  channel.fire('CHANNEL_ORIGINATE')
  channel.enter('CS_ROUTING')
  channel.enter('CS_CONSUME_MEDIA')
}

const profileOf = (
  exchange: Exchange,
  uuid: string,
  destination: Destination,
  request: LegRequest,
): CallerProfile => {
  const { caller } = request
  const given = (name: string): string | undefined =>
    request.leg.variables.get(name) ?? request.variables.get(name)
  const number =
    given('origination_caller_id_number') ??
    request.callerIdNumber ??
    caller?.variables.get('effective_caller_id_number') ??
    caller?.profile.callerIdNumber ??
    // switch_types.h: SWITCH_DEFAULT_CLID_NUMBER.
    '0000000000'
  const name =
    given('origination_caller_id_name') ??
    request.callerIdName ??
    caller?.variables.get('effective_caller_id_name') ??
    caller?.profile.callerIdName ??
    ''
  const now = exchange.clock.now() * 1000
  return {
    direction: 'outbound',
    username: caller?.profile.username ?? '',
    dialplan: caller?.profile.dialplan ?? '',
    callerIdName: name,
    callerIdNumber: number,
    calleeIdName: given('origination_callee_id_name') ?? 'Outbound Call',
    calleeIdNumber: given('origination_callee_id_number') ?? destination.number,
    networkAddr: caller?.profile.networkAddr ?? '',
    ani: caller?.profile.ani ?? number,
    rdnis: '',
    destinationNumber: destination.number,
    uuid,
    source: caller?.profile.source ?? 'src/switch_ivr_originate.c',
    transferSource: '',
    context: caller?.profile.context ?? 'default',
    channelName: destination.channelName,
    index: 1,
    times: { ...noTimes(), created: now, profileCreated: now },
    extension: undefined,
  }
}

const setVariables = (channel: Channel, destination: Destination, request: LegRequest): void => {
  const { caller, leg } = request
  if (destination.gateway !== undefined) {
    channel.set('sip_gateway_name', destination.gateway)
    channel.set('sip_profile_name', 'gateway')
  }
  channel.set('sip_local_network_addr', '127.0.0.1')
  channel.set('sip_destination_url', destination.uri)
  const hops = Number(caller?.variables.get('max_forwards') ?? '70')
  channel.set('max_forwards', String(hops - 1))
  channel.set('dtmf_type', 'rfc2833')
  if (caller !== undefined) {
    channel.set('originator', caller.uuid)
    channel.set('signal_bond', caller.uuid)
    channel.partner = caller
  }
  for (const [name, value] of [...request.variables, ...leg.variables]) channel.set(name, value)
  channel.set('originate_early_media', 'true')
  if (caller !== undefined) channel.set('originating_leg_uuid', caller.uuid)
  channel.set('originate_endpoint', leg.endpoint)
  channel.set('sip_req_uri', destination.uri.replace(/^sip:/, ''))
  channel.set('sofia_profile_name', destination.profile)
  channel.set('recovery_profile_name', destination.profile)
  channel.set('sofia_profile_url', 'sip:mod_sofia@127.0.0.1:5060')
  channel.set('sip_call_id', channel.uuid)
  channel.set('sip_network_ip', '127.0.0.1')
  channel.set('sip_network_port', '5060')
}

const destinationOf = (exchange: Exchange, leg: DialledLeg): Destination | HangupCause => {
  switch (leg.endpoint) {
    case 'sofia':
      return sofiaDestination(exchange, leg.target)
    case 'error':
      return causeOfText(leg.target) ?? 'NORMAL_CLEARING'
    case 'null':
      return {
        profile: 'null',
        number: leg.target,
        channelName: `null/${leg.target}`,
        uri: `null:${leg.target}`,
        behaviour: { outcome: { kind: 'answer', afterMs: 0 } },
        gateway: undefined,
      }
    default:
      exchange.logger.error({ endpoint: leg.endpoint }, 'this endpoint is not simulated')
      return 'CHAN_NOT_IMPLEMENTED'
  }
}

const sofiaDestination = (exchange: Exchange, target: string): Destination | HangupCause => {
  const slash = target.indexOf('/')
  if (slash < 0) return 'INVALID_URL'
  const profile = target.slice(0, slash)
  const rest = target.slice(slash + 1)
  if (profile === 'gateway') return gatewayDestination(exchange, rest)
  if (exchange.gateways.profile(profile) === undefined) return 'INVALID_PROFILE'
  const uri = /^<?(sips?:[^;>]+)/.exec(rest)?.[1] ?? `sip:${rest}`
  const percent = /^sip:([^%@]+)%(.+)$/.exec(uri)
  const phone =
    exchange.registrations.phoneAt(uri) ??
    (percent === null ? undefined : { username: percent[1] ?? '', domain: percent[2] ?? '' })
  if (percent !== null && !isRegistered(exchange, percent[1] ?? '', percent[2] ?? ''))
    return 'USER_NOT_REGISTERED'
  const number = uri.replace(/^sips?:/, '')
  const [user = '', host = ''] = number.split('@')
  return {
    profile,
    number,
    channelName: `sofia/${profile}/${number}`,
    uri,
    behaviour:
      phone === undefined
        ? gatewayBehaviour(exchange.scenario, host, user)
        : phoneBehaviour(exchange.scenario, phone.username, phone.domain),
    gateway: undefined,
  }
}

const gatewayDestination = (exchange: Exchange, rest: string): Destination | HangupCause => {
  const slash = rest.indexOf('/')
  if (slash < 0) return 'INVALID_URL'
  const gateway = exchange.gateways.find(rest.slice(0, slash))
  if (gateway === undefined) return 'INVALID_GATEWAY'
  if (gateway.status === 'DOWN') {
    gateway.failedCallsOut++
    return 'GATEWAY_DOWN'
  }
  const number = rest.slice(slash + 1)
  const proxy = gateway.parameters.get('proxy') ?? gateway.parameters.get('realm') ?? gateway.name
  return {
    profile: gateway.profile,
    number,
    channelName: `sofia/${gateway.profile}/${number}`,
    uri: `sip:${number}@${proxy.split(';')[0] ?? proxy}`,
    behaviour: gatewayBehaviour(exchange.scenario, gateway.name, number),
    gateway: gateway.name,
  }
}

export const isRegistered = (exchange: Exchange, username: string, domain: string): boolean =>
  exchange.scenario.registered?.(username, domain) ?? true
