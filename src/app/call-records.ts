/** The records of calls, joined: taken in, stored, written where they do not come, corrected where they come late. */
import type { Clock } from '../base/clock.ts'
import type { Lifecycle } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { Cdr } from '../cdr/cdr.ts'
import { costOfLeg } from '../cdr/sale.ts'
import type { Board } from '../engine/board.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import type { LegWatch } from '../engine/leg-watch.ts'
import { insertCdrs } from '../store/cdr-writes.ts'
import type { CdrCompanion } from '../store/cdr-companion.ts'
import type { Database } from '../store/database.ts'
import { readStoredLegs } from '../store/told-corrections.ts'
import { createCdrCorrections, type CdrCorrections } from './cdr-corrections.ts'
import { openCdrDue, type CdrDueState } from './cdr-due.ts'
import { openCdrIntake, type CdrIntake } from './cdr-intake.ts'
import { createMachineHealth, type MachineState } from './machine-health.ts'
import type { Outbox } from './outbox.ts'

export type CallRecords = {
  readonly intake: CdrIntake
  /** Hears the legs, whose records have to come. */
  readonly legs: LegWatch
  readonly state: () => CallRecordsState
  /** For /ready. */
  readonly checks: () => readonly RecordsCheck[]
}

export type CallRecordsState = CdrDueState &
  ReturnType<CdrCorrections['counts']> & { readonly machine: MachineState }

export type RecordsCheck = { readonly name: string; readonly ok: boolean; readonly detail: string }

export type CallRecordsOptions = {
  readonly dataDir: string
  /** mod_json_cdr's err-log-dir, where we can read it. */
  readonly leftBySwitch: string | undefined
  readonly database: Database
  readonly companions: readonly CdrCompanion[]
  readonly board: Board
  readonly outbox: Pick<Outbox, 'recorded' | 'tell'>
  readonly commands: Pick<SwitchCommands, 'api'>
  readonly isSwitchUp: () => boolean
  readonly isDatabaseUp: () => boolean
  /** For so long a record is waited for; default two minutes. */
  readonly waitMs: number | undefined
  /** These records are stored. */
  readonly onStored: (cdrs: readonly Cdr[]) => void
  readonly lifecycle: Pick<Lifecycle, 'add'>
  readonly clock: Clock
  readonly logger: Logger
}

export const openCallRecords = async (options: CallRecordsOptions): Promise<CallRecords> => {
  const { dataDir, database, board, outbox, lifecycle, clock, logger } = options
  const machine = createMachineHealth({ dataDir, clock, logger })
  await lifecycle.add(machine)
  const corrections = createCdrCorrections({
    ...{ database, board, clock, logger },
    tell: outbox.tell,
    isDatabaseUp: options.isDatabaseUp,
  })
  const companions = [...options.companions, corrections.companion]
  const intake = await openCdrIntake({
    dataDir,
    leftBySwitch: options.leftBySwitch,
    clock,
    logger,
    store: (cdrs) => insertCdrs(database, cdrs, companions),
    onTaken: (legUuid) => due.recorded(legUuid),
    onStored: (cdrs) => {
      options.onStored(cdrs)
      for (const cdr of cdrs)
        board.recorded({ callId: cdr.callId, legUuid: cdr.legUuid, cost: costOfLeg(cdr) })
      corrections.stored(cdrs)
      return outbox.recorded(cdrs)
    },
  })
  await lifecycle.add({ name: 'call records', start: () => undefined, stop: intake.stop })
  await lifecycle.add(corrections)
  const due = await openCdrDue({
    ...{ dataDir, intake, clock, logger },
    stored: (legUuids) => readStoredLegs(database, legUuids),
    isSwitchUp: options.isSwitchUp,
    askCore: () => options.commands.api('global_getvar', 'core_uuid'),
    waitMs: options.waitMs,
  })
  await lifecycle.add(due)
  return {
    intake,
    legs: due.watch,
    state: () => ({ ...due.state(), ...corrections.counts(), machine: machine.state() }),
    checks: () => checksOf(intake.state(), due.state(), machine.state()),
  }
}

const checksOf = (
  intake: ReturnType<CdrIntake['state']>,
  due: CdrDueState,
  machine: MachineState,
): readonly RecordsCheck[] => {
  const free = machine.diskFreeBytes
  const freeText =
    free === undefined ? 'its free space is not known' : `${Math.floor(free / 1_048_576)} MB are free`
  return [
    {
      name: 'call records',
      ok: intake.ok && machine.diskFault === undefined,
      detail: [
        intake.detail,
        ...(due.detail === undefined ? [] : [due.detail]),
        ...(machine.diskFault === undefined ? [] : [machine.diskFault]),
      ].join('; '),
    },
    { name: 'disk', ok: !machine.diskLow, detail: machine.diskLow ? `nearly full: ${freeText}` : freeText },
    // A clock that is right is no news.
    ...(machine.clockJump === undefined ? [] : [{ name: 'clock', ok: false, detail: machine.clockJump }]),
  ]
}
