/**
 * Commands to calls that are up. What is asked of one call is done in order, each command whole before the next
 * (a call has one mailbox); each looks at the call as the switch has it, decides in call/control, and tells the
 * switch. Nothing is sent twice: what the switch refuses is answered as refused.
 */
import type { Logger } from '../base/logger.ts'
import {
  ANSWERED_LEG_VARIABLE,
  decideControl,
  refused,
  type ControlRefusal,
  type LegName,
  type Refused,
  type SimpleRequest,
  type SupervisionMode,
  type SwitchCommand,
} from '../call/control.ts'
import type { EventDetail, LiveCall, Noted } from '../call/live-call.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { E164 } from '../telephony/e164.ts'
import type { Board } from './board.ts'
import { bridgeCalls } from './bridge-calls.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import { conference, type ConferenceRequest } from './conference.ts'
import { consult, endConsultation } from './consult.ts'
import { lookAt, type SeenCall } from './control-look.ts'
import { park, unpark } from './park.ts'
import type { Planner } from './planner.ts'
import { supervise, type SuperviseRequest } from './supervise.ts'
import { transferBlind } from './transfer.ts'
import type { World } from './world.ts'

export type ControlRequest =
  | SimpleRequest
  | ({ readonly verb: 'transfer'; readonly mode: 'blind' | 'attended' } & ToParty)
  | { readonly verb: 'complete-transfer' | 'cancel-transfer' }
  | { readonly verb: 'park'; readonly leg?: LegName | undefined }
  | ({ readonly verb: 'unpark' } & ToParty)
  | {
      readonly verb: 'bridge'
      readonly otherCallId: CallUuid
      /** The legs that shall talk; by default the party of each call that is not ours. */
      readonly leg?: LegName | undefined
      readonly otherLeg?: LegName | undefined
    }
  | ConferenceRequest
  | SuperviseRequest

/** Whom a call is taken to. */
export type ToParty = {
  /** As our user would dial it. */
  readonly to: string
  /** The leg of our user who does it, and pays for it. */
  readonly leg?: LegName | undefined
  readonly callerId?: E164 | undefined
}

export type ControlOutcome =
  | { readonly kind: 'done'; readonly detail: ControlDetail }
  | {
      readonly kind: 'refused'
      readonly code: ControlRefusal | PartyRefusal | 'CALL_NOT_FOUND' | 'SWITCH_UNAVAILABLE'
      readonly message: string
      readonly retryAfterSeconds?: number | undefined
    }

export type ControlDetail = {
  readonly legUuid?: CallUuid | undefined
  /** Of a party that is being reached: its fate is told by events. */
  readonly status?: 'ringing' | undefined
  readonly conference?: ConferenceSeen | undefined
  readonly supervision?:
    | {
        readonly callId: CallUuid
        readonly mode: SupervisionMode
        readonly of: CallUuid
      }
    | undefined
}

export type ConferenceSeen = {
  readonly name: string
  readonly members: readonly {
    readonly legUuid: CallUuid
    readonly callId: CallUuid | undefined
    readonly party: string
    readonly muted: boolean
    readonly talking: boolean
  }[]
}

/** Why a party cannot be called, as when a call is originated. */
export type PartyRefusal =
  | 'INVALID_DESTINATION'
  | 'CARRIER_UNAVAILABLE'
  | 'QUOTA_EXCEEDED'
  | 'INSUFFICIENT_BALANCE'
  | 'BLOCKED'
  | 'CALLER_ID_NOT_ALLOWED'
  | 'USER_NOT_FOUND'
  | 'DEVICE_UNAVAILABLE'

export type CallControl = {
  /** `boundTo`: the organisation of who asks; undefined: any. Throws ESL_* where the switch does not answer. */
  readonly control: (
    callId: CallUuid,
    request: ControlRequest,
    boundTo: number | undefined,
  ) => Promise<ControlOutcome>
  /** To be asked when a recording of the call has begun: a supervisor's whisper stays out of it (supervise.ts). */
  readonly recordingBegan: (callId: CallUuid) => Promise<void>
  /** To be asked before one is begun; `recordingBegan` has to follow, whatever came of it. */
  readonly beforeRecording: (callId: CallUuid, boundTo: number | undefined) => Promise<void>
}

export type ControlOptions = {
  readonly board: Pick<Board, 'call' | 'calls' | 'post'>
  readonly commands: SwitchCommands
  readonly isSwitchUp: () => boolean
  readonly world: Pick<World, 'directory'>
  readonly planner: Planner
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly sleep: (milliseconds: number) => Promise<void>
  readonly logger: Logger
}

/** A call under control: what the parts of this folder work with. */
export type Controlled = ControlOptions & {
  readonly call: LiveCall
  readonly seen: SeenCall
  readonly boundTo: number | undefined
  /** Sends them in order; the first that the switch refuses ends it, with its words. */
  readonly tell: (...commands: readonly SwitchCommand[]) => Promise<Refused | undefined>
  readonly note: (what: Noted, legUuid: CallUuid | undefined, detail?: EventDetail) => void
}

