/**
 * The board of live calls: one mailbox a call, and the stream of what happens for those who watch. It holds
 * nothing that cannot be rebuilt from the switch.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { asError } from '../base/errors.ts'
import { createMailbox, type Mailbox } from '../base/mailbox.ts'
import { stepCall, type CallInput, type Happening } from '../call/call-step.ts'
import type { LiveCall, LiveEvent } from '../call/live-call.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { addMoney, formatMoney, type Money } from '../telephony/money.ts'

export type Board = {
  readonly post: (callId: CallUuid, input: CallInput) => void
  readonly calls: () => readonly LiveCall[]
  readonly call: (callId: CallUuid) => LiveCall | undefined
  /** Legs over the gateway that are not gone. */
  readonly channelsInUse: (gatewayId: number) => number
  /** Every event after `keptAfter` is kept, up to the last one that was told. */
  readonly position: () => { readonly keptAfter: number; readonly last: number }
  /** What is kept after event `after` first, then what happens; the result ends it. */
  readonly watch: (after: number | undefined, onEvent: (event: LiveEvent) => void) => () => void
  /** Something became known of a call, which may have left the board long ago. */
  readonly tell: (call: LiveCall, happening: Happening) => void
  /** A leg's record is stored. When it was the last of an ended call, `cdr` is told with what the call cost. */
  readonly recorded: (record: LegRecord) => void
  /**
   * After a gap: of the legs that were `known` before the switch was asked, those that it no longer has are gone.
   * A leg that came since is in no list, and lives.
   */
  readonly retain: (known: ReadonlySet<CallUuid>, alive: ReadonlySet<CallUuid>) => void
  /** Resolves when everything posted so far has been handled. */
  readonly idle: () => Promise<void>
}

export type LegRecord = {
  readonly callId: CallUuid
  readonly legUuid: CallUuid
  readonly cost: { readonly amount: Money; readonly currency: string } | undefined
}

/** Events kept for a watcher that comes back with its last id. */
const KEPT_EVENTS = 2_000
const KEPT_WITHOUT_LEG_MS = 180_000
/** An ended call stays readable until its record is in the database and a little longer. */
const KEPT_AFTER_END_MS = 60_000

const OPENS_A_CALL: ReadonlySet<CallInput['kind']> = new Set(['initiated', 'leg-seen', 'planned'])

type Entry = {
  call: LiveCall | undefined
  readonly mailbox: Mailbox<CallInput>
  readonly records: Map<CallUuid, LegRecord>
}

