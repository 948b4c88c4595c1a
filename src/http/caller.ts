/**
 * The caller of a request. Every handler that reads or writes what belongs to an organisation asks `boundTo` and shows
 * nothing else: a record of another organisation is a 404, as one that does not exist.
 */
import type { FastifyRequest } from 'fastify'
import { ADMIN, type Caller, type Scope } from '../access/caller.ts'

// fastify's own types are interfaces, and grow by merging only.
/* eslint-disable @typescript-eslint/consistent-type-definitions */
declare module 'fastify' {
  interface FastifyRequest {
    /** Set by requireToken before any handler runs. */
    caller?: Caller
  }
  interface FastifyContextConfig {
    /** What a token needs for this route; undefined: the platform's own token only. */
    readonly scope?: Scope
  }
}
/* eslint-enable @typescript-eslint/consistent-type-definitions */

export const callerOf = ({ caller }: Pick<FastifyRequest, 'caller'>): Caller => caller ?? ADMIN

/** The organisation to which the request is bound; undefined: none, it may see every organisation. */
export const boundTo = (request: Pick<FastifyRequest, 'caller'>): number | undefined =>
  callerOf(request).organizationId
