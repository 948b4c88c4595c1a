import { authenticate } from './directory-user.ts'
import type { Exchange } from './exchange.ts'

/** A REGISTER and what sofia says of it (sofia_reg.c, sofia_reg_handle_register). */
export const registerPhone = async (
  exchange: Exchange,
  username: string,
  domain: string,
  password: string,
  sourceAddress: string,
): Promise<'registered' | 'refused'> => {
  const callId = exchange.newUuid()
  const networkPort = exchange.registrations.nextPort()
  const contact = `sip:${username}@${sourceAddress}:${networkPort}`
  const userAgent = 'Strowger simulator'
  const described = {
    'profile-name': 'phones',
    'from-user': username,
    'from-host': domain,
    contact: `"" <${contact}>`,
    'call-id': callId,
    rpid: 'unknown',
    status: 'Registered(UDP)',
    expires: '3600',
    'to-user': username,
    'to-host': domain,
    'network-ip': sourceAddress,
    'network-port': String(networkPort),
  }
  const user = await authenticate(exchange, {
    profile: 'phones',
    username,
    domain,
    method: 'REGISTER',
    sourceAddress,
    sourcePort: networkPort,
    callId,
    requestUser: username,
    password,
  })
  exchange.fireCustom('sofia::pre_register', { ...described, 'user-agent': userAgent })
  exchange.fireCustom('sofia::register_attempt', {
    ...described,
    username,
    realm: domain,
    'user-agent': userAgent,
    'auth-result': user === undefined ? 'FORBIDDEN' : 'SUCCESS',
  })
  if (user === undefined) {
    exchange.fireCustom('sofia::register_failure', {
      'profile-name': 'phones',
      'to-user': username,
      'to-host': domain,
      'network-ip': sourceAddress,
      'user-agent': userAgent,
      'network-port': String(networkPort),
      'registration-type': 'REGISTER',
    })
    return 'refused'
  }
  exchange.registrations.add({
    profile: 'phones',
    username,
    domain,
    callId,
    networkIp: sourceAddress,
    networkPort,
    userAgent,
    registeredAt: exchange.clock.now(),
    contact,
  })
  exchange.fireCustom('sofia::register', {
    ...described,
    'presence-hosts': 'n/a',
    username,
    realm: domain,
    'user-agent': userAgent,
    sip_number_alias: username,
    sip_auth_username: username,
    sip_auth_realm: domain,
    number_alias: username,
    user_name: username,
    domain_name: domain,
    ...Object.fromEntries(user.variables),
  })
  return 'registered'
}