export const createBoard = ({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }): Board => {
  const live = new Map<CallUuid, Entry>()
  const watchers = new Set<(event: LiveEvent) => void>()
  const kept: LiveEvent[] = []
  // Counted as legs come and go: a hunt asks it for every candidate.
  const inUse = new Map<number, number>()
  // Ids go on from the time of the start, so that a watcher's last id of an earlier engine is never "newer".
  let lastId = clock.now() * 1_000
  let keptAfter = lastId

  const tell = (call: LiveCall, happening: Happening, cost?: LiveEvent['cost']): void => {
    lastId += 1
    const event: LiveEvent = {
      id: lastId,
      at: clock.now(),
      kind: happening.kind,
      call,
      leg: happening.leg,
      detail: happening.detail,
      cost,
    }
    kept.push(event)
    if (kept.length > KEPT_EVENTS)
      keptAfter = kept.splice(0, kept.length - KEPT_EVENTS).at(-1)?.id ?? keptAfter
    for (const watcher of watchers) {
      try {
        watcher(event)
      } catch (fault) {
        logger.error({ err: asError(fault) }, 'a watcher of live calls failed')
      }
    }
  }

  const count = ({ kind, leg }: Pick<LiveEvent, 'kind' | 'leg'>): void => {
    if (leg?.gatewayId === undefined || (kind !== 'leg-started' && kind !== 'leg-ended')) return
    inUse.set(leg.gatewayId, (inUse.get(leg.gatewayId) ?? 0) + (kind === 'leg-started' ? 1 : -1))
  }

  const tellWhenRecorded = ({ call, records }: Entry): void => {
    if (call?.state !== 'ended' || !call.legs.every(({ legUuid }) => records.has(legUuid))) return
    const costs = [...records.values()].flatMap(({ cost }) => (cost === undefined ? [] : [cost]))
    const currency = costs[0]?.currency
    const amount = formatMoney(addMoney(...costs.map((cost) => cost.amount)))
    tell(call, { kind: 'cdr', leg: undefined }, currency === undefined ? undefined : { amount, currency })
  }

  /** A leg that came after the end is waited for: its end has to be counted. */
  const forget = (callId: CallUuid): void => {
    const isEmpty = live.get(callId)?.call?.legs.every(({ state }) => state === 'gone') ?? true
    if (isEmpty) live.delete(callId)
    else clock.after(KEPT_AFTER_END_MS, () => forget(callId))
  }

  const entryOf = (callId: CallUuid): Entry => {
    const known = live.get(callId)
    if (known !== undefined) return known
    const mailbox = createMailbox<CallInput>(
      (input) => {
        const { call, happenings } = stepCall(callId, entry.call, input, clock.now())
        const ended = call?.state === 'ended' && entry.call?.state !== 'ended'
        entry.call = call
        if (call === undefined) return
        for (const happening of happenings) {
          count(happening)
          tell(call, happening)
        }
        if (!ended) return
        clock.after(KEPT_AFTER_END_MS, () => forget(callId))
        tellWhenRecorded(entry)
      },
      (fault) => logger.error({ err: asError(fault), callId }, 'an input of a call failed'),
    )
    const entry: Entry = { call: undefined, mailbox, records: new Map() }
    live.set(callId, entry)
    // A plan for a channel that never came: its events were lost, or the question was no call's.
    clock.after(KEPT_WITHOUT_LEG_MS, () => {
      if (entry.call?.legs.length === 0) live.delete(callId)
    })
    return entry
  }

  const calls = (): readonly LiveCall[] =>
    [...live.values()].flatMap(({ call }) => (call === undefined ? [] : [call]))

  return {
    post: (callId, input) => {
      // What comes for a call nobody knows of would only open an empty entry.
      if (!OPENS_A_CALL.has(input.kind) && !live.has(callId)) return
      entryOf(callId).mailbox.post(input)
    },
    calls,
    call: (callId) => live.get(callId)?.call,
    channelsInUse: (gatewayId) => inUse.get(gatewayId) ?? 0,
    position: () => ({ keptAfter, last: lastId }),
    watch: (after, onEvent) => {
      if (after !== undefined) for (const event of kept) if (event.id > after) onEvent(event)
      watchers.add(onEvent)
      return () => {
        watchers.delete(onEvent)
      }
    },
    tell: (call, happening) => {
      tell(call, happening)
    },
    recorded: (record) => {
      const entry = live.get(record.callId)
      if (entry === undefined) return
      entry.records.set(record.legUuid, record)
      tellWhenRecorded(entry)
    },
    retain: (known, alive) => {
      const isGone = (legUuid: CallUuid): boolean => known.has(legUuid) && !alive.has(legUuid)
      for (const [callId, { call, mailbox }] of live) {
        // Planned, and its channel came and went while we saw nothing.
        if (call?.legs.length === 0 && isGone(callId)) live.delete(callId)
        for (const leg of call?.legs ?? []) {
          if (leg.state === 'gone' || !isGone(leg.legUuid)) continue
          mailbox.post({ kind: 'leg', legUuid: leg.legUuid, input: 'hangup', cause: 'NORMAL_UNSPECIFIED' })
        }
      }
    },
    idle: async () => {
      await Promise.all([...live.values()].map(({ mailbox }) => mailbox.idle()))
    },
  }
}
