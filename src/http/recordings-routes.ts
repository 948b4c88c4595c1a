/** Recordings: found, described, deleted, held, and who did what with them. Their sound is in recordings-audio-routes. */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { RECORDING_PARTS } from '../recording/file-name.ts'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, callerOf, organizationWithin } from './caller.ts'
import {
  answers,
  choice,
  dialled,
  fields,
  id,
  iso,
  moment,
  nullable,
  text,
  time,
  uuid,
  whole,
} from './fields.ts'
import { millisecondsOf } from './query-routes.ts'
import type { Actor, Bound, RecordingDoors } from './recordings-doors.ts'
import {
  AuditJson,
  auditJson,
  PendingJson,
  pendingJson,
  QuarantinedJson,
  quarantinedJson,
  RecordingJson,
  recordingJson,
} from './recordings-json.ts'

const tags = ['recordings']
const Done = Type.Object({ success: Type.Literal(true) })
export const ById = fields({ id: uuid('a recording') })

const DEFAULT_PAGE = 50
const MAX_PAGE = 1_000
/** A page that plays a recording asks for a new link when this one is over. */
const LINK_MINUTES = 5
const MOST_LINK_MINUTES = 60

export const addRecordingRoutes = (api: Api, doors: RecordingDoors): void => {
  api.get(
    '/v1/recordings',
    {
      config: { scope: 'recordings:read' },
      schema: {
        tags,
        summary: 'Recordings, newest first',
        querystring: fields({
          call: Type.Optional(uuid('a call')),
          user: Type.Optional(id('a user who called or was called')),
          organization: Type.Optional(id('an organisation')),
          since: Type.Optional(moment('a moment')),
          until: Type.Optional(moment('a moment')),
          number: Type.Optional(dialled('a number, or digits of one')),
          limit: Type.Optional(whole('a number of recordings', 1, MAX_PAGE)),
          cursor: Type.Optional(text('the "next" of the page before', 500)),
        }),
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            recordings: Type.Array(RecordingJson),
            next: nullable(Type.String()),
          }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const { query } = request
      const page = await doors.list({
        organizationId: organizationWithin(request, query.organization),
        callId: query.call === undefined ? undefined : asCallUuid(query.call),
        userId: query.user,
        since: millisecondsOf('since', query.since),
        until: millisecondsOf('until', query.until),
        number: query.number?.replace(/\D/g, ''),
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.cursor,
      })
      return { success: true, recordings: page.recordings.map(recordingJson), next: page.next ?? null }
    },
  )

  api.get(
    '/v1/recordings/:id',
    {
      config: { scope: 'recordings:read' },
      schema: {
        tags,
        summary: 'One recording',
        params: ById,
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), recording: RecordingJson }),
          404,
          503,
        ),
      },
    },
    async (request, reply) => {
      const recording = await doors.find(boundOf(request))
      if (recording === undefined) return notFound(reply)
      return { success: true, recording: recordingJson(recording) }
    },
  )

  api.delete(
    '/v1/recordings/:id',
    {
      config: { scope: 'recordings:write' },
      schema: {
        tags,
        summary: 'Deletes a recording: nobody hears it from now on, and it leaves the store some days later',
        params: ById,
        response: answers(200, Done, 404, 409, 503),
      },
    },
    async (request, reply) => {
      const outcome = await doors.remove(boundOf(request), actorOf(request))
      if (outcome === 'deleted') return { success: true }
      if (outcome === 'not-found') return notFound(reply)
      return refuse(
        reply,
        'RECORDING_HELD',
        'the recording is under legal hold; it is not deleted until that is lifted',
      )
    },
  )

  api.put(
    '/v1/recordings/:id/legal-hold',
    {
      config: { scope: 'recordings:write' },
      schema: {
        tags,
        summary: 'Holds a recording: nothing and nobody deletes it until the hold is lifted',
        params: ById,
        body: fields({ reason: text('why it is held', 1_000) }),
        response: answers(200, Done, 404, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const outcome = await doors.hold(boundOf(request), request.body.reason, actorOf(request))
      return outcome === 'held' ? { success: true } : notFound(reply)
    },
  )

  api.delete(
    '/v1/recordings/:id/legal-hold',
    {
      config: { scope: 'recordings:write' },
      schema: {
        tags,
        summary: 'Lifts a legal hold: what was due meanwhile is deleted with the next run of the retention',
        params: ById,
        response: answers(200, Done, 404, 503),
      },
    },
    async (request, reply) => {
      const outcome = await doors.release(boundOf(request), actorOf(request))
      if (outcome === 'released') return { success: true }
      if (outcome === 'not-found') return notFound(reply)
      return refuse(reply, 'HTTP_NOT_FOUND', 'the recording is not under legal hold')
    },
  )

  api.get(
    '/v1/recordings/:id/audit',
    {
      config: { scope: 'recordings:read' },
      schema: {
        tags,
        summary: 'Who listened to a recording, deleted or held it, newest first; also after it is gone',
        params: ById,
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), audit: Type.Array(AuditJson) }),
          404,
          503,
        ),
      },
    },
    async (request, reply) => {
      const lines = await doors.audit(boundOf(request))
      return lines === undefined ? notFound(reply) : { success: true, audit: lines.map(auditJson) }
    },
  )

  api.post(
    '/v1/recordings/:id/link',
    {
      config: { scope: 'recordings:read' },
      schema: {
        tags,
        summary: 'A link for an audio element of a page: whoever has it may listen until it ends',
        params: ById,
        body: fields({
          minutes: Type.Optional(whole('how long it is good', 1, MOST_LINK_MINUTES)),
          part: Type.Optional(choice(RECORDING_PARTS)),
        }),
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            url: Type.String({ description: "a path below the engine's own address" }),
            expiresAt: time('when it ends'),
          }),
          404,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const recording = await doors.find(boundOf(request))
      const { minutes = LINK_MINUTES, part } = request.body
      const file = recording?.files.find((one) => part === undefined || one.part === part)
      if (recording === undefined || file === undefined) return notFound(reply)
      const link = await doors.link(recording, { part: file.part, minutes }, actorOf(request))
      return {
        success: true,
        url: `/v1/recordings/${recording.recordingId}/listen?${link.query}`,
        expiresAt: iso(link.expiresAt),
      }
    },
  )

  addStoreRoutes(api, doors)
}

