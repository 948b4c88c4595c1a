import type { Exchange } from '../exchange.ts'
import type { Gateway } from '../gateways.ts'
import { coreHeaders, stampOf } from '../fired-event.ts'
import { isRegistered } from '../leg.ts'
import { words, type ApiCommands } from './command.ts'

const LINE = '='.repeat(97)

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The fields of a gateway, by the names that `sofia xmlstatus` gives them. */
const fieldsOf = (exchange: Exchange, gateway: Gateway): Readonly<Record<string, string>> => {
  const { parameters } = gateway
  const username = parameters.get('username') ?? 'FreeSWITCH'
  const realm = parameters.get('realm') ?? gateway.name
  const proxy = parameters.get('proxy') ?? realm
  const up = gateway.status === 'UP'
  return {
    name: gateway.name,
    profile: gateway.profile,
    scheme: 'Digest',
    realm,
    username,
    password: (parameters.get('password') ?? '') === '' ? 'no' : 'yes',
    from: `<sip:${username}@${realm}>`,
    contact: `<sip:gw+${gateway.name}@127.0.0.1:5060;transport=udp;gw=${gateway.name}>`,
    exten: parameters.get('extension') ?? username,
    to: `sip:${username}@${realm}`,
    proxy: `sip:${proxy}`,
    context: exchange.gateways.profile(gateway.profile)?.context ?? 'default',
    expires: parameters.get('expire-seconds') ?? '3600',
    freq: parameters.get('expire-seconds') ?? '3600',
    ping: parameters.has('ping') ? String(Math.floor(exchange.clock.now() / 1000)) : '0',
    pingfreq: parameters.get('ping') ?? '0',
    pingmin: parameters.get('ping-min') ?? '1',
    pingcount: String(gateway.pingCount),
    pingmax: parameters.get('ping-max') ?? '1',
    pingtime: up && parameters.has('ping') ? '1.00' : '0.00',
    pinging: '0',
    state: gateway.state,
    status: gateway.status,
    'uptime-usec': up ? String((exchange.clock.now() - gateway.since) * 1000) : '0',
    'calls-in': String(gateway.callsIn),
    'calls-out': String(gateway.callsOut),
    'failed-calls-in': String(gateway.failedCallsIn),
    'failed-calls-out': String(gateway.failedCallsOut),
  }
}

const gatewayXml = (exchange: Exchange, gateway: Gateway): string => {
  const lines = Object.entries(fieldsOf(exchange, gateway)).map(
    ([name, value]) => `    <${name}>${escapeXml(value)}</${name}>\n`,
  )
  return `  <gateway>\n${lines.join('')}  </gateway>\n`
}

const XML_HEADER = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'

const gatewayText = (exchange: Exchange, gateway: Gateway): string => {
  const fields = fieldsOf(exchange, gateway)
  const field = (name: string): string => fields[name] ?? ''
  const rows: readonly (readonly [string, string])[] = [
    ['Name    ', field('name')],
    ['Profile ', field('profile')],
    ['Scheme  ', field('scheme')],
    ['Realm   ', field('realm')],
    ['Username', field('username')],
    ['Password', field('password')],
    ['From    ', field('from')],
    ['Contact ', field('contact')],
    ['Exten   ', field('exten')],
    ['To      ', field('to')],
    ['Proxy   ', field('proxy')],
    ['Context ', field('context')],
    ['Expires ', field('expires')],
    ['Freq    ', field('freq')],
    ['Ping    ', field('ping')],
    ['PingFreq', field('pingfreq')],
    ['PingTime', field('pingtime')],
    ['PingState', `${field('pingmin')}/${field('pingcount')}/${field('pingmax')}`],
    ['State   ', field('state')],
    ['Status  ', field('status')],
    ['Uptime  ', `${Math.floor(Number(field('uptime-usec')) / 1e6)}s`],
    ['CallsIN ', field('calls-in')],
    ['CallsOUT', field('calls-out')],
    ['FailedCallsIN', field('failed-calls-in')],
    ['FailedCallsOUT', field('failed-calls-out')],
  ]
  return `${LINE}\n${rows.map(([name, value]) => `${name}\t${value}\n`).join('')}${LINE}\n`
}

const registrationsText = (exchange: Exchange, profile: string): string => {
  const found = exchange.registrations.all().filter((registration) => registration.profile === profile)
  const blocks = found.map((registration) => {
    const expires = registration.registeredAt + 3_600_000
    const seconds = Math.floor((expires - exchange.clock.now()) / 1000)
    return [
      `Call-ID:    \t${registration.callId}`,
      `User:       \t${registration.username}@${registration.domain}`,
      `Contact:    \t"" <${registration.contact}>`,
      `Agent:      \t${registration.userAgent}`,
      `Status:     \tRegistered(UDP)(unknown) EXP(${stampOf(expires * 1000)}) EXPSECS(${seconds})`,
      'Ping-Status:\tReachable',
      'Ping-Time:\t0.00',
      `Host:       \t${exchange.hostname}`,
      `IP:         \t${registration.networkIp}`,
      `Port:       \t${registration.networkPort}`,
      `Auth-User:  \t${registration.username}`,
      `Auth-Realm: \t${registration.domain}`,
      `MWI-Account:\t${registration.username}@${registration.domain}`,
      '\n',
    ].join('\n')
  })
  return `\nRegistrations:\n${LINE}\n${blocks.join('')}Total items returned: ${found.length}\n${LINE}\n`
}

