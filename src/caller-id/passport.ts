/**
 * PASSporTs of SHAKEN (RFC 8224, RFC 8225, RFC 8588): what is signed of a call, and what an Identity header says. The
 * signature itself is made and checked by deliver; here stand the words, and which of them fit a call.
 */
import type { Attestation } from '../telephony/caller-identity.ts'
import { ATTESTATIONS } from '../telephony/caller-identity.ts'
import { isE164, type E164 } from '../telephony/e164.ts'

export type Claims = {
  readonly attest: Attestation
  /** Digits without plus (RFC 8224, 8.3). */
  readonly orig: string
  readonly dest: readonly string[]
  /** Seconds since the epoch. */
  readonly iat: number
  /** A uuid of whoever signed: where the call entered. */
  readonly origid: string
}

/** RFC 8225, 9: the keys of JSON in the order of their names, without blanks. */
export const headerText = (certificateUrl: string): string =>
  JSON.stringify({ alg: 'ES256', ppt: 'shaken', typ: 'passport', x5u: certificateUrl })

export const claimsText = ({ attest, orig, dest, iat, origid }: Claims): string =>
  JSON.stringify({ attest, dest: { tn: dest }, iat, orig: { tn: orig }, origid })

/** RFC 8224, 4: the token with where its certificate is. */
export const identityHeader = (token: string, certificateUrl: string): string =>
  `${token};info=<${certificateUrl}>;alg=ES256;ppt=shaken`

export type Identity = {
  readonly token: string
  readonly certificateUrl: string
  readonly claims: Claims
}

/** Undefined: it is no SHAKEN PASSporT in the full form. Nothing of it is believed yet. */
export const readIdentity = (header: string): Identity | undefined => {
  // More than any PASSporT has; `info` may stand in quotes and brackets.
  const found = /^\s*([\w-]{20,2000}\.[\w-]{20,2000}\.[\w-]{80,100})\s*;(.{1,1000})$/.exec(header)
  const [, token, parameters = ''] = found ?? []
  const info = /(?:^|;)\s*info\s*=\s*<([^<>\s]{1,500})>/i.exec(parameters)?.[1]
  if (token === undefined || info === undefined) return undefined
  const [head = '', body = ''] = token.split('.')
  const protectedHeader = jsonOf(head)
  const payload = jsonOf(body)
  if (protectedHeader === undefined || payload === undefined) return undefined
  const isShaken =
    protectedHeader['alg'] === 'ES256' &&
    protectedHeader['ppt'] === 'shaken' &&
    protectedHeader['typ'] === 'passport' &&
    protectedHeader['x5u'] === info
  const claims = isShaken ? claimsOf(payload) : undefined
  return claims === undefined ? undefined : { token, certificateUrl: info, claims }
}

const jsonOf = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    // What a stranger sent is no JSON: there is no identity, and nothing else to tell.
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const claimsOf = (payload: Readonly<Record<string, unknown>>): Claims | undefined => {
  const { iat, origid, orig, dest } = payload
  const attest = ATTESTATIONS.find((known) => known === payload['attest'])
  const from = isRecord(orig) ? orig['tn'] : undefined
  const to = isRecord(dest) ? dest['tn'] : undefined
  if (attest === undefined || typeof iat !== 'number' || typeof origid !== 'string') return undefined
  if (typeof from !== 'string' || !Array.isArray(to)) return undefined
  const called = to.filter((number): number is string => typeof number === 'string')
  return { attest, orig: from, dest: called, iat, origid: origid.slice(0, 100) }
}

/** RFC 8224, 5.2.2, and ATIS-1000074: an older one may be somebody else's call, played again. */
const FRESH_SECONDS = 60

export type Called = {
  readonly caller: string | undefined
  readonly called: E164
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Why the claims are not about this call; undefined: they are. */
export const misfit = ({ orig, dest, iat }: Claims, { caller, called, now }: Called): string | undefined => {
  if (Math.abs(now / 1_000 - iat) > FRESH_SECONDS) return 'stale'
  if (caller === undefined || digits(caller) !== digits(orig)) return 'another caller'
  return dest.some((number) => digits(number) === digits(called)) ? undefined : 'another callee'
}

const digits = (number: string): string => number.replace(/\D/g, '')

/** Of a number that may stand in a PASSporT. */
export const telephoneNumber = (number: string): string | undefined =>
  isE164(number) ? number.slice(1) : undefined
