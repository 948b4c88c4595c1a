import { Channel } from './channel.ts'
import { noTimes } from './caller-profile.ts'
import { authenticate } from './directory-user.ts'
import type { Exchange } from './exchange.ts'
import { playDigits, receiveBye, receiveCancel } from './far-end.ts'
import type { CallerBehaviour } from './party.ts'

/** Owns calls that come in: what is checked before there is a channel, and what the caller then does. */
export type CallOutcome = {
  /** The final answer to the INVITE. */
  readonly sipStatus: number
  readonly cause: string
  /** From answer to hang-up. */
  readonly answeredMs?: number
}

export type PlacedCall = { readonly uuid: string; readonly final: Promise<CallOutcome> }

export const placeCall = async (
  exchange: Exchange,
  from: { readonly username: string; readonly domain: string },
  to: string,
  behaviour: CallerBehaviour,
): Promise<PlacedCall> => {
  const uuid = exchange.newUuid()
  const registration = exchange.registrations.find(from.username, from.domain)
  const address = registration?.networkIp ?? '127.0.0.1'
  const port = registration?.networkPort ?? exchange.registrations.nextPort()
  const user = await authenticate(exchange, {
    profile: 'phones',
    ...from,
    method: 'INVITE',
    sourceAddress: address,
    sourcePort: port,
    callId: uuid,
    requestUser: to,
    password: undefined,
  })
  if (user === undefined) return refused(uuid)
  const variables = new Map([
    ['sip_authorized', 'true'],
    ['sip_number_alias', from.username],
    ['sip_auth_username', from.username],
    ['sip_auth_realm', from.domain],
    ['number_alias', from.username],
    ['requested_user_name', from.username],
    ['requested_domain_name', from.domain],
    ...user.variables,
    ['user_name', from.username],
    ['domain_name', from.domain],
  ] as const)
  return start(
    exchange,
    uuid,
    'phones',
    { number: from.username, host: from.domain, address, port },
    to,
    variables,
    behaviour,
  )
}

export const receiveCall = (
  exchange: Exchange,
  fromAddress: string,
  number: string,
  behaviour: CallerBehaviour,
): PlacedCall => {
  const uuid = exchange.newUuid()
  if (!exchange.acl.allows('trunks', fromAddress)) return refused(uuid)
  const caller = {
    number: behaviour.callerNumber ?? '+442071838750',
    host: fromAddress,
    address: fromAddress,
    port: 5060,
  }
  return start(exchange, uuid, 'trunks', caller, number, new Map(), behaviour)
}

/** No channel is made for a caller who is not let in, and no CDR. */
const refused = (uuid: string): PlacedCall => ({
  uuid,
  final: Promise.resolve({ sipStatus: 403, cause: 'CALL_REJECTED' }),
})

type Caller = {
  readonly number: string
  readonly host: string
  readonly address: string
  readonly port: number
}

const start = (
  exchange: Exchange,
  uuid: string,
  profileName: 'phones' | 'trunks',
  caller: Caller,
  to: string,
  variables: ReadonlyMap<string, string>,
  behaviour: CallerBehaviour,
): PlacedCall => {
  const now = exchange.clock.now() * 1000
  const profile = exchange.gateways.profile(profileName)
  const channel = new Channel(exchange, uuid, 'inbound', {
    direction: 'inbound',
    username: caller.number,
    dialplan: 'XML',
    callerIdName: caller.number,
    callerIdNumber: caller.number,
    calleeIdName: '',
    calleeIdNumber: '',
    networkAddr: caller.address,
    ani: caller.number,
    rdnis: '',
    destinationNumber: to,
    uuid,
    source: 'mod_sofia',
    transferSource: '',
    context: variables.get('user_context') ?? profile?.context ?? profileName,
    channelName: `sofia/${profileName}/${caller.number}@${caller.host}`,
    index: 1,
    times: { ...noTimes(), created: now, profileCreated: now },
    extension: undefined,
  })
  exchange.channels.set(uuid, channel)
  setSipVariables(channel, profileName, caller, to, variables)
  const final = new Promise<CallOutcome>((resolve) => {
    channel.farEnd = {
      hungup: (sipStatus) => {
        const { answered, hungup } = channel.profile.times
        resolve({
          sipStatus,
          cause: channel.cause ?? 'NORMAL_CLEARING',
          ...(channel.answered ? { answeredMs: (hungup - answered) / 1000 } : {}),
        })
      },
    }
  })
  channel.enter('CS_NEW')
  channel.enter('CS_INIT')
  channel.fire('CHANNEL_CREATE')
  exchange.run(channel)
  behave(exchange, channel, behaviour)
  return { uuid, final }
}

const setSipVariables = (
  channel: Channel,
  profileName: string,
  caller: Caller,
  to: string,
  variables: ReadonlyMap<string, string>,
): void => {
  const values: readonly (readonly [string, string])[] = [
    ['sip_from_user', caller.number],
    ['sip_from_uri', `${caller.number}@${caller.host}`],
    ['sip_from_host', caller.host],
    ['sip_call_id', channel.uuid],
    ['sip_local_network_addr', '127.0.0.1'],
    ['sip_network_ip', caller.address],
    ['sip_network_port', String(caller.port)],
    ['sip_invite_stamp', String(channel.profile.times.created)],
    ['sip_received_ip', caller.address],
    ['sip_received_port', String(caller.port)],
    ['sip_via_protocol', 'udp'],
    ...variables,
    ['sip_from_user_stripped', caller.number.replace(/^\+/, '')],
    ['sofia_profile_name', profileName],
    ['sofia_profile_url', 'sip:mod_sofia@127.0.0.1:5060'],
    ['recovery_profile_name', profileName],
    ['sip_req_user', to],
    ['sip_req_uri', `${to}@127.0.0.1`],
    ['sip_req_host', '127.0.0.1'],
    ['sip_to_user', to],
    ['sip_to_uri', `${to}@127.0.0.1`],
    ['sip_to_host', '127.0.0.1'],
    ['sip_contact_user', caller.number],
    ['sip_contact_host', caller.address],
    ['sip_user_agent', 'Strowger simulator'],
    ['max_forwards', '70'],
    ['read_codec', 'PCMA'],
    ['write_codec', 'PCMA'],
    ['dtmf_type', 'rfc2833'],
    ['endpoint_disposition', 'RECEIVED'],
    ['call_uuid', channel.uuid],
  ]
  for (const [name, value] of values) channel.set(name, value)
}

const behave = (exchange: Exchange, channel: Channel, behaviour: CallerBehaviour): void => {
  if (behaviour.cancelAfterMs !== undefined) {
    exchange.clock.after(behaviour.cancelAfterMs, () => {
      if (!channel.answered) receiveCancel(channel)
    })
  }
  const stop = channel.bell.listen(() => {
    if (!channel.up()) stop()
    if (!channel.answered) return
    stop()
    playDigits(exchange, channel, behaviour.digits)
    if (behaviour.hangupAfterMs !== undefined) {
      exchange.clock.after(behaviour.hangupAfterMs, () => {
        receiveBye(channel)
      })
    }
  })
}