const status = (exchange: Exchange, rest: readonly string[], asXml: boolean): string => {
  const [what, name = '', more] = rest
  if (what === 'gateway' && rest.length > 1) {
    const gateway = exchange.gateways.find(name)
    if (gateway === undefined) return 'Invalid Gateway!\n'
    return asXml ? XML_HEADER + gatewayXml(exchange, gateway) : gatewayText(exchange, gateway)
  }
  if (what === 'profile') {
    if (exchange.gateways.profile(name) === undefined) return 'Invalid Profile!\n'
    return more === 'reg'
      ? registrationsText(exchange, name)
      : `${LINE}\nName             \t${name}\n${LINE}\n`
  }
  if (asXml) {
    const all = exchange.gateways.all().map((gateway) => gatewayXml(exchange, gateway))
    return `${XML_HEADER}<gateways>\n${all.join('')}</gateways>\n`
  }
  return overview(exchange)
}

const overview = (exchange: Exchange): string => {
  const row = (name: string, type: string, target: string, state: string): string =>
    `${name.padStart(25)}\t${type}\t  ${target.padStart(40)}\t${state}\n`
  const profiles = exchange.gateways.profiles()
  const lines = profiles.flatMap((profile) => [
    row(profile.name, 'profile', 'sip:mod_sofia@127.0.0.1:5060', 'RUNNING (0)'),
    ...exchange.gateways
      .all()
      .filter((gateway) => gateway.profile === profile.name)
      .map((gateway) =>
        row(
          `${profile.name}::${gateway.name}`,
          'gateway',
          fieldsOf(exchange, gateway)['to'] ?? '',
          gateway.state,
        ),
      ),
  ])
  return `${row('Name', '   Type', 'Data', 'State')}${LINE}\n${lines.join('')}${LINE}\n${profiles.length} profiles 0 aliases\n`
}

const profileCommand = async (exchange: Exchange, rest: readonly string[]): Promise<string> => {
  const [profile = '', verb, gateway] = rest
  if (rest.length < 2) return 'Invalid Args!\n'
  if (exchange.gateways.profile(profile) === undefined) return `Invalid Profile [${profile}]`
  switch (verb ?? '') {
    case 'rescan':
    case 'restart': {
      const found = await exchange.gateways.rescan(profile, {
        ...coreHeaders(exchange, 'REQUEST_PARAMS'),
        profile,
        reconfig: 'true',
      })
      if (verb === 'restart') return `Reload XML [Success]\nrestarting: ${profile}`
      return `Reload XML [Success]\n${found ? '+OK scan complete' : `-ERR cannot find config for profile ${profile}`}\n`
    }
    case 'killgw':
      if (gateway === undefined) return '-ERR missing gw name\n'
      if (gateway === '_all_') {
        exchange.gateways.killAll(profile)
        return '+OK every gateway marked for deletion.\n'
      }
      return exchange.gateways.kill(gateway)
        ? '+OK gateway marked for deletion.\n'
        : '-ERR no such gateway.\n'
    case 'flush_inbound_reg':
      for (const { username, domain } of exchange.registrations.all())
        exchange.registrations.remove(username, domain)
      return '+OK flushing all registrations\n'
    default:
      return '-ERR Unknown command!\n'
  }
}

export const sofiaCommands: ApiCommands = {
  sofia: ({ exchange, argument }) => {
    const [verb = '', ...rest] = words(argument)
    switch (verb) {
      case 'status':
        return status(exchange, rest, false)
      case 'xmlstatus':
        return status(exchange, rest, true)
      case 'profile':
        return profileCommand(exchange, rest)
      default:
        return 'Unknown Command [-USAGE]\n'
    }
  },
  /** [profile/]user@domain */
  sofia_contact: ({ exchange, argument }) => {
    const [target = ''] = argument.trim().split('~')
    const slash = target.indexOf('/')
    const profile = slash < 0 || target.startsWith('*/') ? 'phones' : target.slice(0, slash)
    const [username = '', domain = ''] = target.slice(slash + 1).split('@')
    if (exchange.gateways.profile(profile) === undefined || !isRegistered(exchange, username, domain)) {
      return 'error/user_not_registered'
    }
    return `sofia/${profile}/${exchange.registrations.contactOf(username, domain)}`
  },
}
