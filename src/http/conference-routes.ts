/** A call as a conference: who is in it, who is called in, muted, taken out. */
import { Type } from '@sinclair/typebox'
import { asCallUuid } from '../telephony/call-uuid.ts'
import type { Api } from './api.ts'
import {
  bodyMayMiss,
  callParams,
  leg,
  legOf,
  tags,
  told,
  ToParty,
  toParty,
  type Perform,
} from './control-fields.ts'
import { extension, fields, uuid } from './fields.ts'

const memberParams = fields({ callId: uuid('a call'), legUuid: uuid('a member: its leg') })
const Conference = fields({
  name: Type.Optional(extension('the name of a conference')),
  leg,
})

export const addConferenceRoutes = (api: Api, perform: Perform): void => {
  const path = '/v1/calls/:callId/conference'
  api.post(
    path,
    {
      ...bodyMayMiss,
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Puts both parties into a conference; calls that name the same one meet there',
        params: callParams,
        body: Conference,
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'conference',
        does: 'begin',
        name: request.body.name,
        leg: legOf(request.body.leg),
      }),
  )
  api.get(
    path,
    {
      config: { scope: 'calls:read' },
      schema: { tags, summary: 'Who is in the conference', params: callParams, response: told },
    },
    (request, reply) => perform(request, reply, request.params.callId, { verb: 'conference', does: 'show' }),
  )
  api.delete(
    path,
    {
      config: { scope: 'calls:write' },
      schema: { tags, summary: 'Ends the conference for everybody', params: callParams, response: told },
    },
    (request, reply) => perform(request, reply, request.params.callId, { verb: 'conference', does: 'end' }),
  )
  api.post(
    `${path}/members`,
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Calls somebody into the conference',
        params: callParams,
        body: ToParty,
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'conference',
        does: 'add',
        ...toParty(request.body),
      }),
  )
  api.patch(
    `${path}/members/:legUuid`,
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Mutes or unmutes a member',
        params: memberParams,
        body: fields({ muted: Type.Boolean({ description: 'true or false: nobody hears the member' }) }),
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'conference',
        does: request.body.muted ? 'mute' : 'unmute',
        member: asCallUuid(request.params.legUuid),
      }),
  )
  api.delete(
    `${path}/members/:legUuid`,
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Takes a member out of the conference, and hangs up',
        params: memberParams,
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'conference',
        does: 'remove',
        member: asCallUuid(request.params.legUuid),
      }),
  )
}
