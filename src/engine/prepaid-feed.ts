/**
 * What is planned and what happens on the board, told to the accounts of prepaid calls. It judges nothing. A leg that
 * another engine has reserved for is kept in mind: when that engine is dead, the leg is ours. So is one that an earlier
 * run of this engine had, until the balances are known.
 */
import type { LiveEvent } from '../call/live-call.ts'
import type { Plan } from '../call/plan.ts'
import type { PrepaidAccounts, PrepaidLeg } from '../limits/prepaid-shapes.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

export type PrepaidFeed = {
  /** A call is about to be made by this plan. */
  readonly planned: (plan: Plan, now: number) => void
  readonly happened: (event: LiveEvent) => void
  /** The balances were read, and these engines are dead: this one goes on with the calls that they had. */
  readonly takeOver: (engines: readonly string[], now: number) => void
}

export type PrepaidFeedOptions = {
  readonly accounts: PrepaidAccounts
  readonly engine: string
  /** The call has ended: one that is hung up while it is planned would hold money for minutes. */
  readonly isOver: (callId: CallUuid) => boolean
  /** The leg costs nothing any more: its limit in the switch can go. */
  readonly onLegEnded: (legUuid: CallUuid) => void
}

export const createPrepaidFeed = ({
  accounts,
  engine,
  isOver,
  onLegEnded,
}: PrepaidFeedOptions): PrepaidFeed => {
  const foreign = new Map<CallUuid, PrepaidLeg>()
  const talks = (leg: PrepaidLeg, now: number): void => {
    if (accounts.answered(leg.legUuid, leg.answeredAt)) return
    if (leg.prepaid.engine !== engine || !accounts.adopt(leg, now)) foreign.set(leg.legUuid, leg)
  }
  return {
    planned: ({ call, target, prepaid }, now) => {
      if (prepaid === undefined || target.kind !== 'carriers' || isOver(call.callId)) return
      const legUuids = target.attempts.map(({ carried }) => carried.legUuid)
      accounts.take({ callId: call.callId, legUuids, prepaid }, now)
    },
    happened: ({ kind, call: { callId, state }, leg, at }) => {
      if (state === 'ended') accounts.callEnded(callId, at)
      else accounts.seen(callId)
      if (leg?.prepaid === undefined) return
      const { legUuid, prepaid, answeredAt } = leg
      // `leg-started`: found in the middle of its talk, after a restart or a gap.
      const isAnswered = kind === 'answered' || (kind === 'leg-started' && leg.state === 'answered')
      if (isAnswered && answeredAt !== undefined) talks({ callId, legUuid, prepaid, answeredAt }, at)
      if (kind !== 'leg-ended') return
      foreign.delete(legUuid)
      accounts.legEnded(legUuid, at)
      if (answeredAt !== undefined) onLegEnded(legUuid)
    },
    takeOver: (engines, now) => {
      for (const [legUuid, leg] of foreign) {
        const isOurs = leg.prepaid.engine === engine || engines.includes(leg.prepaid.engine)
        if (isOurs && accounts.adopt(leg, now)) foreign.delete(legUuid)
      }
    },
  }
}
