/** What is planned and what happens on the board, told to the counters of quotas. It judges nothing. */
import type { LiveCall, LiveEvent } from '../call/live-call.ts'
import type { Plan } from '../call/plan.ts'
import type { QuotaCall } from '../directory/quota.ts'
import type { QuotaCounters } from '../limits/quota-counters.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

export type QuotaFeed = {
  /** A call is about to be made by this plan, or refused by it. */
  readonly planned: (plan: Plan, now: number) => void
  readonly happened: (event: LiveEvent) => void
}

export type QuotaFeedOptions = {
  readonly counters: QuotaCounters
  /** Emergency calls never count. */
  readonly isEmergency: (organizationId: number, dialled: string) => boolean
  /** The call has ended: one that is hung up while it is planned would count for minutes. */
  readonly isOver: (callId: CallUuid) => boolean
}

export const createQuotaFeed = ({ counters, isEmergency, isOver }: QuotaFeedOptions): QuotaFeed => ({
  planned: ({ target, call, numberClass }, now) => {
    const { callId, organizationId, userId, direction, attempts } = call
    if (target.kind === 'refuse' || direction === 'inbound' || numberClass.kind === 'emergency') return
    if (isOver(callId)) return
    counters.take({ callId, organizationId, userId }, now)
    counters.quoted(
      callId,
      new Map(attempts.flatMap(({ legUuid, rate }) => (rate === undefined ? [] : [[legUuid, rate.tariff]]))),
    )
  },
  happened: ({ kind, call, leg, at }) => {
    if (call.state === 'ended') {
      counters.ended(call.callId)
      return
    }
    const counted = countedOf(call, isEmergency)
    if (counted === undefined) return
    counters.seen(counted, at)
    if (leg === undefined) return
    if (kind === 'answered') counters.answered(call.callId, leg.legUuid, at)
    else if (kind === 'leg-ended') counters.legEnded(call.callId, leg.legUuid)
  },
})

const countedOf = (
  { callId, organizationId, userId, direction, to, legs }: LiveCall,
  isEmergency: QuotaFeedOptions['isEmergency'],
): QuotaCall | undefined =>
  organizationId === undefined ||
  direction === 'inbound' ||
  // A refused call is on its way out; its plan was told, and it has no other leg.
  !legs.some(({ state }) => state !== 'gone') ||
  isEmergency(organizationId, to)
    ? undefined
    : { callId, organizationId, userId }
