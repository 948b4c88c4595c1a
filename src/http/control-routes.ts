/** What is done to calls that are up. Each route answers when the switch has done it, or says why it has not. */
import { Type, type Static } from '@sinclair/typebox'
import { SOUND_PATTERN, TONE_PATTERN, type Media } from '../call/control-media.ts'
import { asCallUuid } from '../telephony/call-uuid.ts'
import type { Api } from './api.ts'
import { boundTo } from './caller.ts'
import { addConferenceRoutes } from './conference-routes.ts'
import type { ControlDoors } from './control-doors.ts'
import {
  bodyMayMiss,
  callerId,
  callParams,
  leg,
  legOf,
  legOrBoth,
  performing,
  tags,
  told,
  ToParty,
  toParty,
} from './control-fields.ts'
import { choice, dialled, fields, id, uuid, whole } from './fields.ts'
import { addSupervisionRoutes } from './supervision-routes.ts'
import { badInput } from './validation.ts'

const OnLeg = fields({ leg })
const Transfer = fields({
  kind: choice(['blind', 'attended'] as const),
  to: dialled('a number or an extension'),
  callerId,
  leg,
})
const Dtmf = fields({
  digits: Type.String({
    pattern: '^[0-9*#A-D]{1,32}$',
    description: 'digits, *, # and A to D, 32 at the most',
  }),
  leg,
})
const Play = fields({
  fileId: Type.Optional(id('an audio file')),
  tone: Type.Optional(
    Type.String({
      pattern: TONE_PATTERN,
      maxLength: 200,
      description: 'tones as %(on,off,hertz), milliseconds, several joined by ;',
    }),
  ),
  silenceMs: Type.Optional(whole('milliseconds', 20, 600_000)),
  sound: Type.Optional(
    Type.String({ pattern: SOUND_PATTERN, maxLength: 400, description: "a name below the switch's sounds" }),
  ),
  loops: Type.Optional(whole('times', 1, 100)),
  leg: legOrBoth,
})
const Bridge = fields({
  callA: uuid('a call'),
  callB: uuid('another call'),
  legs: Type.Optional(
    fields({ a: leg, b: leg }, 'which leg of each call; without it, the party who is not our user'),
  ),
})
export const addControlRoutes = (api: Api, doors: ControlDoors): void => {
  const perform = performing(doors)
  for (const [verb, summary] of LEG_VERBS) {
    api.post(
      `/v1/calls/:callId/${verb}`,
      {
        ...bodyMayMiss,
        config: { scope: 'calls:write' },
        schema: { tags, summary, params: callParams, body: OnLeg, response: told },
      },
      (request, reply) =>
        perform(request, reply, request.params.callId, { verb, leg: legOf(request.body.leg) }),
    )
  }

  for (const [path, verb, summary] of PLAIN_VERBS) {
    api.post(
      `/v1/calls/:callId/${path}`,
      { config: { scope: 'calls:write' }, schema: { tags, summary, params: callParams, response: told } },
      (request, reply) => perform(request, reply, request.params.callId, { verb }),
    )
  }

  api.post(
    '/v1/calls/:callId/transfer',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary:
          'Transfers the other party: at once (blind), or after our user has talked to the third (attended)',
        params: callParams,
        body: Transfer,
        response: told,
      },
    },
    (request, reply) => {
      const { kind, ...party } = request.body
      return perform(request, reply, request.params.callId, {
        verb: 'transfer',
        mode: kind,
        ...toParty(party),
      })
    },
  )

  api.post(
    '/v1/calls/:callId/unpark',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Rings whoever takes up the party that is parked',
        params: callParams,
        body: ToParty,
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, { verb: 'unpark', ...toParty(request.body) }),
  )

  api.post(
    '/v1/calls/:callId/dtmf',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Sends digits to a leg; without one, to the party whom our user talks with',
        params: callParams,
        body: Dtmf,
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'dtmf',
        digits: request.body.digits,
        leg: legOf(request.body.leg),
      }),
  )

  api.post(
    '/v1/calls/:callId/play',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Plays a file, tones, a silence or a sound to a leg, or to both',
        params: callParams,
        body: Play,
        response: told,
      },
    },
    async (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'play',
        media: await mediaOf(request.body, (fileId) =>
          doors.audioFile(fileId, asCallUuid(request.params.callId), boundTo(request)),
        ),
        loops: request.body.loops ?? 1,
        leg: legOf(request.body.leg),
      }),
  )
  api.delete(
    '/v1/calls/:callId/play',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Stops what is played',
        params: callParams,
        querystring: fields({ leg: legOrBoth }),
        response: told,
      },
    },
    (request, reply) =>
      perform(request, reply, request.params.callId, {
        verb: 'stop-playing',
        leg: legOf(request.query.leg),
      }),
  )

  api.post(
    '/v1/calls/bridge',
    {
      config: { scope: 'calls:write' },
      schema: {
        tags,
        summary: 'Joins a party of one call with a party of another; who is left over is let go',
        body: Bridge,
        response: told,
      },
    },
    (request, reply) => {
      const { callA, callB, legs } = request.body
      return perform(request, reply, callA, {
        verb: 'bridge',
        otherCallId: asCallUuid(callB),
        leg: legOf(legs?.a),
        otherLeg: legOf(legs?.b),
      })
    },
  )

  addConferenceRoutes(api, perform)
  addSupervisionRoutes(api, perform)
}

const LEG_VERBS = [
  ['hold', 'Puts the other party on hold, who hears music; as if our user had pressed the key'],
  ['unhold', 'Takes the other party back'],
  ['mute', 'Nobody hears our user, or the leg that is named'],
  ['unmute', 'He is heard again'],
  ['park', 'Lets our user go; the other party hears music until somebody takes him up'],
] as const

const PLAIN_VERBS = [
  ['transfer/complete', 'complete-transfer', 'Joins the party who waits with the one who is consulted'],
  ['transfer/cancel', 'cancel-transfer', 'Takes our user back to the party who waits'],
] as const

const mediaOf = async (
  { fileId, tone, silenceMs, sound }: Static<typeof Play>,
  pathOf: (fileId: number) => Promise<string | undefined>,
): Promise<Media> => {
  const given = [fileId, tone, silenceMs, sound].filter((value) => value !== undefined)
  if (given.length !== 1)
    throw badInput('tone', 'name one thing to play: "fileId", "tone", "silenceMs" or "sound"')
  if (tone !== undefined) return { tone }
  if (silenceMs !== undefined) return { silenceMs }
  if (sound !== undefined) return { sound }
  const path = fileId === undefined ? undefined : await pathOf(fileId)
  if (path === undefined) throw badInput('fileId', `there is no audio file ${fileId ?? ''}`)
  return { fileId: fileId ?? 0, path }
}
