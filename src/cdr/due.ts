/**
 * Which records are due, and which will not come. It owns the rules, and acts on nothing: the legs that live as their
 * events told of them, those whose record is due, and how long each is waited for. Every change comes out as a line
 * that is to be kept, so that a new engine goes on where this one was killed.
 *
 * - A leg ends by its event (CHANNEL_HANGUP_COMPLETE, which the switch tells when its post is over, taken or not), or it
 *   is missing when the switch is asked what it has.
 * - Missing from the run of the switch in which it lived: its event was lost in a gap. Missing from another run: the
 *   switch died, and posts nothing of it. Both wait all the same: for a file that it left, for a late post, for
 *   `sofia recover`.
 * - Waits are measured by a clock that never jumps. After a restart they begin again.
 *
 * Nothing here makes a record unique: a record that comes beside its estimate is settled where both are stored.
 */
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import { documentOfEnd, documentOfLost, isPosted, type EstimateKind, type LegPicture } from './estimate.ts'

/** A run of the switch: its Core-UUID, another one at every start. */
export type Core = string

export type DueLine =
  /** `at`: when the switch told it, by its own clock, in microseconds. */
  | {
      readonly kind: 'live'
      readonly legUuid: CallUuid
      readonly core: Core
      readonly at: number
      readonly picture: LegPicture
    }
  | {
      readonly kind: 'due'
      readonly legUuid: CallUuid
      readonly why: EstimateKind
      readonly document: unknown
    }
  | { readonly kind: 'closed'; readonly legUuid: CallUuid }
  /** This run of the switch was heard at `at`. */
  | { readonly kind: 'heard'; readonly core: Core; readonly at: number }

export type DueBook = {
  /** Of an earlier engine, in their order. */
  readonly restore: (lines: readonly DueLine[], now: number) => void
  /** Everything that is known, in the fewest lines. */
  readonly lines: () => readonly DueLine[]
  /** The switch said something, at `at` by its clock; keeps no line. */
  readonly heard: (core: Core, at: number, now: number) => void
  /** It lives, and did not say what its clock says: by ours, from the last time that it did. */
  readonly alive: (core: Core, now: number) => readonly DueLine[]
  /** A leg lives. */
  readonly seen: (leg: SeenLeg) => readonly DueLine[]
  /** A leg ended and its post is over. */
  readonly ended: (legUuid: CallUuid, readPicture: () => LegPicture, now: number) => readonly DueLine[]
  /** Its record is durable here. */
  readonly recorded: (legUuid: CallUuid) => readonly DueLine[]
  /** Legs that live, as far as is known. */
  readonly live: () => readonly CallUuid[]
  /** The switch was asked: of the legs that were `known` before, it has `alive`. */
  readonly compared: (asked: Comparison, now: number) => readonly DueLine[]
  /** The switch is away and cannot be asked: what nobody can still be talking on is over. */
  readonly outlived: (now: number) => readonly DueLine[]
  /** Waited for long enough. */
  readonly over: (now: number) => readonly DueLeg[]
  /** An estimate of it is durable here. */
  readonly estimated: (legUuid: CallUuid) => readonly DueLine[]
  readonly counts: () => { readonly live: number; readonly due: number; readonly passedOver: number }
}

export type SeenLeg = {
  readonly legUuid: CallUuid
  readonly core: Core
  readonly at: number
  readonly picture: LegPicture
  readonly now: number
}

export type Comparison = {
  readonly core: Core
  readonly known: ReadonlySet<CallUuid>
  readonly alive: ReadonlySet<CallUuid>
}

export type DueLeg = { readonly legUuid: CallUuid; readonly why: EstimateKind; readonly document: unknown }

export type DueRules = {
  readonly waitMs: number
  /** No leg is longer: after so long without a word of the switch it is over. */
  readonly longestMs: number
  /** Of records that are waited for at the same time; what is more waits in the switch's files alone. */
  readonly mostDue?: number
}

/** 10 kB each. */
const MOST_DUE = 10_000
/** A post comes before the event that says that it is over; these are remembered for so many legs. */
const MOST_RECORDED = 50_000
/** Of the switch's clock and ours, how far they may part before the one that cannot jump is believed. */
const CLOCK_SLACK_MS = 5_000
const MICROS = 1_000

type Live = SeenLeg & {
  /** Undefined: an earlier engine saw it. */
  readonly seenAt: number | undefined
}

type Due = DueLeg & { readonly core: Core | undefined; readonly since: number }

type Heard = { readonly at: number; readonly now: number | undefined }

