/** Idempotency-Key: what a route needs to carry a request out once, and what it says otherwise. */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { badInput } from './validation.ts'

export type OnceKey = {
  /** 0: none named. */
  readonly organizationId: number
  readonly route: string
  readonly key: string
  readonly bodySha256: Buffer
}

export type Answered = { readonly status: number; readonly body: unknown }

export type OnceOutcome =
  | { readonly kind: 'answered'; readonly answer: Answered; readonly isRepeated: boolean }
  | { readonly kind: 'other-body' }
  /** Another engine is at it, or was a moment ago. */
  | { readonly kind: 'in-flight' }
  /** Its answer was lost; the call was made. `at`: milliseconds since the epoch. */
  | { readonly kind: 'made'; readonly callId: CallUuid; readonly at: number }
  /** Its answer was lost, and nothing is known of the call. */
  | { readonly kind: 'unknown'; readonly callId: CallUuid }

/**
 * `act` is run for the first request only, with the id that its call gets. `isFinal`: the answer is kept for who
 * repeats the request; otherwise nothing was done, and the next one may do it. Throws what `act` throws, and
 * STORE_UNAVAILABLE: without the database nobody can say whether a request was carried out.
 */
export type Once = (
  key: OnceKey,
  act: (callId: CallUuid) => Promise<{ readonly answer: Answered; readonly isFinal: boolean }>,
) => Promise<OnceOutcome>

/** Undefined: the request has no key. Throws HTTP_BAD_INPUT. */
export const onceKeyOf = (
  request: Pick<FastifyRequest, 'headers' | 'body'>,
  route: string,
  organizationId: number | undefined,
): OnceKey | undefined => {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw badInput('Idempotency-Key', 'the header Idempotency-Key takes 1 to 255 visible characters')
  return {
    organizationId: organizationId ?? 0,
    route,
    key,
    bodySha256: createHash('sha256').update(canonical(request.body)).digest(),
  }
}

/** Two bodies that say the same are the same, in whichever order they say it. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === undefined) return 'null'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${pairs.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}
