/** Call control, joined: the board, the switch, the planner, and what begins to be recorded meanwhile. */
import { sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Board } from '../engine/board.ts'
import { createCallControl } from '../engine/call-control.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import type { Planner } from '../engine/planner.ts'
import type { SwitchLink } from '../engine/switch-link.ts'
import type { World } from '../engine/world.ts'
import type { ControlDoors } from '../http/control-doors.ts'
import type { CallRecordingDoors } from '../http/recording-policy-doors.ts'

export type CallControlParts = {
  readonly board: Board
  readonly commands: SwitchCommands
  readonly link: Pick<SwitchLink, 'state'>
  readonly world: World
  readonly planner: Planner
  readonly callRecording: CallRecordingDoors
  /** The path of an uploaded sound, as the switch names it. */
  readonly soundOf: (organizationId: number, fileId: number) => Promise<string | undefined>
  readonly clock: Clock
  readonly logger: Logger
}

/** The doors of call control, and those of recordings: one begins nothing while a supervisor whispers. */
export const createCallControlDoors = (
  parts: CallControlParts,
): { readonly control: ControlDoors; readonly callRecording: CallRecordingDoors } => {
  const { board, commands, link, world, planner, soundOf, clock, logger } = parts
  const { control, recordingBegan, beforeRecording } = createCallControl({
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
  const { callRecording } = parts
  const begin: CallRecordingDoors['control'] = async (request) => {
    if (request.action !== 'start') return callRecording.control(request)
    await beforeRecording(request.callId, request.organizationId)
    try {
      return await callRecording.control(request)
    } finally {
      await recordingBegan(request.callId)
    }
  }
  const doors: ControlDoors = {
    control,
    audioFile: async (fileId, callId, boundTo) => {
      const call = board.call(callId)
      const isSeen = boundTo === undefined || call?.organizationId === boundTo
      if (call === undefined || call.state === 'ended' || !isSeen)
        throw new EngineError('HTTP_NOT_FOUND', `there is no call ${callId}`)
      const { organizationId } = call
      return organizationId === undefined ? undefined : soundOf(organizationId, fileId)
    },
  }
  return { control: doors, callRecording: { ...callRecording, control: begin } }
}
