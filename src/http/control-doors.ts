/** What the routes of call control need, and how its answers look. */
import { Type } from '@sinclair/typebox'
import type { ControlDetail, ControlOutcome, ControlRequest } from '../engine/call-control.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { nullable } from './fields.ts'

export type ControlDoors = {
  readonly control: (
    callId: CallUuid,
    request: ControlRequest,
    boundTo: number | undefined,
  ) => Promise<ControlOutcome>
  /**
   * The path of an audio file of the call's organisation, for the switch; undefined: there is none. Throws HTTP_NOT_FOUND
   * where there is no such call within `boundTo`.
   */
  readonly audioFile: (
    fileId: number,
    callId: CallUuid,
    boundTo: number | undefined,
  ) => Promise<string | undefined>
}

const string = Type.String()

export const ConferenceJson = Type.Object({
  name: string,
  members: Type.Array(
    Type.Object({
      legUuid: string,
      callId: nullable(string),
      party: string,
      muted: Type.Boolean(),
      talking: Type.Boolean(),
    }),
  ),
})

export const ControlledJson = Type.Object({
  success: Type.Literal(true),
  legUuid: nullable(Type.String({ description: 'the leg that it was done to' })),
  status: Type.String({
    description: 'done, or ringing: a party is being reached, and events tell its fate',
  }),
  conference: Type.Optional(ConferenceJson),
  supervision: Type.Optional(
    Type.Object({
      callId: Type.String({ description: "the supervisor's own call" }),
      mode: string,
      of: Type.String({ description: 'the leg that is supervised' }),
    }),
  ),
})

export const controlledJson = ({ legUuid, status, conference, supervision }: ControlDetail) => ({
  success: true as const,
  legUuid: legUuid ?? null,
  status: status ?? 'done',
  ...(conference === undefined
    ? {}
    : {
        conference: {
          name: conference.name,
          members: conference.members.map((member) => ({ ...member, callId: member.callId ?? null })),
        },
      }),
  ...(supervision === undefined ? {} : { supervision }),
})
