/** Call control, joined: the board, the switch, the planner, and what begins to be recorded meanwhile. */
import { sleep, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Board } from '../engine/board.ts'
import { createCallControl } from '../engine/call-control.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import type { Planner } from '../engine/planner.ts'
import type { SwitchLink } from '../engine/switch-link.ts'
import type { World } from '../engine/world.ts'
import type { ControlDoors } from '../http/control-doors.ts'

export type CallControlParts = {
  readonly board: Board
  readonly commands: SwitchCommands
  readonly link: Pick<SwitchLink, 'state'>
  readonly world: World
  readonly planner: Planner
  /** The path of an uploaded sound, as the switch names it. */
  readonly soundOf: (organizationId: number, fileId: number) => Promise<string | undefined>
  readonly clock: Clock
  readonly logger: Logger
}

export const createCallControlDoors = (parts: CallControlParts): ControlDoors => {
  const { board, commands, link, world, planner, soundOf, clock, logger } = parts
  const { control, recordingBegan } = createCallControl({
    board,
    commands,
    isSwitchUp: () => link.state().up,
    world,
    planner,
    now: clock.now,
    sleep: (milliseconds) => sleep(clock, milliseconds),
    logger,
  })
  // From now on, for the life of the engine.
  board.watch(undefined, ({ kind, call }) => {
    if (kind !== 'recording-started') return
    recordingBegan(call.callId).catch((fault: unknown) =>
      logger.error(
        { err: asError(fault), callId: call.callId },
        'a recording began beside a supervisor, who cannot be kept out of it',
      ),
    )
  })
  return {
    control,
    audioFile: async (fileId, callId) => {
      const organizationId = board.call(callId)?.organizationId
      return organizationId === undefined ? undefined : soundOf(organizationId, fileId)
    },
  }
}
