/**
 * The engine's side of the one event socket: events go to the board, the gateway states and the registration
 * guard; after every gap the picture is rebuilt before it is trusted again.
 */
import { createBackoff } from '../base/backoff.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { RECORDING_EVENT } from '../call/recording.ts'
import type { EslEvent } from '../esl/event.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { World } from './world.ts'
import type { Board } from './board.ts'
import type { SwitchCommands } from './commands.ts'
import type { GatewayStates } from './gateway-states.ts'
import type { LegWatch } from './leg-watch.ts'
import { CHANNEL_EVENTS, readChannelEvent, withoutDigits } from './read-event.ts'
import { RECORDING_CUSTOM_EVENTS, RECORDING_EVENTS, type RecordingControl } from './recording-control.ts'
import type { RegistrationGuard } from './registration-guard.ts'
import { resync } from './resync.ts'
import type { SwitchConfiguration } from './switch-configuration.ts'

export const EVENTS: readonly string[] = [
  ...CHANNEL_EVENTS,
  ...RECORDING_EVENTS,
  'CHANNEL_HANGUP_COMPLETE',
  'HEARTBEAT',
]
export const CUSTOM_EVENTS: readonly string[] = [
  'sofia::gateway_state',
  'sofia::register_failure',
  ...RECORDING_CUSTOM_EVENTS,
]

export type SwitchLink = {
  readonly onEvent: (event: EslEvent) => void
  readonly onUp: (link: { readonly version: string }) => Promise<void>
  readonly onDown: (reason: Error) => void
  readonly onAuthRefused: (first: boolean) => void
  /** `up` only when the picture has been rebuilt. */
  readonly state: () => {
    readonly up: boolean
    readonly detail: string
    readonly version: string | undefined
  }
  /** The database changed: the switch is given the difference, if it is there to take it. */
  readonly worldChanged: () => void
}

export type SwitchLinkOptions = {
  readonly commands: () => SwitchCommands
  readonly world: World
  readonly board: Board
  readonly states: GatewayStates
  readonly guard: RegistrationGuard
  readonly configuration: SwitchConfiguration
  readonly recording?: Pick<RecordingControl, 'onEvent'>
  /** Hears every event, and what the switch has after a gap. */
  readonly legs?: LegWatch
  /** True while what a party of the call presses is for nobody else: a recording that is paused for a card number. */
  readonly redactDigits?: (callId: CallUuid) => boolean
  readonly clock: Clock
  readonly logger: Logger
  /** The first password that we tried was wrong: the operator has to act. */
  readonly onWrongPassword: () => void
}

export const createSwitchLink = (options: SwitchLinkOptions): SwitchLink => {
  const { world, board, states, guard, configuration, logger } = options
  let up = false
  let detail = 'not connected yet'
  let version: string | undefined
  // Counts connections and losses: what a lost connection still answers is not of this one.
  let generation = 0

  const give = async (): Promise<void> => {
    try {
      await configuration.apply(world.directory())
    } catch (fault) {
      logger.warn(
        { err: asError(fault) },
        'the switch could not be given its gateways; tried again after the next change or connection',
      )
      configuration.forget()
    }
  }

  /** Until it succeeds or the connection that it belongs to is gone: a picture with holes routes wrongly. */
  const rebuild = async (of: number): Promise<void> => {
    detail = 'reading its calls'
    configuration.forget()
    const backoff = createBackoff({ firstMs: 200, maxMs: 5_000 })
    while (of === generation) {
      try {
        await states.refresh(options.commands())
        const channels = await resync(options.commands(), board, logger, options.legs?.comparing())
        // A switch that started without us has no gateway of ours yet: it is ready when it was given them.
        if (world.isKnown()) await give()
        if (of !== generation) return
        up = true
        detail = `connected, ${channels} channels when it came`
        logger.info({ version, channels }, 'the switch is connected')
        // What changed meanwhile; nothing where nothing did.
        if (world.isKnown()) void give()
        return
      } catch (fault) {
        detail = `its calls cannot be read: ${asError(fault).message}`
        logger.warn({ err: asError(fault) }, 'the calls of the switch cannot be read; tried again')
        await sleep(options.clock, backoff.next())
      }
    }
  }

  return {
    onEvent: (event) => {
      options.legs?.onEvent(event)
      if (event.name.startsWith('RECORD_') || event.subclass === RECORDING_EVENT) {
        options.recording?.onEvent(event)
        return
      }
      if (event.name === 'CUSTOM') {
        onCustom(event, states, guard)
        return
      }
      const addressed = readChannelEvent(event)
      if (addressed === undefined) return
      const { input } = addressed
      // DTMF carries no channel variables (measured): whose leg it is, the board knows.
      const callId = event.name === 'DTMF' ? callOfLeg(board, addressed.callId) : addressed.callId
      board.post(callId, options.redactDigits?.(callId) === true ? withoutDigits(input) : input)
    },
    onUp: async (link) => {
      version = link.version
      generation += 1
      await rebuild(generation)
    },
    onDown: (reason) => {
      options.legs?.onDown(reason)
      generation += 1
      up = false
      detail = `not connected: ${reason.message}`
      logger.warn({ err: reason }, 'the switch is not connected')
    },
    onAuthRefused: (first) => {
      up = false
      detail = 'it refuses our password (FREESWITCH_PASSWORD)'
      if (first) options.onWrongPassword()
      else
        logger.error(
          'the switch refuses our password; tried again each minute, calls are still planned and recorded',
        )
    },
    state: () => ({ up, detail, version }),
    worldChanged: () => {
      if (up && world.isKnown()) void give()
    },
  }
}

/** A B leg's own uuid is no call's. */
const callOfLeg = (board: Pick<Board, 'call' | 'calls'>, legUuid: CallUuid): CallUuid =>
  board.call(legUuid) === undefined
    ? (board.calls().find(({ legs }) => legs.some((leg) => leg.legUuid === legUuid))?.callId ?? legUuid)
    : legUuid

const onCustom = (event: EslEvent, states: GatewayStates, guard: RegistrationGuard): void => {
  if (event.subclass === 'sofia::gateway_state') {
    states.note(event.get('Gateway'), event.get('Ping-Status'))
    return
  }
  const address = event.get('network-ip')
  if (event.subclass === 'sofia::register_failure' && address !== undefined) void guard.failed(address)
}