export const createDueBook = ({ waitMs, longestMs, mostDue = MOST_DUE }: DueRules): DueBook => {
  const live = new Map<CallUuid, Live>()
  const due = new Map<CallUuid, Due>()
  const recorded = new Set<CallUuid>()
  const heardOf = new Map<Core, Heard>()
  let passedOver = 0

  const remember = (legUuid: CallUuid): void => {
    recorded.delete(legUuid)
    recorded.add(legUuid)
    if (recorded.size <= MOST_RECORDED) return
    const [oldest] = recorded
    if (oldest !== undefined) recorded.delete(oldest)
  }

  const close = (legUuid: CallUuid): readonly DueLine[] => {
    const wasLive = live.delete(legUuid)
    const wasDue = due.delete(legUuid)
    return wasLive || wasDue ? [{ kind: 'closed', legUuid }] : []
  }

  const expect = (leg: DueLeg, core: Core | undefined, now: number): readonly DueLine[] => {
    live.delete(leg.legUuid)
    if (due.size >= mostDue && !due.has(leg.legUuid)) {
      passedOver += 1
      return [{ kind: 'closed', legUuid: leg.legUuid }]
    }
    due.set(leg.legUuid, { ...leg, core, since: now })
    return [{ kind: 'due', ...leg }]
  }

  /** Microseconds, by the switch's clock. */
  const endOf = (leg: Live): number => {
    const heard = heardOf.get(leg.core)
    const end = Math.max(leg.at, heard?.at ?? 0)
    const longest = leg.at + longestMs * MICROS
    if (leg.seenAt === undefined || heard?.now === undefined) return Math.min(end, longest)
    // The same time by a clock that cannot jump: a year more on the wall is no year of talk.
    const lived = leg.at + Math.max(0, heard.now - leg.seenAt) * MICROS
    return Math.min(Math.abs(end - lived) > CLOCK_SLACK_MS * MICROS ? lived : end, longest)
  }

  const lost = (leg: Live, cause: HangupCause, now: number): readonly DueLine[] =>
    expect(
      {
        legUuid: leg.legUuid,
        why: 'switch-lost',
        document: documentOfLost(leg.picture, endOf(leg), cause),
      },
      leg.core,
      now,
    )

  return {
    restore: (lines, now) => {
      for (const line of lines) {
        if (line.kind === 'heard') heardOf.set(line.core, { at: line.at, now: undefined })
        else if (line.kind === 'closed') close(line.legUuid)
        else if (line.kind === 'live') {
          due.delete(line.legUuid)
          live.set(line.legUuid, { ...line, now, seenAt: undefined })
        } else {
          live.delete(line.legUuid)
          due.set(line.legUuid, { ...line, core: undefined, since: now })
        }
      }
    },
    lines: () => [
      ...[...heardOf].map(([core, { at }]): DueLine => ({ kind: 'heard', core, at })),
      ...[...live.values()].map(({ legUuid, core, at, picture }): DueLine => ({
        kind: 'live',
        legUuid,
        core,
        at,
        picture,
      })),
      ...[...due.values()].map(({ legUuid, why, document }): DueLine => ({
        kind: 'due',
        legUuid,
        why,
        document,
      })),
    ],
    heard: (core, at, now) => {
      heardOf.set(core, { at: Math.max(at, heardOf.get(core)?.at ?? 0), now })
    },
    alive: (core, now) => {
      const before = heardOf.get(core)
      if (before?.now === undefined) return []
      const at = Math.trunc(before.at + Math.max(0, now - before.now) * MICROS)
      heardOf.set(core, { at, now })
      return [{ kind: 'heard', core, at }]
    },
    seen: (leg) => {
      const { legUuid, core, at, picture, now } = leg
      const waiting = due.get(legUuid)
      // Told late, of a leg that is over; unless another run of the switch has it again.
      if (waiting !== undefined && (waiting.why === 'from-event' || waiting.core === core)) return []
      if (waiting === undefined && recorded.has(legUuid)) return []
      due.delete(legUuid)
      const before = live.get(legUuid)
      const isSame = before?.core === core
      live.set(legUuid, {
        ...leg,
        at: isSame ? before.at : at,
        seenAt: isSame ? before.seenAt : now,
        picture,
      })
      return [{ kind: 'live', legUuid, core, at: isSame ? before.at : at, picture }]
    },
    ended: (legUuid, readPicture, now) => {
      // The common case, and the event is not read for it.
      if (recorded.has(legUuid)) return close(legUuid)
      const picture = readPicture()
      if (!isPosted(picture)) return close(legUuid)
      return expect({ legUuid, why: 'from-event', document: documentOfEnd(picture) }, undefined, now)
    },
    recorded: (legUuid) => {
      remember(legUuid)
      return close(legUuid)
    },
    live: () => [...live.keys()],
    compared: ({ core, known, alive }, now) => {
      const lines: DueLine[] = []
      for (const leg of [...live.values()]) {
        if (alive.has(leg.legUuid) || !known.has(leg.legUuid)) continue
        lines.push(...lost(leg, leg.core === core ? 'NORMAL_UNSPECIFIED' : 'NORMAL_TEMPORARY_FAILURE', now))
      }
      const cores = new Set([core, ...[...live.values()].map((leg) => leg.core)])
      for (const old of [...heardOf.keys()]) if (!cores.has(old)) heardOf.delete(old)
      return lines
    },
    outlived: (now) =>
      [...live.values()]
        .filter((leg) => now - (leg.seenAt ?? leg.now) > longestMs)
        .flatMap((leg) => lost(leg, 'NORMAL_TEMPORARY_FAILURE', now)),
    over: (now) => [...due.values()].filter(({ since }) => now - since >= waitMs),
    estimated: close,
    counts: () => ({ live: live.size, due: due.size, passedOver }),
  }
}
