/**
 * The directory: who may register, with which hash, and what a call of theirs carries. A request is answered
 * for one user at a time; FreeSWITCH keeps the answer (`cacheable`), so that a phone which it has seen once
 * registers, and calls 112, while the engine is away. It is flushed with `xml_flush_cache id USER DOMAIN` when
 * the user changes. A kept answer asks us no more: what bans an address is the list in `auth-acl`.
 */
import type { Directory } from '../directory/directory.ts'
import type { Device, Organization, User } from '../directory/records.ts'
import { DEVICE_VARIABLE, ORGANIZATION_VARIABLE, USER_VARIABLE } from '../call/carried.ts'
import { emergencyNumbers } from '../telephony/number-class.ts'
import { document, NOT_FOUND, xml } from './document.ts'
import type { DirectoryAsk } from './request.ts'

/**
 * Until it is flushed. A number of milliseconds would be the longest time without an engine after which emergency
 * calls fail, and more than 35 minutes of them overflow (switch_xml.c, switch_xml_locate_user_merged: int).
 */
export const CACHEABLE = 'true'

/** The access list of acl.conf that lets every address in but the banned; FreeSWITCH looks at it before the hash. */
export const PHONES_LIST = 'phones'

export const renderDirectory = (
  ask: DirectoryAsk,
  domain: string,
  directory: Directory,
  isBanned: (address: string) => boolean,
): string => {
  if (ask.kind === 'purpose') return NOT_FOUND
  const organization = directory.organizationOfDomain(domain)
  if (organization === undefined) return NOT_FOUND
  // A banned address gets no hash to guess against: for it, nobody is here.
  if (ask.action === 'sip_auth' && ask.address !== undefined && isBanned(ask.address)) return NOT_FOUND
  const device = directory.device(organization.id, ask.username)
  const user = device === undefined ? undefined : directory.user(device.userId)
  if (device !== undefined && user !== undefined) return renderUser(organization, user, device)
  const disabled = directory.disabledDevice(organization.id, ask.username)
  if (disabled === undefined || ask.action !== 'sip_auth' || ask.dialled === undefined) return NOT_FOUND
  return emergencyNumbers(organization.country).includes(ask.dialled)
    ? renderForHelp(organization, disabled)
    : NOT_FOUND
}

/** A phone that may call for help and nothing else: no user, so that no plan is made; never kept. */
const renderForHelp = (organization: Organization, device: Device): string =>
  document(
    'directory',
    xml`<domain name="${organization.sipDomain}">
<user id="${device.username}">
<params>
<param name="a1-hash" value="${device.a1Hash}"/>
<param name="auth-acl" value="${PHONES_LIST}"/>
</params>
<variables>
<variable name="user_context" value="phones"/>
<variable name="${ORGANIZATION_VARIABLE}" value="${organization.id}"/>
<variable name="${DEVICE_VARIABLE}" value="${device.id}"/>
</variables>
</user>
</domain>`,
  )

const renderUser = (organization: Organization, user: User, device: Device): string =>
  document(
    'directory',
    xml`<domain name="${organization.sipDomain}">
<user id="${device.username}" cacheable="${CACHEABLE}">
<params>
<param name="a1-hash" value="${device.a1Hash}"/>
<param name="auth-acl" value="${PHONES_LIST}"/>
<param name="dial-string" value="\${sofia_contact(phones/\${dialed_user}@\${dialed_domain})}"/>
</params>
<variables>
<variable name="user_context" value="phones"/>
<variable name="${ORGANIZATION_VARIABLE}" value="${organization.id}"/>
<variable name="${USER_VARIABLE}" value="${user.id}"/>
<variable name="${DEVICE_VARIABLE}" value="${device.id}"/>
<variable name="effective_caller_id_number" value="${user.extension}"/>
</variables>
</user>
</domain>`,
  )
