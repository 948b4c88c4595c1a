/** The records that do not come: who hears the legs, what is kept for the next engine, when one is written in their place. */
import { join } from 'node:path'
import { every, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import { createDueBook, type DueBook, type DueLeg, type DueLine } from '../cdr/due.ts'
import { pictureOf, type LegHeaders } from '../cdr/estimate.ts'
import type { LegWatch } from '../engine/leg-watch.ts'
import { createLedger, readLedger } from '../spool/ledger.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import type { CdrIntake } from './cdr-intake.ts'

export type CdrDue = Part & {
  readonly watch: LegWatch
  /** A record of this leg is durable here. */
  readonly recorded: (legUuid: string) => void
  readonly state: () => CdrDueState
}

export type CdrDueState = {
  readonly live: number
  /** Ended, and their record has not come. */
  readonly due: number
  /** Told; undefined: nothing to tell. */
  readonly detail: string | undefined
}

export type CdrDueOptions = {
  readonly dataDir: string
  readonly intake: Pick<CdrIntake, 'keepEstimate' | 'lookForFiles' | 'isLeftAsFile'>
  /** Of these legs, those whose record is stored. */
  readonly stored: (legUuids: readonly CallUuid[]) => Promise<ReadonlySet<CallUuid>>
  readonly isSwitchUp: () => boolean
  /** Asks the switch for the Core-UUID of its run. */
  readonly askCore: () => Promise<string>
  readonly waitMs?: number | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * mod_json_cdr tries once, for 3 seconds, and leaves a file, which is looked for every 30 seconds at the least. What has
 * not come after four of these looks is not on its way.
 */
export const CDR_WAIT_MS = 120_000
/** The safety that ends calls is never longer. */
const LONGEST_LEG_MS = 25 * 3_600_000
/** While legs live the switch is asked whether it does: its heartbeat is every 20 seconds, and each may be billed. */
const ASK_MS = 2_000
/** An engine that is killed knows to so much when the switch was last heard. */
const HEARD_MS = 1_000

const FILE = 'legs.ledger'

/** What a leg's events tell of it, from its first sign to its talk. */
const OF_LIVING_LEGS: ReadonlySet<string> = new Set([
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
])

export const openCdrDue = async (options: CdrDueOptions): Promise<CdrDue> => {
  const { clock, logger, waitMs = CDR_WAIT_MS } = options
  const directory = join(options.dataDir, 'legs')
  const book = createDueBook({ waitMs, longestMs: LONGEST_LEG_MS })
  const ledger = createLedger({ directory, name: FILE, lines: book.lines, clock, logger })
  book.restore((await readLedger(directory, FILE, logger)).filter(isDueLine), clock.monotonic())
  await ledger.begin()
  let stop = (): void => undefined
  let sweeping: Promise<void> | undefined
  let heardNotedAt = Number.NEGATIVE_INFINITY
  let trouble: string | undefined

  const note = (lines: readonly DueLine[]): void => {
    if (lines.length > 0) ledger.note(lines)
  }

  const sweep = async (): Promise<void> => {
    const now = clock.monotonic()
    if (!options.isSwitchUp()) note(book.outlived(now))
    if (book.over(now).length === 0) return
    // The files that the switch left are its own records, and nearer to hand than a guess.
    await options.intake.lookForFiles()
    const over = await notStored(book.over(now))
    for (const leg of over) {
      if (await options.intake.isLeftAsFile(leg.legUuid)) continue
      await options.intake.keepEstimate(leg.document)
      note(book.estimated(leg.legUuid))
      logger.warn(
        { legUuid: leg.legUuid, estimate: leg.why },
        leg.why === 'from-event'
          ? 'the switch sent no record of a leg that ended: it is written from the event'
          : 'the switch lost a leg: its record is written from what was known of it',
      )
    }
  }

  /** Another engine may have it. While nobody can be asked it is written all the same: a copy is dropped later. */
  const notStored = async (legs: readonly DueLeg[]): Promise<readonly DueLeg[]> => {
    try {
      const stored = await options.stored(legs.map(({ legUuid }) => legUuid))
      for (const legUuid of stored) note(book.recorded(legUuid))
      return legs.filter(({ legUuid }) => !stored.has(legUuid))
    } catch (fault) {
      logger.debug({ err: asError(fault) }, 'which records are stored could not be asked')
      return legs
    }
  }

  const ask = async (): Promise<void> => {
    if (!options.isSwitchUp() || book.counts().live === 0) return
    try {
      note(book.alive((await options.askCore()).trim(), clock.monotonic()))
    } catch (fault) {
      logger.debug({ err: asError(fault) }, 'the switch did not say that it lives')
    }
  }

  const tick = async (): Promise<void> => {
    sweeping = sweep().then(
      () => {
        trouble = undefined
      },
      (fault: unknown) => {
        const reason = asError(fault).message
        if (trouble !== reason)
          logger.error({ err: asError(fault) }, 'records that did not come cannot be written; tried again')
        trouble = reason
      },
    )
    await sweeping
  }

  return {
    name: 'records that do not come',
    watch: watchLegs(book, clock, note, (core, at) => {
      const now = clock.monotonic()
      if (now - heardNotedAt < HEARD_MS) return
      heardNotedAt = now
      note([{ kind: 'heard', core, at }])
    }),
    recorded: (legUuid) => {
      if (isCallUuid(legUuid)) note(book.recorded(legUuid))
    },
    state: () => {
      const { live, due, passedOver } = book.counts()
      const told = [
        ...(due === 0 ? [] : [`${due} records are due`]),
        ...(passedOver === 0 ? [] : [`${passedOver} more are waited for in the switch's files alone`]),
        ...(trouble === undefined ? [] : [trouble]),
        ...(ledger.trouble() === undefined ? [] : [`live legs are not kept: ${ledger.trouble() ?? ''}`]),
      ]
      return { live, due, detail: told.length === 0 ? undefined : told.join('; ') }
    },
    start: () => {
      const stopTicking = every(clock, Math.min(waitMs / 4, 5_000), tick)
      const stopAsking = every(clock, ASK_MS, ask)
      stop = () => {
        stopTicking()
        stopAsking()
      }
    },
    stop: async () => {
      stop()
      await sweeping
      await ledger.close()
    },
  }
}

const watchLegs = (
  book: DueBook,
  clock: Clock,
  note: (lines: readonly DueLine[]) => void,
  onHeard: (core: string, at: number) => void,
): LegWatch => {
  const see = (leg: LegHeaders): void => {
    const legUuid = leg.get('Unique-ID')
    const core = leg.get('Core-UUID')
    if (legUuid === undefined || core === undefined || !isCallUuid(legUuid)) return
    const now = clock.monotonic()
    note(book.seen({ legUuid, core, at: momentOf(leg), picture: pictureOf(leg, 'kept'), now }))
  }
  /** The run of the switch that spoke last. */
  let core: string | undefined
  return {
    onEvent: (event) => {
      core = event.get('Core-UUID')
      const at = momentOf(event)
      if (core !== undefined && at > 0) {
        book.heard(core, at, clock.monotonic())
        onHeard(core, at)
      }
      if (OF_LIVING_LEGS.has(event.name)) see(event)
      if (event.name !== 'CHANNEL_HANGUP_COMPLETE') return
      const legUuid = event.get('Unique-ID')
      if (legUuid !== undefined && isCallUuid(legUuid))
        note(book.ended(legUuid, () => pictureOf(event, 'all'), clock.monotonic()))
    },
    onDown: (reason) => {
      if (core !== undefined && isEndOfSwitch(reason)) note(book.alive(core, clock.monotonic()))
    },
    comparing: () => {
      const known = new Set(book.live())
      return {
        seen: see,
        compared: (core, alive) => {
          note(book.compared({ core, known, alive }, clock.monotonic()))
        },
      }
    },
  }
}

/** A process that ends closes its sockets: it lived until then. A host that is off the network closes none. */
const isEndOfSwitch = (reason: Error): boolean =>
  reason instanceof EngineError &&
  (reason.code === 'ESL_CLOSED' || (reason.code === 'ESL_SOCKET' && reason.details['code'] === 'ECONNRESET'))

/** Microseconds, by the switch's clock. */
const momentOf = (event: LegHeaders): number => {
  const at = Number(event.get('Event-Date-Timestamp') ?? '')
  return Number.isSafeInteger(at) ? at : 0
}

/** The file is ours; a line of an older or newer engine is passed by. */
const isDueLine = (line: unknown): line is DueLine => {
  if (typeof line !== 'object' || line === null || !('kind' in line)) return false
  const { kind, legUuid, core, at } = line as Readonly<Record<string, unknown>>
  if (kind === 'heard') return typeof core === 'string' && typeof at === 'number'
  if (typeof legUuid !== 'string' || !isCallUuid(legUuid)) return false
  if (kind === 'live') return typeof core === 'string' && typeof at === 'number' && 'picture' in line
  return kind === 'closed' || (kind === 'due' && 'why' in line && 'document' in line)
}
