/**
 * The caller of a request. Every handler that reads or writes what belongs to an organisation asks `boundTo` and shows
 * nothing else: a record of another organisation is a 404, as one that does not exist.
 */
import type { FastifyRequest } from 'fastify'
import type { Caller, Scope } from '../access/caller.ts'
import { EngineError } from '../base/errors.ts'

// fastify's own types are interfaces, and grow by merging only.
/* eslint-disable @typescript-eslint/consistent-type-definitions */
declare module 'fastify' {
  interface FastifyRequest {
    /** Set by requireToken before any handler runs. */
    caller?: Caller
  }
  interface FastifyContextConfig {
    /** What a token needs for this route; `any`: nothing more; undefined: the platform's own token only. */
    readonly scope?: Scope | 'any'
  }
}
/* eslint-enable @typescript-eslint/consistent-type-definitions */

/** Throws HTTP_NO_CALLER on a route without requireToken: nobody must not be taken for everybody. */
export const callerOf = ({ caller }: Pick<FastifyRequest, 'caller'>): Caller => {
  if (caller !== undefined) return caller
  throw new EngineError('HTTP_NO_CALLER', 'the caller of a route that takes no token was asked for')
}

/** The organisation to which the request is bound; undefined: none, it may see every organisation. */
export const boundTo = (request: Pick<FastifyRequest, 'caller'>): number | undefined =>
  callerOf(request).organizationId

/**
 * The organisation that a query or a body asks for, within what the caller may see: his own where he names none.
 * Another's is a 404 that names `field`, as one that does not exist.
 */
export const organizationWithin = (
  request: Pick<FastifyRequest, 'caller'>,
  asked: number | undefined,
  field = 'organization',
): number | undefined => {
  const bound = boundTo(request)
  if (bound === undefined || asked === undefined || asked === bound) return bound ?? asked
  throw new EngineError('ORGANIZATION_NOT_FOUND', `there is no organisation ${asked}`, { field })
}

/** What belongs to an organisation, where it is one that the caller may see. */
export const ownedFor = <Owned extends { readonly organizationId: number | undefined }>(
  request: Pick<FastifyRequest, 'caller'>,
  owned: Owned | undefined,
): Owned | undefined => {
  const bound = boundTo(request)
  return bound === undefined || owned?.organizationId === bound ? owned : undefined
}
