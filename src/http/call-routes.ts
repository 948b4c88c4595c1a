/** Seeing and ending calls. */
import { Type } from '@sinclair/typebox'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, ownedFor, organizationWithin } from './caller.ts'
import type { Doors } from './doors.ts'
import { answers, fields, id, uuid } from './fields.ts'
import { callJson, LiveCallJson } from './live-json.ts'

type Needs = {
  readonly doors: Pick<Doors, 'calls' | 'call' | 'hangUp'>
}

const callId = uuid('a call')
const tags = ['calls']

export const addCallRoutes = (api: Api, { doors }: Needs): void => {
  api.get(
    '/v1/calls',
    {
      config: { scope: 'calls:read' },
      schema: {
        tags,
        summary: 'The calls that are up now',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), calls: Type.Array(LiveCallJson) }),
          404,
        ),
      },
    },
    (request, reply) => {
      const organizationId = organizationWithin(request, request.query.organization)
      void reply.send({ success: true, calls: doors.calls({ organizationId }).map(callJson) })
    },
  )

  api.get(
    '/v1/calls/:callId',
    {
      config: { scope: 'calls:read' },
      schema: {
        tags,
        summary: 'One call as it is now',
        params: fields({ callId }),
        response: answers(200, Type.Object({ success: Type.Literal(true), call: LiveCallJson }), 404),
      },
    },
    (request, reply) => {
      const { params } = request
      const call = ownedFor(request, doors.call(asCallUuid(params.callId)))
      if (call === undefined) refuse(reply, 'HTTP_NOT_FOUND', `there is no call ${params.callId}`)
      else void reply.send({ success: true, call: callJson(call) })
    },
  )

  api.delete(
    '/v1/calls/:callId',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Hangs up',
        params: fields({ callId }),
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
      },
    },
    async (request, reply) => {
      const callId = asCallUuid(request.params.callId)
      const isSeen = boundTo(request) === undefined || ownedFor(request, doors.call(callId)) !== undefined
      return isSeen && (await doors.hangUp(callId)) === 'hung-up'
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', `there is no call ${request.params.callId}`)
    },
  )
}
