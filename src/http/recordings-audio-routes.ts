/**
 * The sound of recordings: whole or in ranges, decrypted as it goes out, and never without a line in the audit: where that
 * cannot be written nobody listens.
 */
import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CONTENT_TYPES } from '../media/recording-formats.ts'
import { RECORDING_PARTS } from '../recording/file-name.ts'
import { refuse, type Api } from './api.ts'
import { isKnown, wantedBytes } from './byte-range.ts'
import { choice, ErrorAnswer, fields, flag, text, whole } from './fields.ts'
import type { Actor, RecordingDoors, StoredFile, StoredRecording } from './recordings-doors.ts'
import { actorOf, boundOf, ById, notFound } from './recordings-routes.ts'

const tags = ['recordings']

const sound = {
  description: 'the file, or the part of it that Range names',
  content: Object.fromEntries(
    Object.values(CONTENT_TYPES).map((type) => [type, { schema: Type.String({ format: 'binary' }) }]),
  ),
}
const soundAnswers = (...failures: readonly number[]): Record<string, unknown> => ({
  200: sound,
  206: sound,
  304: { description: 'the file that If-None-Match names' },
  ...Object.fromEntries([...failures, 404, 416, 500, 503].map((status) => [status, ErrorAnswer])),
})

const wanted = {
  part: Type.Optional(choice(RECORDING_PARTS)),
  download: Type.Optional(flag('as a file to save')),
}

export const addRecordingAudioRoutes = (api: Api, doors: RecordingDoors): void => {
  api.route({
    method: ['GET', 'HEAD'],
    url: '/v1/recordings/:id/audio',
    config: { scope: 'recordings:read' },
    schema: {
      tags,
      summary: 'The sound of a recording, by Range where it is asked for',
      params: ById,
      querystring: fields(wanted),
      response: soundAnswers(400, 401, 403),
    },
    handler: async (request, reply) => {
      const recording = await doors.find(boundOf(request))
      return play(doors, recording, request.query, actorOf(request), request, reply)
    },
  })
}

/** Outside of the scope that wants a token: the link itself is the right to listen. */
export const addListenRoute = (api: Api, doors: RecordingDoors): void => {
  api.route({
    method: ['GET', 'HEAD'],
    url: '/v1/recordings/:id/listen',
    schema: {
      tags,
      summary: 'The sound of a recording by a link that POST /v1/recordings/{id}/link gave',
      security: [],
      params: ById,
      querystring: fields({
        part: choice(RECORDING_PARTS),
        expires: whole('seconds since 1970', 0, Number.MAX_SAFE_INTEGER),
        by: text('who asked for the link', 400),
        signature: text('what proves it', 100),
        download: wanted.download,
      }),
      response: soundAnswers(400, 403),
    },
    handler: async (request, reply) => {
      const { query, params } = request
      const recordingId = params.id.toLowerCase()
      const grant = doors.readLink({ ...query, recordingId })
      if (grant === undefined)
        return refuse(
          reply,
          'RECORDING_LINK_OVER',
          'this link is not valid, or its time is over; ask for a new one',
        )
      const recording = await doors.find({ recordingId, organizationId: undefined })
      const actor = { who: `${grant.by} by link`, address: request.ip }
      return play(doors, recording, query, actor, request, reply)
    },
  })
}

const play = async (
  doors: RecordingDoors,
  recording: StoredRecording | undefined,
  { part, download }: { readonly part?: string; readonly download?: boolean },
  actor: Actor,
  { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const file = recording?.files.find((one) => part === undefined || one.part === part)
  if (recording === undefined || file === undefined) return notFound(reply)
  const etag = `"${file.sha256}"`
  const size = file.sizeBytes
  void reply.headers({
    'accept-ranges': 'bytes',
    etag,
    // Of its own in a browser, and asked about each time: the audit has to hear of it.
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'",
    ...(download === true && {
      'content-disposition': `attachment; filename="${fileNameOf(recording, file)}"`,
    }),
  })
  if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send()
  const ifRange = headers['if-range']
  const want = wantedBytes(headers.range, typeof ifRange === 'string' ? ifRange : undefined, etag, size)
  if (want.kind === 'none') {
    void reply.header('content-range', `bytes */${size}`)
    return refuse(reply, 'HTTP_RANGE', `the file has ${size} bytes, and none of those that Range names`)
  }
  const range = want.kind === 'part' ? want.range : { first: 0, last: size - 1 }
  void reply.headers({
    'content-type': CONTENT_TYPES[file.format],
    'content-length': range.last - range.first + 1,
  })
  if (want.kind === 'part')
    void reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${size}`)
  // What is only described is not heard.
  if (method === 'HEAD') return reply.send()
  return reply.send(Readable.from(await doors.listen(recording, file, range, actor), { objectMode: false }))
}

const fileNameOf = ({ startedAt, recordingId }: StoredRecording, { part, format }: StoredFile): string => {
  const at = new Date(startedAt).toISOString().slice(0, 19).replaceAll(':', '-')
  return `${at}-${recordingId}${part === 'mix' ? '' : `-${part}`}.${format}`
}
