/** A supervisor at a call: he listens, whispers, barges in. */
import { Type } from '@sinclair/typebox'
import { SUPERVISION_MODES } from '../call/control.ts'
import type { Api } from './api.ts'
import { callParams, leg, legOf, tags, told, type Perform } from './control-fields.ts'
import { choice, fields, id } from './fields.ts'

const mode = choice(SUPERVISION_MODES)
const Supervise = fields({
  supervisorUserId: id('the user who supervises'),
  deviceId: Type.Optional(id('a device of that user')),
  mode,
  leg,
})

export const addSupervisionRoutes = (api: Api, perform: Perform): void => {
  const path = '/v1/calls/:callId/supervise'
  const config = { scope: 'calls:supervise' } as const
  api.post(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Rings a supervisor, who then listens, whispers to our user, or talks with both',
        params: callParams,
        body: Supervise,
        response: told,
      },
    },
    (request, reply) => {
      const { supervisorUserId, deviceId, mode: asked, leg: named } = request.body
      return perform(request, reply, request.params.callId, {
        verb: 'supervise',
        does: 'begin',
        userId: supervisorUserId,
        deviceId,
        mode: asked,
        leg: legOf(named),
      })
    },
  )
  api.patch(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Changes what the supervisor does',
        params: callParams,
        body: fields({ mode }),
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'supervise',
        does: 'change',
        mode: request.body.mode,
      }),
  )
  api.delete(
    path,
    {
      config,
      schema: { tags, summary: 'Lets the supervisor go', params: callParams, response: told },
    },
    (request, reply) => perform(request, reply, request.params.callId, { verb: 'supervise', does: 'end' }),
  )
}
