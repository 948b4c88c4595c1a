/** What may be asked of call records. */
import type { Direction } from '../call/carried.ts'
import type { Disposition } from './cdr.ts'

export const NUMBER_MATCHES = ['contains', 'prefix', 'exact'] as const
export type NumberMatch = (typeof NUMBER_MATCHES)[number]
export const DISPOSITIONS: readonly Disposition[] = ['ANSWERED', 'NO_ANSWER', 'BUSY', 'CANCELLED', 'FAILED']
export const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound', 'internal']

export type CdrQuery = {
  readonly organizationId?: number | undefined
  /** Milliseconds since the epoch; calls that started then or later ... */
  readonly since?: number | undefined
  /** ... and before this. */
  readonly until?: number | undefined
  readonly callId?: string | undefined
  /** Of the caller, the callee, or as it was dialled; how the three are compared `match` says. */
  readonly number?: string | undefined
  readonly caller?: string | undefined
  readonly callee?: string | undefined
  /** Default `contains`. A leading plus or 00 makes no difference. */
  readonly match?: NumberMatch | undefined
  /** Who called or was called. */
  readonly userId?: number | undefined
  readonly direction?: Direction | undefined
  readonly disposition?: Disposition | undefined
  /** FreeSWITCH's word for it, such as `USER_BUSY`. */
  readonly hangupCause?: string | undefined
  /** Calls that came by it or tried it; with includeLegs the legs that did. */
  readonly gatewayId?: number | undefined
  readonly carrierId?: number | undefined
  /** Answered for at least so long. */
  readonly minSeconds?: number | undefined
  readonly estimated?: boolean | undefined
  readonly hasRecording?: boolean | undefined
  /** The record of the caller's CRM that the call was made for. */
  readonly crmRecordId?: string | undefined
  /** B legs too; without it one row a call. */
  readonly includeLegs?: boolean | undefined
}
