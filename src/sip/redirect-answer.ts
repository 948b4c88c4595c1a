/**
 * What a switch that is not FreeSWITCH asks by an INVITE, what it is told, and how that is written. Decides nothing:
 * the way of a call is planned where all calls are; `app` introduces the two by DecideRedirect. Another reason to
 * refuse is a row in REFUSALS.
 */
import type { RefusalKind } from '../routing/refusal.ts'
import { sipUriTo, type Destination } from './sip-uri.ts'

export type RedirectAsk = {
  /** Digits with an optional plus sign, or a code such as `*98`; visual separators are gone. At most 40 characters. */
  readonly requestUser: string
  /** Hosts that may be an organisation's SIP domain, the likeliest first: of the Request-URI, then of the From URI. */
  readonly organizationDomains: readonly string[]
  /** Of the header X-Strowger-Organization. */
  readonly organizationId: number | undefined
  /** As sent, in E.164 or national form; undefined: withheld, or no number. */
  readonly callerNumber: string | undefined
  /** Names as FreeSWITCH spells them; empty: the INVITE says nothing of codecs. */
  readonly offeredCodecs: readonly string[]
  /** The routing number of `;rn=` (RFC 4694), as sent: the called number's LRN. */
  readonly lrn: string | undefined
  /** `;npdi`: somebody has looked up already whether the number was ported (RFC 4694). */
  readonly isPortabilityKnown: boolean
  readonly callId: string
  readonly sourceAddress: string
}

export type RedirectAnswer =
  { readonly kind: 'redirect'; readonly contacts: readonly Destination[] } | RedirectRefusal

export type RedirectRefusal = {
  readonly kind: 'refuse'
  /** 400 to 699. */
  readonly status: number
  /** The reason phrase: the switch that asks shows it to its operators. */
  readonly reason: string
  readonly retryAfterSeconds?: number | undefined
}

/** A throw, or silence for three seconds, is answered with 500. */
export type DecideRedirect = (ask: RedirectAsk) => RedirectAnswer | Promise<RedirectAnswer>

/** Why there is no contact, as a refusal: of the hunt, of the number, or of who asks. */
export const refuseWith = (kind: RefusalKind | 'INVALID_NUMBER' | 'NO_ORGANIZATION'): RedirectRefusal =>
  REFUSALS[kind]

/**
 * For as long a switch leaves us alone after a 503 with Retry-After, for every number (RFC 3261 21.5.4): short, for
 * what is full for one prefix has room for the next.
 */
const RETRY_AFTER_SECONDS = 5

const busy = (reason: string): RedirectRefusal => ({
  kind: 'refuse',
  status: 503,
  reason,
  retryAfterSeconds: RETRY_AFTER_SECONDS,
})

const REFUSALS: Readonly<Record<Parameters<typeof refuseWith>[0], RedirectRefusal>> = {
  NO_PROFILE: { kind: 'refuse', status: 404, reason: 'No route' },
  NO_PREFIX: { kind: 'refuse', status: 404, reason: 'No route' },
  NOT_OFFERED: { kind: 'refuse', status: 404, reason: 'No carrier may take it' },
  ALL_DOWN: busy('No carrier works'),
  OVER_CAPACITY: busy('No carrier has room'),
  WOULD_LOSE_MONEY: busy('Every carrier is too dear'),
  BLOCKED: { kind: 'refuse', status: 403, reason: 'Blocked' },
  INVALID_NUMBER: { kind: 'refuse', status: 484, reason: 'Address Incomplete' },
  NO_ORGANIZATION: { kind: 'refuse', status: 403, reason: 'No such organisation' },
}

export type SipAnswer = {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
}

export const OWN_FAULT: SipAnswer = { status: 500, reason: 'Server Internal Error', headers: {} }

/** What goes on the wire, and what of the contacts could not be written. No contact that can be is our own fault. */
export const renderAnswer = (
  answer: RedirectAnswer,
): { readonly sip: SipAnswer; readonly unusable: readonly Destination[] } => {
  if (answer.kind === 'refuse') return { sip: renderRefusal(answer), unusable: [] }
  const written = answer.contacts.map((contact) => ({ contact, uri: sipUriTo(contact) }))
  const unusable = written.flatMap(({ contact, uri }) =>
    uri === undefined || contact.number === '' ? [contact] : [],
  )
  const uris = written.flatMap(({ contact, uri }) =>
    uri === undefined || contact.number === '' ? [] : [uri],
  )
  if (uris.length === 0) return { sip: OWN_FAULT, unusable }
  const contact = uris.map((uri, place) => `<${uri}>;q=${qualityOf(place, uris.length)}`).join(', ')
  return { sip: { status: 302, reason: 'Moved Temporarily', headers: { Contact: contact } }, unusable }
}

const renderRefusal = ({ status, reason, retryAfterSeconds }: RedirectRefusal): SipAnswer => {
  if (!Number.isInteger(status) || status < 400 || status > 699) return OWN_FAULT
  const phrase = reason.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 80)
  const headers: Record<string, string> = {}
  if (retryAfterSeconds !== undefined && retryAfterSeconds > 0)
    headers['Retry-After'] = String(Math.ceil(retryAfterSeconds))
  return { status, reason: phrase.trim() === '' ? 'Refused' : phrase, headers }
}

/** 1.0, 0.9, 0.8 ...; finer where there are more than ten, so that no two are equal and none is 0 (RFC 3261 20.10). */
const qualityOf = (place: number, count: number): string => {
  if (count <= 10) return ((10 - place) / 10).toFixed(1)
  return ((1000 - Math.floor((place * 1000) / count)) / 1000).toFixed(3)
}
