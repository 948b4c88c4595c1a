/**
 * Access tokens of targets: fetched by the grant that the credentials are for, kept in memory until shortly before they
 * end, fetched anew once when one is refused. A refresh token that the other side replaces is stored before the new access
 * token is used: the old one is good no more (Zendesk, "OAuth refresh token grant type").
 */
import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { asError } from '../../base/errors.ts'
import {
  fieldOf,
  faultOf,
  isFault,
  isTaken,
  messageIn,
  type Answer,
  type Exchange,
  type Fault,
} from './exchange.ts'

export type Grant =
  | {
      readonly type: 'refresh-token'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string | undefined
      readonly refreshToken: string
      /** Zendesk takes JSON, everybody else a form. */
      readonly as: 'form' | 'json'
    }
  | {
      readonly type: 'client-credentials'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope: string | undefined
      readonly as: 'form' | 'json'
    }
  | {
      /** RFC 7523, as Salesforce takes it: who asks, for whom, at which login. */
      readonly type: 'jwt-bearer'
      readonly tokenUrl: string
      readonly clientId: string
      readonly username: string
      readonly audience: string
      /** PEM, PKCS#8 or PKCS#1. */
      readonly privateKey: string
    }

export type AccessToken = {
  readonly token: string
  /** Where the API is to be called with it (Salesforce's instance_url). */
  readonly baseUrl: string | undefined
}

export type TokenSource = {
  /** `refused`: a token that was not good any more; another one is fetched. */
  readonly token: (refused: string | undefined, signal: AbortSignal) => Promise<AccessToken | Fault>
}

export type TokenOptions = {
  readonly grant: Grant
  readonly exchange: Exchange
  readonly clock: Clock
  /** Stores a refresh token that replaces the one of the grant. */
  readonly keep: (refreshToken: string) => Promise<void>
}

/** Where the answer says nothing: shorter than what any of the vendors gives. */
const DEFAULT_LIFE_MS = 15 * 60_000
/** A token is not used in its last moments. */
const MARGIN_MS = 60_000

export const createTokenSource = ({ grant, exchange, clock, keep }: TokenOptions): TokenSource => {
  let current: (AccessToken & { readonly goodUntil: number }) | undefined
  let refreshToken = grant.type === 'refresh-token' ? grant.refreshToken : ''
  let fetching: Promise<AccessToken | Fault> | undefined

  const fetchToken = async (signal: AbortSignal): Promise<AccessToken | Fault> => {
    let form: Readonly<Record<string, string>>
    try {
      form = await formOf(grant, refreshToken, clock.now())
    } catch (fault) {
      return faultOf('unauthorised', undefined, `its private key cannot be used: ${asError(fault).name}`)
    }
    const answer = await exchange(
      {
        method: 'POST',
        url: grant.tokenUrl,
        ...(grant.type !== 'jwt-bearer' && grant.as === 'json'
          ? { body: form }
          : {
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
              body: new URLSearchParams(form).toString(),
            }),
      },
      signal,
    )
    if (isFault(answer)) return { ...answer, why: `no token: ${answer.why}` }
    if (!isTaken(answer)) return tokenFault(answer)
    const token = fieldOf(answer.json, 'access_token')
    if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(token))
      return faultOf('again', answer.status, 'no token: the answer of the token endpoint has none')
    const replaced = fieldOf(answer.json, 'refresh_token')
    if (
      grant.type === 'refresh-token' &&
      typeof replaced === 'string' &&
      replaced !== '' &&
      replaced !== refreshToken
    ) {
      refreshToken = replaced
      await keep(replaced)
    }
    const seconds = Number(fieldOf(answer.json, 'expires_in'))
    const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : DEFAULT_LIFE_MS
    const instance = fieldOf(answer.json, 'instance_url')
    current = {
      token,
      baseUrl: typeof instance === 'string' ? instance : undefined,
      goodUntil: clock.monotonic() + Math.max(lifeMs - MARGIN_MS, lifeMs / 2),
    }
    return current
  }

  return {
    token: async (refused, signal) => {
      if (current !== undefined && current.token !== refused && clock.monotonic() < current.goodUntil)
        return current
      // Calls that go side by side share one fetch.
      fetching ??= fetchToken(signal).finally(() => {
        fetching = undefined
      })
      return fetching
    },
  }
}

const formOf = async (
  grant: Grant,
  refreshToken: string,
  now: number,
): Promise<Readonly<Record<string, string>>> => {
  if (grant.type === 'jwt-bearer')
    return {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await new SignJWT({})
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(grant.clientId)
        .setSubject(grant.username)
        .setAudience(grant.audience)
        // Salesforce takes three minutes at the most.
        .setExpirationTime(Math.floor(now / 1_000) + 170)
        .sign(createPrivateKey(grant.privateKey)),
    }
  if (grant.type === 'client-credentials')
    return {
      grant_type: 'client_credentials',
      client_id: grant.clientId,
      client_secret: grant.clientSecret,
      ...(grant.scope === undefined ? {} : { scope: grant.scope }),
    }
  return {
    grant_type: 'refresh_token',
    client_id: grant.clientId,
    ...(grant.clientSecret === undefined ? {} : { client_secret: grant.clientSecret }),
    refresh_token: refreshToken,
  }
}

/** RFC 6749, 5.2: 400 with `invalid_grant` is as little a fault of the call as a 401. */
const tokenFault = (answer: Answer): Fault => {
  const { status, retryAfterMs } = answer
  const said = messageIn(answer)
  const why = `no token: the token endpoint answered ${status}${said === '' ? '' : `: ${said}`}`
  if (status === 429) return { kind: 'busy', status, why, retryAfterMs }
  return { kind: status >= 400 && status < 500 ? 'unauthorised' : 'again', status, why, retryAfterMs }
}