export const createCallControl = (options: ControlOptions): CallControl => {
  const { board, isSwitchUp } = options
  // What is being done to a call, by its id: the next waits for it.
  const doing = new Map<CallUuid, Promise<unknown>>()

  const inTurn = async <Result>(callId: CallUuid, act: () => Promise<Result>): Promise<Result> => {
    const before = doing.get(callId) ?? Promise.resolve()
    const mine = before.then(act, act)
    doing.set(callId, mine)
    try {
      return await mine
    } finally {
      if (doing.get(callId) === mine) doing.delete(callId)
    }
  }

  return {
    control: async (callId, request, boundTo) => {
      const isThere = (): boolean => callOf(board, callId, boundTo) !== undefined
      const nobody: ControlOutcome = {
        kind: 'refused',
        code: 'CALL_NOT_FOUND',
        message: `there is no call ${callId}`,
      }
      if (!isThere()) return nobody
      if (!isSwitchUp())
        return {
          kind: 'refused',
          code: 'SWITCH_UNAVAILABLE',
          message: 'the switch is not connected: see /ready',
        }
      return inTurn(callId, async () => {
        const controlled = await controlledOf(callId, boundTo, options)
        return controlled === undefined ? nobody : perform(controlled, request)
      })
    },
    beforeRecording: (callId, boundTo) =>
      inTurn(callId, async () => {
        const controlled = await controlledOf(callId, boundTo, options)
        if (controlled !== undefined) await supervise.hush(controlled)
      }),
    recordingBegan: (callId) =>
      inTurn(callId, async () => {
        const controlled = await controlledOf(callId, undefined, options)
        if (controlled !== undefined) await supervise.attachAgain(controlled)
      }),
  }
}

/** A call of another organisation is none. */
export const callOf = (
  board: Pick<Board, 'call'>,
  callId: CallUuid,
  boundTo: number | undefined,
): LiveCall | undefined => {
  const call = board.call(callId)
  if (call === undefined || call.state === 'ended') return undefined
  return boundTo === undefined || call.organizationId === boundTo ? call : undefined
}

export const controlledOf = async (
  callId: CallUuid,
  boundTo: number | undefined,
  options: ControlOptions,
): Promise<Controlled | undefined> => {
  const call = callOf(options.board, callId, boundTo)
  if (call === undefined) return undefined
  const seen = await lookAt(call, options.commands)
  return {
    ...options,
    call,
    seen,
    boundTo,
    tell: async (...commands) => {
      for (const [name, args] of commands) {
        const error = errorIn(await options.commands.api(name, args))
        if (error !== undefined)
          return refused('CONTROL_FAILED', `the switch does not do it: ${error.slice(0, 200)}`)
      }
      return undefined
    },
    note: (what, legUuid, detail) => options.board.post(callId, { kind: 'noted', what, legUuid, detail }),
  }
}

const perform = async (controlled: Controlled, request: ControlRequest): Promise<ControlOutcome> => {
  switch (request.verb) {
    case 'transfer':
      return request.mode === 'blind' ? transferBlind(controlled, request) : consult(controlled, request)
    case 'complete-transfer':
      return endConsultation(controlled, 'complete')
    case 'cancel-transfer':
      return endConsultation(controlled, 'cancel')
    case 'park':
      return park(controlled, request.leg)
    case 'unpark':
      return unpark(controlled, request)
    case 'bridge':
      return bridgeCalls(controlled, request)
    case 'conference':
      return conference(controlled, request)
    case 'supervise':
      return supervise.perform(controlled, request)
    case 'hold':
    case 'unhold':
    case 'mute':
    case 'unmute':
    case 'dtmf':
    case 'play':
    case 'stop-playing':
      return simple(controlled, request)
  }
}

const simple = async (controlled: Controlled, request: SimpleRequest): Promise<ControlOutcome> => {
  const decided = decideControl(controlled.seen, request)
  if (decided.kind === 'refused') return decided
  const failed = await controlled.tell(...decided.commands)
  if (failed !== undefined) return failed
  const { noted, leg } = decided
  if (noted !== undefined) controlled.note(noted.what, noted.legUuid, noted.detail)
  return { kind: 'done', detail: { legUuid: leg.legUuid } }
}

/** Variables of a channel in one command; a value holds no semicolon, quote or line break. */
export const setVariables = (
  legUuid: CallUuid,
  variables: Readonly<Record<string, string>>,
): SwitchCommand => [
  'uuid_setvar_multi',
  `${legUuid} ${Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')}`,
]

/**
 * Before the caller's leg is bridged to anybody else: which attempt was answered is read from its bridge_uuid
 * (cdr/attempts), and uuid_bridge writes over that (switch_ivr_bridge.c, switch_ivr_uuid_bridge).
 */
export const keepAnswer = ({ seen }: Pick<Controlled, 'seen'>): readonly SwitchCommand[] =>
  seen.legs.flatMap(({ leg, partner, keepsAnswer, legUuid }) =>
    leg === 'A' && partner !== undefined && !keepsAnswer
      ? [setVariables(legUuid, { [ANSWERED_LEG_VARIABLE]: partner })]
      : [],
  )