const addStoreRoutes = (api: Api, doors: RecordingDoors): void => {
  api.get(
    '/v1/recordings/pending',
    {
      config: { scope: 'recordings:read' },
      schema: {
        tags,
        summary:
          'Recordings that are not in the store yet, each with the reason, and those that cannot be used',
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            trouble: nullable(Type.String({ description: 'what holds everything up' })),
            pending: Type.Array(PendingJson),
            quarantined: Type.Array(QuarantinedJson),
          }),
        ),
      },
    },
    async (request) => {
      const bound = boundTo(request)
      return {
        success: true,
        trouble: bound === undefined ? (doors.state().trouble ?? null) : null,
        pending: (await doors.pending(bound)).map(pendingJson),
        quarantined: (await doors.quarantined(bound)).map(quarantinedJson),
      }
    },
  )

  api.post(
    '/v1/recordings/rotate-keys',
    {
      config: { scope: 'recordings:write' },
      schema: {
        tags,
        summary:
          "Makes a new key for an organisation's recordings, and wraps the keys of all of its files with it",
        body: fields({ organizationId: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), keyId: Type.Integer(), files: Type.Integer() }),
          404,
          413,
          415,
          503,
        ),
      },
    },
    async (request, reply) => {
      const bound = boundTo(request)
      const asked = request.body.organizationId ?? bound
      if (asked === undefined)
        return refuse(reply, 'HTTP_BAD_INPUT', '"organizationId" is missing: whose key shall be rotated?')
      const rotated = bound !== undefined && asked !== bound ? undefined : await doors.rotateKey(asked)
      if (rotated === undefined) return refuse(reply, 'HTTP_NOT_FOUND', `there is no organisation ${asked}`)
      return { success: true, ...rotated }
    },
  )
}

/** Whom the audit names. */
export const actorOf = (request: Pick<FastifyRequest, 'caller' | 'ip'>): Actor => ({
  who: callerOf(request).name,
  address: request.ip,
})

export const boundOf = (
  request: Pick<FastifyRequest, 'caller'> & { readonly params: { readonly id: string } },
): Bound => ({
  recordingId: request.params.id.toLowerCase(),
  organizationId: boundTo(request),
})

export const notFound = (reply: Parameters<typeof refuse>[0]): ReturnType<typeof refuse> =>
  refuse(reply, 'HTTP_NOT_FOUND', 'there is no such recording')
