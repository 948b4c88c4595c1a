/** One live call's recording: started, stopped, paused, resumed. */
import { Type } from '@sinclair/typebox'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import { boundTo } from './caller.ts'
import type { Doors } from './doors.ts'
import { answers, choice, fields, id, uuid } from './fields.ts'
import { RecordingStateJson, type CallRecordingDoors } from './recording-policy-doors.ts'
import { badInput } from './validation.ts'

const ACTIONS = ['start', 'stop', 'pause', 'resume'] as const

export const addRecordingControlRoutes = (
  api: Api,
  { doors }: { readonly doors: Pick<Doors, 'call'> & { readonly callRecording: CallRecordingDoors } },
): void => {
  const tags = ['calls']
  const params = fields({ callId: uuid('a call') })
  const told = Type.Object({ success: Type.Literal(true), recording: RecordingStateJson })

  api.post(
    '/v1/calls/:callId/recording',
    {
      config: { scope: 'recordings:write' },
      schema: {
        tags,
        summary: 'Starts, stops, pauses or resumes the recording of a call; a paused part is silent',
        params,
        body: fields({ action: choice(ACTIONS), policyId: Type.Optional(id('a recording policy')) }),
        response: answers(200, told, 403, 404, 409, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const { action, policyId } = request.body
      if (policyId !== undefined && action !== 'start')
        throw badInput('policyId', '"policyId" goes with the action start')
      const outcome = await doors.callRecording.control({
        callId: asCallUuid(request.params.callId),
        organizationId: boundTo(request),
        action,
        policyId,
      })
      return outcome.kind === 'refused'
        ? refuse(reply, outcome.code, outcome.message)
        : { success: true, recording: outcome.recording }
    },
  )

  api.get(
    '/v1/calls/:callId/recording',
    {
      config: { scope: 'calls:read' },
      schema: {
        tags,
        summary: 'Whether a call is recorded, and by which policy',
        params,
        response: answers(200, told, 404, 503),
      },
    },
    async (request, reply) => {
      const callId = asCallUuid(request.params.callId)
      const bound = boundTo(request)
      const call = doors.call(callId)
      const isOwn = call !== undefined && (bound === undefined || call.organizationId === bound)
      if (!isOwn || call.state === 'ended')
        return refuse(reply, 'HTTP_NOT_FOUND', `there is no call ${callId}`)
      const recording = await doors.callRecording.state(callId)
      return recording === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', `call ${callId} is not recorded`)
        : { success: true, recording }
    },
  )
}
