/**
 * What an INVITE asks, read from a message that anybody may have written. Everything that comes out is bounded and
 * plain; what cannot be read is refused, never guessed. Pure.
 */
import { offeredCodecs } from './offered-codecs.ts'
import { refuseWith, type RedirectAsk, type RedirectRefusal } from './redirect-answer.ts'
import { parseAddresses, parseSipUri, type ParsedUri } from './sip-uri.ts'

export type InviteMessage = {
  readonly uri: string
  /** Several of one name joined by commas. */
  readonly header: (name: string) => string | undefined
  readonly body: string | undefined
  /** Without brackets. */
  readonly sourceAddress: string
}

export const ORGANIZATION_HEADER = 'X-Strowger-Organization'

export const readInvite = (
  message: InviteMessage,
): { readonly kind: 'ask'; readonly ask: RedirectAsk } | RedirectRefusal => {
  const uri = parseSipUri(message.uri)
  if (uri === undefined) {
    return /^(?:sips?|tel):/i.test(message.uri)
      ? refuse(400, 'Bad Request-URI')
      : refuse(416, 'Unsupported URI Scheme')
  }
  const number = dialledOf(uri.user)
  if (typeof number !== 'string') return number
  const organizationId = organizationIdOf(message.header(ORGANIZATION_HEADER))
  if (organizationId === 'bad') return refuse(400, `${ORGANIZATION_HEADER} takes an id`)
  const from = parseAddresses(message.header('From') ?? '').slice(0, 1)
  return {
    kind: 'ask',
    ask: {
      requestUser: number,
      organizationDomains: [...new Set([uri, ...from].flatMap(domainsOf))],
      organizationId,
      callerNumber: callerOf([...parseAddresses(message.header('P-Asserted-Identity') ?? ''), ...from]),
      offeredCodecs: offeredCodecs(message.body),
      lrn: numberOf(uri.parameters.get('rn')),
      isPortabilityKnown: uri.parameters.has('npdi'),
      callId: (message.header('Call-ID') ?? '').slice(0, 256),
      sourceAddress: message.sourceAddress,
    },
  }
}

const refuse = (status: number, reason: string): RedirectRefusal => ({ kind: 'refuse', status, reason })

/** Longer than any number with its carrier's prefix. */
const MAX_DIALLED = 40

const dialledOf = (user: string): string | RedirectRefusal => {
  const plain = withoutSeparators(user)
  if (plain === '' || plain === '+') return refuseWith('INVALID_NUMBER')
  if (plain.length > MAX_DIALLED) return refuse(400, 'Number too long')
  // A name is a user that we do not have.
  return /^(?:\+\d+|[\d*#]+)$/.test(plain) ? plain : refuse(404, 'Not a number')
}

/** The first that is a number: an identity of each kind may be asserted, sip: and tel: (RFC 3325 9.1). */
const callerOf = (identities: readonly ParsedUri[]): string | undefined =>
  identities.map(({ user }) => numberOf(user)).find((number) => number !== undefined)

const numberOf = (text: string | undefined): string | undefined => {
  const plain = text === undefined ? '' : withoutSeparators(text)
  return /^\+?\d{1,32}$/.test(plain) ? plain : undefined
}

/** RFC 3966: visual separators mean nothing. */
const withoutSeparators = (text: string): string => text.replace(/[-.()]/g, '')

/** A tel URI has no host; the context of a local number may be a domain (RFC 3966 5.1.5). */
const domainsOf = ({ host, parameters }: ParsedUri): readonly string[] => {
  if (host !== undefined) return [host]
  const context = parameters.get('phone-context')?.toLowerCase()
  return context !== undefined && /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(context) ? [context] : []
}

const organizationIdOf = (header: string | undefined): number | 'bad' | undefined => {
  if (header === undefined) return undefined
  return /^[1-9]\d{0,8}$/.test(header.trim()) ? Number(header.trim()) : 'bad'
}
