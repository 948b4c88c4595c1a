/** Why a number got no route at all: one kind, for the caller and for programs, and a sentence for people. */
import type { BlockedPrefix, LcrProfile } from '../directory/records.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { HuntRejection, HuntRequest, Reason } from './hunt.ts'

export type RefusalKind =
  | 'NO_PROFILE'
  | 'NO_PREFIX'
  | 'ALL_DOWN'
  | 'OVER_CAPACITY'
  | 'WOULD_LOSE_MONEY'
  | 'BLOCKED'
  /** There are rates, and every carrier that has one is ruled out by what the operator or the request said. */
  | 'NOT_OFFERED'

export type Refusal = { readonly kind: RefusalKind; readonly why: string }

export const refusalOf = (
  { organization, destination }: HuntRequest,
  profile: LcrProfile | undefined,
  blocked: BlockedPrefix | undefined,
  rejected: readonly HuntRejection[],
): Refusal => {
  if (profile === undefined) return { kind: 'NO_PROFILE', why: `${organization.name} has no LCR profile` }
  if (blocked !== undefined) {
    const note = blocked.note === '' ? '' : `: ${blocked.note}`
    return { kind: 'BLOCKED', why: `numbers that begin with ${blocked.prefix} are blocked${note}` }
  }
  const kind = KINDS.find(({ reasons }) => rejected.some(({ reason }) => reasons.includes(reason)))
  return kind === undefined
    ? { kind: 'NO_PREFIX', why: `no carrier has a rate for ${destination}` }
    : { kind: kind.kind, why: `${kind.why} ${destination}` }
}

/** What was nearest to a route speaks: a carrier that is full would have carried the call. */
const KINDS: readonly {
  readonly kind: RefusalKind
  readonly reasons: readonly Reason[]
  readonly why: string
}[] = [
  {
    kind: 'OVER_CAPACITY',
    reasons: ['GATEWAY_FULL', 'CARRIER_FULL', 'ROUTE_FULL', 'CPS_EXCEEDED'],
    why: 'no carrier has room for a call to',
  },
  { kind: 'ALL_DOWN', reasons: ['GATEWAY_DOWN', 'COOLING_OFF'], why: 'no carrier works that reaches' },
  {
    kind: 'WOULD_LOSE_MONEY',
    reasons: ['WOULD_LOSE_MONEY', 'ABOVE_MAX_PRICE'],
    why: 'every carrier is too dear for a call to',
  },
  {
    kind: 'NOT_OFFERED',
    reasons: [
      'GATEWAY_DISABLED',
      'CARRIER_DISABLED',
      'CARRIER_OF_ANOTHER_ORGANIZATION',
      'ROUTE_DISABLED',
      'OUTSIDE_HOURS',
      'CARRIER_EXCLUDED',
      'CALLER_ID_NOT_CARRIED',
      'FAX_NOT_SUPPORTED',
      'CODEC_NOT_SUPPORTED',
      'NUMBER_FORM',
      'OTHER_CURRENCY',
    ],
    why: 'no carrier may take a call to',
  },
]

/** With what the caller is told so. 503 where another switch may do better, 404 where nobody has the number. */
export const REFUSAL_CAUSES: Readonly<Record<RefusalKind, HangupCause>> = {
  NO_PROFILE: 'NO_ROUTE_DESTINATION',
  NO_PREFIX: 'NO_ROUTE_DESTINATION',
  ALL_DOWN: 'NETWORK_OUT_OF_ORDER',
  OVER_CAPACITY: 'NORMAL_CIRCUIT_CONGESTION',
  WOULD_LOSE_MONEY: 'NORMAL_CIRCUIT_CONGESTION',
  BLOCKED: 'OUTGOING_CALL_BARRED',
  NOT_OFFERED: 'NO_ROUTE_DESTINATION',
}
