/**
 * Configuration that comes from the database: sofia's gateways and the trunks' access list. The profiles
 * themselves are static files of the switch: the document includes them by a constant line, so that a switch
 * without its engine runs the same profiles, less our gateways.
 */
import { gatewayNameOf, type Gateway } from '../directory/records.ts'
import type { Directory } from '../directory/directory.ts'
import { PHONES_LIST } from './directory.ts'
import { document, NOT_FOUND, Xml, xml } from './document.ts'

/** `banned`: addresses from which no phone is let in. */
export const renderConfiguration = (
  file: string,
  directory: Directory,
  banned: readonly string[] = [],
): string => {
  switch (file) {
    case 'sofia.conf':
      return sofia(directory)
    case 'acl.conf':
      return acl(directory, banned)
    default:
      return NOT_FOUND
  }
}

const sofia = (directory: Directory): string =>
  document(
    'configuration',
    xml`<configuration name="sofia.conf" description="sofia, with the gateways of the database">
${include('autoload_configs/sofia.global.xml')}
<profiles>
<profile name="phones">
${include('sip_profiles/phones.xml')}
</profile>
<profile name="trunks">
<gateways>
${include('sip_profiles/emergency-gateway.xml')}
${activeGateways(directory).map(renderGateway)}
</gateways>
${include('sip_profiles/trunks.xml')}
</profile>
</profiles>
</configuration>`,
  )

/** A file of the switch's own configuration folder; the one preprocessor line that we send, and a constant. */
const include = (
  path: 'autoload_configs/sofia.global.xml' | `sip_profiles/${'phones' | 'trunks' | 'emergency-gateway'}.xml`,
): Xml => Xml.trusted(`<X-PRE-PROCESS cmd="include" data="${path}"/>`)

/** The gateways that the switch should know. */
export const activeGateways = (directory: Directory): readonly Gateway[] =>
  directory
    .gateways()
    .filter((gateway) => gateway.enabled && directory.carrier(gateway.carrierId)?.enabled === true)

/** One `<gateway>` (sofia.c, parse_gateways). Codecs and channel limits do not exist there: the dial string and we have them. */
export const renderGateway = (gateway: Gateway): Xml => {
  const host = gateway.hostname.includes(':') ? `[${gateway.hostname}]` : gateway.hostname
  const proxy = `${host}:${gateway.port}${gateway.transport === 'udp' ? '' : `;transport=${gateway.transport}`}`
  const { credentials } = gateway
  const parameters: readonly (readonly [string, string | number])[] = [
    ['realm', credentials?.realm ?? host],
    ['proxy', proxy],
    // sofia wants a username even where nobody is asked for one.
    ['username', credentials?.username ?? 'strowger'],
    ['password', credentials?.password ?? ''],
    ['register', String(gateway.register)],
    ['register-transport', gateway.transport],
    ['caller-id-in-from', 'true'],
    ['extension-in-contact', 'true'],
    ['retry-seconds', 30],
    ...(gateway.pingSeconds === undefined ? [] : [['ping', gateway.pingSeconds] as const]),
  ]
  return xml`<gateway name="${gatewayNameOf(gateway.id)}">
${parameters.map(([name, value]) => xml`<param name="${name}" value="${value}"/>\n`)}</gateway>
`
}

const acl = (directory: Directory, banned: readonly string[]): string =>
  document(
    'configuration',
    xml`<configuration name="acl.conf" description="who may call us without a password">
<network-lists>
<list name="trunks" default="deny">
${activeGateways(directory)
  .flatMap((gateway) => gateway.inboundCidrs)
  .map((cidr) => xml`<node type="allow" cidr="${cidr}"/>\n`)}</list>
<list name="${PHONES_LIST}" default="allow">
${banned
  .filter((address) => ADDRESS.test(address))
  .map((address) => xml`<node type="deny" cidr="${address}/${address.includes(':') ? 128 : 32}"/>\n`)}</list>
</network-lists>
</configuration>`,
  )

/** The form of an address; FreeSWITCH named it, a zone (`fe80::1%eth0`) fits in no list. */
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]*)$/i
